/* kernel/mm/vmo.c -- memory objects: making, sharing, resizing, freeing. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/vmo_impl.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/mapping.h"
#include "kernel/mm/slab.h"
#include "kernel/object/silo.h"

static struct slab_cache *vmo_cache;
static _Atomic uint64_t live;

void vmo_init(void)
{
	vmo_cache = slab_create("vmo", sizeof(struct vmo), 16);
	page_tree_init();
	vmo_page_init();
	lru_init();
}

uint64_t vmo_live(void)
{
	return atomic_load_explicit(&live, memory_order_relaxed);
}

static enum err vmo_alloc(
    enum vmo_kind kind, struct silo *silo, uint64_t pages, struct vmo **out)
{
	struct vmo *v = slab_alloc(vmo_cache);

	if (!v)
		return E_NOMEM;
	memset(v, 0, sizeof(*v));
	v->refs = 1;
	v->kind = kind;
	v->pages = pages;
	v->silo = silo;
	silo_pin(silo);
	lock_init(&v->lock, RANK_VMO);
	lock_init(&v->maps_lock, RANK_OBJECT);
	list_init(&v->maps);
	atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
	*out = v;
	return OK;
}

enum err vmo_create_anon(struct silo *silo, uint64_t pages, struct vmo **out)
{
	return vmo_alloc(VMO_ANON, silo, pages, out);
}

enum err vmo_create_phys(
    paddr_t base, uint64_t pages, bool cached, struct vmo **out)
{
	enum err e;

	if (base & PAGE_MASK || pages > (1ull << 40) - (base >> PAGE_SHIFT))
		return E_INVAL;
	e = vmo_alloc(VMO_PHYS, NULL, pages, out);
	if (e == OK) {
		(*out)->base = base;
		(*out)->cached = cached;
	}
	return e;
}

enum err vmo_create_pager(struct silo *silo, const struct vmo_pager_ops *ops,
    void *pager, uint64_t pages, struct vmo **out)
{
	enum err e = vmo_alloc(VMO_PAGER, silo, pages, out);

	if (e == OK) {
		(*out)->ops = ops;
		(*out)->pager = pager;
	}
	return e;
}

enum err vmo_clone(struct vmo *v, struct silo *silo, struct vmo **out)
{
	struct vmo *c;
	enum err e;

	if (v->kind == VMO_PHYS)
		return E_INVAL;
	e = vmo_alloc(VMO_ANON, silo, v->pages, &c);
	if (e != OK)
		return e;
	if (v->kind == VMO_PAGER) {
		c->parent = vmo_get(v);
	} else {
		if (v->parent)
			c->parent = vmo_get(v->parent);
		lock_take(&v->lock);
		page_tree_share(&v->tree, &c->tree);
		c->resident = v->resident;
		lock_drop(&v->lock);
		/* From now on a write to a page of v must copy it. */
		vmo_wrprotect(v, 0, UINT64_MAX);
	}
	*out = c;
	return OK;
}

struct vmo *vmo_get(struct vmo *v)
{
	atomic_fetch_add_explicit(&v->refs, 1, memory_order_relaxed);
	return v;
}

void vmo_put(struct vmo *v)
{
	struct vmo *parent;

	/* Release and acquire: all uses of v come before it is freed. */
	if (!v ||
	    atomic_fetch_sub_explicit(&v->refs, 1, memory_order_acq_rel) != 1)
		return;
	KASSERT(list_empty(&v->maps));
	page_tree_destroy(&v->tree, v->kind == VMO_PAGER ? lru_remove : NULL);
	if (v->kind == VMO_PAGER && v->ops->release)
		v->ops->release(v->pager);
	parent = v->parent;
	silo_unpin(v->silo);
	slab_free(vmo_cache, v);
	atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
	/* A parent has no parent: it belongs to a pager. */
	if (parent)
		vmo_put(parent);
}

enum vmo_kind vmo_kind(const struct vmo *v)
{
	return v->kind;
}

uint64_t vmo_pages(struct vmo *v)
{
	return atomic_load_explicit(&v->pages, memory_order_relaxed);
}

uint64_t vmo_resident(struct vmo *v)
{
	uint64_t n;

	lock_take(&v->lock);
	n = v->resident;
	lock_drop(&v->lock);
	return n;
}

void vmo_unmap(struct vmo *v, uint64_t first, uint64_t n)
{
	struct mapping *m;

	lock_take(&v->maps_lock);
	list_for_each(m, &v->maps, source_link) mapping_zap_source(m, first, n);
	lock_drop(&v->maps_lock);
}

