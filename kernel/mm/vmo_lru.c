/* kernel/mm/vmo_lru.c -- clean pages of pagers, given back when memory is short. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/mm/vmo_impl.h"
#include "kernel/core/panic.h"

/*
 * One list over all pager-backed objects, by frame number, oldest at the head,
 * with a second chance for pages that were looked up since (REFERENCED). The
 * frame records hold the links, so frame 0 (never handed out) ends the list.
 * A page on the list is in its object's tree, or about to be freed by an
 * object whose count is zero; under lru_lock it therefore names a live object.
 */
static struct lock lru_lock = LOCK_INIT(RANK_LRU);
static uint32_t lru_head GUARDED_BY(&lru_lock);
static uint32_t lru_tail GUARDED_BY(&lru_lock);
static uint64_t lru_count GUARDED_BY(&lru_lock);

static uint32_t page_number(const struct page *p)
{
	return (uint32_t)(p - page_array);
}

static void lru_append_locked(struct page *p) REQUIRES(&lru_lock)
{
	uint32_t n = page_number(p);

	p->cache.lru_next = 0;
	p->cache.lru_prev = lru_tail;
	if (lru_tail)
		page_array[lru_tail].cache.lru_next = n;
	else
		lru_head = n;
	lru_tail = n;
	lru_count++;
	atomic_fetch_or_explicit(&p->flags, PAGE_LRU, memory_order_relaxed);
}

static void lru_unlink_locked(struct page *p) REQUIRES(&lru_lock)
{
	uint32_t next = p->cache.lru_next, prev = p->cache.lru_prev;

	if (prev)
		page_array[prev].cache.lru_next = next;
	else
		lru_head = next;
	if (next)
		page_array[next].cache.lru_prev = prev;
	else
		lru_tail = prev;
	lru_count--;
	atomic_fetch_and_explicit(
	    &p->flags, (uint16_t)~PAGE_LRU, memory_order_relaxed);
}

void lru_add(struct page *p)
{
	lock_take(&lru_lock);
	if (!(p->flags & PAGE_LRU))
		lru_append_locked(p);
	lock_drop(&lru_lock);
}

void lru_remove(struct page *p)
{
	lock_take(&lru_lock);
	if (p->flags & PAGE_LRU)
		lru_unlink_locked(p);
	lock_drop(&lru_lock);
}

static struct vmo *vmo_get_live(struct vmo *v)
{
	uint32_t refs = v->refs;

	while (refs)
		if (atomic_compare_exchange_weak_explicit(&v->refs, &refs,
		        refs + 1, memory_order_relaxed, memory_order_relaxed))
			return v;
	return NULL;
}

/* The oldest page and its object, with a reference to the object. */
static struct vmo *lru_oldest(struct page **out, uint64_t *index)
{
	struct vmo *v = NULL;
	struct page *p = NULL;

	lock_take(&lru_lock);
	if (lru_head) {
		p = &page_array[lru_head];
		lru_unlink_locked(p);
		v = vmo_get_live(p->cache.vmo);
		*index = p->cache.index;
		if (v && p->flags & (PAGE_REFERENCED | PAGE_DIRTY)) {
			/* Its second chance. */
			atomic_fetch_and_explicit(&p->flags,
			    (uint16_t)~PAGE_REFERENCED, memory_order_relaxed);
			lru_append_locked(p);
			p = NULL;
		}
	}
	lock_drop(&lru_lock);
	*out = p;
	return v;
}

static void lru_give_back(struct vmo *v, uint64_t index, struct page *p)
{
	lock_take(&v->lock);
	if (page_tree_find(&v->tree, index) == p)
		lru_add(p);
	lock_drop(&v->lock);
}

static uint64_t lru_reclaim(uint64_t want)
{
	uint64_t freed = 0, tries, index = 0;

	lock_take(&lru_lock);
	tries = 2 * lru_count;
	lock_drop(&lru_lock);
	while (freed < want && tries-- > 0) {
		struct page *p;
		struct vmo *v = lru_oldest(&p, &index);

		if (!v)
			continue;
		if (p) {
			if (vmo_evict(v, index, p))
				freed++;
			else
				lru_give_back(v, index, p);
		}
		vmo_put(v);
	}
	return freed;
}

void lru_init(void)
{
	reclaim_register("page cache", lru_reclaim);
}

uint64_t vmo_reclaimable(void)
{
	uint64_t n;

	lock_take(&lru_lock);
	n = lru_count;
	lock_drop(&lru_lock);
	return n;
}
