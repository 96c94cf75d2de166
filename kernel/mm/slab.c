/* kernel/mm/slab.c -- object caches: magazines, depots, slabs. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/slab_impl.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"

#ifdef HOSTED
bool kalloc_should_fail(void);
#else
#define kalloc_should_fail() false
#endif

/*
 * Three layers, after Bonwick and Adams. A slab is a block of frames cut into
 * objects; its record in the frame array holds the list links, the number of
 * used objects and the first free one; free objects are linked through
 * themselves. A magazine is an array of object pointers. Each CPU has two per
 * cache (loaded and previous) and exchanges them when the loaded one runs
 * empty or full, then with the depot, a small store of full and empty
 * magazines; only when the depot cannot help do objects come from or go to
 * slabs.
 *
 * Invariants: (1) a magazine belongs to one CPU's slot or to the depot; (2) an
 * object in a magazine counts as used in its slab; (3) a CPU's slots are
 * touched by that CPU alone, preemption disabled; hence no allocation and no
 * free in hard interrupts.
 *
 * A cache gets magazines on a CPU only after MAGAZINE_AFTER trips to the
 * depot: most caches of a small machine never need them.
 */
enum {
	DEPOT_MAX = 8,      /* full magazines kept per cache */
	EMPTY_SLABS = 1,    /* kept per cache */
	MAGAZINE_AFTER = 8, /* slow trips */
	ORDER_MAX = 3,
};

/* In a struct: an array's elements would lose the per-CPU qualifier. */
static PERCPU_DEFINE(struct { struct slab_slot at[SLAB_CACHES_MAX]; }, slots);

struct slab_cache slab_caches[SLAB_CACHES_MAX];
_Atomic unsigned slab_cache_count;
_Atomic uint64_t slab_frames;

/* Magazines of 7, 15, 31 and 63 objects come from caches without any. */
static struct slab_cache *magazine_caches[4];
static const uint8_t magazine_sizes[4] = {7, 15, 31, 63};

static struct page *slab_of(struct slab_cache *c, const void *object)
{
	paddr_t pa = virt_to_phys(object);

	return phys_to_page(ALIGN_DOWN(pa, PAGE_SIZE << c->order));
}

static uint32_t frame_of(const struct page *p)
{
	return (uint32_t)(p - page_array);
}

/* Lists of slabs by frame number; 0 ends a list. */
static void slab_link(uint32_t *head, struct page *p)
{
	p->slab.prev = 0;
	p->slab.next = *head;
	if (*head)
		page_array[*head].slab.prev = frame_of(p);
	*head = frame_of(p);
}

static void slab_unlink(uint32_t *head, struct page *p)
{
	if (p->slab.prev)
		page_array[p->slab.prev].slab.next = p->slab.next;
	else
		*head = p->slab.next;
	if (p->slab.next)
		page_array[p->slab.next].slab.prev = p->slab.prev;
}

/* Where the link of a free object lies: behind the object when it is watched,
 * so that the whole object can carry poison. */
static uint16_t *free_link(struct slab_cache *c, void *object)
{
	return (uint16_t *)((char *)object + c->link_at);
}

NO_KASAN static uint16_t link_get(struct slab_cache *c, void *object)
{
	return *free_link(c, object);
}

NO_KASAN static void link_set(struct slab_cache *c, void *object, uint16_t next)
{
	*free_link(c, object) = next;
}

/* A new slab, all free, not in a list. Takes no lock. */
static struct page *slab_grow(struct slab_cache *c, unsigned flags)
{
	struct page *p = page_alloc(c->order, flags, NULL);
	char *base;

	if (!p)
		return NULL;
	for (unsigned i = 0; i < 1u << c->order; i++) {
		p[i].flags = PAGE_SLAB | c->order << PAGE_ORDER_SHIFT;
		p[i].slab.cache = c;
	}
	p->slab.free = 0;
	p->slab.used = 0;
	base = page_to_virt(p);
	for (unsigned i = 0; i < c->per_slab; i++) {
		void *object = base + i * c->stride;

		link_set(c, object, (uint16_t)(i + 1));
		slab_watch_new(c, object);
	}
	atomic_fetch_add(&slab_frames, 1ul << c->order);
	return p;
}

static void slab_release(struct slab_cache *c, struct page *p)
{
	atomic_fetch_sub(&slab_frames, 1ul << c->order);
	for (unsigned i = 0; i < 1u << c->order; i++)
		p[i].flags = PAGE_KERNEL;
	page_free(p, c->order);
}

