/* kernel/core/sched.h -- the scheduler: per-CPU queues, three classes. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/thread.h"

/*
 * Per CPU: a bitmap of real-time lists, a red-black tree of fair threads
 * ordered by virtual run time, an idle thread. A run queue's lock is
 * RANK_SCHED, interrupts off. An idle CPU steals from the busiest.
 */

/* Make a new thread runnable for the first time. */
void sched_start(struct thread *t);

/*
 * Make t runnable if it sleeps (SLEEPING, or STOPPED when `stopped`).
 * True when it did. Any context; memory written before is seen by t.
 */
bool sched_wake(struct thread *t);
bool sched_wake_stopped(struct thread *t);

/*
 * sched_wake by a thread for another that need not run before it: t gets its
 * turn when the running one sleeps or has used its slice up, at once only on
 * another CPU or by its class. Not in an interrupt; preemption is disabled.
 */
void sched_wake_behind(struct thread *t);

/* Give up the CPU; the caller has set its state. Interrupts may be on. */
void schedule(void);

/*
 * sched_wake(t) and schedule() in one: when nobody else is due here, t runs
 * next, and nothing is looked at twice. Interrupts are off since irq_save gave
 * f; they are restored. t need not be kept.
 */
void sched_wake_and_schedule(struct thread *t, irqflags_t f);

/* Let others run first (sched_yield). */
void sched_yield(void);

/* Set SLEEPING, then look at the condition, then schedule(). */
void sched_prepare_sleep(void);

/* Policy, niceness, affinity of t; checked by the caller. */
void sched_set_policy(struct thread *t, int policy, int rt_prio);
void sched_set_nice(struct thread *t, int nice);
enum err sched_set_affinity(struct thread *t, const struct cpu_set *set);

/* Timer interrupt: end of slice? (interrupts off) */
void sched_tick(void);

/* Interrupt return with preemption enabled and need_resched set. */
void preempt_schedule_irq(void);

/* This CPU enters the idle loop for good (boot and every AP). */
noreturn_fn void sched_idle_loop(void);
void sched_init_cpu(void); /* before any thread runs on this CPU */

/*
 * A timer interrupt found the current thread in user or kernel mode. These
 * samples split run time, which is measured exactly, into the two.
 */
void sched_sample(bool user);

/* The part of t's run time `ns` that it spent in the kernel. */
nsec_t sched_kernel_part(const struct thread *t, nsec_t ns);

/* Numbers for /proc: since boot, per CPU. */
struct sched_stats {
	uint64_t switches;
	uint64_t idle_ns;
	uint64_t busy_user_ns;
	uint64_t busy_kernel_ns;
	uint64_t steals;
	uint32_t running; /* runnable now, the running one included */
};
void sched_stats(unsigned cpu, struct sched_stats *out);
uint64_t sched_forks(void);

/* Sleep until the absolute monotonic time. E_INTR by mode, else OK. */
enum err sched_sleep_until(nsec_t deadline, int wait_mode);

/* Load averages over 1, 5, 15 minutes, fixed point with 11 bits. */
void sched_load(uint64_t out[3]);

/* Start the sampling of the load averages (once, after the clock). */
void sched_start_load(void);
