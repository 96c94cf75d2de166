/* kernel/core/rcu.h -- deferred freeing for lock-free look-ups. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/lock.h"

/*
 * A reader is a region with preemption disabled. A CPU is quiescent when it
 * switches threads, idles, or runs user code. rcu_call(h, fn) runs fn(h) after
 * every reader that could have seen the object is gone, in a kernel thread.
 */
struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *h);
};

static inline void rcu_read_enter(void)
{
	preempt_disable();
}

static inline void rcu_read_exit(void)
{
	preempt_enable();
}

/* Any context. h lives inside the object and belongs to RCU until fn runs. */
void rcu_call(struct rcu_head *h, void (*fn)(struct rcu_head *h));

/* Wait for one grace period. May sleep. */
void rcu_sync(void);

/* Wait until all callbacks queued so far have run. May sleep. */
void rcu_barrier(void);

/* True in a callback, which must not wait for other callbacks. */
bool rcu_is_callback(void);

/* Publish and read a pointer that readers follow without a lock. */
#define rcu_store(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)
#define rcu_load(p)     __atomic_load_n(&(p), __ATOMIC_CONSUME)

/* Hooks: called by the scheduler (preemption disabled) and by the IPI. */
void rcu_note_quiescent(void);
void rcu_idle(bool idle); /* this CPU enters or leaves the idle loop */
void rcu_interrupt(void); /* its handler may read: not idle any more */
void rcu_init_cpu(void);
void rcu_start(void); /* starts the callback thread */
