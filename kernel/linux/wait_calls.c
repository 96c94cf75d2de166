/* kernel/linux/wait_calls.c -- wait4, waitid, getrusage, times. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/process_calls.h"
#include "kernel/linux/usage_calls.h"
#include "kernel/core/clock.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/signal_internal.h"

enum { RUSAGE_SELF = 0, RUSAGE_CHILDREN = -1, RUSAGE_THREAD = 1 };
#define NSEC_PER_TICK (NSEC_PER_SEC / 100)

struct rusage {
	int64_t utime_sec, utime_usec, stime_sec, stime_usec;
	int64_t maxrss, ixrss, idrss, isrss, minflt, majflt, nswap;
	int64_t inblock, oublock, msgsnd, msgrcv, nsignals, nvcsw, nivcsw;
};
static_assert(sizeof(struct rusage) == 144, "ABI");

static void set_times(struct rusage *r, nsec_t user, nsec_t kernel)
{
	r->utime_sec = (int64_t)(user / NSEC_PER_SEC);
	r->utime_usec = (int64_t)(user % NSEC_PER_SEC / NSEC_PER_USEC);
	r->stime_sec = (int64_t)(kernel / NSEC_PER_SEC);
	r->stime_usec = (int64_t)(kernel % NSEC_PER_SEC / NSEC_PER_USEC);
}

static enum err write_child_usage(struct uptr out, const struct wait_result *w)
{
	struct rusage r = {
	    .minflt = (int64_t)w->minflt,
	    .majflt = (int64_t)w->majflt,
	    .nvcsw = (int64_t)w->nvcsw,
	    .nivcsw = (int64_t)w->nivcsw,
	};

	if (uptr_null(out))
		return OK;
	set_times(&r, w->utime, w->stime);
	return copy_to_user(out, &r, sizeof(r));
}

long sys_wait4(int pid, struct uptr status, int options, struct uptr usage)
{
	uint32_t opt = (uint32_t)options;
	struct wait_result w;
	enum err e = OK;
	long r;

	if (opt & ~(uint32_t)(WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD |
	                      WALL | WCLONE))
		return E_INVAL;
	if (pid == INT32_MIN)
		return E_SRCH;
	opt |= WEXITED;
	if (pid > 0)
		r = process_wait(P_PID, (uint32_t)pid, opt, &w);
	else if (pid == -1)
		r = process_wait(P_ALL, 0, opt, &w);
	else
		r = process_wait(P_PGID, (uint32_t)-pid, opt, &w);
	if (r <= 0)
		return r;
	if (!uptr_null(status))
		e = user_write_u32(status, (uint32_t)w.status);
	if (e == OK)
		e = write_child_usage(usage, &w);
	return e == OK ? r : e;
}

static enum err write_child_info(
    struct uptr out, long found, const struct wait_result *w)
{
	struct siginfo_user u;

	if (uptr_null(out))
		return OK;
	memset(&u, 0, sizeof(u));
	if (found > 0) {
		u.signo = SIGCHLD;
		u.code = w->code;
		u.pid = w->pid;
		u.uid = w->uid;
		if (w->code == CLD_EXITED || w->code == CLD_STOPPED)
			u.status = w->status >> 8 & 0xff;
		else if (w->code == CLD_CONTINUED)
			u.status = SIGCONT;
		else
			u.status = w->status & 0x7f;
	}
	return copy_to_user(out, &u, sizeof(u));
}

long sys_waitid(
    int which, int id, struct uptr info, int options, struct uptr usage)
{
	uint32_t opt = (uint32_t)options;
	struct wait_result w;
	enum err e;
	long r;

	if (opt & ~(uint32_t)(WNOHANG | WUNTRACED | WEXITED | WCONTINUED |
	                      WNOWAIT | WNOTHREAD | WALL | WCLONE))
		return E_INVAL;
	if (!(opt & (WUNTRACED | WEXITED | WCONTINUED)))
		return E_INVAL;
	if (which < P_ALL || which > P_PGID || (which == P_PID && id <= 0) ||
	    (which == P_PGID && id < 0))
		return E_INVAL;
	r = process_wait((enum wait_which)which, (uint32_t)id, opt, &w);
	if (r < 0)
		return r;
	e = write_child_info(info, r, &w);
	if (e == OK && r > 0)
		e = write_child_usage(usage, &w);
	return e;
}

static void usage_self(struct process *p, struct rusage *r)
{
	irqflags_t f;
	struct thread *t;
	nsec_t user, kernel;

	process_times(p, &user, &kernel);
	set_times(r, user, kernel);
	f = lock_take_irq(&process_tree_lock);
	r->minflt = (int64_t)p->minflt;
	r->majflt = (int64_t)p->majflt;
	r->nvcsw = (int64_t)p->nvcsw;
	r->nivcsw = (int64_t)p->nivcsw;
	list_for_each(t, &p->threads, process_link)
	{
		r->minflt += (int64_t)t->minflt;
		r->majflt += (int64_t)t->majflt;
		r->nvcsw += (int64_t)t->switches_voluntary;
		r->nivcsw += (int64_t)t->switches_forced;
	}
	lock_drop_irq(&process_tree_lock, f);
}

static void usage_thread(const struct thread *t, struct rusage *r)
{
	set_times(r, process_thread_time(t), 0);
	r->minflt = (int64_t)t->minflt;
	r->majflt = (int64_t)t->majflt;
	r->nvcsw = (int64_t)t->switches_voluntary;
	r->nivcsw = (int64_t)t->switches_forced;
}

long sys_getrusage(int who, struct uptr out)
{
	struct process *p = process_current();
	struct rusage r = {0};
	struct aspace_stats s;

	if (who == RUSAGE_SELF) {
		usage_self(p, &r);
	} else if (who == RUSAGE_THREAD) {
		usage_thread(thread_current(), &r);
	} else if (who == RUSAGE_CHILDREN) {
		set_times(&r, p->cutime_ns, p->cstime_ns);
		r.minflt = (int64_t)p->cminflt;
		r.majflt = (int64_t)p->cmajflt;
	} else {
		return E_INVAL;
	}
	if (who != RUSAGE_CHILDREN) {
		aspace_stats(p->aspace, &s);
		r.maxrss = (int64_t)(s.pages_resident * (PAGE_SIZE / 1024));
	}
	return copy_to_user(out, &r, sizeof(r));
}

long sys_times(struct uptr out)
{
	struct process *p = process_current();
	nsec_t user, kernel;
	uint64_t v[4];
	enum err e = OK;

	process_times(p, &user, &kernel);
	v[0] = user / NSEC_PER_TICK;
	v[1] = kernel / NSEC_PER_TICK;
	v[2] = p->cutime_ns / NSEC_PER_TICK;
	v[3] = p->cstime_ns / NSEC_PER_TICK;
	if (!uptr_null(out))
		e = copy_to_user(out, v, sizeof(v));
	return e == OK ? (long)(clock_now() / NSEC_PER_TICK) : e;
}
