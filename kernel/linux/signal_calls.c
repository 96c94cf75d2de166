/* kernel/linux/signal_calls.c -- kill, waiting for signals, timers. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/signal_calls.h"
#include "kernel/core/clock.h"
#include "kernel/core/sched.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/rlimits.h"
#include "kernel/object/signal_internal.h"
#include "kernel/sys/sys_signal.h"
#include "kernel/sys/timespec.h"

enum { SIGSET_SIZE = 8, ITIMER_REAL = 0 };

/* A process by the number of any of its threads; gives a reference. */
static struct process *find_target(uint32_t pid)
{
	struct process *p = process_find(pid);
	struct thread *t;

	if (p)
		return p;
	t = thread_find(pid);
	if (!t)
		return NULL;
	p = process_get(t->process);
	thread_put(t);
	return p;
}

static enum err send_checked(struct process *p, const struct ksiginfo *info)
{
	if (!cred_may_signal(p, info->signo))
		return E_PERM;
	if (info->signo == 0)
		return OK;
	return signal_send(p, NULL, info, true);
}

static long kill_one(uint32_t pid, const struct ksiginfo *info)
{
	struct process *p;
	enum err e;

	if (pid == process_current()->pid)
		return send_checked(process_current(), info);
	p = find_target(pid);
	if (!p)
		return E_SRCH;
	e = send_checked(p, info);
	process_put(p);
	return e;
}

/* OK when one at least was allowed. */
static void kill_step(
    struct process *p, const struct ksiginfo *info, enum err *r)
{
	enum err e;

	/* Groups and "all" mean those of the own silo. */
	if (p->silo != process_current()->silo)
		return;
	e = send_checked(p, info);
	if (*r != OK)
		*r = e;
}

static long kill_group(uint32_t pgid, const struct ksiginfo *info)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct pid_entry *entry = pid_entry(pgid);
	struct pgrp *g =
	    pgid ? (entry ? entry->pgrp : NULL) : process_current()->pgrp;
	struct process *p;
	enum err r = E_SRCH;

	if (g) {
		list_for_each(p, &g->members, pgrp_link) kill_step(p, info, &r);
	}
	lock_drop_irq(&process_tree_lock, f);
	return r;
}

/* Everybody but init and ourselves. */
static long kill_all(const struct ksiginfo *info)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct process *p;
	enum err r = E_SRCH;

	list_for_each(p, &process_all, all_link)
	{
		if (p != process_first && p != process_current())
			kill_step(p, info, &r);
	}
	lock_drop_irq(&process_tree_lock, f);
	return r;
}

long sys_kill(int pid, int signo)
{
	struct ksiginfo info;

	if (signo < 0 || signo > SIGNAL_MAX)
		return E_INVAL;
	if (pid == INT32_MIN)
		return E_SRCH;
	info = signal_info_user(signo, SI_USER);
	if (pid > 0)
		return kill_one((uint32_t)pid, &info);
	if (pid == -1)
		return kill_all(&info);
	return kill_group((uint32_t)-pid, &info);
}

long sys_tgkill(uint32_t tgid, uint32_t tid, int signo)
{
	if (tgid == 0)
		return E_INVAL;
	return signal_to_thread(tgid, tid, signo);
}

/* A siginfo made by the sender: it may not look like the kernel's or kill's. */
static enum err import_info(
    struct uptr p, int signo, bool self, struct ksiginfo *out)
{
	struct siginfo_user u;
	enum err e = copy_from_user(&u, p, sizeof(u));

	if (e != OK)
		return e;
	if (signo < 0 || signo > SIGNAL_MAX)
		return E_INVAL;
	if ((u.code >= 0 || u.code == SI_TKILL) && !self)
		return E_PERM;
	*out = (struct ksiginfo){
	    .signo = signo,
	    .code = u.code,
	    .err = u.err,
	    .pid = u.pid,
	    .uid = u.uid,
	    .value = u.value,
	};
	return OK;
}

long sys_rt_sigqueueinfo(int pid, int signo, struct uptr info)
{
	bool self = pid > 0 && (uint32_t)pid == process_current()->pid;
	struct ksiginfo k;
	enum err e = import_info(info, signo, self, &k);

	if (e != OK)
		return e;
	return pid > 0 ? kill_one((uint32_t)pid, &k) : (long)E_SRCH;
}

long sys_rt_tgsigqueueinfo(int tgid, int tid, int signo, struct uptr info)
{
	bool self = tgid > 0 && (uint32_t)tgid == process_current()->pid;
	struct ksiginfo k;
	struct thread *t;
	enum err e;

	if (tgid <= 0 || tid <= 0)
		return E_INVAL;
	e = import_info(info, signo, self, &k);
	if (e != OK)
		return e;
	t = thread_find((uint32_t)tid);
	if (!t)
		return E_SRCH;
	if (t->process->pid != (uint32_t)tgid)
		e = E_SRCH;
	else if (!cred_may_signal(t->process, signo))
		e = E_PERM;
	else if (signo != 0)
		e = signal_send(t->process, t, &k, true);
	thread_put(t);
	return e;
}

