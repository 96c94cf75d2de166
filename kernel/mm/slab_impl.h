/* kernel/mm/slab_impl.h -- the insides of slab caches; for kernel/mm only. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/mm/kasan.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"

enum { SLAB_CACHES_MAX = 112 };

struct magazine {
	struct magazine *next; /* in the depot */
	uint16_t count;        /* valid while not loaded in a slot */
	void *objects[];
};

/* One CPU's magazines of one cache. (cpu) */
struct slab_slot {
	uint16_t count;          /* objects in loaded */
	uint16_t size;           /* room in loaded; 0: there is no magazine */
	uint16_t previous_count; /* = previous->count, for others to read */
	uint16_t misses;
	struct magazine *loaded, *previous;
};

struct slab_cache {
	/* Const after creation. */
	PERCPU struct slab_slot *slot; /* of the running CPU */
	uint16_t magazine_size;
	uint16_t per_slab;
	uint8_t order;
	uint32_t size, stride; /* bytes usable, bytes from one to the next */
	uint32_t link_at;      /* of the free list's link in an object */
	const char *name;
	struct slab_cache *magazines; /* NULL: this cache has none */

	struct lock lock;                   /* RANK_SLAB */
	uint32_t partial GUARDED_BY(&lock); /* lists of frame numbers */
	uint32_t empty GUARDED_BY(&lock);
	uint32_t empty_count GUARDED_BY(&lock);
	uint32_t full_count GUARDED_BY(&lock);
	struct magazine *full GUARDED_BY(&lock);
	struct magazine *spare GUARDED_BY(&lock); /* empty ones */
	uint64_t used GUARDED_BY(&lock);          /* objects out of slabs */
	uint64_t slabs GUARDED_BY(&lock);
};
extern struct slab_cache slab_caches[SLAB_CACHES_MAX];
extern _Atomic unsigned slab_cache_count;
extern _Atomic uint64_t slab_frames;

/*
 * Watched builds (debug, kasan) put a trailer behind each object: a word that
 * says whether it lives, and the free list's link. Freed objects carry poison.
 */
#if defined(CONFIG_DEBUG) || defined(CONFIG_KASAN)
enum { SLAB_WATCHED = 1, SLAB_STATE = 8, SLAB_TRAILER = 16 };
void slab_watch_new(struct slab_cache *c, void *object);
/* The object becomes alive with n usable bytes. Panics on damage. */
void slab_watch_alloc(struct slab_cache *c, void *object, size_t n);
/* It dies; false when it is kept back in quarantine. Panics on misuse. */
bool slab_watch_free(struct slab_cache *c, void *object);
/* Let go of all objects in quarantine. */
void slab_watch_drain(void);
#else
#define slab_watch_drain() ((void)0)
enum { SLAB_WATCHED = 0, SLAB_STATE = 0, SLAB_TRAILER = 0 };
static inline void slab_watch_new(struct slab_cache *c, void *object)
{
	(void)c;
	(void)object;
}
static inline void slab_watch_alloc(
    struct slab_cache *c, void *object, size_t n)
{
	(void)c;
	(void)object;
	(void)n;
}
static inline bool slab_watch_free(struct slab_cache *c, void *object)
{
	(void)c;
	(void)object;
	return true;
}
#endif

/* Free an object that was watched already. */
void slab_recycle(struct slab_cache *c, void *object);
/* Give all full magazines and empty slabs of c back; frames freed. */
uint64_t slab_shrink_cache(struct slab_cache *c);
void kmalloc_init(void);
