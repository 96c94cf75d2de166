/* kernel/ipc/cycle.c -- calls that would wait for themselves. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/ipc/cycle.h"
#include "kernel/object/process.h"

/*
 * Follow who waits for whom: a thread that sends waits for the only server of
 * that port, one that was received waits for the thread whose slot names it.
 * Every thread of a chain that ends at us stands still, because the next one
 * does, so what we read stays true but for signals and timeouts, which end the
 * wait of the thread they meet. Chains through a port of several servers, or a
 * reply right that was taken out, are not followed: another may go on there.
 */
enum { CHAIN_MAX = 64 };

static uint32_t next_of(struct thread *t)
{
	struct reply_slot *slot;
	struct port *p;

	switch (atomic_load(&t->ipc.state)) {
	case IPC_SENDING:
		p = t->ipc.port;
		return p ? atomic_load(&p->server) : 0;
	case IPC_WAITING:
		slot = atomic_load(&t->ipc.answer);
		if (!slot || !slot->of_thread)
			return 0;
		return container_of(slot, struct thread, ipc.slot)->tid;
	default:
		return 0;
	}
}

bool cycle_closes(struct port *p)
{
	uint32_t me = thread_current()->tid;
	uint32_t tid = atomic_load(&p->server);
	bool closes = false;

	rcu_read_enter();
	for (int i = 0; i < CHAIN_MAX && tid && tid != PORT_MANY; i++) {
		struct thread *t;

		if (tid == me) {
			closes = true;
			break;
		}
		t = thread_peek(tid);
		tid = t ? next_of(t) : 0;
	}
	rcu_read_exit();
	return closes;
}

void cycle_note_server(struct port *p)
{
	uint32_t me = thread_current()->tid, was = 0;

	if (likely(
	        atomic_load_explicit(&p->server, memory_order_relaxed) == me))
		return;
	if (!atomic_compare_exchange_strong(&p->server, &was, me) && was != me)
		atomic_store(&p->server, PORT_MANY);
}
