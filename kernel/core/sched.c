/* kernel/core/sched.c -- the scheduler: queues, picking, switching. */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/sched.h"
#include "kernel/core/clock.h"
#include "kernel/core/panic.h"
#include "kernel/core/rcu.h"
#include "kernel/core/runqueue.h"
#include "kernel/core/switch.h"
#include "kernel/core/wait.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/irq.h"

/*
 * The running thread is in no queue. schedule() takes this CPU's run queue
 * lock, puts the previous thread back unless it sleeps, picks the next and
 * switches with the lock held; the next thread drops it (sched_switched). So
 * who holds the lock of t's run queue knows that t is either running, or
 * completely off its CPU with its context saved: a waker needs no spinning.
 *
 * Sleeping: a thread stores SLEEPING into its own state, looks at its
 * condition once more, and calls schedule(). A waker makes the condition true,
 * takes the run queue lock (a full barrier), and stores RUNNING. A thread that
 * is preempted while SLEEPING stays runnable: only its own schedule() sleeps.
 */

PERCPU_DEFINE(struct thread *, current_thread);
PERCPU_DEFINE(struct runqueue, runqueue);
_Atomic uint64_t sched_idle_cpus; /* CPUs in their idle loop */
static _Atomic uint64_t fork_count;

static const uint32_t nice_weight[40] = {88761, 71755, 56483, 46273, 36291,
    29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121, 2501,
    1991, 1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110,
    87, 70, 56, 45, 36, 29, 23, 18, 15};
enum { WEIGHT_NICE0 = 1024, WEIGHT_IDLE = 3 };

#define RR_SLICE       (100 * NSEC_PER_MSEC)
#define FAIR_SLICE     (3 * NSEC_PER_MSEC)
#define WAKEUP_GRANULE (100 * NSEC_PER_USEC)

static struct runqueue *rq_of(unsigned cpu)
{
	return percpu_of(runqueue, cpu);
}

static uint32_t thread_weight(const struct thread *t)
{
	if (t->class == CLASS_IDLE)
		return WEIGHT_IDLE;
	return nice_weight[t->nice + 20];
}

/* Charge the running thread for the time since the last look. */
static void account_locked(struct runqueue *rq, struct thread *t, uint64_t tsc)
{
	uint64_t ns = clock_tsc_to_ns(tsc - t->run_start);

	t->run_start = tsc;
	if (unlikely(t == rq->idle)) {
		rq->stats.idle_ns += ns;
		return;
	}
	/* Single writer (its CPU): no locked add is needed. */
	atomic_store_explicit(&t->cpu_ns,
	    atomic_load_explicit(&t->cpu_ns, memory_order_relaxed) + ns,
	    memory_order_relaxed);
	rq->stats.busy_user_ns += ns;
	if (t->class != CLASS_RT) {
		if (unlikely(t->weight != WEIGHT_NICE0))
			ns = ns * WEIGHT_NICE0 / t->weight;
		t->vruntime += ns;
		runqueue_advance(rq, t);
	}
}

/*
 * t, who lent its time to the running thread, goes its own way: from now on
 * that one pays for itself.
 */
static void payer_leaves_locked(struct runqueue *rq, struct thread *t)
{
	uint64_t tsc = rdtsc();

	account_locked(rq, t, tsc);
	rq->payer = rq->current;
	rq->payer->run_start = tsc;
}

/* Would t, just made runnable, take the CPU from the running thread? */
static bool preempts_locked(struct runqueue *rq, struct thread *t)
{
	struct thread *now = rq->payer;

	if (now == rq->idle)
		return true;
	if (t->class == CLASS_RT)
		return now->class != CLASS_RT || t->rt_prio > now->rt_prio;
	if (now->class == CLASS_RT)
		return false;
	if (now->class == CLASS_IDLE && t->class == CLASS_FAIR)
		return true;
	return (int64_t)(now->vruntime - t->vruntime) > (int64_t)WAKEUP_GRANULE;
}

static void resched_cpu(struct runqueue *rq)
{
	if (rq->cpu == cpu_id()) {
		need_resched = 1;
		return;
	}
	*(uint32_t *)percpu_of(need_resched, rq->cpu) = 1;
	ipi_resched(rq->cpu);
}

/* The end of the running thread's slice, when somebody else waits. */
void sched_want_slice_locked(struct runqueue *rq)
{
	if (rq->queued == 0 || rq->current == rq->idle)
		return;
	if (rq->current->policy == POLICY_FIFO)
		return;
	timer_want(clock_now() +
	           (rq->current->policy == POLICY_RR ? RR_SLICE : FAIR_SLICE));
}

