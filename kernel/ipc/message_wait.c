/* kernel/ipc/message_wait.c -- sleeping for the other side, and giving up. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/core/clock.h"
#include "kernel/core/runqueue.h"
#include "kernel/core/wait.h"
#include "kernel/ipc/message.h"

/*
 * Take ourselves out of the slot that is to answer us. A server that just
 * writes a page of our window finishes it first.
 */
static bool leave_slot(struct thread *t)
{
	struct reply_slot *slot;
	struct thread *me = t;
	bool left;

	preempt_disable(); /* so the slot's memory stays */
	slot = atomic_load(&t->ipc.answer);
	left = atomic_compare_exchange_strong(&slot->caller, &me, NULL);
	while (left && atomic_load(&slot->copying))
		cpu_pause();
	preempt_enable();
	if (left)
		atomic_store(&t->ipc.state, IPC_IDLE);
	return left;
}

/* True when we gave up in time; false: the other side was faster. */
static bool give_up(struct thread *t, uint32_t state)
{
	switch (state) {
	case IPC_SENDING:
		return message_leave_callers(t);
	case IPC_RECEIVING:
		return message_leave_receivers(t);
	case IPC_WAITING:
		return leave_slot(t);
	default:
		return false;
	}
}

/* OK: sleep on; else why we should give up. */
static enum err reason(struct thread *t, uint32_t state, nsec_t deadline)
{
	uint32_t work = atomic_load_explicit(&t->work, memory_order_relaxed);

	if (unlikely(work & (WORK_KILL | WORK_SIGNAL | WORK_STOP)))
		/* Nothing happened yet: the call may begin anew. */
		return state == IPC_WAITING ? E_INTR : E_RESTARTSYS;
	if (deadline != WAIT_FOREVER && clock_now() >= deadline)
		return E_TIMEDOUT;
	return OK;
}

static void wake_at_deadline(struct timer *timer)
{
	sched_wake(container_of(timer, struct thread, wait_timer));
}

long message_wait(struct thread *t, nsec_t deadline)
{
	bool timed = deadline != WAIT_FOREVER;
	long result;

	if (timed) {
		timer_init(&t->wait_timer, wake_at_deadline);
		timer_start(&t->wait_timer, deadline);
	}
	for (;;) {
		uint32_t state;
		enum err e;

		sched_prepare_sleep();
		state = atomic_load(&t->ipc.state);
		if (state == IPC_DONE) {
			result = t->ipc.result;
			break;
		}
		e = reason(t, state, deadline);
		if (unlikely(e != OK)) {
			t->state = THREAD_RUNNING;
			if (give_up(t, state)) {
				result = e;
				break;
			}
			cpu_pause(); /* who was faster stores DONE now */
			continue;
		}
		schedule();
	}
	atomic_store_explicit(&t->state, THREAD_RUNNING, memory_order_relaxed);
	atomic_store_explicit(&t->ipc.state, IPC_IDLE, memory_order_relaxed);
	if (timed)
		timer_cancel(&t->wait_timer);
	return result;
}