/* Up to n objects from partial and empty slabs; returns how many. */
static unsigned objects_take_locked(
    struct slab_cache *c, void **out, unsigned n) REQUIRES(&c -> lock)
{
	unsigned got = 0;

	while (got < n) {
		uint32_t *list = c->partial ? &c->partial : &c->empty;
		struct page *p = &page_array[*list];
		char *base;

		if (!*list)
			break;
		base = page_to_virt(p);
		if (list == &c->empty) {
			slab_unlink(&c->empty, p);
			c->empty_count--;
			slab_link(&c->partial, p);
		}
		while (got < n && p->slab.free < c->per_slab) {
			void *object = base + p->slab.free * c->stride;

			p->slab.free = link_get(c, object);
			p->slab.used++;
			c->used++;
			out[got++] = object;
		}
		if (p->slab.free == c->per_slab)
			slab_unlink(&c->partial, p);
	}
	return got;
}

/* Put objects back; slabs that are to be released are chained into *out. */
static void objects_give_locked(struct slab_cache *c, void **objects,
    unsigned n, uint32_t *out) REQUIRES(&c -> lock)
{
	for (unsigned i = 0; i < n; i++) {
		struct page *p = slab_of(c, objects[i]);
		size_t at =
		    (size_t)((char *)objects[i] - (char *)page_to_virt(p));

		KASSERT_SLOW(p->slab.cache == c && at % c->stride == 0);
		if (p->slab.free == c->per_slab)
			slab_link(&c->partial, p);
		link_set(c, objects[i], p->slab.free);
		p->slab.free = (uint16_t)(at / c->stride);
		c->used--;
		if (--p->slab.used)
			continue;
		slab_unlink(&c->partial, p);
		if (c->empty_count < EMPTY_SLABS) {
			slab_link(&c->empty, p);
			c->empty_count++;
		} else {
			c->slabs--;
			p->slab.next = *out;
			*out = frame_of(p);
		}
	}
}

static uint64_t release_chain(struct slab_cache *c, uint32_t chain)
{
	uint64_t frames = 0;

	while (chain) {
		struct page *p = &page_array[chain];

		chain = p->slab.next;
		slab_release(c, p);
		frames += 1ul << c->order;
	}
	return frames;
}

static void objects_give(struct slab_cache *c, void **objects, unsigned n)
{
	uint32_t chain = 0;

	lock_take(&c->lock);
	objects_give_locked(c, objects, n, &chain);
	lock_drop(&c->lock);
	release_chain(c, chain);
}

/* Objects from slabs, with a new slab when there are none. */
static unsigned objects_take(
    struct slab_cache *c, void **out, unsigned n, unsigned flags)
{
	struct page *p;
	unsigned got;

	lock_take(&c->lock);
	got = objects_take_locked(c, out, n);
	lock_drop(&c->lock);
	if (got)
		return got;
	p = slab_grow(c, flags);
	if (!p)
		return 0;
	lock_take(&c->lock);
	slab_link(&c->partial, p);
	c->slabs++;
	got = objects_take_locked(c, out, n);
	lock_drop(&c->lock);
	return got;
}

static struct magazine *magazine_pop(struct magazine **stack)
{
	struct magazine *m = *stack;

	if (m)
		*stack = m->next;
	return m;
}

static void magazine_push(struct magazine **stack, struct magazine *m)
{
	m->next = *stack;
	*stack = m;
}

/* An empty magazine from its cache's slabs, or NULL. */
static struct magazine *magazine_new(struct slab_cache *c)
{
	void *m;

	if (!c->magazines || !objects_take(c->magazines, &m, 1, ALLOC_ATOMIC))
		return NULL;
	slab_watch_alloc(c->magazines, m, c->magazines->size);
	((struct magazine *)m)->count = 0;
	return m;
}

static void magazine_delete(struct slab_cache *c, struct magazine *m)
{
	void *object = m;

	slab_watch_free(c->magazines, object);
	objects_give(c->magazines, &object, 1);
}

/* Load m (count objects) into the slot. */
static void slot_load(
    struct slab_cache *c, struct slab_slot *s, struct magazine *m)
{
	s->loaded = m;
	s->count = m->count;
	s->size = c->magazine_size;
}

/* Loaded becomes previous. */
static void slot_retire(struct slab_slot *s)
{
	s->loaded->count = s->count;
	s->previous = s->loaded;
	s->previous_count = s->count;
}

