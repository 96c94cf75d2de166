/* kernel/mm/aspace_map.c -- making and removing mappings; the heap. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/aspace_impl.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/vfs/node.h"

enum err aspace_may_grow(
    struct aspace *a, uint64_t n, uint32_t prot, uint32_t flags)
{
	if (a->mapped + n > a->as_limit || a->mapped + n < n)
		return E_NOMEM;
	if (prot & PROT_W && !(flags & (MAP_F_SHARED | MAP_F_GROWSDOWN)) &&
	    a->data + n > a->data_limit)
		return E_NOMEM;
	return OK;
}

vaddr_t aspace_place(
    struct aspace *a, vaddr_t hint, uint64_t len, uint64_t align)
{
	vaddr_t tops[] = {a->cursor, a->mmap_base, USER_TOP}, at = 0;
	uint64_t need = len + (align - PAGE_SIZE);

	if (hint) {
		hint = ALIGN_DOWN(hint, PAGE_SIZE);
		if (hint >= USER_LOW && aspace_range_ok(hint, len) &&
		    mapping_free(&a->maps, hint, hint + len))
			return hint;
	}
	/* Last of all what is free above, among the stacks. */
	for (unsigned i = 0; i < COUNT(tops) && !at; i++)
		at = mapping_hole(
		    &a->maps, USER_LOW, tops[i], need, STACK_GUARD);
	if (!at)
		at = mapping_hole(
		    &a->maps, USER_LOW, USER_TOP, len, STACK_GUARD);
	else
		at = ALIGN_UP(at, align);
	if (at && at + len <= a->mmap_base)
		a->cursor = at;
	return at;
}

/* Cut m at `at` with the memory of `upper`. */
NO_LOCK_CHECK static void split_at(
    struct aspace *a, struct mapping *m, vaddr_t at, struct mapping *upper)
{
	struct vmo *s = m->source;

	/* The source's side reads bounds under the page-table lock. */
	if (s)
		lock_take(&s->maps_lock);
	lock_take(&a->pt.lock);
	mapping_split(m, at, upper);
	lock_drop(&a->pt.lock);
	if (s) {
		/* Next to m: fork relies on parents before children. */
		list_insert_between(
		    &upper->source_link, &m->source_link, m->source_link.next);
		lock_drop(&s->maps_lock);
	}
	mapping_insert(&a->maps, upper);
	a->maps_count++;
}

enum err aspace_split_at(struct aspace *a, vaddr_t at)
{
	struct mapping *m = aspace_find(a, at), *upper;

	if (!m || m->start == at)
		return OK;
	upper = mapping_alloc(a);
	if (!upper)
		return E_NOMEM;
	split_at(a, m, at, upper);
	return OK;
}

/* b's memory and range go to a, which ends where b begins. */
static void join_two(
    struct aspace *as, struct mapping *a, struct mapping *b, struct garbage *g)
{
	vaddr_t end = b->end;

	if (!a->anon && b->anon) {
		a->anon = vmo_get(b->anon);
		a->anon_index = b->anon_index - mapping_pages(a);
	}
	a->zeroed |= b->zeroed;
	rb_erase(&as->maps, &b->rb);
	as->maps_count--;
	if (as->hit == b)
		as->hit = NULL;
	a->end = end;
	/* Nothing of b's pages may go: garbage of no length, without layer. */
	if (b->anon)
		vmo_put(b->anon);
	b->anon = NULL;
	b->rb.child[0] = g->list ? &g->list->rb : NULL;
	g->list = b;
}

void aspace_join(struct aspace *a, struct mapping *m, struct garbage *g)
{
	struct mapping *next = mapping_next(m), *prev = mapping_prev(m);

	if (next && mapping_joins(m, next))
		join_two(a, m, next, g);
	if (prev && mapping_joins(prev, m))
		join_two(a, prev, m, g);
}

/* Pages of a layer to drop after the flush. */
struct trimmed {
	struct vmo *anon;
	uint64_t index, pages;
};

/* Does m map anything in [lo, hi)? Spares the walk for untouched memory. */
static bool maybe_mapped(struct mapping *m, vaddr_t lo, vaddr_t hi)
{
	if (m->source || m->zeroed)
		return true;
	return m->anon && vmo_any(m->anon, mapping_anon_index(m, lo),
	                      (hi - lo) >> PAGE_SHIFT);
}

/* Take [lo, hi), an end or the whole of m, away from it. */
static void cut_one(struct aspace *a, struct mapping *m, vaddr_t lo, vaddr_t hi,
    struct pt_batch *b, struct garbage *g, struct trimmed *t)
{
	int64_t n = (int64_t)((hi - lo) >> PAGE_SHIFT);
	bool mapped = maybe_mapped(m, lo, hi);
	bool whole = lo == m->start && hi == m->end;

