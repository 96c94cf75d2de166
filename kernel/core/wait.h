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
	 * Called under queue->lock with interrupts off. Default: wake the
	 * thread. poll's waiters set a flag first. Returns true when the wake
	 * counts (wait_wake_n).
	 */
	bool (*fn)(struct waiter *w, uint32_t events);
	uint32_t events; /* poll: interesting bits; else 0 */
	bool exclusive;  /* wait_wake wakes one of these */
};

enum wait_mode {
	WAIT_UNINTR, /* nothing interrupts it: short, bounded waits only */
	WAIT_KILL,   /* a fatal signal ends it (E_INTR) */
	WAIT_INTR,   /* any deliverable signal ends it (E_INTR) */
};

enum { WAIT_FOREVER_MARK = 0 };
#define WAIT_FOREVER UINT64_MAX

void wait_queue_init(struct wait_queue *q);
#define WAIT_QUEUE_INIT(name) \
	{.lock = LOCK_INIT(RANK_WAITQ), .waiters = LIST_INIT((name).waiters)}

void wait_begin(struct wait_queue *q, struct waiter *w);

/*
 * Sleep until woken since wait_begin or the last return; deadline is absolute
 * monotonic ns or WAIT_FOREVER. OK when woken (spurious wake-ups happen),
 * E_INTR by mode, E_TIMEDOUT.
 */
enum err wait_sleep(struct waiter *w, enum wait_mode mode, nsec_t deadline);
void wait_end(struct waiter *w);

/* True when nobody waits (racy look, after a full barrier). */
static inline bool wait_idle(struct wait_queue *q)
{
	atomic_thread_fence(memory_order_seq_cst);
	return q->waiters.next == &q->waiters;
}

/* Wake all non-exclusive waiters and up to n exclusive ones. Any context. */
void wait_wake_events(struct wait_queue *q, unsigned n, uint32_t events);

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
