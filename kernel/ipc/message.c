/* kernel/ipc/message.c -- giving, taking and answering messages: slow path. */
/* SPDX-License-Identifier: MIT */
#include "kernel/ipc/message.h"
#include "kernel/ipc/cycle.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/panic.h"
#include "kernel/core/runqueue.h"
#include "kernel/core/wait.h"
#include "kernel/object/audit.h"
#include "kernel/object/process.h"
#include "kernel/object/silo.h"

/*
 * The message lies in the user registers of the two threads, on their kernel
 * stacks; whoever completes the meeting copies it from one to the other, while
 * the other side sleeps and cannot take its registers back (ipc_thread.h).
 * Whoever has taken a thread out of a list or slot keeps preemption off until
 * it stored DONE, so the thread, should it want to give up, waits a moment.
 */

static struct runqueue *queue_of(unsigned cpu)
{
	return percpu_of(runqueue, cpu);
}

/* Words past the count arrive as zeroes: nobody is told what they were. */
static void message_words(struct regs *to, const struct regs *from)
{
	unsigned n = IPC_TAG_WORDS(from->rsi);

	to->rsi = from->rsi;
	to->r10 = n > 0 ? from->r10 : 0;
	to->r8 = n > 1 ? from->r8 : 0;
	to->r9 = n > 2 ? from->r9 : 0;
	to->rbx = n > 3 ? from->rbx : 0;
	to->r12 = n > 4 ? from->r12 : 0;
	to->r13 = n > 5 ? from->r13 : 0;
	to->r14 = n > 6 ? from->r14 : 0;
	to->r15 = n > 7 ? from->r15 : 0;
}

static void message_stamp(struct regs *to, const struct thread *c)
{
	const struct silo *s = c->process->silo;

	to->rdi = c->ipc.badge;
	to->rdx = s->sid | (uint64_t)s->label << 32;
}

/* Hand the descriptors of `from` over to `to`, which has none. */
static void move_grants(struct ipc_thread *to, struct ipc_thread *from)
{
	for (unsigned i = 0; i < from->grant_count; i++) {
		to->grants[i] = from->grants[i];
		to->rights[i] = from->rights[i];
	}
	to->grant_count = from->grant_count;
	from->grant_count = 0;
}

/*
 * c's message goes to the receiver r, whose slot will name c. Preemption is
 * off; neither runs.
 */
static void give(struct thread *r, struct thread *c)
{
	struct regs *to = thread_regs(r);

	message_words(to, thread_regs(c));
	message_stamp(to, c);
	move_grants(&r->ipc, &c->ipc);
	atomic_store_explicit(
	    &c->ipc.answer, &r->ipc.slot, memory_order_relaxed);
	atomic_store_explicit(&c->ipc.state, IPC_WAITING, memory_order_relaxed);
	/* Release: who takes c out of the slot sees it waiting. */
	atomic_store_explicit(&r->ipc.slot.caller, c, memory_order_release);
}

/* State DONE, and run. Preemption is off, so t is not freed under us. */
static void finish(struct thread *t, enum err result)
{
	t->ipc.result = result;
	atomic_store(&t->ipc.state, IPC_DONE);
	sched_wake(t);
}

/* Take a receiver of p out of a CPU's list; NULL: none waits there. */
NO_LOCK_CHECK static struct thread *take_receiver_of(
    struct port *p, unsigned cpu)
{
	struct list *l = &p->cpus[cpu].receivers;
	struct thread *r = NULL;
	struct runqueue *rq;
	irqflags_t f;

	/* A look without the lock: the caller's join was a full barrier. */
	if (__atomic_load_n(&l->next, __ATOMIC_RELAXED) == l)
		return NULL;
	f = irq_save();
	rq = queue_of(cpu);
	lock_take(&rq->lock);
	if (!list_empty(l)) {
		r = list_first(l, struct thread, ipc.link);
		list_remove(&r->ipc.link);
		atomic_store(&r->ipc.state, IPC_GETTING);
	}
	lock_drop(&rq->lock);
	irq_restore(f);
	return r;
}

/* This CPU's first: its caches know the caller's message. */
static struct thread *take_receiver(struct port *p)
{
	unsigned me = cpu_id();
	struct thread *r = take_receiver_of(p, me);

	for (unsigned i = 0; !r && i < cpu_count; i++)
		if (i != me)
			r = take_receiver_of(p, i);
	return r;
}

static struct thread *pop_caller_locked(struct port *p) REQUIRES(&p -> lock)
{
	struct thread *c;

	if (list_empty(&p->callers))
		return NULL;
	c = list_first(&p->callers, struct thread, ipc.link);
	list_remove(&c->ipc.link);
	atomic_fetch_sub(&p->caller_count, 1);
	return c;
}

/* The flow rules, and whether anybody serves. */
static enum err may_call(struct port *p)
{
	if (atomic_load(&p->closed))
		return E_CONNRESET;
	return audit_flow(silo_current(), p->silo);
}

/* Give c's message to a receiver that waits now; false: there is none. */
static bool meet_receiver(struct port *p, struct thread *c)
{
	struct thread *r;

	preempt_disable();
	r = take_receiver(p);
	if (r) {
		give(r, c);
		finish(r, OK);
	}
	preempt_enable();
	return r != NULL;
}

