/* kernel/mm/vmo_page.c -- finding, filling and copying pages of an object. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/vmo_impl.h"
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/core/wait.h"

/*
 * A page that the pager fills is in the tree already, marked BUSY, with a
 * reference of the filling thread; who else wants it waits. So a page is read
 * once, and a truncation meanwhile just takes it out.
 */
enum { BUSY_QUEUES = 16 };
static struct wait_queue busy_queues[BUSY_QUEUES];

void vmo_page_init(void)
{
	for (unsigned i = 0; i < BUSY_QUEUES; i++)
		wait_queue_init(&busy_queues[i]);
}

static struct wait_queue *busy_queue(struct page *p)
{
	return &busy_queues[(page_to_phys(p) >> PAGE_SHIFT) % BUSY_QUEUES];
}

static void page_adopt(struct vmo *v, uint64_t index, struct page *p)
{
	p->cache.vmo = v;
	p->cache.index = index;
	p->cache.vmo_flags = 0;
	atomic_store_explicit(&p->flags, PAGE_VMO, memory_order_relaxed);
}

enum vmo_step vmo_insert_locked(
    struct vmo *v, uint64_t index, struct vmo_need *need, struct page **out)
{
	struct page *p = need->fresh, *old;

	if (!page_tree_set(&v->tree, index, p, &need->spare, &old))
		return STEP_NODES;
	page_adopt(v, index, p);
	v->resident += !old;
	need->old = old;
	need->fresh = NULL;
	*out = p;
	return STEP_OK;
}

static enum vmo_step step_hole(struct vmo *v, uint64_t index, bool write,
    struct vmo_need *need, struct page **out) REQUIRES(&v -> lock)
{
	if (v->kind == VMO_PAGER || v->parent)
		return STEP_PAGER;
	if (!write && !need->no_hole)
		return STEP_HOLE;
	if (!need->fresh) {
		need->want_zero = true;
		return STEP_PAGE;
	}
	if (!need->zeroed) {
		memset(page_to_virt(need->fresh), 0, PAGE_SIZE);
		need->zeroed = true;
	}
	return vmo_insert_locked(v, index, need, out);
}

static enum vmo_step step_write(struct vmo *v, uint64_t index, struct page *p,
    struct vmo_need *need, struct page **out) REQUIRES(&v -> lock)
{
	if (!need->fresh) {
		need->want_zero = false;
		return STEP_PAGE;
	}
	memcpy(page_to_virt(need->fresh), page_to_virt(p), PAGE_SIZE);
	need->zeroed = false;
	return vmo_insert_locked(v, index, need, out);
}

enum vmo_step vmo_step_locked(struct vmo *v, uint64_t index, bool write,
    struct vmo_need *need, struct page **out)
{
	bool shared;
	struct page *p;

	if (index >= vmo_pages(v))
		return STEP_PAST;
	if (unlikely(write && v->frozen))
		return STEP_DENIED;
	p = page_tree_find_shared(&v->tree, index, &shared);
	if (!p)
		return step_hole(v, index, write, need, out);
	if (v->kind == VMO_PAGER) {
		if (p->cache.vmo_flags & VMO_PAGE_BUSY)
			return STEP_PAGER;
		if (write && !v->ops->clean)
			return STEP_DENIED;
		if (write)
			atomic_fetch_or_explicit(
			    &p->flags, PAGE_DIRTY, memory_order_relaxed);
		else if (!(p->flags & PAGE_REFERENCED))
			atomic_fetch_or_explicit(
			    &p->flags, PAGE_REFERENCED, memory_order_relaxed);
	} else if (write && shared) {
		return step_write(v, index, p, need, out);
	}
	*out = p;
	return STEP_OK;
}

enum err vmo_need_fill(struct vmo *v, struct vmo_need *need, enum vmo_step step)
{
	if (step == STEP_NODES)
		return page_tree_spare_fill(&need->spare, 4);
	KASSERT(step == STEP_PAGE && !need->fresh);
	need->fresh = page_alloc(0, need->want_zero ? ALLOC_ZERO : 0, v->silo);
	need->zeroed = need->want_zero;
	return need->fresh ? OK : E_NOMEM;
}

void vmo_need_drop(struct vmo_need *need)
{
	if (need->fresh)
		page_put(need->fresh);
	need->fresh = NULL;
	if (unlikely(need->spare.list))
		page_tree_spare_free(&need->spare);
}

/* p is filled, or failed: let the others look again. */
static void fill_done(struct vmo *v, uint64_t index, struct page *p, bool ok)
{
	struct tree_spare none = {0};

	lock_take(&v->lock);
	p->cache.vmo_flags &= ~VMO_PAGE_BUSY;
	if (page_tree_find(&v->tree, index) == p) {
		if (ok) {
			lru_add(p);
		} else {
			/* Needs no nodes: a pager's tree shares none. */
			(void)page_tree_cut(
			    &v->tree, index, index, &none, NULL);
			v->resident--;
		}
	}
	lock_drop(&v->lock);
	wait_wake_all(busy_queue(p));
}

