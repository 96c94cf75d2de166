/* kernel/ipc/event_internal.h -- the layout of an event, for event*.c. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/timer.h"
#include "kernel/core/wait.h"
#include "kernel/ipc/event.h"

/* Keys: (l) lock, with interrupts off; (b) event_bindings. */
struct event {
	struct object object; /* first */
	_Atomic uint64_t bits;
	/* The one that sleeps outside of `wait`, and for which bits. */
	struct thread *_Atomic waiter;
	_Atomic uint64_t waiter_mask;
	_Atomic bool expired;   /* (l) to change: the timer waits for a taker */
	struct wait_queue wait; /* those with a deadline, further ones, polls */

	struct lock lock; /* RANK_OBJECT */
	bool armed;       /* (l) */
	bool timed;       /* (l) the timer was started once */
	struct timer timer;
	uint64_t timer_bits;     /* (l) */
	nsec_t next, interval;   /* (l) */
	struct list bindings;    /* (b) */
	unsigned bindings_count; /* (b) */
};

extern const struct object_ops event_ops;

/* The timer's bits were taken: start it again. */
void event_timer_again(struct event *e);
/* object_ops.release */
void event_release(struct object *o);

/* event_of, and event_wait's first look, for the system calls. */
static inline struct event *event_cast(struct object *o)
{
	return likely(o->ops == &event_ops) ? (struct event *)o : NULL;
}

/* Take what is set of mask. */
static inline uint64_t event_take(struct event *e, uint64_t mask)
{
	uint64_t old = atomic_load_explicit(&e->bits, memory_order_relaxed);

	do {
		if (!(old & mask))
			return 0;
	} while (!atomic_compare_exchange_weak(&e->bits, &old, old & ~mask));
	if (unlikely(atomic_load_explicit(&e->expired, memory_order_relaxed)))
		event_timer_again(e);
	return old & mask;
}

/*
 * Until there may be bits of mask: OK, E_TIMEDOUT, E_RESTARTSYS. deadline as
 * event_wait's, but never 0.
 */
enum err event_sleep(struct event *e, uint64_t mask, nsec_t deadline);

/*
 * Signal `to`, then sleep once until there may be bits of mask in e, which may
 * be the same; OK too when nothing was slept. The thread that the signal wakes
 * runs next if nobody else is due.
 */
enum err event_post_sleep(
    struct event *to, uint64_t bits, struct event *e, uint64_t mask);
