/* kernel/mm/slab.h -- object caches and kmalloc. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/lock.h"
#include "kernel/core/list.h"

/*
 * A cache of equal objects. Allocation and free take the CPU's magazine (an
 * array of object pointers, preemption disabled, no lock, no atomic); full and
 * empty magazines are exchanged with the cache's depot under its lock. Debug
 * builds poison freed objects and check for double and foreign frees.
 *
 * None of this may be called in a hard interrupt: a handler prepares its
 * objects beforehand, or leaves the work to a thread.
 */
struct slab_cache;

/* Create a cache; lives for ever. Panics when boot memory is out. */
struct slab_cache *slab_create(const char *name, size_t size, size_t align);

/* NULL when out of memory. May reclaim (sleep) unless `atomic`. */
void *slab_alloc(struct slab_cache *c);
void *slab_alloc_atomic(struct slab_cache *c);

/* Takes the object. With spinlocks held too, of a rank below RANK_SLAB. */
void slab_free(struct slab_cache *c, void *object);

/* kmalloc: power-of-two and 3/4 size classes to 8 KiB, pages to 4 MiB. */
void *kmalloc(size_t n);
void *kzalloc(size_t n);
void *kmalloc_atomic(size_t n);
void kfree(void *p); /* NULL is fine; like slab_free */
char *kstrdup(const char *s);

/* Once at boot, after page_init: caches and kmalloc work from here. */
void slab_init(void);

/* For /proc/slabinfo: visit every cache. */
struct slab_stats {
	const char *name;
	size_t object_size;
	uint64_t live, total, slabs;
	uint64_t pages_per_slab;
};
void slab_for_each(
    void (*fn)(const struct slab_stats *s, void *arg), void *arg);
uint64_t slab_pages(void); /* frames in use by all caches */

/* Give empty slabs and the depots' magazines back; frames freed. */
uint64_t slab_shrink(uint64_t want);
