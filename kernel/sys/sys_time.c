/* kernel/sys/sys_time.c -- clocks and sleeping. */
/* SPDX-License-Identifier: MIT */

#include "kernel/sys/sys_time.h"
#include "kernel/core/clock.h"
#include "kernel/core/sched.h"
#include "kernel/core/wait.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/timerfd.h"
#include "kernel/object/process.h"
#include "kernel/sys/timespec.h"

enum {
	CLOCK_REALTIME,
	CLOCK_MONOTONIC,
	CLOCK_PROCESS_CPUTIME,
	CLOCK_THREAD_CPUTIME,
	CLOCK_MONOTONIC_RAW,
	CLOCK_REALTIME_COARSE,
	CLOCK_MONOTONIC_COARSE,
	CLOCK_BOOTTIME,
	CLOCK_TAI = 11,
	TIMER_ABSTIME = 1,
};

/* CPU time of the running thread so far: the current stretch included. */
static nsec_t thread_time(struct thread *t)
{
	nsec_t ns = atomic_load_explicit(&t->cpu_ns, memory_order_relaxed);

	if (t == thread_current())
		ns += clock_tsc_to_ns(rdtsc() - t->run_start);
	return ns;
}

static nsec_t process_time(struct process *p)
{
	nsec_t ns = atomic_load(&p->utime_ns) + atomic_load(&p->stime_ns);
	struct thread *t;
	irqflags_t f = lock_take_irq(&process_tree_lock);

	list_for_each(t, &p->threads, process_link) ns += thread_time(t);
	lock_drop_irq(&process_tree_lock, f);
	return ns;
}

/* pid << 3 | 2 (process) or 6 (thread), inverted: Linux's CPU clock ids. */
static enum err cpu_clock(int clock, nsec_t *ns)
{
	uint32_t id = (uint32_t)~(clock >> 3);
	struct process *p;
	struct thread *t;

	if ((clock & 3) == 3)
		return E_INVAL;
	if (clock & 4) {
		t = id == 0 ? thread_get(thread_current()) : thread_find(id);
		if (t == NULL)
			return E_INVAL;
		*ns = thread_time(t);
		thread_put(t);
		return OK;
	}
	p = id == 0 ? process_get(process_current()) : process_find(id);
	if (p == NULL)
		return E_INVAL;
	*ns = process_time(p);
	process_put(p);
	return OK;
}

static enum err clock_read(int clock, nsec_t *ns)
{
	switch (clock) {
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = clock_now();
		return OK;
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI:
		*ns = clock_wall();
		return OK;
	case CLOCK_PROCESS_CPUTIME:
		*ns = process_time(process_current());
		return OK;
	case CLOCK_THREAD_CPUTIME:
		*ns = thread_time(thread_current());
		return OK;
	default:
		return clock < 0 ? cpu_clock(clock, ns) : E_INVAL;
	}
}

long sys_clock_gettime(int clock, struct uptr out)
{
	nsec_t ns;
	enum err e = clock_read(clock, &ns);

	return e != OK ? e : timespec_write(out, ns);
}

long sys_clock_getres(int clock, struct uptr out)
{
	nsec_t ns;
	enum err e = clock_read(clock, &ns);

	if (e != OK || uptr_null(out))
		return e;
	return timespec_write(out, 1);
}

long sys_clock_settime(int clock, struct uptr in)
{
	nsec_t ns;
	enum err e;

	if (clock != CLOCK_REALTIME)
		return E_INVAL;
	if ((e = timespec_read(in, &ns)) != OK)
		return e;
	if (!cred_system())
		return E_PERM;
	clock_wall_set(ns);
	timerfd_clock_was_set();
	return OK;
}

long sys_gettimeofday(struct uptr tv, struct uptr tz)
{
	uint64_t zone = 0; /* minutes west and DST: both zero, as on Linux */
	enum err e;

	if (!uptr_null(tv) && (e = timeval_write(tv, clock_wall())) != OK)
		return e;
	if (!uptr_null(tz))
		return copy_to_user(tz, &zone, sizeof(zone));
	return OK;
}

long sys_settimeofday(struct uptr tv, struct uptr tz)
{
	nsec_t ns;
	enum err e;

	(void)tz; /* obsolete: Linux only stores it */
	if (uptr_null(tv))
		return OK;
	if ((e = timeval_read(tv, &ns)) != OK)
		return e;
	if (!cred_system())
		return E_PERM;
	clock_wall_set(ns);
	timerfd_clock_was_set();
	return OK;
}

long sys_time(struct uptr out)
{
	uint64_t sec = clock_wall() / NSEC_PER_SEC;
	enum err e;

	if (!uptr_null(out) && (e = user_write_u64(out, sec)) != OK)
		return e;
	return (long)sec;
}

static long sleep_restart(const uint64_t arg[5]);

/* Sleep to a monotonic deadline; what is left goes to rem. */
static long sleep_to(nsec_t deadline, struct uptr rem)
{
	enum err e = sched_sleep_until(deadline, WAIT_INTR);
	nsec_t now;

	if (e == OK)
		return 0;
	now = clock_now();
	if (!uptr_null(rem) && (e = timespec_write(rem,
	                            deadline > now ? deadline - now : 0)) != OK)
		return e;
	thread_current()->restart =
	    (struct restart){sleep_restart, {deadline, rem.addr}};
	return E_RESTART_BLOCK;
}

static long sleep_restart(const uint64_t arg[5])
{
	return sleep_to(arg[0], (struct uptr){arg[1]});
}

static nsec_t deadline_after(nsec_t ns)
{
	nsec_t now = clock_now();

	return ns > UINT64_MAX - 1 - now ? WAIT_FOREVER - 1 : now + ns;
}

long sys_nanosleep(struct uptr req, struct uptr rem)
{
	nsec_t ns;
	enum err e = timespec_read(req, &ns);

	return e != OK ? e : sleep_to(deadline_after(ns), rem);
}

long sys_clock_nanosleep(int clock, int flags, struct uptr req, struct uptr rem)
{
	nsec_t ns, now;
	enum err e;

	if ((e = timespec_read(req, &ns)) != OK)
		return e;
	if (clock == CLOCK_THREAD_CPUTIME || clock == CLOCK_PROCESS_CPUTIME ||
	    clock < 0)
		return E_OPNOTSUPP;
	if ((e = clock_read(clock, &now)) != OK)
		return e;
	if (!(flags & TIMER_ABSTIME))
		return sleep_to(deadline_after(ns), rem);
	/* Absolute: no remainder, restarted with the same time. */
	e = sched_sleep_until(
	    deadline_after(ns > now ? ns - now : 0), WAIT_INTR);
	return e == OK ? 0 : E_RESTARTNOHAND;
}
