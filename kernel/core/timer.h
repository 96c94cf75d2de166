/* kernel/core/timer.h -- one-shot high-resolution timers, a queue per CPU. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/lock.h"
#include "kernel/core/rbtree.h"

/*
 * fn runs in the timer interrupt (interrupts off) of the CPU that started it.
 * It may wake threads and start timers, this one included. An idle timer may
 * be freed; a queued or running one may not (timer_cancel first).
 */
struct timer {
	struct rb_node node; /* in the CPU's tree, ordered by deadline */
	nsec_t deadline;     /* monotonic */
	void (*fn)(struct timer *t);
	uint16_t cpu; /* queue it is or was last in */
	bool queued;  /* under that queue's lock */
};

/* Not pending; fn is called in the timer interrupt, without locks. */
void timer_init(struct timer *t, void (*fn)(struct timer *t));

/* (Re)start t for the absolute monotonic time `deadline`. Any context. */
void timer_start(struct timer *t, nsec_t deadline);

/*
 * Take t out of its queue; when fn is running on another CPU, wait for it.
 * Returns true when t was pending. Not from t's own fn.
 */
bool timer_cancel(struct timer *t);

/* Called by the timer interrupt: run what is due, program the next shot. */
void timer_interrupt(void);
/*
 * Make sure that a timer interrupt comes at `deadline` or before (the
 * scheduler's slices). An earlier shot stays programmed. Interrupts off.
 */
void timer_want(nsec_t deadline);
void timer_init_cpu(void);
