/* kernel/mm/drain.c -- emptying the caches that each CPU has for itself. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/mm/drain.h"
#include "kernel/core/panic.h"
#include "kernel/core/rcu.h"
#include "kernel/core/runqueue.h"
#include "kernel/core/wait.h"
#include "kernel/mm/page.h"

/*
 * The caches of a CPU are touched by that CPU alone, without a lock. So one
 * thread of the highest priority visits the CPUs in turn and reclaims there.
 * It never waits for memory, and takes no lock that whoever asks may hold.
 *
 * Requests are numbered. A round serves all that were made before it began.
 */
enum { TOP_PRIORITY = 99 };

static struct wait_queue drain_work = WAIT_QUEUE_INIT(drain_work);
static struct wait_queue drain_done = WAIT_QUEUE_INIT(drain_done);
static _Atomic uint64_t wanted, served;
static struct thread *drainer;

static void visit_all(void)
{
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		struct cpu_set one = {0};

		one.bits[cpu / 64] = 1ull << (cpu % 64);
		if (sched_set_affinity(drainer, &one) != OK)
			continue; /* a number beyond the first 64 */
		reclaim_local();
	}
}

static void drain_main(void *arg)
{
	(void)arg;
	for (;;) {
		uint64_t round;

		(void)WAIT_EVENT(&drain_work,
		    atomic_load(&wanted) != atomic_load(&served), WAIT_UNINTR,
		    WAIT_FOREVER);
		round = atomic_load(&wanted);
		visit_all();
		atomic_store(&served, round);
		wait_wake_all(&drain_done);
	}
}

void drain_all(void)
{
	uint64_t mine;

	if (!drainer || thread_current() == drainer || rcu_is_callback())
		return;
	rcu_barrier();
	mine = atomic_fetch_add(&wanted, 1) + 1;
	wait_wake(&drain_work);
	(void)WAIT_EVENT(&drain_done, atomic_load(&served) >= mine, WAIT_KILL,
	    WAIT_FOREVER); /* who is to die needs no memory */
}

void drain_start(void)
{
	if (thread_create("drain", drain_main, NULL, &drainer) != OK)
		panic("no memory for the drain thread");
	sched_set_policy(drainer, POLICY_FIFO, TOP_PRIORITY);
	sched_start(drainer);
}
