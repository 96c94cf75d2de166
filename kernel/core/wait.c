/* kernel/core/wait.c -- wait queues. */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/wait.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"

/*
 * A waiter stays in its queue from wait_begin to wait_end. A wake sets its
 * `woken` flag and makes its thread runnable; the thread consumes the flag.
 * So a wake between the look at the condition and the sleep is never lost, and
 * the thread's state means nothing while the condition is looked at.
 */

void wait_queue_init(struct wait_queue *q)
{
	lock_init(&q->lock, RANK_WAITQ);
	list_init(&q->waiters);
}

void wait_join(struct wait_queue *q, struct waiter *w)
{
	irqflags_t f;

	w->queue = q;
	atomic_store_explicit(&w->woken, false, memory_order_relaxed);
	f = lock_take_irq(&q->lock);
	if (w->exclusive)
		list_push_back(&q->waiters, &w->link);
	else
		list_push_front(&q->waiters, &w->link);
	lock_drop_irq(&q->lock, f);
	/*
	 * Pairs with the fence of wait_idle: we are in the list before we look
	 * at the condition. The drop alone is no barrier for that load.
	 */
	atomic_thread_fence(memory_order_seq_cst);
}

void wait_begin(struct wait_queue *q, struct waiter *w)
{
	w->thread = thread_current();
	w->fn = NULL;
	w->exclusive = false;
	wait_join(q, w);
}

void wait_begin_exclusive(struct wait_queue *q, struct waiter *w)
{
	w->thread = thread_current();
	w->fn = NULL;
	w->exclusive = true;
	wait_join(q, w);
}

void wait_end(struct waiter *w)
{
	struct wait_queue *q = w->queue;
	irqflags_t f = lock_take_irq(&q->lock);
	bool pass_on = w->exclusive &&
	               atomic_load_explicit(&w->woken, memory_order_relaxed);

	list_remove(&w->link);
	lock_drop_irq(&q->lock, f);
	if (unlikely(pass_on))
		wait_wake(q);
}

/* The deadline of a sleep passed: runs in the timer interrupt. */
static void wait_timeout(struct timer *timer)
{
	struct thread *t = container_of(timer, struct thread, wait_timer);

	t->wait_timed_out = true;
	sched_wake(t);
}

static bool wait_interrupted(struct thread *t, enum wait_mode mode)
{
	uint32_t work = atomic_load_explicit(&t->work, memory_order_relaxed);

	if (likely(work == 0) || mode == WAIT_UNINTR)
		return false;
	if (mode == WAIT_KILL)
		return work & WORK_KILL;
	return work & (WORK_KILL | WORK_SIGNAL | WORK_STOP);
}

enum err wait_flag(_Atomic bool *flag, enum wait_mode mode, nsec_t deadline)
{
	struct thread *t = thread_current();
	bool timed = false;
	enum err e = OK;

	KASSERT_SLOW(preempt_count == 0);
	t->wait_mode = mode; /* for those who look at us asleep */
	for (;;) {
		sched_prepare_sleep();
		if (atomic_load(flag))
			break;
		if (wait_interrupted(t, mode)) {
			e = E_INTR;
			break;
		}
		if (deadline != WAIT_FOREVER) {
			if (!timed) {
				t->wait_timed_out = false;
				timer_init(&t->wait_timer, wait_timeout);
				timer_start(&t->wait_timer, deadline);
				timed = true;
			}
			if (t->wait_timed_out) {
				e = E_TIMEDOUT;
				break;
			}
		}
		schedule();
	}
	atomic_store_explicit(&t->state, THREAD_RUNNING, memory_order_relaxed);
	/* A wake that came too late for us stays: others look at it. */
	if (e == OK)
		atomic_store_explicit(flag, false, memory_order_relaxed);
	if (timed)
		timer_cancel(&t->wait_timer);
	return e;
}

enum err wait_sleep(struct waiter *w, enum wait_mode mode, nsec_t deadline)
{
	return wait_flag(&w->woken, mode, deadline);
}

static bool waiter_wake(struct waiter *w, uint32_t events)
{
	if (w->fn != NULL)
		return w->fn(w, events);
	if (atomic_load_explicit(&w->woken, memory_order_relaxed))
		return false; /* had its wake already; it stands for that one */
	atomic_store(&w->woken, true);
	sched_wake(w->thread);
	return true;
}

static void wake_locked(struct wait_queue *q, unsigned n, uint32_t events)
    REQUIRES(&q -> lock)
{
	struct waiter *w, *next;

	list_for_each_safe(w, next, &q->waiters, link)
	{
		bool exclusive = w->exclusive;

		if (exclusive && n == 0)
			break;
		if (waiter_wake(w, events) && exclusive)
			n--;
	}
}

void wait_wake_events(struct wait_queue *q, unsigned n, uint32_t events)
{
	irqflags_t f = lock_take_irq(&q->lock);

	wake_locked(q, n, events);
	lock_drop_irq(&q->lock, f);
}

void wait_wake_nested(struct wait_queue *q, unsigned n, uint32_t events)
{
	lock_take_nested(&q->lock); /* the order is the caller's */
	wake_locked(q, n, events);
	lock_drop(&q->lock);
}
