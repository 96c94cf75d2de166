/* kernel/core/runqueue.h -- one CPU's run queue: data and order, no policy. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/sched.h"

enum { RT_LEVELS = 100 };

/* Linux's policy numbers. */
enum {
	POLICY_OTHER = 0,
	POLICY_FIFO = 1,
	POLICY_RR = 2,
	POLICY_BATCH = 3,
	POLICY_IDLE = 5,
};

/* Everything under lock (RANK_SCHED, interrupts off) unless marked. */
struct aligned_to(CACHE_LINE) runqueue {
	struct lock lock;
	uint32_t cpu;             /* const */
	struct thread *current;   /* running; never queued */
	struct runqueue *self;    /* const: &this, for assembly */
	uint64_t ordinary;        /* const: the word of an ordinary current */
	uint64_t port_cpu;        /* const: offset in port->cpus */
	struct thread *payer;     /* whose time runs: current, or its caller */
	struct thread *previous;  /* during a switch */
	struct thread *idle;      /* const */
	struct thread *must_move; /* running, but its affinity left */
	uint32_t queued;          /* runnable threads besides current */
	uint32_t rt_bitmap_any;   /* queued real-time threads */
	bool slice_over;          /* current used its slice up */
	uint64_t rt_bitmap[2];
	struct rb_root fair; /* by vruntime */
	struct rb_node *fair_first;
	uint64_t min_vruntime;    /* never goes back */
	struct sched_stats stats; /* busy_user_ns: all busy time */
	uint64_t samples[2];      /* timer hits in user, kernel mode (cpu) */
	struct list rt[RT_LEVELS];
};

PERCPU_DECLARE(struct runqueue, runqueue);
extern _Atomic uint64_t sched_idle_cpus;

/* Empty, with idle as the current thread. */
void runqueue_init(struct runqueue *rq, unsigned cpu, struct thread *idle);

/*
 * Queue t: by its vruntime, or at the end of its real-time level; at the front
 * when it was pushed aside in the middle of its turn (SCHED_FIFO keeps it).
 */
void runqueue_insert(struct runqueue *rq, struct thread *t);
void runqueue_insert_front(struct runqueue *rq, struct thread *t);
void runqueue_remove(struct runqueue *rq, struct thread *t);

/* The same for a fair thread and an empty queue (see runqueue.c). */
static inline void runqueue_insert_only(struct runqueue *rq, struct thread *t)
{
	t->queued = true;
	rq->queued = 1;
	rq->fair_first = &t->run_node;
}

/* The thread that is due, taken out of the queue; NULL when empty. */
struct thread *runqueue_take_first(struct runqueue *rq);

/* The running fair thread t got older: min_vruntime follows. */
void runqueue_advance(struct runqueue *rq, struct thread *t);

/* Put the running fair thread t behind all others (sched_yield). */
void runqueue_yield(struct runqueue *rq, struct thread *t);

/* A queued fair thread that may run on `cpu`, taken out; NULL: none. */
struct thread *runqueue_steal(struct runqueue *rq, unsigned cpu);

/*
 * Take t, which is in no queue and whose run queue rq is locked, to `cpu`: that
 * one's queue is locked on return (or another's that t may run on, when its
 * affinity changed on the way), rq no more. The caller inserts t.
 */
struct runqueue *sched_migrate_locked(
    struct runqueue *rq, struct thread *t, unsigned cpu);

/* Insert t into rq (locked) and see to it that its CPU looks. */
void sched_enqueue_locked(struct runqueue *rq, struct thread *t);

/* The end of the running thread's slice, when somebody else waits. */
void sched_want_slice_locked(struct runqueue *rq);

/*
 * Switch to who is due. preempted: the current thread stays runnable whatever
 * its state says. Interrupts are off.
 */
void sched_switch_away(bool preempted);

/* A sleeper gets a little credit, not its whole absence. */
#define SLEEPER_CREDIT (3 * NSEC_PER_MSEC)
