/* kernel/core/switch.h -- changing from one thread's context to another's. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/thread.h"

/*
 * Called with prev's run queue locked and interrupts off. Saves prev's user
 * context (vector state, FS and GS bases), loads next's address space, and
 * swaps stacks: returns in next's context.
 */
void switch_to(struct thread *prev, struct thread *next);

/* In next's context: load its vector state and FS and GS bases. */
void switch_finish(struct thread *next);

/*
 * The scheduler's reference to a dead thread that has left its stack: the
 * stack goes to the CPU's next thread at once, the rest through RCU.
 */
void thread_bury(struct thread *t);

/* sched.c: the end of a switch, called first thing by a new thread. */
void sched_switched(void);

/* switch.S: push the callee-saved registers, swap stacks, pop. */
void switch_stacks(uint64_t *save_sp, uint64_t load_sp);

/* switch.S: where new threads begin. */
void thread_start_kernel(void); /* r12 = fn, r13 = arg */
void thread_start_user(void);   /* returns to user mode by thread_regs */
