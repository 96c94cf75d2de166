/* kernel/core/rcu.c -- deferred freeing. */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/rcu.h"
#include "kernel/core/clock.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"
#include "kernel/core/timer.h"
#include "kernel/core/wait.h"
#include "kernel/arch/x86_64/irq.h"

/*
 * Each CPU counts the quiescent states it passes (thread switches). A grace
 * period notes every CPU's count and is over when each has moved on, or sits
 * idle, or was seen by an interrupt outside any reader. CPUs that do not move
 * by themselves (one long loop in user mode, tickless) are asked by IPI, so
 * the system call path pays nothing for RCU.
 *
 * Callbacks wait on a per-CPU list, pushed with interrupts off; the rcu thread
 * takes all lists at once, waits one grace period and runs them. `pending`
 * only says that the thread should look.
 */
struct rcu_cpu {
	_Atomic uint64_t quiescent; /* written by its CPU */
	_Atomic bool idle;          /* in the idle loop: no reader */
	struct lock lock;           /* RANK_RCU: the list */
	struct rcu_head *list;
	uint32_t count;
	struct timer timer; /* wakes the rcu thread for a small batch */
};
PERCPU_DEFINE(struct rcu_cpu, rcu_cpu);

static struct wait_queue rcu_work = WAIT_QUEUE_INIT(rcu_work);
static _Atomic bool rcu_pending;
static struct thread *rcu_thread;

/* Wait this long for company, or for this many callbacks on one CPU. */
enum { RCU_BATCH = 512 };
#define RCU_DELAY (10 * NSEC_PER_MSEC)

void rcu_note_quiescent(void)
{
	struct rcu_cpu *c = percpu_ptr(rcu_cpu);

	/* Own counter, single writer: a plain add, published by the switch. */
	atomic_store_explicit(&c->quiescent,
	    atomic_load_explicit(&c->quiescent, memory_order_relaxed) + 1,
	    memory_order_release);
}

static void rcu_kick(void)
{
	if (!atomic_exchange(&rcu_pending, true))
		wait_wake(&rcu_work);
}

static void rcu_timeout(struct timer *t)
{
	(void)t;
	rcu_kick();
}

void rcu_call(struct rcu_head *h, void (*fn)(struct rcu_head *h))
{
	struct rcu_cpu *c;
	irqflags_t f = irq_save();
	uint32_t count;

	h->fn = fn;
	c = percpu_ptr(rcu_cpu);
	lock_take(&c->lock);
	h->next = c->list;
	c->list = h;
	count = ++c->count;
	lock_drop(&c->lock);
	if (unlikely(count == 1))
		timer_start(&c->timer, clock_now() + RCU_DELAY);
	else if (unlikely(count == RCU_BATCH))
		rcu_kick();
	irq_restore(f);
}

/* Runs on the asked CPU, interrupts off, by IPI. */
static void rcu_probe(void *arg)
{
	(void)arg;
	/*
	 * The interrupt came from a place outside any reader when the
	 * interrupted code had preemption on; else its own switch or the next
	 * probe will say so.
	 */
	if (preempt_count == 0)
		rcu_note_quiescent();
	else
		need_resched = 1; /* a switch soon, by preempt_enable */
}

static bool cpu_passed(unsigned cpu, uint64_t before)
{
	struct rcu_cpu *c = percpu_of(rcu_cpu, cpu);

	return atomic_load(&c->quiescent) != before || atomic_load(&c->idle);
}

void rcu_sync(void)
{
	uint64_t before[CPUS_MAX];
	unsigned n = cpu_online_count;
	nsec_t pause = 50 * NSEC_PER_USEC;

	atomic_thread_fence(memory_order_seq_cst);
	for (unsigned i = 0; i < n; i++)
		before[i] = atomic_load(
		    &((struct rcu_cpu *)percpu_of(rcu_cpu, i))->quiescent);
	schedule(); /* this CPU */
	for (unsigned i = 0; i < n; i++) {
		struct cpu_set one = {0};

		one.bits[i / 64] = 1ull << (i % 64);
		while (!cpu_passed(i, before[i])) {
			ipi_call(&one, rcu_probe, NULL);
			if (cpu_passed(i, before[i]))
				break;
			(void)sched_sleep_until(clock_now() + pause,
			    WAIT_UNINTR); /* cannot fail: uninterruptible */
			pause = MIN(pause * 2, 2 * NSEC_PER_MSEC);
		}
	}
}

void rcu_idle(bool idle)
{
	struct rcu_cpu *c = percpu_ptr(rcu_cpu);

	atomic_store(&c->idle, idle);
}

void rcu_interrupt(void)
{
	struct rcu_cpu *c = percpu_ptr(rcu_cpu);

	if (atomic_load_explicit(&c->idle, memory_order_relaxed))
		atomic_store(&c->idle, false);
}

static struct rcu_head *take_all(void)
{
	struct rcu_head *all = NULL;

	for (unsigned i = 0; i < cpu_online_count; i++) {
		struct rcu_cpu *c = percpu_of(rcu_cpu, i);
		irqflags_t f = lock_take_irq(&c->lock);
		struct rcu_head *h = c->list;

		c->list = NULL;
		c->count = 0;
		lock_drop_irq(&c->lock, f);
		while (h != NULL) {
			struct rcu_head *next = h->next;

			h->next = all;
			all = h;
			h = next;
		}
	}
	return all;
}

static void rcu_main(void *arg)
{
	(void)arg;
	for (;;) {
		struct rcu_head *h;

		(void)WAIT_EVENT(&rcu_work, atomic_load(&rcu_pending),
		    WAIT_UNINTR, WAIT_FOREVER);
		atomic_store(&rcu_pending, false);
		h = take_all();
		if (h == NULL)
			continue;
		rcu_sync();
		while (h != NULL) {
			struct rcu_head *next = h->next;

			h->fn(h);
			h = next;
		}
	}
}

struct rcu_barrier_mark {
	struct rcu_head head;
	_Atomic bool done;
	struct thread *thread;
};

static void barrier_done(struct rcu_head *h)
{
	struct rcu_barrier_mark *m =
	    container_of(h, struct rcu_barrier_mark, head);
	struct thread *t = thread_get(m->thread);

	atomic_store(&m->done, true);
	sched_wake(t);
	thread_put(t);
}

/*
 * All lists are taken together, so a mark queued now runs in the same batch
 * as, or a later one than, everything queued before; within the batch that
 * takes it others may run after it, so a second mark is waited for.
 */
void rcu_barrier(void)
{
	for (int i = 0; i < 2; i++) {
		struct rcu_barrier_mark m = {.thread = thread_current()};

		rcu_call(&m.head, barrier_done);
		rcu_kick();
		(void)wait_flag(&m.done, WAIT_UNINTR, WAIT_FOREVER);
	}
}

bool rcu_is_callback(void)
{
	return thread_current() == rcu_thread;
}

void rcu_init_cpu(void)
{
	struct rcu_cpu *c = percpu_ptr(rcu_cpu);

	lock_init(&c->lock, RANK_RCU);
	timer_init(&c->timer, rcu_timeout);
}

void rcu_start(void)
{
	if (thread_create("rcu", rcu_main, NULL, &rcu_thread) != OK)
		panic("no memory for the rcu thread");
	sched_start(rcu_thread);
}
