/* kernel/core/sched_wake.c -- waking for those who know what they do next. */
/* SPDX-License-Identifier: MIT */
#include "kernel/core/runqueue.h"

/*
 * sched_wake asks who should run now. A thread that signals another often knows
 * better: it goes on itself, or it sleeps at once. Where that makes no
 * difference to anybody else, the questions are left out.
 */

/*
 * Does t sleep, last ran here, may go on here, and is nobody's caller whose
 * time runs at the moment? It is another than the current thread, and may be
 * queued although it is about to sleep.
 */
static inline bool sleeps_here_locked(struct runqueue *rq, struct thread *t)
{
	return t->cpu == rq->cpu && t->class == CLASS_FAIR && t != rq->payer &&
	       atomic_load_explicit(
	           &t->affinity.bits[0], memory_order_relaxed) >>
	               rq->cpu &
	           1 &&
	       atomic_load_explicit(&t->state, memory_order_relaxed) ==
	           THREAD_SLEEPING;
}

/* Make it runnable, with the credit of sleepers. */
static inline void rouse_locked(struct runqueue *rq, struct thread *t)
{
	uint64_t floor = rq->min_vruntime - SLEEPER_CREDIT;

	atomic_store_explicit(&t->state, THREAD_RUNNING, memory_order_relaxed);
	if ((int64_t)(t->vruntime - floor) < 0)
		t->vruntime = floor;
}

void sched_wake_behind(struct thread *t)
{
	irqflags_t f = irq_save();
	struct runqueue *rq = percpu_ptr(runqueue);
	bool here;

	lock_take(&rq->lock);
	/* An idle CPU would take it from us: the general way sees to that. */
	here = sleeps_here_locked(rq, t) && t != rq->current && !t->queued &&
	       rq->payer->class == CLASS_FAIR &&
	       rq->current->class == CLASS_FAIR && rq->current != rq->idle &&
	       atomic_load(&sched_idle_cpus) == 0;
	if (likely(here)) {
		rouse_locked(rq, t);
		runqueue_insert(rq, t);
		if (rq->queued == 1)
			sched_want_slice_locked(rq);
	}
	lock_drop(&rq->lock);
	irq_restore(f);
	if (!here)
		sched_wake(t);
}

void sched_wake_and_schedule(struct thread *t, irqflags_t f)
{
	struct runqueue *rq = percpu_ptr(runqueue);
	bool next;

	lock_take(&rq->lock);
	next = rq->queued == 0 && sleeps_here_locked(rq, t);
	if (likely(next)) {
		rouse_locked(rq, t);
		runqueue_insert_only(rq, t);
	}
	lock_drop(&rq->lock);
	if (unlikely(!next))
		sched_wake(t);
	sched_switch_away(false);
	irq_restore(f);
	if (unlikely(need_resched && preempt_count == 0))
		preempt_schedule();
}