/* Fill or wait for page index of a pager's object; then look again. */
static enum err page_from_pager(struct vmo *v, uint64_t index)
{
	struct vmo_need need = {0};
	struct page *p = NULL;
	enum vmo_step s;
	enum err e = OK;
	bool busy = false;

	do {
		lock_take(&v->lock);
		p = page_tree_find(&v->tree, index);
		busy = p && p->cache.vmo_flags & VMO_PAGE_BUSY;
		if (p) {
			page_get(p);
			s = STEP_OK;
		} else if (index >= vmo_pages(v)) {
			s = STEP_PAST;
		} else if (!need.fresh) {
			s = STEP_PAGE;
		} else {
			s = vmo_insert_locked(v, index, &need, &p);
			if (s == STEP_OK) {
				p->cache.vmo_flags = VMO_PAGE_BUSY;
				page_get(p);
			}
		}
		lock_drop(&v->lock);
		if (s == STEP_PAST)
			e = E_NXIO;
		else if (s != STEP_OK)
			e = vmo_need_fill(v, &need, s);
	} while (e == OK && s != STEP_OK);
	if (e == OK && busy) {
		e = WAIT_EVENT(busy_queue(p),
		    !(p->cache.vmo_flags & VMO_PAGE_BUSY), WAIT_KILL,
		    WAIT_FOREVER);
	} else if (e == OK && p->cache.vmo_flags & VMO_PAGE_BUSY) {
		e = v->ops->fill(v->pager, index, page_to_virt(p));
		fill_done(v, index, p, e == OK);
	}
	if (p)
		page_put(p);
	vmo_need_drop(&need);
	return e;
}

/* A page of the parent, for a clone that has none. */
static enum err page_from_parent(
    struct vmo *v, uint64_t index, bool write, struct page **out)
{
	struct vmo_need need = {0};
	struct page *p, *old = NULL;
	enum vmo_step s;
	enum err e = vmo_page(v->parent, index, false, &p);

	if (e != OK || !write) {
		*out = p;
		return e;
	}
	do {
		e = vmo_need_fill(
		    v, &need, need.fresh ? STEP_NODES : STEP_PAGE);
		if (e != OK)
			break;
		memcpy(page_to_virt(need.fresh), page_to_virt(p), PAGE_SIZE);
		lock_take(&v->lock);
		/* Somebody else may have copied it meanwhile: look again. */
		s = STEP_OK;
		if (!page_tree_find(&v->tree, index))
			s = vmo_insert_locked(v, index, &need, &old);
		lock_drop(&v->lock);
	} while (s == STEP_NODES);
	page_put(p);
	vmo_need_drop(&need);
	*out = NULL;
	return e;
}

/* What a step asks for. *out: set when that gave the page at once. */
static enum err page_step(struct vmo *v, uint64_t index, bool write,
    struct vmo_need *need, enum vmo_step s, struct page **out)
{
	switch (s) {
	case STEP_PAST:
		return E_FAULT;
	case STEP_DENIED:
		return E_ACCES;
	case STEP_PAGER:
		if (v->parent)
			return page_from_parent(v, index, write, out);
		return page_from_pager(v, index);
	case STEP_HOLE:
		*out = phys_to_page(mmu_zero_page);
		page_get(*out);
		return OK;
	default:
		return vmo_need_fill(v, need, s);
	}
}

/* A page that is there, for reading. */
static struct page *page_at_hand(struct vmo *v, uint64_t index)
{
	struct page *p = NULL;

	lock_take(&v->lock);
	if (index < v->pages)
		p = page_tree_find(&v->tree, index);
	if (p && v->kind == VMO_PAGER) {
		if (p->cache.vmo_flags & VMO_PAGE_BUSY)
			p = NULL;
		else if (!(p->flags & PAGE_REFERENCED))
			atomic_fetch_or_explicit(
			    &p->flags, PAGE_REFERENCED, memory_order_relaxed);
	}
	if (p)
		page_get(p);
	lock_drop(&v->lock);
	return p;
}

static enum err page_get_slow(
    struct vmo *v, uint64_t index, bool write, struct page **out)
{
	struct vmo_need need = {0};
	struct page *p = NULL;
	enum err e = OK;

	while (e == OK && !p) {
		enum vmo_step s;

		lock_take(&v->lock);
		s = vmo_step_locked(v, index, write, &need, &p);
		if (likely(s == STEP_OK))
			page_get(p);
		lock_drop(&v->lock);
		if (unlikely(s != STEP_OK))
			e = page_step(v, index, write, &need, s, &p);
	}
	vmo_need_drop(&need);
	if (unlikely(need.old)) {
		/* The copy took its place: nobody may see the old one. */
		vmo_unmap(v, index, 1);
		page_put(need.old);
	}
	if (e == OK)
		*out = p;
	return e;
}

enum err vmo_page(struct vmo *v, uint64_t index, bool write, struct page **out)
{
	struct page *p;

	if (unlikely(v->kind == VMO_PHYS))
		return E_FAULT;
	if (write || !(p = page_at_hand(v, index)))
		return page_get_slow(v, index, write, out);
	*out = p;
	return OK;
}
