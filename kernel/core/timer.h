/* kernel/core/timer.h -- one-shot high-resolution timers, a queue per CPU. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/lock.h"

/*
 * fn runs in the timer interrupt (interrupts off) of the CPU that started it.
 * It may wake threads and start timers, this one included.
 */
struct timer {
	nsec_t deadline; /* monotonic; key of the heap */
	void (*fn)(struct timer *t);
	uint32_t slot; /* place in the CPU's heap + 1; 0 = not queued */
	uint16_t cpu;  /* queue it is or was last in */
	_Atomic uint8_t running; /* fn is being called */
};

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
/* Deadline of this CPU's first timer, or UINT64_MAX. Interrupts off. */
nsec_t timer_next(void);
void timer_init_cpu(void);
