/* kernel/mm/vmarea.c -- who has which part of vmalloc's range. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/vmarea.h"
#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#include "kernel/mm/slab.h"

/*
 * Free areas hang in two trees, by address (to coalesce) and by size and
 * address (best fit, lowest first); busy ones in a tree by address. Two free
 * areas never touch. Records are made before the lock is taken.
 */
static struct lock area_lock = LOCK_INIT(RANK_VMALLOC);
static struct rb_root free_by_address GUARDED_BY(&area_lock);
static struct rb_root free_by_size GUARDED_BY(&area_lock);
static struct rb_root busy GUARDED_BY(&area_lock);
static uint64_t busy_bytes GUARDED_BY(&area_lock);
static struct slab_cache *area_cache;

#define AREA(n)      rb_entry(n, struct area, node)
#define AREA_SIZE(n) rb_entry(n, struct area, size_node)

static uint64_t size_of(const struct area *a)
{
	return a->end - a->start;
}

static void insert_address(struct rb_root *root, struct area *a)
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = &parent->child[a->start > AREA(parent)->start];
	}
	rb_insert(root, parent, link, &a->node);
}

static void insert_free(struct area *a) REQUIRES(&area_lock)
{
	struct rb_node **link = &free_by_size.node, *parent = NULL;

	a->kind = AREA_FREE;
	insert_address(&free_by_address, a);
	while (*link) {
		struct area *b = AREA_SIZE(*link);
		bool right = size_of(a) != size_of(b) ? size_of(a) > size_of(b)
		                                      : a->start > b->start;

		parent = *link;
		link = &parent->child[right];
	}
	rb_insert(&free_by_size, parent, link, &a->size_node);
}

static void remove_free(struct area *a) REQUIRES(&area_lock)
{
	rb_erase(&free_by_address, &a->node);
	rb_erase(&free_by_size, &a->size_node);
}

/* The smallest free area of at least `need` bytes. */
static struct area *best_fit(uint64_t need) REQUIRES(&area_lock)
{
	struct rb_node *n = free_by_size.node;
	struct area *best = NULL;

	while (n) {
		struct area *a = AREA_SIZE(n);

		if (size_of(a) >= need)
			best = a;
		n = n->child[size_of(a) < need];
	}
	return best;
}

/* The last area of the tree that starts at or below va. */
static struct area *at_or_below(const struct rb_root *root, vaddr_t va)
{
	struct rb_node *n = root->node;
	struct area *best = NULL;

	while (n) {
		struct area *a = AREA(n);

		if (a->start <= va)
			best = a;
		n = n->child[a->start <= va];
	}
	return best;
}

void area_init(vaddr_t base, uint64_t size)
{
	struct area *a;

	area_cache = slab_create("vmarea", sizeof(struct area), 8);
	a = slab_alloc(area_cache);
	KASSERT(a);
	/* The last page stays free: it is the guard of the last area. */
	*a = (struct area){.start = base, .end = base + size - PAGE_SIZE};
	lock_take(&area_lock);
	insert_free(a);
	lock_drop(&area_lock);
}

/* Cut a out of the free area f; records left over stay in the spare list. */
static void carve(struct area *f, struct area *a, struct area **spare)
    REQUIRES(&area_lock)
{
	vaddr_t end = f->end;

	remove_free(f);
	if (f->start < a->start) {
		f->end = a->start;
		insert_free(f);
		f = *spare;
		*spare = f->next;
	}
	if (a->end < end) {
		f->start = a->end;
		f->end = end;
		insert_free(f);
	} else {
		f->next = *spare;
		*spare = f;
	}
	insert_address(&busy, a);
	busy_bytes += size_of(a) - PAGE_SIZE;
}

struct area *area_take(
    uint64_t size, uint64_t align, uint64_t offset, enum area_kind kind)
{
	struct area *a, *spare, *f;

	/* The range is far below this, and sums must not wrap. */
	if (size > 1ull << 40)
		return NULL;
	a = slab_alloc(area_cache);
	spare = slab_alloc(area_cache);
	f = NULL;
	if (spare)
		spare->next = NULL;
	if (a && spare) {
		lock_take(&area_lock);
		f = best_fit(size + align);
		if (f) {
			vaddr_t first = f->start + PAGE_SIZE;

			first = ALIGN_UP(first - offset, align) + offset;
			*a = (struct area){.start = first - PAGE_SIZE,
			    .end = first + size,
			    .kind = kind};
			carve(f, a, &spare);
		}
		lock_drop(&area_lock);
	}
	while (spare) {
		struct area *next = spare->next;

		slab_free(area_cache, spare);
		spare = next;
	}
	if (f)
		return a;
	if (a)
		slab_free(area_cache, a);
	return NULL;
}

void area_give(struct area *a)
{
	struct area *below, *above = NULL;
	struct rb_node *n;

	lock_take(&area_lock);
	below = at_or_below(&free_by_address, a->start);
	n = below ? rb_next(&below->node) : rb_first(&free_by_address);
	if (n && AREA(n)->start == a->end) {
		above = AREA(n);
		remove_free(above);
		a->end = above->end;
	}
	if (below && below->end == a->start) {
		remove_free(below);
		a->start = below->start;
	} else {
		below = NULL;
	}
	insert_free(a);
	lock_drop(&area_lock);
	if (above)
		slab_free(area_cache, above);
	if (below)
		slab_free(area_cache, below);
}

struct area *area_detach(const void *p, enum area_kind kind)
{
	struct area *a;

	lock_take(&area_lock);
	a = at_or_below(&busy, (vaddr_t)p);
	if (!a || area_first(a) != ALIGN_DOWN((vaddr_t)p, PAGE_SIZE) ||
	    a->kind != kind)
		panic("vmalloc: %p was not handed out so", p);
	rb_erase(&busy, &a->node);
	busy_bytes -= size_of(a) - PAGE_SIZE;
	lock_drop(&area_lock);
	return a;
}

bool area_find(vaddr_t va, enum area_kind *kind, bool *guard)
{
	struct area *a;
	bool found;

	/* Asked by the fault report: whoever faulted may hold the lock. */
	if (!lock_try(&area_lock))
		return false;
	a = at_or_below(&busy, va);
	/* The page behind an area is a guard as well. */
	found = a && va < a->end + PAGE_SIZE;
	if (found) {
		*kind = a->kind;
		*guard = va < area_first(a) || va >= a->end;
	}
	lock_drop(&area_lock);
	return found;
}

uint64_t area_busy_bytes(void)
{
	uint64_t n;

	lock_take(&area_lock);
	n = busy_bytes;
	lock_drop(&area_lock);
	return n;
}
