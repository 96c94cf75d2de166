/* kernel/core/timer.c -- one-shot timers: a tree per CPU. */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/timer.h"
#include "kernel/core/clock.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/irq.h"

/*
 * Each CPU keeps its timers in a tree ordered by deadline and programs its
 * one-shot interrupt for the first, or for the end of the running slice when
 * that comes sooner. A shot that became needless is not taken back: it fires
 * once and finds nothing to do.
 */
struct timer_queue {
	struct lock lock; /* RANK_TIMER, interrupts off */
	struct rb_root tree;
	struct timer *first;   /* leftmost */
	struct timer *running; /* its fn is being called now */
	nsec_t programmed;     /* next interrupt; UINT64_MAX: none (cpu) */
	nsec_t wanted;         /* by the scheduler; UINT64_MAX: nothing (cpu) */
};
PERCPU_DEFINE(struct timer_queue, timer_queue);

void timer_init_cpu(void)
{
	struct timer_queue *q = percpu_ptr(timer_queue);

	lock_init(&q->lock, RANK_TIMER);
	q->programmed = UINT64_MAX;
	q->wanted = UINT64_MAX;
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	t->fn = fn;
	t->queued = false;
	t->cpu = 0;
}

static void program(struct timer_queue *q, nsec_t deadline)
{
	if (deadline < q->programmed) {
		q->programmed = deadline;
		lapic_timer_program(deadline);
	}
}

static void insert_locked(struct timer_queue *q, struct timer *t)
{
	struct rb_node **link = &q->tree.node, *parent = NULL;
	bool leftmost = true;

	while (*link != NULL) {
		struct timer *at = rb_entry(*link, struct timer, node);
		bool right = t->deadline >= at->deadline;

		parent = *link;
		link = &parent->child[right];
		leftmost &= !right;
	}
	rb_insert(&q->tree, parent, link, &t->node);
	t->queued = true;
	if (leftmost)
		q->first = t;
}

static void remove_locked(struct timer_queue *q, struct timer *t)
{
	if (q->first == t) {
		struct rb_node *next = rb_next(&t->node);

		q->first = next ? rb_entry(next, struct timer, node) : NULL;
	}
	rb_erase(&q->tree, &t->node);
	t->queued = false;
}

/*
 * Lock the queue that t is or was last in. t->cpu changes only under the lock
 * of the queue it names, so look again after locking.
 */
NO_LOCK_CHECK static struct timer_queue *queue_lock(
    struct timer *t, irqflags_t *f)
{
	for (;;) {
		unsigned cpu = __atomic_load_n(&t->cpu, __ATOMIC_RELAXED);
		struct timer_queue *q = percpu_of(timer_queue, cpu);

		*f = lock_take_irq(&q->lock);
		if (likely(t->cpu == cpu))
			return q;
		lock_drop_irq(&q->lock, *f);
	}
}

NO_LOCK_CHECK void timer_start(struct timer *t, nsec_t deadline)
{
	irqflags_t f, outer = irq_save();
	struct timer_queue *q, *mine = percpu_ptr(timer_queue);

	/*
	 * Two may start it at once, from two CPUs: look again after a move. Where
	 * its fn runs just now it stays, so that timer_cancel waits for that; the
	 * interrupt there sees it in the end.
	 */
	for (;;) {
		q = queue_lock(t, &f);
		if (t->queued)
			remove_locked(q, t);
		if (likely(q == mine) || q->running == t)
			break;
		__atomic_store_n(&t->cpu, (uint16_t)cpu_id(), __ATOMIC_RELAXED);
		lock_drop_irq(&q->lock, f);
	}
	t->deadline = deadline;
	insert_locked(q, t);
	if (q == mine && q->first == t)
		program(q, deadline);
	lock_drop_irq(&q->lock, f);
	irq_restore(outer);
}

NO_LOCK_CHECK bool timer_cancel(struct timer *t)
{
	struct timer_queue *q;
	bool was_queued;
	irqflags_t f;

	for (;;) {
		q = queue_lock(t, &f);
		was_queued = t->queued;
		if (was_queued)
			remove_locked(q, t);
		if (likely(q->running != t))
			break;
		lock_drop_irq(&q->lock, f);
		cpu_pause(); /* its fn runs on another CPU, interrupts off */
	}
	lock_drop_irq(&q->lock, f);
	return was_queued;
}

void timer_want(nsec_t deadline)
{
	struct timer_queue *q = percpu_ptr(timer_queue);

	q->wanted = deadline;
	program(q, deadline);
}

void timer_interrupt(void)
{
	struct timer_queue *q = percpu_ptr(timer_queue);
	nsec_t now = clock_now(), next;
	struct timer *t;

	lock_take(&q->lock);
	while ((t = q->first) != NULL && t->deadline <= now) {
		remove_locked(q, t);
		q->running = t;
		lock_drop(&q->lock);
		t->fn(t);
		lock_take(&q->lock);
		q->running = NULL;
	}
	q->programmed = UINT64_MAX;
	next = q->first ? q->first->deadline : UINT64_MAX;
	lock_drop(&q->lock);
	if (q->wanted <= now) {
		q->wanted = UINT64_MAX;
		sched_tick();
	}
	next = MIN(next, q->wanted);
	if (next != UINT64_MAX)
		program(q, next);
}
