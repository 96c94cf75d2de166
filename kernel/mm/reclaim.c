/* kernel/mm/reclaim.c -- memory pressure: ask the caches to give back. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/core/clock.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"
#include "kernel/core/wait.h"
#include "kernel/mm/page.h"

/*
 * Shrinkers are registered at boot and asked in that order: cheap ones first.
 * One thread reclaims at a time; others wait for him and look again, because
 * what he frees is theirs too. Their wait has a bound, in case that he needs a
 * mutex of theirs. A shrinker that allocates and finds nothing is told that
 * nothing could be freed, which ends the recursion.
 */
enum { SHRINKERS_MAX = 16 };
#define OTHERS_WAIT (200 * NSEC_PER_MSEC)

static struct {
	const char *name;
	reclaim_fn *fn;
	bool local; /* what it frees belongs to the CPU that it runs on */
} shrinkers[SHRINKERS_MAX];
static _Atomic unsigned shrinker_count;
static _Atomic(struct thread *) reclaimer;
static struct wait_queue reclaim_done = WAIT_QUEUE_INIT(reclaim_done);

static void shrinker_add(const char *name, reclaim_fn *fn, bool local)
{
	unsigned i = atomic_fetch_add(&shrinker_count, 1);

	KASSERT(i < SHRINKERS_MAX);
	shrinkers[i].name = name;
	shrinkers[i].local = local;
	/* Release: reclaim() sees the rest with the function. */
	__atomic_store_n(&shrinkers[i].fn, fn, __ATOMIC_RELEASE);
}

void reclaim_register(const char *name, reclaim_fn *fn)
{
	shrinker_add(name, fn, false);
}

void reclaim_register_local(const char *name, reclaim_fn *fn)
{
	shrinker_add(name, fn, true);
}

/* The last registered first: they rest on those before them. */
void reclaim_local(void)
{
	for (unsigned i = SHRINKERS_MAX; i-- > 0;) {
		reclaim_fn *fn =
		    __atomic_load_n(&shrinkers[i].fn, __ATOMIC_ACQUIRE);

		if (fn && shrinkers[i].local)
			page_events.reclaimed += fn(UINT64_MAX);
	}
	page_drain_local();
}

uint64_t reclaim(uint64_t want)
{
	struct thread *me = thread_current(), *nobody = NULL;
	uint64_t freed = 0;

	/* Early boot has no thread, and nothing to reclaim. */
	if (!me)
		return 0;
	if (!atomic_compare_exchange_strong(&reclaimer, &nobody, me)) {
		if (nobody == me)
			return 0;
		(void)WAIT_EVENT(&reclaim_done, !atomic_load(&reclaimer),
		    WAIT_KILL, clock_now() + OTHERS_WAIT);
		return 1; /* of his, perhaps: the caller looks */
	}
	for (unsigned i = 0; i < SHRINKERS_MAX && freed < want; i++) {
		reclaim_fn *fn =
		    __atomic_load_n(&shrinkers[i].fn, __ATOMIC_ACQUIRE);

		if (fn)
			freed += fn(want - freed);
	}
	atomic_store(&reclaimer, NULL);
	wait_wake_all(&reclaim_done);
	page_events.reclaimed += freed;
	return freed;
}