long sys_rt_sigpending(struct uptr set, size_t set_size)
{
	struct thread *t = thread_current();
	uint64_t pending;

	if (set_size > SIGSET_SIZE)
		return E_INVAL;
	pending = (t->sig_pending | t->process->sig_pending) & t->sig_blocked;
	return copy_to_user(set, &pending, set_size);
}

/* Until a signal is there to be delivered. */
static void sleep_for_signal(void)
{
	(void)sched_sleep_until(WAIT_FOREVER, WAIT_INTR); /* always E_INTR */
}

long sys_pause(void)
{
	while (!signal_pending())
		sleep_for_signal();
	return E_RESTARTNOHAND;
}

long sys_rt_sigsuspend(struct uptr set, size_t set_size)
{
	uint64_t mask;
	enum err e;

	if (set_size != SIGSET_SIZE)
		return E_INVAL;
	e = user_read_u64(set, &mask);
	if (e != OK)
		return e;
	/* The old mask comes back on the way out, after the handler's frame. */
	signal_mask_temporary(mask);
	while (!signal_pending())
		sleep_for_signal();
	return E_RESTARTNOHAND;
}

/* Take a signal of `set`, or get ready to be woken by one. */
static bool take_or_arm(uint64_t set, bool arm, struct ksiginfo *out)
{
	struct thread *t = thread_current();
	irqflags_t f = lock_take_irq(&t->process->sig_lock);
	bool got = signal_dequeue_locked(t, set, out);

	if (!got && arm) {
		t->sig_saved = t->sig_blocked;
		t->sig_saved_valid = true;
		signal_set_blocked_locked(t, t->sig_blocked & ~set);
	} else {
		signal_recalc_locked(t);
	}
	lock_drop_irq(&t->process->sig_lock, f);
	return got;
}

/* The end of the wait: the old mask, and what came meanwhile. */
static bool disarm(uint64_t set, struct ksiginfo *out)
{
	struct thread *t = thread_current();
	irqflags_t f = lock_take_irq(&t->process->sig_lock);
	bool got = signal_dequeue_locked(t, set, out);

	t->sig_saved_valid = false;
	signal_set_blocked_locked(t, t->sig_saved);
	lock_drop_irq(&t->process->sig_lock, f);
	return got;
}

static long wait_for(uint64_t set, nsec_t deadline, struct ksiginfo *out)
{
	enum err e = E_AGAIN;

	if (take_or_arm(set, deadline != 0, out))
		return out->signo;
	if (deadline == 0)
		return E_AGAIN;
	if (!signal_pending())
		e = sched_sleep_until(deadline, WAIT_INTR);
	else
		e = E_INTR;
	if (disarm(set, out))
		return out->signo;
	return e == OK ? E_AGAIN : E_INTR;
}

long sys_rt_sigtimedwait(
    struct uptr set, struct uptr info, struct uptr timeout, size_t set_size)
{
	struct ksiginfo k;
	struct siginfo_user u;
	nsec_t deadline = WAIT_FOREVER, ns;
	uint64_t mask;
	enum err e;
	long r;

	if (set_size != SIGSET_SIZE)
		return E_INVAL;
	e = user_read_u64(set, &mask);
	if (e == OK && !uptr_null(timeout)) {
		e = timespec_read(timeout, &ns);
		deadline = ns == 0 ? 0 : clock_now() + ns;
		if (ns != 0 && deadline < ns)
			deadline = WAIT_FOREVER;
	}
	if (e != OK)
		return e;
	r = wait_for(mask & ~SIGS_UNBLOCKABLE, deadline, &k);
	if (r > 0 && !uptr_null(info)) {
		signal_info_export(&k, &u);
		e = copy_to_user(info, &u, sizeof(u));
	}
	return e == OK ? r : e;
}

long sys_alarm(uint32_t seconds)
{
	struct process *p = process_current();
	nsec_t left, interval;

	alarm_get(p, &left, &interval);
	alarm_set(p, seconds * NSEC_PER_SEC, 0);
	/* Rounded up: 0 would say that there was none. */
	return (long)((left + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
}

static enum err write_itimer(struct uptr out, nsec_t interval, nsec_t left)
{
	enum err e = timeval_write(out, interval);

	return e == OK ? timeval_write(uptr_add(out, 16), left) : e;
}

long sys_getitimer(int which, struct uptr value)
{
	nsec_t left, interval;

	if (which != ITIMER_REAL)
		return E_INVAL;
	alarm_get(process_current(), &left, &interval);
	return write_itimer(value, interval, left);
}

long sys_setitimer(int which, struct uptr value, struct uptr old)
{
	struct process *p = process_current();
	nsec_t left, interval, new_interval = 0, in = 0;
	enum err e = OK;

	/* Timers of CPU time are not kept. */
	if (which != ITIMER_REAL)
		return E_INVAL;
	if (!uptr_null(value)) {
		e = timeval_read(value, &new_interval);
		if (e == OK)
			e = timeval_read(uptr_add(value, 16), &in);
	}
	if (e != OK)
		return e;
	alarm_get(p, &left, &interval);
	alarm_set(p, in, new_interval);
	return uptr_null(old) ? OK : write_itimer(old, interval, left);
}