	if (mapped || !whole) {
		if (!whole && mapped && m->anon)
			*t = (struct trimmed){
			    m->anon, mapping_anon_index(m, lo), (uint64_t)n};
		lock_take(&a->pt.lock);
		if (mapped)
			pt_zap(&a->pt, lo, hi, b);
		if (!whole && lo == m->start)
			mapping_trim(m, hi, m->end);
		else if (!whole)
			mapping_trim(m, m->start, lo);
		lock_drop(&a->pt.lock);
	}
	if (whole) {
		aspace_unlink(a, m, g);
		return;
	}
	aspace_count(a, m, -n);
	if (hi > a->cursor && hi <= a->mmap_base)
		a->cursor = hi;
}

enum err aspace_unmap_locked(
    struct aspace *a, vaddr_t start, vaddr_t end, struct garbage *g)
{
	struct pt_batch b = {.free_tables = true};
	struct trimmed t[2] = {0};
	unsigned trims = 0;
	struct mapping *m = mapping_find(&a->maps, start), *next;
	struct garbage own = {0};
	enum err e;

	if (!m || m->start >= end)
		return OK;
	/* A hole in the middle of one mapping: the only case that allocates. */
	if (m->start < start && m->end > end) {
		e = aspace_split_at(a, end);
		if (e != OK)
			return e;
	}
	for (; m && m->start < end; m = next) {
		vaddr_t lo = MAX(start, m->start), hi = MIN(end, m->end);

		next = m->end < end ? mapping_next(m) : NULL;
		cut_one(a, m, lo, hi, &b, &own, &t[trims]);
		if (t[trims].anon)
			trims++;
	}
	pt_flush(&a->pt, &b);
	garbage_detach(&own);
	while (trims-- > 0)
		vmo_drop_private(t[trims].anon, t[trims].index, t[trims].pages);
	while (own.list) {
		m = own.list;
		own.list = m->rb.child[0]
		               ? rb_entry(m->rb.child[0], struct mapping, rb)
		               : NULL;
		m->rb.child[0] = g->list ? &g->list->rb : NULL;
		g->list = m;
	}
	return OK;
}

enum err aspace_unmap(struct aspace *a, vaddr_t at, uint64_t len)
{
	struct garbage g = {0};
	enum err e;

	len = ALIGN_UP(len, PAGE_SIZE);
	if (!aspace_range_ok(at, len))
		return E_INVAL;
	rwlock_write(&a->lock);
	e = aspace_unmap_locked(a, at, at + len, &g);
	rwlock_write_drop(&a->lock);
	garbage_free(&g);
	return e;
}

/* Let an anonymous neighbour grow over [at, at + len). */
static bool extend_neighbour(
    struct aspace *a, const struct mapping *want, struct garbage *g)
{
	struct mapping *up = mapping_find(&a->maps, want->start), *down;
	struct rb_node *last;
	struct mapping *m = NULL;

	if (up)
		down = mapping_prev(up);
	else
		down = (last = rb_last(&a->maps))
		           ? rb_entry(last, struct mapping, rb)
		           : NULL;
	/*
	 * Not where zero pages are mapped: unmapping what was never touched
	 * would have to walk the tables.
	 */
	if (down && !down->zeroed && mapping_joins(down, want)) {
		m = down;
		m->end = want->end;
	} else if (up && !up->zeroed && mapping_joins(want, up)) {
		m = up;
		m->anon_index -= mapping_pages(want);
		m->start = want->start;
	}
	if (!m)
		return false;
	aspace_count(a, m, (int64_t)mapping_pages(want));
	if (m == down && up && !up->zeroed)
		aspace_join(a, m, g);
	return true;
}

/* Where the request goes; unmaps what is there when it may. */
static enum err map_address(struct aspace *a, const struct map_request *req,
    struct garbage *g, vaddr_t *at)
{
	if (!(req->flags & (MAP_F_FIXED | MAP_F_NOREPLACE))) {
		/* Whole large pages, if it can have any (fault_huge.c). */
		bool large = !req->vmo && req->len % PT_HUGE == 0;

		*at = aspace_place(
		    a, req->at, req->len, large ? PT_HUGE : PAGE_SIZE);
		return *at ? OK : E_NOMEM;
	}
	*at = req->at;
	if (!aspace_range_ok(req->at, req->len))
		return req->at & PAGE_MASK ? E_INVAL : E_NOMEM;
	if (req->at < USER_LOW)
		return E_PERM;
	if (mapping_free(&a->maps, req->at, req->at + req->len))
		return OK;
	if (req->flags & MAP_F_NOREPLACE)
		return E_EXIST;
	return aspace_unmap_locked(a, req->at, req->at + req->len, g);
}

