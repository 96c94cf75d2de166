/* kernel/object/rlimits.c -- resource limits and the real-time alarm. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/rlimits.h"
#include "kernel/core/clock.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/object/signal_internal.h"

static struct rlimit first_limits[RL_COUNT];

void rlimits_init(uint64_t max_threads)
{
	for (unsigned i = 0; i < RL_COUNT; i++)
		first_limits[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	first_limits[RL_STACK].cur = MIB(8);
	first_limits[RL_CORE].cur = 0;
	first_limits[RL_NOFILE] = (struct rlimit){1024, 4096};
	first_limits[RL_SIGPENDING] = (struct rlimit){max_threads, max_threads};
	first_limits[RL_MEMLOCK] = (struct rlimit){MIB(8), MIB(8)};
	first_limits[RL_MSGQUEUE] = (struct rlimit){0, 0};
	first_limits[RL_NICE] = (struct rlimit){0, 0};
	first_limits[RL_RTPRIO] = (struct rlimit){0, 0};
}

void rlimits_first(struct rlimit limits[RL_COUNT])
{
	memcpy(limits, first_limits, sizeof(first_limits));
}

static uint64_t pages_of(uint64_t bytes)
{
	return bytes == RLIM_INFINITY ? UINT64_MAX : bytes >> PAGE_SHIFT;
}

void rlimits_apply(struct process *p)
{
	struct aspace *a = process_aspace(p);

	if (!a)
		return;
	aspace_set_limits(a, pages_of(p->rlimits[RL_AS].cur),
	    pages_of(p->rlimits[RL_DATA].cur), p->rlimits[RL_STACK].cur);
	aspace_put(a);
}

enum err rlimit_set(struct process *p, unsigned id, const struct rlimit *n)
{
	irqflags_t f;
	enum err e = OK;

	if (id >= RL_COUNT || n->cur > n->max)
		return E_INVAL;
	f = lock_take_irq(&process_tree_lock);
	if (n->max > p->rlimits[id].max && !cred_privileged())
		e = E_PERM;
	else
		p->rlimits[id] = *n;
	lock_drop_irq(&process_tree_lock, f);
	if (e == OK && (id == RL_AS || id == RL_DATA || id == RL_STACK))
		rlimits_apply(p);
	return e;
}

enum err rlimit_check_processes(void)
{
	struct process *self = process_current();
	uint64_t limit = self->rlimits[RL_NPROC].cur;
	uint64_t n = 0;
	struct process *p;
	irqflags_t f;

	if (likely(limit == RLIM_INFINITY) || cred_privileged())
		return OK;
	/* Counted only for who has a limit: a fork in general walks nothing. */
	f = lock_take_irq(&process_tree_lock);
	list_for_each(p, &process_all, all_link)
	{
		if (p->silo == self->silo && p->cred->uid == self->cred->uid)
			n += p->thread_count;
	}
	lock_drop_irq(&process_tree_lock, f);
	return n < limit ? OK : E_AGAIN;
}

void alarm_expired(struct timer *t)
{
	struct process *p = container_of(t, struct process, alarm);
	struct ksiginfo info = {.signo = SIGALRM, .code = SI_KERNEL};
	nsec_t now = clock_now();

	if (p->alarm_interval) {
		nsec_t late = now > t->deadline ? now - t->deadline : 0;
		nsec_t skip = late / p->alarm_interval + 1;

		timer_start(t, t->deadline + skip * p->alarm_interval);
	}
	signal_send_process(p, &info);
}

void alarm_set(struct process *p, nsec_t in, nsec_t interval)
{
	/* Out of the queue first: fn reads the interval. */
	p->alarm_interval = 0;
	timer_cancel(&p->alarm);
	p->alarm_interval = interval;
	/* Further away than the clock counts: never. */
	if (in && in < UINT64_MAX / 2)
		timer_start(&p->alarm, clock_now() + in);
}

void alarm_get(struct process *p, nsec_t *left, nsec_t *interval)
{
	nsec_t now = clock_now();
	nsec_t deadline = p->alarm.deadline;

	*interval = p->alarm_interval;
	*left = 0;
	if (p->alarm.queued)
		*left = deadline > now ? deadline - now : 1;
}
