/* kernel/core/wait.h -- wait queues: how a thread sleeps for a condition. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/lock.h"
#include "kernel/core/list.h"

struct thread;

/*
 * A queue of waiters. The pattern that loses no wake-up:
 *
 *	struct waiter w;
 *	wait_begin(&q, &w);			joins the queue, state = sleeping
 *	while (!condition) {			checked after joining
 *		if ((e = wait_sleep(&w, WAIT_INTR, deadline)) != OK)
 *			break;
 *	}					wait_sleep re-arms before returning
 *	wait_end(&w);
 *
 * The waker makes the condition true first, then calls wait_wake_*.
 */
struct wait_queue {
	struct lock lock; /* RANK_WAITQ; taken with interrupts off */
	struct list waiters GUARDED_BY(&lock);
};

struct waiter {
	struct list link;
	struct wait_queue *queue;
	struct thread *thread;
	/*
	 * NULL: set woken and wake the thread. Else called under queue->lock
	 * with interrupts off; returns true when it used up an exclusive wake.
	 */
	bool (*fn)(struct waiter *w, uint32_t events);
	_Atomic bool woken;
	bool exclusive; /* wait_wake wakes one of these, all of the others */
};

enum wait_mode {
	WAIT_UNINTR, /* nothing interrupts it: short, bounded waits only */
	WAIT_KILL,   /* a fatal signal ends it (E_INTR) */
	WAIT_INTR,   /* any deliverable signal ends it (E_INTR) */
};

#define WAIT_FOREVER UINT64_MAX

/* Without waiters. */
void wait_queue_init(struct wait_queue *q);
#define WAIT_QUEUE_INIT(name) \
	{.lock = LOCK_INIT(RANK_WAITQ), .waiters = LIST_INIT((name).waiters)}

/* Join q (at its end when exclusive). fn, exclusive: as in *w. */
void wait_join(struct wait_queue *q, struct waiter *w);

/* Join q as a plain waiter for the current thread. */
void wait_begin(struct wait_queue *q, struct waiter *w);
void wait_begin_exclusive(struct wait_queue *q, struct waiter *w);

/*
 * Sleep until woken since wait_begin or the last return; deadline is absolute
 * monotonic ns or WAIT_FOREVER. OK when woken (spurious wake-ups happen),
 * E_INTR by mode, E_TIMEDOUT.
 */
enum err wait_sleep(struct waiter *w, enum wait_mode mode, nsec_t deadline);
/* Leave the queue; an exclusive wake that was not used goes on to the next. */
void wait_end(struct waiter *w);

/*
 * The same for any flag that wakers set before sched_wake(): sleep until
 * *flag, clear it. wait_sleep is this on w->woken.
 */
enum err wait_flag(_Atomic bool *flag, enum wait_mode mode, nsec_t deadline);

/* True when nobody waits (racy look, after a full barrier). */
NO_LOCK_CHECK static inline bool wait_idle(struct wait_queue *q)
{
	atomic_thread_fence(memory_order_seq_cst);
	return q->waiters.next == &q->waiters;
}

/* Wake all non-exclusive waiters and up to n exclusive ones. Any context. */
void wait_wake_events(struct wait_queue *q, unsigned n, uint32_t events);

/*
 * The same with interrupts off and, possibly, another queue's lock held, as in
 * a waiter's fn. Who does this sees to it that queues nest in one order only.
 */
void wait_wake_nested(struct wait_queue *q, unsigned n, uint32_t events);

static inline void wait_wake(struct wait_queue *q)
{
	if (!wait_idle(q))
		wait_wake_events(q, 1, 0);
}

static inline void wait_wake_all(struct wait_queue *q)
{
	if (!wait_idle(q))
		wait_wake_events(q, UINT32_MAX, 0);
}

/* Sleep until cond holds: the pattern above in one expression. */
#define WAIT_EVENT(q, cond, mode, deadline)                                  \
	({                                                                   \
		enum err wait_e = OK;                                        \
		if (!(cond)) {                                               \
			struct waiter wait_w;                                \
			wait_begin((q), &wait_w);                            \
			while (!(cond)) {                                    \
				wait_e =                                     \
				    wait_sleep(&wait_w, (mode), (deadline)); \
				if (wait_e != OK)                            \
					break;                               \
			}                                                    \
			wait_end(&wait_w);                                   \
		}                                                            \
		wait_e;                                                      \
	})