/* Swap loaded and previous. */
static void slot_swap(struct slab_cache *c, struct slab_slot *s)
{
	struct magazine *m = s->previous;

	slot_retire(s);
	slot_load(c, s, m);
}

/* The slot's first two magazines, once the cache has shown to be busy. */
static bool slot_equip(struct slab_cache *c, struct slab_slot *s)
{
	struct magazine *a, *b;

	if (!c->magazines || ++s->misses < MAGAZINE_AFTER)
		return false;
	a = magazine_new(c);
	b = a ? magazine_new(c) : NULL;
	s->misses = 0;
	if (!b) {
		if (a)
			magazine_delete(c, a);
		return false;
	}
	s->previous = a;
	s->previous_count = 0;
	slot_load(c, s, b);
	return true;
}

/*
 * The loaded magazine is empty: previous, depot, slabs, in this order. Called
 * with preemption disabled; an object, or NULL when new frames are needed.
 */
static void *refill(struct slab_cache *c)
{
	struct slab_slot *s = percpu_ptr(*c->slot);
	struct magazine *m;
	void *object = NULL;

	if (!s->loaded && !slot_equip(c, s)) {
		lock_take(&c->lock);
		objects_take_locked(c, &object, 1);
		lock_drop(&c->lock);
		return object;
	}
	if (s->previous->count) {
		slot_swap(c, s);
		return s->loaded->objects[--s->count];
	}
	lock_take(&c->lock);
	m = magazine_pop(&c->full);
	if (m) {
		c->full_count--;
		magazine_push(&c->spare, s->previous);
		slot_retire(s);
		slot_load(c, s, m);
	} else {
		s->count = (uint16_t)objects_take_locked(
		    c, s->loaded->objects, (c->magazine_size + 1) / 2);
	}
	lock_drop(&c->lock);
	return s->count ? s->loaded->objects[--s->count] : NULL;
}

static void *slab_alloc_slow(struct slab_cache *c, unsigned flags)
{
	void *object;

	preempt_disable();
	object = refill(c);
	preempt_enable();
	if (!object && !objects_take(c, &object, 1, flags))
		return NULL;
	slab_watch_alloc(c, object, c->size);
	return object;
}

static inline void *alloc_fast(struct slab_cache *c)
{
	void *object = NULL;
	unsigned n;

	preempt_disable();
	n = c->slot->count;
	if (likely(n)) {
		object = c->slot->loaded->objects[n - 1];
		c->slot->count = (uint16_t)(n - 1);
	}
	preempt_enable();
	if (SLAB_WATCHED && object)
		slab_watch_alloc(c, object, c->size);
	return object;
}

void *slab_alloc(struct slab_cache *c)
{
	void *object;

	if (kalloc_should_fail())
		return NULL;
	object = alloc_fast(c);
	return likely(object) ? object : slab_alloc_slow(c, 0);
}

void *slab_alloc_atomic(struct slab_cache *c)
{
	void *object;

	if (kalloc_should_fail())
		return NULL;
	object = alloc_fast(c);
	return likely(object) ? object : slab_alloc_slow(c, ALLOC_ATOMIC);
}

/* The loaded magazine is full (or there is none). Preemption disabled. */
static void spill(struct slab_cache *c, void *object)
{
	struct slab_slot *s = percpu_ptr(*c->slot);
	struct magazine *m, *flush = NULL;

	if (!s->loaded && !slot_equip(c, s)) {
		objects_give(c, &object, 1);
		return;
	}
	if (s->previous->count < c->magazine_size) {
		slot_swap(c, s);
		s->loaded->objects[s->count++] = object;
		return;
	}
	lock_take(&c->lock);
	m = magazine_pop(&c->spare);
	lock_drop(&c->lock);
	if (!m && !(m = magazine_new(c))) {
		objects_give(c, &object, 1);
		return;
	}
	lock_take(&c->lock);
	if (c->full_count < DEPOT_MAX) {
		magazine_push(&c->full, s->previous);
		c->full_count++;
	} else {
		flush = s->previous;
	}
	lock_drop(&c->lock);
	slot_retire(s);
	m->count = 0;
	slot_load(c, s, m);
	s->loaded->objects[s->count++] = object;
	if (!flush)
		return;
	objects_give(c, flush->objects, flush->count);
	lock_take(&c->lock);
	magazine_push(&c->spare, flush);
	lock_drop(&c->lock);
}

