/* kernel/mm/aspace.c -- address spaces: their life, and fork. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/aspace_impl.h"
#include "kernel/core/panic.h"
#include "kernel/core/random.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/vfs/node.h"

static struct slab_cache *aspace_cache, *mapping_cache;
static _Atomic uint64_t live;

void aspace_init(void)
{
	aspace_cache = slab_create("aspace", sizeof(struct aspace), 64);
	mapping_cache = slab_create("mapping", sizeof(struct mapping), 16);
	pt_init();
	mmu_seal();
}

uint64_t aspace_live(void)
{
	return atomic_load_explicit(&live, memory_order_relaxed);
}

struct mapping *mapping_alloc(struct aspace *a)
{
	return a->maps_count < MAPS_MAX ? slab_alloc(mapping_cache) : NULL;
}

void mapping_free_memory(struct mapping *m)
{
	slab_free(mapping_cache, m);
}

static enum err aspace_alloc(struct silo *silo, struct aspace **out)
{
	struct aspace *a = slab_alloc(aspace_cache);
	enum err e;

	if (!a)
		return E_NOMEM;
	memset(a, 0, sizeof(*a));
	e = pt_create(&a->pt, silo);
	if (e != OK) {
		slab_free(aspace_cache, a);
		return e;
	}
	a->users = 1;
	a->silo = silo;
	rwlock_init(&a->lock, RANK_ASPACE);
	atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
	*out = a;
	return OK;
}

enum err aspace_create(struct silo *silo, struct aspace **out)
{
	struct aspace *a;
	enum err e = aspace_alloc(silo, &a);
	uint64_t r;

	if (e != OK)
		return e;
	r = random_u64() & ((1ull << MMAP_BASE_BITS) - 1);
	a->mmap_base = MMAP_TOP - (r << PAGE_SHIFT);
	a->cursor = a->mmap_base;
	a->as_limit = UINT64_MAX;
	a->data_limit = UINT64_MAX;
	a->stack_limit = MIB(8);
	*out = a;
	return OK;
}

struct aspace *aspace_get(struct aspace *a)
{
	atomic_fetch_add_explicit(&a->users, 1, memory_order_relaxed);
	return a;
}

void aspace_put(struct aspace *a)
{
	struct pt_batch b = {.free_tables = true};
	struct garbage g = {0};
	struct mapping *m;
	struct rb_node *n;

	/* Release and acquire: all uses of a come before its end. */
	if (!a ||
	    atomic_fetch_sub_explicit(&a->users, 1, memory_order_acq_rel) != 1)
		return;
	/* From here on no CPU walks the tables: nothing is to be flushed. */
	tlb_retire(&a->pt.tlb);
	rwlock_write(&a->lock);
	while ((n = rb_last(&a->maps))) {
		m = rb_entry(n, struct mapping, rb);
		lock_take(&a->pt.lock);
		pt_zap(&a->pt, m->start, m->end, &b);
		lock_drop(&a->pt.lock);
		aspace_unlink(a, m, &g);
	}
	b.end = 0;
	pt_flush(&a->pt, &b);
	garbage_detach(&g);
	rwlock_write_drop(&a->lock);
	garbage_free(&g);
	if (a->marks.exe)
		node_put(a->marks.exe);
	pt_destroy(&a->pt);
	slab_free(aspace_cache, a);
	atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
}

void aspace_switch(struct aspace *next)
{
	if (next)
		tlb_switch(&next->pt.tlb, virt_to_phys(next->pt.top));
	else
		tlb_switch(NULL, 0);
}

void aspace_count(struct aspace *a, const struct mapping *m, int64_t n)
{
	a->mapped += (uint64_t)n;
	if (m->prot & PROT_W && !(m->flags & (MAP_F_SHARED | MAP_F_GROWSDOWN)))
		a->data += (uint64_t)n;
}

void aspace_link(struct aspace *a, struct mapping *m)
{
	m->aspace = a;
	mapping_insert(&a->maps, m);
	a->maps_count++;
	aspace_count(a, m, (int64_t)mapping_pages(m));
	list_init(&m->source_link);
	if (m->source) {
		lock_take(&m->source->maps_lock);
		list_push_back(&m->source->maps, &m->source_link);
		lock_drop(&m->source->maps_lock);
	}
}

void aspace_unlink(struct aspace *a, struct mapping *m, struct garbage *g)
{
	rb_erase(&a->maps, &m->rb);
	a->maps_count--;
	aspace_count(a, m, -(int64_t)mapping_pages(m));
	if (a->hit == m)
		a->hit = NULL;
	if (m->end > a->cursor && m->end <= a->mmap_base)
		a->cursor = m->end;
	m->rb.child[0] = g->list ? &g->list->rb : NULL;
	g->list = m;
}