static enum err join_callers(struct port *p, struct thread *t)
{
	enum err e = E_CONNRESET;

	lock_take(&p->lock);
	if (!atomic_load_explicit(&p->closed, memory_order_relaxed)) {
		p->stat.queued++;
		list_push_back(&p->callers, &t->ipc.link);
		atomic_store(&t->ipc.state, IPC_SENDING);
		atomic_fetch_add(&p->caller_count, 1);
		e = OK;
	}
	lock_drop(&p->lock);
	return e;
}

bool message_leave_callers(struct thread *t)
{
	struct port *p = t->ipc.port;
	bool was;

	lock_take(&p->lock);
	was = atomic_load(&t->ipc.state) == IPC_SENDING;
	if (was) {
		list_remove(&t->ipc.link);
		atomic_fetch_sub(&p->caller_count, 1);
		atomic_store(&t->ipc.state, IPC_IDLE);
	}
	lock_drop(&p->lock);
	return was;
}

/*
 * We have joined the callers. A receiver that joined before saw none and
 * sleeps, with nobody to tell it but us.
 */
static void meet_late(struct port *p, struct thread *t)
{
	struct thread *r;

	preempt_disable();
	r = take_receiver(p);
	if (r && message_leave_callers(t)) {
		give(r, t);
		finish(r, OK);
	} else if (r) {
		finish(r, E_AGAIN); /* another has us: it looks again */
	}
	preempt_enable();
}

enum err message_send(struct grant *g, bool nonblock)
{
	struct port *p = container_of(g->object, struct port, send);
	struct thread *t = thread_current();
	enum err e = may_call(p);

	if (e != OK)
		return e;
	t->ipc.badge = g->badge;
	t->ipc.port = p;
	if (meet_receiver(p, t))
		return OK;
	if (nonblock)
		return E_AGAIN;
	if (cycle_closes(p))
		return E_DEADLK;
	e = join_callers(p, t);
	if (e == OK)
		meet_late(p, t);
	return e;
}

/* Join the receivers of this CPU. */
NO_LOCK_CHECK static void join_receivers(struct port *p, struct thread *t)
{
	irqflags_t f = irq_save();
	unsigned cpu = cpu_id();
	struct runqueue *rq = queue_of(cpu);

	lock_take(&rq->lock);
	t->ipc.cpu = (uint16_t)cpu;
	t->ipc.port = p;
	list_push_front(&p->cpus[cpu].receivers, &t->ipc.link);
	atomic_store(&t->ipc.state, IPC_RECEIVING);
	lock_drop(&rq->lock);
	irq_restore(f);
}

NO_LOCK_CHECK bool message_leave_receivers(struct thread *t)
{
	irqflags_t f = irq_save();
	struct runqueue *rq = queue_of(t->ipc.cpu);
	bool was;

	lock_take(&rq->lock);
	was = atomic_load(&t->ipc.state) == IPC_RECEIVING;
	if (was) {
		list_remove(&t->ipc.link);
		atomic_store(&t->ipc.state, IPC_IDLE);
	}
	lock_drop(&rq->lock);
	irq_restore(f);
	return was;
}

/* Take the oldest caller's message; false: nobody waits. */
static bool take_caller(struct port *p, struct thread *t)
{
	struct thread *c;

	if (atomic_load(&p->caller_count) == 0)
		return false;
	lock_take(&p->lock);
	c = pop_caller_locked(p);
	if (c)
		give(t, c);
	lock_drop(&p->lock);
	return c != NULL;
}

long message_receive(struct port *p, nsec_t deadline, bool nonblock)
{
	struct thread *t = thread_current();
	long e;

	cycle_note_server(p);
	do {
		if (take_caller(p, t))
			return OK;
		if (nonblock)
			return E_AGAIN;
		join_receivers(p, t);
		/* A caller that missed us has joined before this look. */
		if (atomic_load(&p->caller_count) && message_leave_receivers(t))
			e = E_AGAIN;
		else
			e = message_wait(t, deadline);
	} while (e == E_AGAIN);
	return e;
}

enum err message_reply(
    struct reply_slot *slot, const struct regs *regs, enum err refusal)
{
	struct thread *c;

	preempt_disable();
	c = atomic_exchange(&slot->caller, NULL);
	if (c) {
		if (refusal == OK) {
			message_words(thread_regs(c), regs);
			move_grants(&c->ipc, &thread_current()->ipc);
		}
		finish(c, refusal);
	}
	preempt_enable();
	return c ? OK : E_CANCELED;
}

void message_refuse_all(struct port *p)
{
	struct thread *c;

	for (;;) {
		preempt_disable();
		lock_take(&p->lock);
		c = pop_caller_locked(p);
		/* Its own no more: it waits for DONE. */
		if (c)
			atomic_store(&c->ipc.state, IPC_GETTING);
		lock_drop(&p->lock);
		if (c)
			finish(c, E_CONNRESET);
		preempt_enable();
		if (!c)
			return;
	}
}

void message_thread_exit(struct thread *t)
{
	if (atomic_load(&t->ipc.slot.caller))
		(void)message_reply(&t->ipc.slot, NULL, E_CONNRESET);
}