/* Put a dead object where the next allocation finds it. */
void slab_recycle(struct slab_cache *c, void *object)
{
	unsigned n;

	preempt_disable();
	n = c->slot->count;
	if (likely(n < c->slot->size)) {
		c->slot->loaded->objects[n] = object;
		c->slot->count = (uint16_t)(n + 1);
	} else {
		spill(c, object);
	}
	preempt_enable();
}

void slab_free(struct slab_cache *c, void *object)
{
	if (SLAB_WATCHED && !slab_watch_free(c, object))
		return; /* in quarantine: recycled later */
	slab_recycle(c, object);
}

/* Empty this CPU's magazines; frames freed. */
static uint64_t slot_drain(struct slab_cache *c)
{
	uint64_t frames = 0;

	preempt_disable();
	for (unsigned i = 0; i < 2 && c->slot->loaded; i++) {
		struct slab_slot *s = percpu_ptr(*c->slot);
		uint32_t chain = 0;

		lock_take(&c->lock);
		objects_give_locked(c, s->loaded->objects, s->count, &chain);
		lock_drop(&c->lock);
		frames += release_chain(c, chain);
		s->count = 0;
		slot_swap(c, s);
	}
	preempt_enable();
	return frames;
}

uint64_t slab_shrink_cache(struct slab_cache *c)
{
	struct magazine *full, *spare, *m;
	uint64_t frames = slot_drain(c);
	uint32_t chain;

	lock_take(&c->lock);
	full = c->full;
	spare = c->spare;
	c->full = NULL;
	c->spare = NULL;
	c->full_count = 0;
	lock_drop(&c->lock);
	while ((m = magazine_pop(&full))) {
		chain = 0;
		lock_take(&c->lock);
		objects_give_locked(c, m->objects, m->count, &chain);
		lock_drop(&c->lock);
		frames += release_chain(c, chain);
		magazine_delete(c, m);
	}
	while ((m = magazine_pop(&spare)))
		magazine_delete(c, m);
	lock_take(&c->lock);
	chain = c->empty;
	c->slabs -= c->empty_count;
	c->empty = 0;
	c->empty_count = 0;
	lock_drop(&c->lock);
	return frames + release_chain(c, chain);
}

/* The order with little waste: at most 1/8, and 8 objects if that is cheap. */
static unsigned order_for(size_t stride)
{
	unsigned order = 0;

	for (; order < ORDER_MAX; order++) {
		size_t bytes = PAGE_SIZE << order;

		if (bytes / stride >= 4 && bytes % stride <= bytes / 8)
			break;
	}
	while (PAGE_SIZE << order < stride)
		order++;
	return order;
}

struct slab_cache *slab_create(const char *name, size_t size, size_t align)
{
	unsigned id = atomic_fetch_add(&slab_cache_count, 1);
	struct slab_cache *c = &slab_caches[id];
	unsigned kind;

	if (id >= SLAB_CACHES_MAX)
		panic("slab: no room for cache %s", name);
	align = MAX(align, 8ul);
	KASSERT((align & (align - 1)) == 0 && align <= PAGE_SIZE);
	size = ALIGN_UP(MAX(size, 8ul), 8ul);
	KASSERT(size <= PAGE_SIZE << ORDER_MAX);
	lock_init(&c->lock, RANK_SLAB);
	c->name = name;
	c->slot = &slots.at[id];
	c->size = (uint32_t)size;
	c->link_at = SLAB_WATCHED ? (uint32_t)size + SLAB_STATE : 0;
	c->stride = (uint32_t)ALIGN_UP(size + SLAB_TRAILER, align);
	c->order = (uint8_t)order_for(c->stride);
	c->per_slab = (uint16_t)((PAGE_SIZE << c->order) / c->stride);
	kind = size <= 128 ? 3 : size <= 512 ? 2 : size <= 2048 ? 1 : 0;
	c->magazine_size = magazine_sizes[kind];
	/* The magazines' own caches are made first, and have none. */
	c->magazines = magazine_caches[kind];
	return c;
}

void slab_init(void)
{
	static const char *const names[4] = {
	    "magazine-7", "magazine-15", "magazine-31", "magazine-63"};
	struct slab_cache *made[4];

	for (unsigned i = 0; i < 4; i++)
		made[i] = slab_create(names[i],
		    sizeof(struct magazine) +
		        magazine_sizes[i] * sizeof(void *),
		    8);
	memcpy(magazine_caches, made, sizeof(made));
	kmalloc_init();
	reclaim_register_local("slab", slab_shrink);
}
