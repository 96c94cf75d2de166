/* kernel/mm/aspace_remap.c -- mremap. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/aspace_impl.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/vfs/node.h"

/* Linux's MREMAP_*. */
enum { REMAP_MAYMOVE = 1, REMAP_FIXED = 2 };

struct remap {
	vaddr_t at, new_at;
	uint64_t old_len, new_len;
	uint32_t flags;
};

/*
 * m is to leave its neighbours: its private pages get an object of their own,
 * because all mappings of a layer keep one distance between address and index.
 */
static enum err layer_alone(struct mapping *m)
{
	uint64_t first = m->anon_index, n = mapping_pages(m);
	struct vmo *old = m->anon, *own;
	enum err e;

	if (!old || old->refs == 1)
		return OK;
	e = vmo_clone(old, old->silo, &own);
	if (e != OK)
		return e;
	/* Nothing of it is mapped any more: the caller zapped m. */
	if (first > 0)
		vmo_drop_private(own, 0, first);
	vmo_drop_private(own, first + n, (1ull << 52) - (first + n));
	vmo_drop_private(old, first, n);
	m->anon = own;
	vmo_put(old);
	return OK;
}

/* Grow m, the mapping that ends at r->at + old_len, where it is. */
static bool grow_in_place(struct aspace *a, struct mapping *m,
    const struct remap *r, struct garbage *g)
{
	vaddr_t end = r->at + r->new_len;

	if (m->end != r->at + r->old_len || !aspace_range_ok(r->at, r->new_len))
		return false;
	if (!mapping_free(&a->maps, m->end, end))
		return false;
	aspace_count(a, m, (int64_t)((end - m->end) >> PAGE_SHIFT));
	lock_take(&a->pt.lock);
	m->end = end;
	lock_drop(&a->pt.lock);
	aspace_join(a, m, g);
	return true;
}

/* Change where m, which is zapped, lies. */
static void move_mapping(
    struct aspace *a, struct mapping *m, vaddr_t at, uint64_t len)
{
	int64_t grow = (int64_t)(len >> PAGE_SHIFT) - (int64_t)mapping_pages(m);

	rb_erase(&a->maps, &m->rb);
	if (a->hit == m)
		a->hit = NULL;
	if (m->end > a->cursor && m->end <= a->mmap_base)
		a->cursor = m->end;
	lock_take(&a->pt.lock);
	m->start = at;
	m->end = at + len;
	lock_drop(&a->pt.lock);
	mapping_insert(&a->maps, m);
	aspace_count(a, m, grow);
}

static enum err move(
    struct aspace *a, const struct remap *r, vaddr_t to, struct garbage *g)
{
	struct pt_batch b = {.free_tables = true};
	uint64_t keep = MIN(r->old_len, r->new_len);
	struct mapping *m;
	enum err e;

	e = aspace_split_at(a, r->at);
	if (e == OK && r->new_len < r->old_len)
		e = aspace_unmap_locked(a, r->at + keep, r->at + r->old_len, g);
	if (e == OK)
		e = aspace_split_at(a, r->at + keep);
	if (e != OK)
		return e;
	m = aspace_find(a, r->at);
	KASSERT(m && m->start == r->at && m->end == r->at + keep);
	lock_take(&a->pt.lock);
	pt_zap(&a->pt, m->start, m->end, &b);
	lock_drop(&a->pt.lock);
	pt_flush(&a->pt, &b);
	e = layer_alone(m);
	if (e == OK)
		move_mapping(a, m, to, r->new_len);
	return e;
}

/* Linux's odd case: a second mapping of the same shared pages. */
static enum err duplicate(
    struct aspace *a, struct mapping *m, const struct remap *r, vaddr_t to)
{
	struct mapping *c;

	if (!(m->flags & MAP_F_SHARED))
		return E_INVAL;
	c = mapping_alloc(a);
	if (!c)
		return E_NOMEM;
	*c = *m;
	c->source_index = mapping_source_index(m, r->at);
	c->start = to;
	c->end = to + r->new_len;
	vmo_get(c->source);
	if (c->node)
		node_get(c->node);
	aspace_link(a, c);
	return OK;
}

static enum err remap_check(
    struct aspace *a, struct mapping *m, const struct remap *r)
{
	uint64_t more = r->new_len > r->old_len
	                    ? (r->new_len - r->old_len) >> PAGE_SHIFT
	                    : 0;

	if (!m || r->old_len > m->end - r->at)
		return E_FAULT;
	/* The object's pages are counted in 52 bits. */
	if (m->source &&
	    mapping_source_index(m, r->at) + (r->new_len >> PAGE_SHIFT) >
	        1ull << 52)
		return E_INVAL;
	return more ? aspace_may_grow(a, more, m->prot, m->flags) : OK;
}

static enum err remap_locked(
    struct aspace *a, const struct remap *r, vaddr_t *out, struct garbage *g)
{
	struct mapping *m = aspace_find(a, r->at);
	enum err e = remap_check(a, m, r);
	vaddr_t to;

	if (e != OK)
		return e;
	if (r->flags & REMAP_FIXED) {
		to = r->new_at;
		e = aspace_unmap_locked(a, to, to + r->new_len, g);
		m = aspace_find(a, r->at);
	} else if (r->old_len && r->new_len <= r->old_len) {
		*out = r->at;
		return aspace_unmap_locked(
		    a, r->at + r->new_len, r->at + r->old_len, g);
	} else if (r->old_len && grow_in_place(a, m, r, g)) {
		*out = r->at;
		return OK;
	} else if (!(r->flags & REMAP_MAYMOVE)) {
		return E_NOMEM;
	} else {
		to = aspace_place(a, 0, r->new_len, PAGE_SIZE);
		if (!to)
			return E_NOMEM;
	}
	if (e == OK)
		e = r->old_len ? move(a, r, to, g) : duplicate(a, m, r, to);
	if (e == OK)
		*out = to;
	return e;
}

enum err aspace_remap(struct aspace *a, vaddr_t at, uint64_t old_len,
    uint64_t new_len, uint32_t mremap_flags, vaddr_t new_at, vaddr_t *out)
{
	struct remap r = {at, new_at, ALIGN_UP(old_len, PAGE_SIZE),
	    ALIGN_UP(new_len, PAGE_SIZE), mremap_flags};
	struct garbage g = {0};
	enum err e;

	if (mremap_flags & ~(uint32_t)(REMAP_MAYMOVE | REMAP_FIXED) ||
	    at & PAGE_MASK || new_len == 0 || r.new_len < new_len ||
	    r.old_len < old_len || r.new_len > USER_TOP)
		return E_INVAL;
	if (!aspace_range_ok(at, MAX(r.old_len, PAGE_SIZE)))
		return E_FAULT;
	if (mremap_flags & REMAP_FIXED) {
		if (!(mremap_flags & REMAP_MAYMOVE) || new_at < USER_LOW ||
		    !aspace_range_ok(new_at, r.new_len))
			return E_INVAL;
		/* The two may not overlap. */
		if (new_at < at + r.old_len && at < new_at + r.new_len)
			return E_INVAL;
	}
	rwlock_write(&a->lock);
	e = remap_locked(a, &r, out, &g);
	rwlock_write_drop(&a->lock);
	garbage_free(&g);
	return e;
}
