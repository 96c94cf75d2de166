/* kernel/core/idle.c -- the idle loop, work stealing, scheduler numbers. */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/rcu.h"
#include "kernel/core/runqueue.h"
#include "kernel/core/string.h"
#include "kernel/core/switch.h"
#include "kernel/arch/x86_64/cpu.h"

/*
 * An idle CPU takes a waiting thread from the busiest queue, else says that it
 * idles and halts. Wakers prefer CPUs of sched_idle_cpus and send them an
 * interrupt, so that nothing needs to poll.
 */
PERCPU_DEFINE(struct thread, idle_thread);
static struct timer load_timer;
static _Atomic uint64_t load_average[3];
#define LOAD_PERIOD (5 * NSEC_PER_SEC)

NO_LOCK_CHECK static bool steal(struct runqueue *mine)
{
	struct runqueue *busiest = NULL, *to;
	struct thread *t;
	uint32_t most = 0;

	for (unsigned i = 0; i < cpu_online_count; i++) {
		struct runqueue *rq = percpu_of(runqueue, i);
		uint32_t n = __atomic_load_n(&rq->queued, __ATOMIC_RELAXED);

		if (rq != mine && n > most) {
			most = n;
			busiest = rq;
		}
	}
	if (busiest == NULL)
		return false;
	lock_take(&busiest->lock);
	t = runqueue_steal(busiest, mine->cpu);
	if (t == NULL) {
		lock_drop(&busiest->lock);
		return false;
	}
	to = sched_migrate_locked(busiest, t, mine->cpu);
	sched_enqueue_locked(to, t);
	mine->stats.steals++;
	lock_drop(&to->lock);
	return to == mine;
}

static void halt_until_work(struct runqueue *rq)
{
	uint64_t bit = 1ull << rq->cpu;

	atomic_fetch_or(&sched_idle_cpus, bit);
	rcu_idle(true);
	/* Published before the look: a waker that missed us left its thread. */
	if (rq->queued == 0 && !need_resched)
		cpu_idle_halt();
	irq_disable();
	rcu_idle(false);
	atomic_fetch_and(&sched_idle_cpus, ~bit);
}

noreturn_fn void sched_idle_loop(void)
{
	struct runqueue *rq = percpu_ptr(runqueue);

	KASSERT(preempt_count == 0);
	for (;;) {
		irq_disable();
		if (rq->queued == 0 && !steal(rq))
			halt_until_work(rq);
		schedule();
		irq_enable();
	}
}

void sched_init_cpu(void)
{
	struct thread *idle = percpu_ptr(idle_thread);

	thread_setup(idle, "idle");
	idle->cpu = (uint16_t)cpu_id();
	idle->class = CLASS_IDLE;
	idle->state = THREAD_RUNNING;
	idle->run_start = rdtsc();
	runqueue_init(percpu_ptr(runqueue), cpu_id(), idle);
	current_thread = idle;
	rcu_init_cpu();
}

void sched_stats(unsigned cpu, struct sched_stats *out)
{
	struct runqueue *rq = percpu_of(runqueue, cpu);
	irqflags_t f = lock_take_irq(&rq->lock);

	*out = rq->stats;
	if (rq->current == rq->idle)
		out->idle_ns +=
		    clock_tsc_to_ns(rdtsc() - rq->current->run_start);
	if (rq->samples[1] != 0) {
		out->busy_kernel_ns =
		    out->busy_user_ns / NSEC_PER_USEC * rq->samples[1] /
		    (rq->samples[0] + rq->samples[1]) * NSEC_PER_USEC;
		out->busy_user_ns -= out->busy_kernel_ns;
	}
	out->running = rq->queued + (rq->current != rq->idle);
	lock_drop_irq(&rq->lock, f);
}

/* exp(-5s/1min), exp(-5s/5min), exp(-5s/15min) in 11-bit fixed point. */
static void load_tick(struct timer *timer)
{
	static const uint64_t decay[3] = {1884, 2014, 2037};
	uint64_t running = 0;

	for (unsigned i = 0; i < cpu_online_count; i++) {
		struct runqueue *rq = percpu_of(runqueue, i);

		running += rq->queued + (rq->current != rq->idle);
	}
	for (int i = 0; i < 3; i++) {
		uint64_t v = load_average[i];

		v = v * decay[i] + (running << 11) * (2048 - decay[i]);
		load_average[i] = v >> 11;
	}
	timer_start(timer, clock_now() + LOAD_PERIOD);
}

void sched_load(uint64_t out[3])
{
	for (int i = 0; i < 3; i++)
		out[i] = load_average[i];
}

void sched_start_load(void)
{
	timer_init(&load_timer, load_tick);
	timer_start(&load_timer, clock_now() + LOAD_PERIOD);
}
