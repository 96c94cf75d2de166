/* kernel/mm/slab_watch.c -- debug and kasan builds: objects under guard. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/mm/slab_impl.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"

#if defined(CONFIG_DEBUG) || defined(CONFIG_KASAN)
/*
 * The word behind an object is a magic number mixed with the address: it says
 * alive or free, and an overflow destroys it. Debug builds fill the dead; the
 * kasan build marks them in the shadow and keeps them in quarantine, so that a
 * late use meets a dead object and not the next owner's.
 */
#define STATE_LIVE 0x4c49564521a5a5a5ull
#define STATE_FREE 0x46524545215a5a5aull
enum { POISON = 0x6b, FRESH = 0xa5, QUARANTINE = 2048 };

NO_KASAN static uint64_t state_get(struct slab_cache *c, void *object)
{
	return *(uint64_t *)((char *)object + c->size) ^ (uintptr_t)object;
}

NO_KASAN static void state_set(struct slab_cache *c, void *object, uint64_t v)
{
	*(uint64_t *)((char *)object + c->size) = v ^ (uintptr_t)object;
}

NO_KASAN static void fill(void *object, size_t n, uint8_t byte)
{
#ifdef CONFIG_KASAN
	(void)object;
	(void)n;
	(void)byte;
#else
	memset(object, byte, n);
#endif
}

static void check_poison(struct slab_cache *c, const uint8_t *object)
{
#ifndef CONFIG_KASAN
	for (uint32_t i = 0; i < c->size; i++)
		if (object[i] != POISON)
			panic("slab %s: object %p written after free, byte %u",
			    c->name, (const void *)object, i);
#else
	(void)c;
	(void)object;
#endif
}

void slab_watch_new(struct slab_cache *c, void *object)
{
	fill(object, c->size, POISON);
	state_set(c, object, STATE_FREE);
	kasan_poison(object, c->stride, KASAN_FREE_OBJECT);
}

void slab_watch_alloc(struct slab_cache *c, void *object, size_t n)
{
	if (state_get(c, object) != STATE_FREE)
		panic("slab %s: free object %p is damaged", c->name, object);
	check_poison(c, object);
	state_set(c, object, STATE_LIVE);
	kasan_poison(object, c->stride, KASAN_REDZONE);
	kasan_unpoison(object, n);
	fill(object, c->size, FRESH);
}

static void check_free(struct slab_cache *c, void *object)
{
	struct page *p = phys_to_page(virt_to_phys(object));
	uint64_t state;

	if (page_use(p) != PAGE_SLAB || p->slab.cache != c)
		panic("slab %s: %p is not an object of it", c->name, object);
	state = state_get(c, object);
	if (state == STATE_FREE)
		panic("slab %s: double free of %p", c->name, object);
	if (state != STATE_LIVE)
		panic("slab %s: write past the end of %p, or not an object",
		    c->name, object);
}

#ifdef CONFIG_KASAN
/* Oldest first; a slot that is taken again lets its old object go. */
static struct {
	struct lock lock;
	unsigned next;
	void *objects[QUARANTINE];
	struct slab_cache *caches[QUARANTINE];
} quarantine = {.lock = LOCK_INIT(RANK_SLAB)};

/* Swap an object against the one that has waited longest. */
static void *quarantine_swap(struct slab_cache **c, void *object)
{
	struct slab_cache *old_cache;
	void *old;
	unsigned i;

	lock_take(&quarantine.lock);
	i = quarantine.next++ % QUARANTINE;
	old = quarantine.objects[i];
	old_cache = quarantine.caches[i];
	quarantine.objects[i] = object;
	quarantine.caches[i] = *c;
	lock_drop(&quarantine.lock);
	*c = old_cache;
	return old;
}
#endif

bool slab_watch_free(struct slab_cache *c, void *object)
{
	check_free(c, object);
	fill(object, c->size, POISON);
	state_set(c, object, STATE_FREE);
	kasan_poison(object, c->stride, KASAN_FREE_OBJECT);
#ifdef CONFIG_KASAN
	if (c->magazines) {
		void *old = quarantine_swap(&c, object);

		if (old)
			slab_recycle(c, old);
		return false;
	}
#endif
	return true;
}

void slab_watch_drain(void)
{
#ifdef CONFIG_KASAN
	for (unsigned i = 0; i < QUARANTINE; i++) {
		struct slab_cache *c = NULL;
		void *old = quarantine_swap(&c, NULL);

		if (old)
			slab_recycle(c, old);
	}
#endif
}
#endif
