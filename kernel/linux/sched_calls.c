/* kernel/linux/sched_calls.c -- scheduling policy, niceness, affinity. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/linux/sched_calls.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/process_internal.h"
#include "kernel/object/restrict.h"
#include "kernel/sys/timespec.h"

enum {
	SCHED_OTHER,
	SCHED_FIFO,
	SCHED_RR,
	SCHED_BATCH,
	SCHED_IDLE = 5,
	RT_PRIO_MAX = 99,
	NICE_MIN = -20,
	NICE_MAX = 19,
	PRIO_PROCESS = 0,
	PRIO_PGRP,
	PRIO_USER,
	NICE_SHIFT = 20, /* getpriority returns 20 - nice */
	RR_SLICE_MS = 4,
	SCHED_ATTR_SIZE = 48,
};
#define SCHED_RESET_ON_FORK 0x40000000

static bool is_rt(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool known(int policy)
{
	return is_rt(policy) || policy == SCHED_OTHER ||
	       policy == SCHED_BATCH || policy == SCHED_IDLE;
}

/* The thread pid (0: own); gives a reference. */
static enum err find(int pid, struct thread **out)
{
	if (pid < 0)
		return E_INVAL;
	*out = pid ? thread_find((uint32_t)pid) : thread_get(thread_current());
	return *out ? OK : E_SRCH;
}

/* Same user, or privileged. */
static bool may_change(const struct thread *t)
{
	const struct cred *self = cred_current();
	struct cred *c;
	bool may;

	if (!process_subject(t->process))
		return false;
	if (t->process == process_current() || cred_privileged())
		return true;
	c = process_cred(t->process);
	may = self->euid == c->uid || self->euid == c->euid;
	cred_put(c);
	return may;
}

static enum err check_policy(const struct thread *t, int policy, int prio)
{
	uint64_t limit = t->process->rlimits[RL_RTPRIO].cur;

	if (!known(policy) || prio < 0 || prio > RT_PRIO_MAX ||
	    is_rt(policy) != (prio > 0))
		return E_INVAL;
	if (!may_change(t))
		return E_PERM;
	if (cred_system())
		return OK;
	return is_rt(policy) && (uint64_t)prio > limit ? E_PERM : OK;
}

static long set_policy(int pid, int policy, int prio)
{
	struct thread *t;
	enum err e = find(pid, &t);

	if (e != OK)
		return e;
	if (policy < 0)
		policy = t->policy;
	e = check_policy(t, policy, prio);
	if (e == OK)
		sched_set_policy(t, policy, prio);
	thread_put(t);
	return e;
}

long sys_sched_setscheduler(int pid, int policy, struct uptr param)
{
	uint32_t prio;
	enum err e;

	if (policy < 0)
		return E_INVAL;
	e = user_read_u32(param, &prio);
	if (e != OK)
		return e;
	return set_policy(pid, policy & ~SCHED_RESET_ON_FORK, (int)prio);
}

long sys_sched_setparam(int pid, struct uptr param)
{
	uint32_t prio;
	enum err e = user_read_u32(param, &prio);

	return e == OK ? set_policy(pid, -1, (int)prio) : e;
}

long sys_sched_getscheduler(int pid)
{
	struct thread *t;
	enum err e = find(pid, &t);
	long r;

	if (e != OK)
		return e;
	r = t->policy;
	thread_put(t);
	return r;
}

long sys_sched_getparam(int pid, struct uptr param)
{
	struct thread *t;
	uint32_t prio;
	enum err e = find(pid, &t);

	if (e != OK)
		return e;
	prio = is_rt(t->policy) ? t->rt_prio : 0;
	thread_put(t);
	return user_write_u32(param, prio);
}

long sys_sched_get_priority_max(int policy)
{
	if (!known(policy))
		return E_INVAL;
	return is_rt(policy) ? RT_PRIO_MAX : 0;
}

long sys_sched_get_priority_min(int policy)
{
	if (!known(policy))
		return E_INVAL;
	return is_rt(policy) ? 1 : 0;
}

long sys_sched_rr_get_interval(int pid, struct uptr out)
{
	struct thread *t;
	nsec_t slice;
	enum err e = find(pid, &t);

	if (e != OK)
		return e;
	slice = t->policy == SCHED_FIFO ? 0 : RR_SLICE_MS * NSEC_PER_MSEC;
	thread_put(t);
	return timespec_write(out, slice);
}

long sys_sched_setaffinity(int pid, uint32_t size, struct uptr mask)
{
	struct cpu_set set = {0};
	uint64_t bits = 0;
	struct thread *t;
	enum err e = copy_from_user(&bits, mask, MIN(size, sizeof(bits)));

	if (e == OK)
		e = find(pid, &t);
	if (e != OK)
		return e;
	bits &= cpu_count >= 64 ? UINT64_MAX : (1ull << cpu_count) - 1;
	atomic_store(&set.bits[0], bits);
	if (!may_change(t))
		e = E_PERM;
	else if (bits == 0)
		e = E_INVAL;
	else
		e = sched_set_affinity(t, &set);
	thread_put(t);
	return e;
}

long sys_sched_getaffinity(int pid, uint32_t size, struct uptr mask)
{
	struct thread *t;
	uint64_t bits;
	enum err e;

	if (size < sizeof(bits) || size % sizeof(bits))
		return E_INVAL;
	e = find(pid, &t);
	if (e != OK)
		return e;
	bits = atomic_load(&t->affinity.bits[0]);
	thread_put(t);
	bits &= cpu_count >= 64 ? UINT64_MAX : (1ull << cpu_count) - 1;
	e = user_write_u64(mask, bits);
	return e == OK ? (long)sizeof(bits) : e;
}

struct sched_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};
static_assert(sizeof(struct sched_attr) == SCHED_ATTR_SIZE, "ABI");