static void mapping_fill(struct mapping *m, struct aspace *a,
    const struct map_request *req, vaddr_t at)
{
	*m = (struct mapping){
	    .start = at,
	    .end = at + req->len,
	    .flags = req->flags & ~(uint32_t)(MAP_F_FIXED | MAP_F_NOREPLACE |
	                                      MAP_F_POPULATE | MAP_F_HIGH),
	    .prot = (uint8_t)req->prot,
	    .max_prot = (uint8_t)req->max_prot,
	    .aspace = a,
	    .source = req->vmo,
	    .source_index = req->off >> PAGE_SHIFT,
	    .anon_index = at >> PAGE_SHIFT,
	    .node = req->node,
	};
}

static enum err map_locked(struct aspace *a, const struct map_request *req,
    struct garbage *g, vaddr_t *at)
{
	struct mapping want, *m;
	enum err e = map_address(a, req, g, at);

	if (e == OK)
		e = aspace_may_grow(
		    a, req->len >> PAGE_SHIFT, req->prot, req->flags);
	if (e != OK)
		return e;
	mapping_fill(&want, a, req, *at);
	if (!want.source && !want.node && extend_neighbour(a, &want, g))
		return OK;
	m = mapping_alloc(a);
	if (!m)
		return E_NOMEM;
	*m = want;
	if (m->source)
		vmo_get(m->source);
	if (m->node)
		node_get(m->node);
	aspace_link(a, m);
	return OK;
}

static enum err map_check(const struct map_request *req)
{
	if (req->len == 0 || req->len & PAGE_MASK || req->off & PAGE_MASK)
		return E_INVAL;
	if (req->len > USER_TOP)
		return E_NOMEM;
	if (req->off + req->len < req->off)
		return E_OVERFLOW;
	if (req->prot & ~(uint32_t)(PROT_R | PROT_W | PROT_X))
		return E_INVAL;
	if (req->vmo && req->prot & ~req->max_prot)
		return E_ACCES;
	return OK;
}

enum err aspace_map(
    struct aspace *a, const struct map_request *req, vaddr_t *out)
{
	struct map_request r = *req;
	struct garbage g = {0};
	struct vmo *shared = NULL;
	vaddr_t at = 0;
	enum err e = map_check(req);

	if (e != OK)
		return e;
	if (!r.vmo)
		r.max_prot = PROT_R | PROT_W | PROT_X;
	if (!r.vmo && r.flags & MAP_F_SHARED) {
		e = vmo_create_anon(a->silo, r.len >> PAGE_SHIFT, &shared);
		if (e != OK)
			return e;
		r.vmo = shared;
		r.off = 0;
	}
	rwlock_write(&a->lock);
	e = map_locked(a, &r, &g, &at);
	rwlock_write_drop(&a->lock);
	garbage_free(&g);
	if (shared)
		vmo_put(shared);
	if (e != OK)
		return e;
	if (r.flags & (MAP_F_POPULATE | MAP_F_LOCKED))
		aspace_populate(a, at, at + r.len, r.prot & PROT_W);
	*out = at;
	return OK;
}

void aspace_set_brk(struct aspace *a, vaddr_t start)
{
	rwlock_write(&a->lock);
	a->marks.brk_start = start;
	a->marks.brk = start;
	rwlock_write_drop(&a->lock);
}

static enum err brk_grow(
    struct aspace *a, vaddr_t from, vaddr_t to, struct garbage *g)
{
	struct map_request req = {
	    .at = from,
	    .len = to - from,
	    .prot = PROT_R | PROT_W,
	    .max_prot = PROT_R | PROT_W | PROT_X,
	    .flags = MAP_F_FIXED | MAP_F_NOREPLACE | MAP_F_HEAP,
	};
	vaddr_t at;

	if (to > a->mmap_base)
		return E_NOMEM;
	return map_locked(a, &req, g, &at);
}

vaddr_t aspace_brk(struct aspace *a, vaddr_t want)
{
	struct garbage g = {0};
	vaddr_t old, from, to;
	enum err e = OK;

	rwlock_write(&a->lock);
	old = a->marks.brk;
	if (want >= a->marks.brk_start && want < USER_TOP && old) {
		from = ALIGN_UP(old, PAGE_SIZE);
		to = ALIGN_UP(want, PAGE_SIZE);
		if (to > from)
			e = brk_grow(a, from, to, &g);
		else if (to < from)
			e = aspace_unmap_locked(a, to, from, &g);
		if (e == OK)
			a->marks.brk = want;
	}
	old = a->marks.brk;
	rwlock_write_drop(&a->lock);
	garbage_free(&g);
	return old;
}
