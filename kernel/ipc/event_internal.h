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