static void enqueue_locked(struct runqueue *rq, struct thread *t, bool waking)
{
	if (waking && t->class != CLASS_RT) {
		/* A sleeper gets a little credit, not its whole absence. */
		uint64_t floor = rq->min_vruntime - SLEEPER_CREDIT;

		if ((int64_t)(t->vruntime - floor) < 0)
			t->vruntime = floor;
	}
	runqueue_insert(rq, t);
	if (preempts_locked(rq, t))
		resched_cpu(rq);
	else if (rq->cpu == cpu_id() && rq->queued == 1)
		sched_want_slice_locked(rq);
	else if (rq->queued == 1)
		resched_cpu(rq); /* it must start to watch its slice */
}

void sched_enqueue_locked(struct runqueue *rq, struct thread *t)
{
	enqueue_locked(rq, t, false);
}

static bool allowed(const struct thread *t, unsigned cpu)
{
	return atomic_load_explicit(
	           &t->affinity.bits[cpu / 64], memory_order_relaxed) >>
	           (cpu % 64) &
	       1;
}

static unsigned first_allowed(const struct thread *t)
{
	return (unsigned)__builtin_ctzll(
	    atomic_load_explicit(&t->affinity.bits[0], memory_order_relaxed));
}

/*
 * Where a waking thread should run: its last CPU if that is idle or nobody
 * else is, else an idle one that it may use.
 */
static unsigned choose_cpu(struct thread *t)
{
	uint64_t idle =
	    atomic_load_explicit(&sched_idle_cpus, memory_order_relaxed);

	if (likely(idle == 0 || (idle >> t->cpu & 1)) && allowed(t, t->cpu))
		return t->cpu;
	idle &=
	    atomic_load_explicit(&t->affinity.bits[0], memory_order_relaxed);
	if (idle != 0)
		return (unsigned)__builtin_ctzll(idle);
	if (allowed(t, t->cpu))
		return t->cpu;
	return first_allowed(t);
}

/*
 * Move a thread that is in no queue to another CPU's, which is locked then
 * instead of rq. On the way it is in no queue and no lock covers it: it must
 * look awake, or a waker would queue it too. One that was about to sleep looks
 * at its condition again, as every sleeper does.
 */
NO_LOCK_CHECK struct runqueue *sched_migrate_locked(
    struct runqueue *rq, struct thread *t, unsigned cpu)
{
	atomic_store_explicit(&t->state, THREAD_RUNNING, memory_order_relaxed);
	do {
		uint64_t lag = t->vruntime - rq->min_vruntime;

		__atomic_store_n(&t->cpu, (uint8_t)cpu, __ATOMIC_RELAXED);
		lock_drop(&rq->lock);
		rq = rq_of(cpu);
		lock_take(&rq->lock);
		t->vruntime = rq->min_vruntime + lag;
		/* Its affinity may have changed meanwhile. */
		cpu = first_allowed(t);
	} while (unlikely(!allowed(t, rq->cpu)));
	return rq;
}

/* Lock the run queue that t belongs to. Interrupts are off. */
NO_LOCK_CHECK static struct runqueue *rq_lock_of(struct thread *t)
{
	for (;;) {
		unsigned cpu = __atomic_load_n(&t->cpu, __ATOMIC_RELAXED);
		struct runqueue *rq = rq_of(cpu);

		lock_take(&rq->lock);
		if (likely(t->cpu == cpu))
			return rq;
		lock_drop(&rq->lock);
	}
}

/*
 * Drop a run queue and restore interrupts; what became due under the lock,
 * where no switch was possible, gets its chance now.
 */
NO_LOCK_CHECK static void rq_unlock(struct runqueue *rq, irqflags_t f)
{
	lock_drop(&rq->lock);
	irq_restore(f);
	if (unlikely(need_resched && preempt_count == 0))
		preempt_schedule();
}

static bool wake_from(struct thread *t, bool stopped)
{
	irqflags_t f = irq_save();
	struct runqueue *rq = rq_lock_of(t);
	uint32_t state = atomic_load_explicit(&t->state, memory_order_relaxed);
	bool woke =
	    state == THREAD_SLEEPING || (stopped && state == THREAD_STOPPED);
	unsigned cpu;

	if (woke) {
		atomic_store_explicit(
		    &t->state, THREAD_RUNNING, memory_order_relaxed);
		if (unlikely(rq->payer == t && rq->current != t))
			payer_leaves_locked(rq, t);
		if (rq->current != t && !t->queued) {
			cpu = choose_cpu(t);
			if (cpu != rq->cpu)
				rq = sched_migrate_locked(rq, t, cpu);
			enqueue_locked(rq, t, true);
		}
	}
	rq_unlock(rq, f);
	return woke;
}

bool sched_wake(struct thread *t)
{
	return wake_from(t, false);
}

bool sched_wake_stopped(struct thread *t)
{
	return wake_from(t, true);
}

