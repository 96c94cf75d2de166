/* kernel/core/thread.c -- making and ending threads. */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/thread.h"
#include "kernel/core/clock.h"
#include "kernel/core/panic.h"
#include "kernel/core/runqueue.h"
#include "kernel/core/string.h"
#include "kernel/core/switch.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmalloc.h"
#include "kernel/object/process.h"

/*
 * A thread is one slab object, one kernel stack from vmalloc's per-CPU cache,
 * and for user threads one vector-state area. A running or runnable thread is
 * kept alive by the reference that thread_create made for the scheduler; the
 * switch away from a dead thread drops it. Memory goes back through RCU, as
 * thread_find and wakers may still look.
 */
static struct slab_cache *thread_cache, *fpu_cache;

void thread_init(void)
{
	thread_cache = slab_create("thread", sizeof(struct thread), 64);
	fpu_cache = slab_create("fpu", fpu_area_size(), 64);
}

void thread_setup(struct thread *t, const char *name)
{
	memset(t, 0, sizeof(*t));
	t->state = THREAD_SLEEPING;
	t->refs = 1;
	t->class = CLASS_FAIR;
	t->weight = 1024;
	t->ipc.slot.of_thread = true;
	list_init(&t->run_link);
	list_init(&t->process_link);
	list_init(&t->sig_queue);
	atomic_store(&t->affinity.bits[0], UINT64_MAX);
	kstrlcpy(t->name, name, sizeof(t->name));
}

/* What switch_stacks pops: six registers and a return address. */
static void push_start(struct thread *t, uint64_t sp, void (*start)(void),
    uint64_t r12, uint64_t r13)
{
	uint64_t *frame = (uint64_t *)sp - 7;

	memset(frame, 0, 7 * sizeof(*frame));
	frame[2] = r13;
	frame[3] = r12;
	frame[6] = (uint64_t)start;
	t->saved_sp = (uint64_t)frame;
}

static enum err thread_alloc(const char *name, struct thread **out)
{
	struct thread *t = slab_alloc(thread_cache);
	void *top;

	if (t == NULL)
		return E_NOMEM;
	top = kstack_alloc();
	if (top == NULL) {
		slab_free(thread_cache, t);
		return E_NOMEM;
	}
	thread_setup(t, name);
	t->kstack_top = (uint64_t)top;
	*out = t;
	return OK;
}

enum err thread_create(
    const char *name, void (*fn)(void *), void *arg, struct thread **out)
{
	struct thread *t;
	enum err e = thread_alloc(name, &t);

	if (e != OK)
		return e;
	push_start(
	    t, t->kstack_top, thread_start_kernel, (uint64_t)fn, (uint64_t)arg);
	thread_get(t); /* the scheduler's */
	*out = t;
	return OK;
}

enum err thread_create_user(struct process *p, struct thread **out)
{
	struct thread *t;
	enum err e = thread_alloc("", &t);

	if (e != OK)
		return e;
	t->fpu = slab_alloc(fpu_cache);
	if (t->fpu == NULL) {
		kstack_free((void *)t->kstack_top);
		slab_free(thread_cache, t);
		return E_NOMEM;
	}
	fpu_area_init(t->fpu);
	t->process = process_get(p);
	memset(thread_regs(t), 0, sizeof(struct regs));
	/* The start returns to user mode with rsp at the registers. */
	push_start(t, (uint64_t)thread_regs(t), thread_start_user, 0, 0);
	thread_get(t);
	*out = t;
	return OK;
}

struct thread *thread_get(struct thread *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

static void thread_free(struct rcu_head *h)
{
	struct thread *t = container_of(h, struct thread, rcu);

	if (t->kstack_top != 0)
		kstack_free((void *)t->kstack_top);
	if (t->fpu != NULL)
		slab_free(fpu_cache, t->fpu);
	if (t->process != NULL)
		process_put(t->process); /* its memory outlives ours */
	slab_free(thread_cache, t);
}

void thread_put(struct thread *t)
{
	if (atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1)
		rcu_call(&t->rcu, thread_free);
}

void thread_bury(struct thread *t)
{
	/* Nobody looks at the stack of a thread that is off its CPU and dead. */
	if (kstack_keep((void *)t->kstack_top))
		t->kstack_top = 0;
	thread_put(t);
}

noreturn_fn void thread_exit(void)
{
	struct thread *t = thread_current();

	KASSERT(preempt_count == 0);
	KASSERT(t->lock_depth == 0);
	/* Pushed aside as a dead one, it would be queued and buried. */
	irq_disable();
	atomic_store(&t->state, THREAD_DEAD);
	schedule();
	panic("thread %s runs after its end", t->name);
}
