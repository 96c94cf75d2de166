/* kernel/sys/user_return.c -- what is left to do before user code goes on. */
/* SPDX-License-Identifier: MIT */

#include "kernel/sys/syscall.h"
#include "kernel/core/sched.h"
#include "kernel/object/signal.h"
#include "kernel/object/silo_start.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/regs.h"

enum { WORK_DELIVER = WORK_SIGNAL | WORK_KILL | WORK_STOP };

/*
 * Runs with interrupts off and leaves them off; between, they are on. Loops
 * until there is nothing: what arrives after the last look interrupts user
 * mode and comes here again.
 */
static void return_work(struct regs *regs, bool in_syscall)
{
	struct thread *t = thread_current();

	for (;;) {
		uint32_t work =
		    atomic_load_explicit(&t->work, memory_order_relaxed);

		if (need_resched) {
			irq_enable();
			schedule();
			irq_disable();
		} else if (work & WORK_DELIVER) {
			irq_enable();
			signal_deliver(regs, in_syscall);
			irq_disable();
			/* A restart code is dealt with once. */
			in_syscall = false;
		} else if (unlikely(work & WORK_NOTIFY)) {
			irq_enable();
			silo_launch_run();
			irq_disable();
		} else {
			break;
		}
	}
	if (atomic_load_explicit(&t->work, memory_order_relaxed) &
	    WORK_FULL_RETURN)
		atomic_fetch_and(&t->work, ~(uint32_t)WORK_FULL_RETURN);
}

void user_return_work(struct regs *regs)
{
	return_work(regs, false);
}

void syscall_return_work(struct regs *regs)
{
	struct thread *t = thread_current();
	uint32_t work = atomic_load_explicit(&t->work, memory_order_relaxed);

	/* exec and sigreturn replaced the registers: rax is no result. */
	return_work(regs, !(work & WORK_FULL_RETURN));
}

long syscall_trace_enter(struct regs *regs)
{
	/* No tracer can be attached yet: the bit is never set. */
	(void)regs;
	return 0;
}