/* May t be given this niceness? Lower values are for the privileged. */
static enum err check_nice(const struct thread *t, int nice)
{
	uint64_t limit = t->process->rlimits[RL_NICE].cur;

	if (!may_change(t))
		return E_PERM;
	if (cred_system())
		return OK;
	return nice < t->nice && (uint64_t)(NICE_SHIFT - nice) > limit ? E_ACCES
	                                                               : OK;
}

long sys_sched_setattr(int pid, struct uptr attr, uint32_t flags)
{
	struct sched_attr a;
	struct thread *t;
	enum err e;

	if (flags)
		return E_INVAL;
	e = copy_from_user(&a, attr, sizeof(a));
	if (e != OK)
		return e;
	if (a.size && a.size < sizeof(a))
		return E_INVAL;
	e = find(pid, &t);
	if (e != OK)
		return e;
	e = check_policy(t, (int)a.policy, (int)a.priority);
	if (e == OK && !is_rt((int)a.policy)) {
		a.nice = MAX(NICE_MIN, MIN(NICE_MAX, a.nice));
		e = check_nice(t, a.nice);
	}
	if (e == OK) {
		sched_set_policy(t, (int)a.policy, (int)a.priority);
		if (!is_rt((int)a.policy))
			sched_set_nice(t, a.nice);
	}
	thread_put(t);
	return e;
}

long sys_sched_getattr(int pid, struct uptr attr, uint32_t size, uint32_t flags)
{
	struct sched_attr a = {.size = sizeof(a)};
	struct thread *t;
	enum err e;

	if (flags || size < sizeof(a))
		return E_INVAL;
	e = find(pid, &t);
	if (e != OK)
		return e;
	a.policy = t->policy;
	a.nice = t->nice;
	a.priority = is_rt(t->policy) ? t->rt_prio : 0;
	thread_put(t);
	return copy_to_user(attr, &a, sizeof(a));
}

/* Does process p belong to (which, who)? */
static bool matches(const struct process *p, int which, uint32_t who)
{
	const struct process *self = process_current();

	if (p->silo != self->silo)
		return false;
	if (which == PRIO_PGRP)
		return p->pgrp &&
		       (who ? p->pgrp->pgid == who : p->pgrp == self->pgrp);
	return p->cred->uid == (who ? who : self->cred->uid);
}

/* The highest 20 - nice of the threads meant, or E_SRCH. */
static long highest(int which, int who)
{
	irqflags_t f;
	struct process *p;
	struct thread *t;
	long best = E_SRCH;

	f = lock_take_irq(&process_tree_lock);
	list_for_each(p, &process_all, all_link)
	{
		if (!matches(p, which, (uint32_t)who))
			continue;
		list_for_each(t, &p->threads, process_link) best =
		    MAX(best, (long)(NICE_SHIFT - t->nice));
	}
	lock_drop_irq(&process_tree_lock, f);
	return best;
}

long sys_getpriority(int which, int who)
{
	struct thread *t;
	enum err e;
	long r;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return E_INVAL;
	if (which != PRIO_PROCESS)
		return highest(which, who);
	e = find(who, &t);
	if (e != OK)
		return e == E_INVAL ? E_SRCH : e;
	r = NICE_SHIFT - t->nice;
	thread_put(t);
	return r;
}

static void set_nice_one(struct thread *t, int nice, enum err *r)
{
	enum err e = check_nice(t, nice);

	if (e == OK)
		sched_set_nice(t, nice);
	if (*r == OK || *r == E_SRCH)
		*r = e;
}

static enum err set_nice_all(int which, int who, int nice)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct process *p;
	struct thread *t;
	enum err r = E_SRCH;

	list_for_each(p, &process_all, all_link)
	{
		if (!matches(p, which, (uint32_t)who))
			continue;
		list_for_each(t, &p->threads, process_link)
		    set_nice_one(t, nice, &r);
	}
	lock_drop_irq(&process_tree_lock, f);
	return r;
}

long sys_setpriority(int which, int who, int nice)
{
	struct thread *t;
	enum err e = E_SRCH;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return E_INVAL;
	nice = MAX(NICE_MIN, MIN(NICE_MAX, nice));
	if (which != PRIO_PROCESS)
		return set_nice_all(which, who, nice);
	if (find(who, &t) != OK)
		return E_SRCH;
	set_nice_one(t, nice, &e);
	thread_put(t);
	return e;
}

long sys_getcpu(struct uptr cpu, struct uptr node, struct uptr unused)
{
	enum err e = OK;

	(void)unused; /* a cache that Linux does not use either */
	if (!uptr_null(cpu))
		e = user_write_u32(cpu, cpu_id());
	if (e == OK && !uptr_null(node))
		e = user_write_u32(node, 0);
	return e;
}
