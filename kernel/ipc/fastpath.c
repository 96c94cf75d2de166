/* kernel/ipc/fastpath.c -- calls that switch straight to the other side. */
/* SPDX-License-Identifier: MIT */
#include "kernel/ipc/fastpath.h"
#include "abi/native.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/gdt.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/runqueue.h"
#include "kernel/core/switch.h"
#include "kernel/core/wait.h"
#include "kernel/ipc/message.h"
#include "kernel/ipc/transfer.h"
#include "kernel/mm/aspace.h"
#include "kernel/object/desc_table.h"
#include "kernel/object/silo.h"

/*
 * Both threads belong to this CPU, whose run queue lock is held from the look
 * at the other's state until its stack is in use: so whoever else holds that
 * lock finds the old thread asleep with its context saved, as after any switch.
 * Its context is its user registers alone: saved_sp makes an ordinary switch
 * return to fastpath_resume, right below them.
 *
 * The run queue goes on charging whom it charged (runqueue.payer): the server
 * runs on its caller's time and in its place.
 *
 * Anything unusual is the slow path's: descriptors, flags, timeouts, work
 * pending on either side, real-time threads, tables that others may change.
 */

extern const char fastpath_resume[];

/* The grant behind fd when our table is private; NULL: not so, or no such. */
static inline struct grant *grant_of(
    struct process *p, uint32_t fd, uint32_t right)
{
	struct desc_table *t = p->descs;
	struct desc_slot *s;

	if (unlikely(!desc_table_private(t, p)))
		return NULL;
	s = desc_slot_at(t->array, fd);
	if (unlikely(!s || !s->grant || !(s->rights & right)) ||
	    unlikely(
	        atomic_load_explicit(&s->grant->revoked, memory_order_relaxed)))
		return NULL;
	return s->grant;
}

/* Flags, descriptors and reserved bits are none of ours; words 0..8. */
static inline bool plain(const struct regs *r)
{
	uint64_t odd = ~(IPC_TAG_WINDOW | 0xfffffffffull);

	return (r->rdi >> 32 | (r->rsi & odd)) == 0 &&
	       IPC_TAG_WORDS(r->rsi) <= IPC_WORDS;
}

/*
 * Can we switch to t, which waits for us, right now? Its queue is locked. One
 * that was pushed aside just before its sleep is still queued.
 */
static inline bool ready(const struct thread *t)
{
	return atomic_load_explicit(&t->state, memory_order_relaxed) ==
	           THREAD_SLEEPING &&
	       !t->queued && t->ipc.direct && t->work == 0 &&
	       t->class == CLASS_FAIR;
}

static inline void put_to_sleep(struct thread *t, struct regs *r)
{
	((uint64_t *)r)[-1] = (uint64_t)fastpath_resume;
	t->saved_sp = (uint64_t)r - 7 * sizeof(uint64_t);
	t->ipc.direct = true;
	atomic_store_explicit(&t->state, THREAD_SLEEPING, memory_order_relaxed);
}

/* Make `next` the running thread; only the stack is still the old one's. */
static inline struct regs *take_over(
    struct runqueue *rq, struct thread *t, struct thread *next)
{
	next->ipc.direct = false;
	atomic_store_explicit(&next->ipc.state, IPC_IDLE, memory_order_relaxed);
	atomic_store_explicit(
	    &next->state, THREAD_RUNNING, memory_order_relaxed);
	rq->current = next;
	rq->previous = t;
	atomic_store_explicit(&next->on_cpu, 1, memory_order_relaxed);
	current_thread = next;
	switch_user(t, next);
	return thread_regs(next);
}