static struct mapping *garbage_next(const struct mapping *m)
{
	return m->rb.child[0] ? rb_entry(m->rb.child[0], struct mapping, rb)
	                      : NULL;
}

void garbage_detach(struct garbage *g)
{
	for (struct mapping *m = g->list; m; m = garbage_next(m)) {
		if (m->source) {
			lock_take(&m->source->maps_lock);
			list_remove(&m->source_link);
			lock_drop(&m->source->maps_lock);
		}
		/* The layer lives on with other mappings: not these pages. */
		if (m->anon && m->anon->refs > 1)
			vmo_drop_private(
			    m->anon, m->anon_index, mapping_pages(m));
		if (m->anon)
			vmo_put(m->anon);
	}
}

void garbage_free(struct garbage *g)
{
	while (g->list) {
		struct mapping *m = g->list;

		g->list = garbage_next(m);
		if (m->source)
			vmo_put(m->source);
		if (m->node)
			node_put(m->node);
		mapping_free_memory(m);
	}
}

/* The child's copy of a private layer; pieces of one layer share it. */
static enum err fork_layer(struct mapping *m, struct mapping *c)
{
	enum err e;

	if (!m->anon)
		return OK;
	if (m->anon->clone) {
		c->anon = vmo_get(m->anon->clone);
		return OK;
	}
	e = vmo_clone(m->anon, m->anon->silo, &c->anon);
	if (e == OK)
		m->anon->clone = c->anon;
	return e;
}

static enum err fork_mapping(struct aspace *to, struct mapping *m)
{
	struct mapping *c = mapping_alloc(to);
	enum err e;

	if (!c)
		return E_NOMEM;
	*c = *m;
	c->anon = NULL;
	e = fork_layer(m, c);
	if (e != OK) {
		mapping_free_memory(c);
		return e;
	}
	if (c->source)
		vmo_get(c->source);
	if (c->node)
		node_get(c->node);
	/* On the source's list before a PTE is copied, after its parent. */
	aspace_link(to, c);
	/* What is missing the child faults in. */
	if (!(m->flags & MAP_F_SHARED))
		(void)pt_copy(&m->aspace->pt, &to->pt, m->start, m->end);
	return OK;
}

/* Pages of mappings that the child does not get leave its layers. */
static void fork_forget(struct mapping *m)
{
	if (m->anon && m->anon->clone)
		vmo_drop_private(
		    m->anon->clone, m->anon_index, mapping_pages(m));
}

static struct mapping *first_map(struct aspace *a)
{
	struct rb_node *n = rb_first(&a->maps);

	return n ? rb_entry(n, struct mapping, rb) : NULL;
}

static enum err fork_mappings(struct aspace *parent, struct aspace *a)
{
	struct mapping *m;
	enum err e = OK;
	bool holes = false;

	for (m = first_map(parent); m && e == OK; m = mapping_next(m)) {
		if (m->flags & MAP_F_DONTFORK)
			holes = true;
		else
			e = fork_mapping(a, m);
	}
	for (m = first_map(parent); m && holes; m = mapping_next(m))
		if (m->flags & MAP_F_DONTFORK)
			fork_forget(m);
	for (m = first_map(parent); m; m = mapping_next(m))
		if (m->anon)
			m->anon->clone = NULL;
	return e;
}

enum err aspace_fork(struct aspace *parent, struct aspace **out)
{
	struct aspace *a;
	enum err e = aspace_alloc(parent->silo, &a);

	if (e != OK)
		return e;
	rwlock_write(&parent->lock);
	a->mmap_base = parent->mmap_base;
	a->cursor = parent->cursor;
	a->as_limit = parent->as_limit;
	a->data_limit = parent->data_limit;
	a->stack_limit = parent->stack_limit;
	a->marks = parent->marks;
	if (a->marks.exe)
		node_get(a->marks.exe);
	e = fork_mappings(parent, a);
	/* The parent lost the right to write: before it runs on. */
	tlb_flush_all(&parent->pt.tlb);
	rwlock_write_drop(&parent->lock);
	if (e != OK) {
		aspace_put(a);
		return e;
	}
	*out = a;
	return OK;
}

void aspace_set_limits(struct aspace *a, uint64_t as_pages, uint64_t data_pages,
    uint64_t stack_bytes)
{
	rwlock_write(&a->lock);
	a->as_limit = as_pages;
	a->data_limit = data_pages;
	a->stack_limit = stack_bytes;
	rwlock_write_drop(&a->lock);
}

struct aspace_marks *aspace_marks(struct aspace *a)
{
	return &a->marks;
}