void vmo_wrprotect(struct vmo *v, uint64_t first, uint64_t n)
{
	struct mapping *m;

	lock_take(&v->maps_lock);
	list_for_each(m, &v->maps, source_link)
	    mapping_wrprotect_source(m, first, n);
	lock_drop(&v->maps_lock);
}

void vmo_freeze(struct vmo *v)
{
	lock_take(&v->lock);
	v->frozen = true;
	lock_drop(&v->lock);
	/* A fault that had not seen it is done when its tables are free. */
	vmo_wrprotect(v, 0, UINT64_MAX);
}

/* Take [first, last] out of the tree. False: no memory for nodes. */
static bool vmo_cut(
    struct vmo *v, uint64_t first, uint64_t last, struct tree_node **dead)
{
	struct tree_spare sp = {0};
	bool done;

	do {
		lock_take(&v->lock);
		done = page_tree_cut(&v->tree, first, last, &sp, dead);
		lock_drop(&v->lock);
	} while (!done && page_tree_spare_fill(&sp, 4) == OK);
	page_tree_spare_free(&sp);
	return done;
}

/* False: some pages are still there (no memory for the nodes of a cut). */
static bool vmo_cut_and_unmap(struct vmo *v, uint64_t first, uint64_t last)
{
	struct tree_node *dead = NULL;
	bool done = vmo_cut(v, first, last, &dead);

	if (dead) {
		uint64_t gone = page_tree_dead_pages(dead);

		lock_take(&v->lock);
		v->resident -= gone;
		lock_drop(&v->lock);
	}
	vmo_unmap(v, first, last - first + 1);
	page_tree_dead_free(dead, v->kind == VMO_PAGER ? lru_remove : NULL);
	return done;
}

enum err vmo_resize(struct vmo *v, uint64_t pages)
{
	uint64_t old;

	if (v->kind == VMO_PHYS)
		return E_INVAL;
	lock_take(&v->lock);
	old = v->pages;
	v->pages = pages;
	lock_drop(&v->lock);
	/* No fault finds a page past the new end any more. */
	if (pages >= old || vmo_cut_and_unmap(v, pages, old - 1))
		return OK;
	/* What is left must not come back when the object grows again. */
	lock_take(&v->lock);
	v->pages = old;
	lock_drop(&v->lock);
	return E_NOMEM;
}

void vmo_discard(struct vmo *v, uint64_t first, uint64_t n)
{
	uint64_t pages = vmo_pages(v);

	if (v->kind == VMO_PHYS || first >= pages || n == 0)
		return;
	n = MIN(n, pages - first);
	if (!vmo_cut_and_unmap(v, first, first + n - 1))
		(void)vmo_zero(v, first << PAGE_SHIFT, n << PAGE_SHIFT);
}

void vmo_drop_private(struct vmo *v, uint64_t first, uint64_t n)
{
	struct tree_spare sp = {0};
	bool done;

	do {
		lock_take(&v->lock);
		done = page_tree_cut(&v->tree, first, first + n - 1, &sp, NULL);
		lock_drop(&v->lock);
		/*
		 * Without memory for a node the pages would come back when
		 * the range is mapped again: wait for some.
		 */
		if (!done && page_tree_spare_fill(&sp, 2) != OK)
			reclaim(16);
	} while (!done);
	page_tree_spare_free(&sp);
}

bool vmo_any(struct vmo *v, uint64_t first, uint64_t n)
{
	uint64_t at;

	lock_take(&v->lock);
	at = page_tree_next(&v->tree, first, true);
	lock_drop(&v->lock);
	return at - first < n;
}

bool vmo_evict(struct vmo *v, uint64_t index, struct page *p)
{
	struct tree_spare none = {0};
	bool gone = false;

	lock_take(&v->lock);
	if (page_tree_find(&v->tree, index) == p && p->refs == 1 &&
	    !(p->cache.vmo_flags & VMO_PAGE_BUSY) && !(p->flags & PAGE_DIRTY)) {
		/* Ours until it is unmapped; the cut needs no nodes. */
		page_get(p);
		gone = page_tree_cut(&v->tree, index, index, &none, NULL);
		v->resident--;
	}
	lock_drop(&v->lock);
	if (gone) {
		vmo_unmap(v, index, 1);
		page_put(p);
	}
	return gone;
}