NO_LOCK_CHECK struct regs *fastpath_call(struct regs *r)
{
	struct thread *t = thread_current(), *s;
	struct runqueue *rq = percpu_ptr(runqueue);
	struct grant *g = grant_of(t->process, (uint32_t)r->rdi, RIGHT_CALL);
	struct port *p;
	struct list *l;
	struct regs *to;

	if (unlikely(!g || g->object->ops != &port_send_ops || !plain(r)))
		return NULL;
	p = container_of(g->object, struct port, send);
	l = &p->cpus[rq->cpu].receivers;
	lock_take(&rq->lock);
	s = list_entry(l->next, struct thread, ipc.link);
	if (unlikely(l->next == l || !ready(s) || t->work | need_resched ||
	             t->class != CLASS_FAIR ||
	             silo_flow_check(t->process->silo, s->process->silo) != OK))
		goto slow;
	list_remove(&s->ipc.link);
	to = thread_regs(s);
	message_words(to, r);
	t->ipc.badge = g->badge;
	message_stamp(to, t);
	t->ipc.more = r->rdx;
	atomic_store_explicit(
	    &t->ipc.answer, &s->ipc.slot, memory_order_relaxed);
	atomic_store_explicit(&t->ipc.state, IPC_WAITING, memory_order_relaxed);
	atomic_store_explicit(&s->ipc.slot.caller, t, memory_order_release);
	put_to_sleep(t, r);
	return take_over(rq, t, s);
slow:
	lock_drop(&rq->lock);
	return NULL;
}

NO_LOCK_CHECK struct regs *fastpath_reply_receive(struct regs *r)
{
	struct thread *t = thread_current();
	struct thread *c =
	    atomic_load_explicit(&t->ipc.slot.caller, memory_order_relaxed);
	struct runqueue *rq = percpu_ptr(runqueue);
	struct grant *g = grant_of(t->process, (uint32_t)r->rdi, RIGHT_SERVE);
	struct port *p;

	if (unlikely(
	        !g || g->object->ops != &port_serve_ops || !c || !plain(r)))
		return NULL;
	p = container_of(g->object, struct port, serve);
	lock_take(&rq->lock);
	/* c's memory stays: interrupts are off. */
	if (unlikely(c->cpu != rq->cpu || !ready(c) || t->work | need_resched ||
	             t->class != CLASS_FAIR))
		goto slow;
	list_push_front(&p->cpus[rq->cpu].receivers, &t->ipc.link);
	t->ipc.cpu = (uint16_t)rq->cpu;
	t->ipc.port = p;
	/*
	 * c sleeps, so it cannot take itself out. The exchange is a full
	 * barrier between our joining and the look at the callers.
	 */
	(void)atomic_exchange(&t->ipc.slot.caller, NULL);
	if (unlikely(atomic_load_explicit(
	                 &p->caller_count, memory_order_relaxed) != 0))
		goto undo;
	t->ipc.more = r->rdx;
	atomic_store_explicit(
	    &t->ipc.state, IPC_RECEIVING, memory_order_relaxed);
	message_words(thread_regs(c), r);
	put_to_sleep(t, r);
	return take_over(rq, t, c);
undo:
	list_remove(&t->ipc.link);
	atomic_store(&t->ipc.slot.caller, c);
slow:
	lock_drop(&rq->lock);
	return NULL;
}

NO_LOCK_CHECK void fastpath_switched(void)
{
	struct runqueue *rq = percpu_ptr(runqueue);

	atomic_store_explicit(&rq->previous->on_cpu, 0, memory_order_relaxed);
	lock_drop(&rq->lock);
}

bool fastpath_may_sleep(void)
{
	struct process *p = process_current();

	return desc_table_private(p->descs, p);
}

long fastpath_wait(void)
{
	struct thread *t = thread_current();
	long result;

	t->ipc.direct = true;
	result = message_wait(t, WAIT_FOREVER);
	t->ipc.direct = false;
	/* A caller woke us and then found another receiver. */
	if (result == E_AGAIN && thread_regs(t)->orig_rax != NR_ipc_call)
		result = message_receive(t->ipc.port, WAIT_FOREVER, false);
	return transfer_received(t, result);
}