void sched_start(struct thread *t)
{
	irqflags_t f = irq_save();
	struct runqueue *rq;
	unsigned cpu;

	atomic_fetch_add_explicit(&fork_count, 1, memory_order_relaxed);
	t->cpu = (uint8_t)cpu_id();
	t->weight = thread_weight(t);
	cpu = choose_cpu(t);
	t->cpu = (uint8_t)cpu;
	rq = rq_of(cpu);
	lock_take(&rq->lock);
	/*
	 * Half a slice behind the queue: the parent goes on first, and forking
	 * gains no time.
	 */
	t->vruntime = rq->min_vruntime + FAIR_SLICE / 2;
	atomic_store_explicit(&t->state, THREAD_RUNNING, memory_order_relaxed);
	enqueue_locked(rq, t, false);
	lock_drop(&rq->lock);
	irq_restore(f);
}

void sched_prepare_sleep(void)
{
	/* seq_cst: the store comes before the following look at conditions. */
	atomic_store(&thread_current()->state, THREAD_SLEEPING);
}

/* t runs no more here and is in no queue: send it where it may run. */
NO_LOCK_CHECK static void send_away(struct thread *t)
{
	struct runqueue *rq = rq_lock_of(t);

	rq = sched_migrate_locked(rq, t, first_allowed(t));
	enqueue_locked(rq, t, false);
	lock_drop(&rq->lock);
}

/* The half of a switch that the next thread does; interrupts are off. */
NO_LOCK_CHECK void sched_switched(void)
{
	struct runqueue *rq = percpu_ptr(runqueue);
	struct thread *prev = rq->previous;
	bool away = rq->must_move == prev;
	/*
	 * Seen with the lock held: after its drop prev may run elsewhere, and
	 * die there, which is that CPU's to see.
	 */
	bool dead = atomic_load_explicit(&prev->state, memory_order_relaxed) ==
	            THREAD_DEAD;

	if (unlikely(away)) {
		rq->must_move = NULL;
		/* In no queue from here to send_away. */
		atomic_store_explicit(
		    &prev->state, THREAD_RUNNING, memory_order_relaxed);
	}
	atomic_store_explicit(&prev->on_cpu, 0, memory_order_relaxed);
	switch_finish(thread_current());
	lock_drop(&rq->lock);
	if (unlikely(dead))
		thread_bury(prev);
	else if (unlikely(away))
		send_away(prev);
}

static bool stays_locked(
    struct runqueue *rq, struct thread *prev, bool preempted)
{
	if (prev == rq->idle)
		return false;
	return preempted || atomic_load_explicit(&prev->state,
	                        memory_order_relaxed) == THREAD_RUNNING;
}

/*
 * Switch to who is due. preempted: the current thread stays runnable whatever
 * its state says. Interrupts are off.
 */
NO_LOCK_CHECK void sched_switch_away(bool preempted)
{
	struct runqueue *rq = percpu_ptr(runqueue);
	struct thread *prev = thread_current(), *next;
	uint64_t tsc = rdtsc();

	KASSERT_SLOW(preempt_count == 0 || panic_active);
	/* Before the lock, a full barrier: no later reader gets ahead of it. */
	rcu_note_quiescent();
	lock_take(&rq->lock);
	need_resched = 0;
	account_locked(rq, rq->payer, tsc);
	/* On borrowed time: it waits in its caller's place. */
	if (unlikely(rq->payer != prev))
		prev->vruntime = rq->payer->vruntime;
	if (!stays_locked(rq, prev, preempted)) {
		prev->switches_voluntary++;
		rq->must_move = NULL;
	} else if (likely(rq->must_move != prev)) {
		if (preempted && !rq->slice_over)
			runqueue_insert_front(rq, prev);
		else
			runqueue_insert(rq, prev);
		prev->switches_forced += preempted;
	}
	rq->slice_over = false;
	next = runqueue_take_first(rq);
	if (next == NULL)
		next = rq->idle;
	if (next == prev) {
		rq->payer = prev;
		sched_want_slice_locked(
		    rq); /* the old slice's shot is used up */
		lock_drop(&rq->lock);
		return;
	}
	rq->stats.switches++;
	rq->current = next;
	rq->payer = next;
	rq->previous = prev;
	next->run_start = tsc;
	sched_want_slice_locked(rq);
	/* Signals sent from now on interrupt it: signal_kick looks here. */
	atomic_store_explicit(&next->on_cpu, 1, memory_order_relaxed);
	current_thread = next;
	switch_to(prev, next);
	/* We run again, perhaps on another CPU. */
	sched_switched();
}

void schedule(void)
{
	irqflags_t f = irq_save();

	sched_switch_away(false);
	irq_restore(f);
	if (unlikely(need_resched && preempt_count == 0))
		preempt_schedule();
}

