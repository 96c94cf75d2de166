/* kernel/mm/reclaim.c -- memory pressure: ask the caches to give back. */
/* SPDX-License-Identifier: MIT */
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"
#include "kernel/mm/page.h"

/*
 * Shrinkers are registered at boot and asked in that order: cheap ones first.
 * One thread reclaims at a time; others yield and look again, because what he
 * frees is theirs too. That also ends a recursion: a shrinker that allocates
 * and finds nothing is told that nothing could be freed.
 */
enum { SHRINKERS_MAX = 16 };

static struct {
	const char *name;
	reclaim_fn *fn;
} shrinkers[SHRINKERS_MAX];
static _Atomic unsigned shrinker_count;
static _Atomic(struct thread *) reclaimer;

void reclaim_register(const char *name, reclaim_fn *fn)
{
	unsigned i = atomic_fetch_add(&shrinker_count, 1);

	KASSERT(i < SHRINKERS_MAX);
	shrinkers[i].name = name;
	/* Release: reclaim() sees the name with the function. */
	__atomic_store_n(&shrinkers[i].fn, fn, __ATOMIC_RELEASE);
}

uint64_t reclaim(uint64_t want)
{
	struct thread *me = thread_current(), *nobody = NULL;
	uint64_t freed = 0;

	/* Early boot has no thread, and nothing to reclaim. */
	if (!me)
		return 0;
	if (!atomic_compare_exchange_strong(&reclaimer, &nobody, me)) {
		if (nobody != me)
			sched_yield();
		return 0;
	}
	for (unsigned i = 0; i < SHRINKERS_MAX && freed < want; i++) {
		reclaim_fn *fn =
		    __atomic_load_n(&shrinkers[i].fn, __ATOMIC_ACQUIRE);

		if (fn)
			freed += fn(want - freed);
	}
	atomic_store(&reclaimer, NULL);
	page_events.reclaimed += freed;
	return freed;
}
