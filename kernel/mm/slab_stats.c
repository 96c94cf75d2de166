/* kernel/mm/slab_stats.c -- what the caches hold, and how they shrink. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/mm/slab_impl.h"

/*
 * Objects that somebody has: out of the slabs and not in a magazine. Exact
 * when the CPUs do not allocate from the cache meanwhile.
 */
static uint64_t live_objects(struct slab_cache *c, uint64_t used)
{
	uint64_t idle = 0;

	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		struct slab_slot *s = percpu_of(*c->slot, cpu);

		idle += s->count;
		if (s->previous)
			idle += s->previous_count;
	}
	return used - MIN(used, idle);
}

static void cache_stats(struct slab_cache *c, struct slab_stats *s)
{
	uint64_t used;

	lock_take(&c->lock);
	used = c->used - (uint64_t)c->full_count * c->magazine_size;
	s->slabs = c->slabs;
	lock_drop(&c->lock);
	s->name = c->name;
	s->object_size = c->size;
	s->total = s->slabs * c->per_slab;
	s->pages_per_slab = 1ul << c->order;
	s->live = live_objects(c, used);
}

void slab_for_each(void (*fn)(const struct slab_stats *s, void *arg), void *arg)
{
	unsigned n = MIN(slab_cache_count, SLAB_CACHES_MAX);

	slab_watch_drain();
	for (unsigned i = 0; i < n; i++) {
		struct slab_stats s;

		cache_stats(&slab_caches[i], &s);
		fn(&s, arg);
	}
}

uint64_t slab_pages(void)
{
	return slab_frames;
}

/* The magazines' own caches are the first ones, and come last. */
uint64_t slab_shrink(uint64_t want)
{
	unsigned n = MIN(slab_cache_count, SLAB_CACHES_MAX);
	uint64_t freed = 0;

	slab_watch_drain();
	while (n-- > 0 && freed < want)
		freed += slab_shrink_cache(&slab_caches[n]);
	return freed;
}