void preempt_schedule(void)
{
	if (!irq_enabled() || preempt_count != 0)
		return;
	do {
		irq_disable();
		sched_switch_away(true);
		irq_enable();
	} while (need_resched);
}

void preempt_schedule_irq(void)
{
	do {
		sched_switch_away(true);
	} while (need_resched && preempt_count == 0);
}

void sched_yield(void)
{
	struct runqueue *rq;
	irqflags_t f = irq_save();
	struct thread *t = thread_current();

	rq = percpu_ptr(runqueue);
	lock_take(&rq->lock);
	if (t->class != CLASS_RT)
		runqueue_yield(rq, t);
	lock_drop(&rq->lock);
	sched_switch_away(false);
	irq_restore(f);
}

void sched_tick(void)
{
	struct runqueue *rq = percpu_ptr(runqueue);

	lock_take(&rq->lock);
	if (rq->queued != 0) {
		uint64_t idle = atomic_load(&sched_idle_cpus);

		/* SCHED_FIFO has no slice: it gives way only to its betters. */
		if (rq->current->policy != POLICY_FIFO) {
			rq->slice_over = true;
			need_resched = 1;
		}
		/* Somebody waits here while a CPU idles: let it steal. */
		if (idle != 0)
			ipi_resched((unsigned)__builtin_ctzll(idle));
	}
	lock_drop(&rq->lock);
}

/* Re-queue t round a change of its class, weight or CPU. */
static void change_locked(
    struct runqueue *rq, struct thread *t, int policy, int nice, int rt_prio)
{
	bool queued = t->queued;

	if (queued)
		runqueue_remove(rq, t);
	t->policy = (uint8_t)policy;
	t->nice = (int8_t)nice;
	t->rt_prio = (uint8_t)rt_prio;
	t->class = policy == POLICY_FIFO || policy == POLICY_RR ? CLASS_RT
	           : policy == POLICY_IDLE                      ? CLASS_IDLE
	                                                        : CLASS_FAIR;
	t->weight = thread_weight(t);
	if (queued)
		enqueue_locked(rq, t, false);
	else if (rq->current == t && rq->queued != 0)
		resched_cpu(rq);
}

void sched_set_policy(struct thread *t, int policy, int rt_prio)
{
	irqflags_t f = irq_save();
	struct runqueue *rq = rq_lock_of(t);

	change_locked(rq, t, policy, t->nice, rt_prio);
	rq_unlock(rq, f);
}

void sched_set_nice(struct thread *t, int nice)
{
	irqflags_t f = irq_save();
	struct runqueue *rq = rq_lock_of(t);

	change_locked(rq, t, t->policy, nice, t->rt_prio);
	rq_unlock(rq, f);
}

enum err sched_set_affinity(struct thread *t, const struct cpu_set *set)
{
	uint64_t online = cpu_online_count >= 64
	                      ? UINT64_MAX
	                      : (1ull << cpu_online_count) - 1;
	uint64_t bits = set->bits[0] & online;
	struct runqueue *rq;
	irqflags_t f;
	bool move;

	if (bits == 0)
		return E_INVAL;
	f = irq_save();
	rq = rq_lock_of(t);
	atomic_store(&t->affinity.bits[0], bits);
	move = !allowed(t, t->cpu);
	if (move && t->queued) {
		runqueue_remove(rq, t);
		rq = sched_migrate_locked(rq, t, first_allowed(t));
		enqueue_locked(rq, t, false);
	} else if (move && rq->current == t) {
		rq->must_move = t; /* its next switch sends it away */
		resched_cpu(rq);
	}
	rq_unlock(rq, f);
	return OK;
}

enum err sched_sleep_until(nsec_t deadline, int wait_mode)
{
	_Atomic bool never = false;
	enum err e = wait_flag(&never, (enum wait_mode)wait_mode, deadline);

	return e == E_TIMEDOUT ? OK : e;
}

void sched_sample(bool user)
{
	struct runqueue *rq = percpu_ptr(runqueue);
	_Atomic uint32_t *n = &thread_current()->samples[!user];

	if (rq->current != rq->idle)
		rq->samples[!user]++;

	/* Its own CPU is the only writer. */
	atomic_store_explicit(n,
	    atomic_load_explicit(n, memory_order_relaxed) + 1,
	    memory_order_relaxed);
}

nsec_t sched_kernel_part(const struct thread *t, nsec_t ns)
{
	uint64_t user = atomic_load(&t->samples[0]);
	uint64_t kernel = atomic_load(&t->samples[1]);

	if (kernel == 0)
		return 0;
	/* In microseconds: no overflow within centuries of run time. */
	return ns / NSEC_PER_USEC * kernel / (user + kernel) * NSEC_PER_USEC;
}

uint64_t sched_forks(void)
{
	return atomic_load(&fork_count);
}
