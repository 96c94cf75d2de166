/* kernel/mm/aspace_protect.c -- mprotect, madvise, mincore, msync. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/aspace_impl.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/core/string.h"

/* Linux's MADV_*. */
enum advice {
	ADV_NORMAL = 0,
	ADV_RANDOM = 1,
	ADV_SEQUENTIAL = 2,
	ADV_WILLNEED = 3,
	ADV_DONTNEED = 4,
	ADV_FREE = 8,
	ADV_REMOVE = 9,
	ADV_DONTFORK = 10,
	ADV_DOFORK = 11,
	ADV_MERGEABLE = 12,
	ADV_UNMERGEABLE = 13,
	ADV_HUGEPAGE = 14,
	ADV_NOHUGEPAGE = 15,
	ADV_DONTDUMP = 16,
	ADV_DODUMP = 17,
	ADV_COLD = 20,
	ADV_PAGEOUT = 21,
	ADV_POPULATE_READ = 22,
	ADV_POPULATE_WRITE = 23,
	ADV_DONTNEED_LOCKED = 24,
};

enum sync_flags { SYNC_ASYNC = 1, SYNC_INVALIDATE = 2, SYNC_SYNC = 4 };

/* Is all of [start, end) mapped? */
static bool range_mapped(struct aspace *a, vaddr_t start, vaddr_t end)
{
	struct mapping *m = aspace_find(a, start);

	while (m && m->end < end) {
		struct mapping *next = mapping_next(m);

		if (!next || next->start != m->end)
			return false;
		m = next;
	}
	return m;
}

static struct pt_change protect_change(uint32_t prot)
{
	struct pt_change c = {.mark = true};

	if (prot & PROT_W)
		c.regain = true;
	else
		c.clear |= PTE_W;
	if (prot & PROT_X)
		c.clear |= PTE_NX;
	else if (cpu_features.nx)
		c.set |= PTE_NX;
	return c;
}

/* All of m gets the rights prot. */
static void protect_one(
    struct aspace *a, struct mapping *m, uint32_t prot, struct pt_batch *b)
{
	struct pt_change c = protect_change(prot);
	int64_t n = (int64_t)mapping_pages(m);

	if (m->prot == prot)
		return;
	aspace_count(a, m, -n);
	m->prot = (uint8_t)prot;
	aspace_count(a, m, n);
	if (!m->source && !m->anon && !m->zeroed)
		return;
	lock_take(&a->pt.lock);
	if (prot == 0)
		pt_zap(&a->pt, m->start, m->end, b);
	else
		pt_protect(&a->pt, m->start, m->end, &c, b);
	lock_drop(&a->pt.lock);
}

static enum err protect_check(
    struct aspace *a, vaddr_t start, vaddr_t end, uint32_t prot)
{
	struct mapping *m = aspace_find(a, start);

	if (!range_mapped(a, start, end))
		return E_NOMEM;
	for (; m && m->start < end; m = mapping_next(m)) {
		uint64_t n =
		    (MIN(end, m->end) - MAX(start, m->start)) >> PAGE_SHIFT;

		if (prot & ~(uint32_t)m->max_prot)
			return E_ACCES;
		if (prot & PROT_W && !(m->prot & PROT_W) &&
		    !(m->flags & (MAP_F_SHARED | MAP_F_GROWSDOWN)) &&
		    a->data + n > a->data_limit)
			return E_NOMEM;
	}
	return OK;
}

static enum err protect_locked(struct aspace *a, vaddr_t start, vaddr_t end,
    uint32_t prot, struct garbage *g)
{
	struct pt_batch b = {0};
	struct mapping *m, *next;
	enum err e = protect_check(a, start, end, prot);

	if (e == OK)
		e = aspace_split_at(a, start);
	if (e == OK)
		e = aspace_split_at(a, end);
	if (e != OK)
		return e;
	for (m = aspace_find(a, start); m && m->start < end;
	    m = mapping_next(m))
		protect_one(a, m, prot, &b);
	pt_flush(&a->pt, &b);
	/* What was split before may be one again; both ends included. */
	for (m = aspace_find(a, start); m && m->start < end; m = next) {
		vaddr_t from = m->end;

		aspace_join(a, m, g);
		next = from < end ? aspace_find(a, from) : NULL;
	}
	return OK;
}

enum err aspace_protect(
    struct aspace *a, vaddr_t at, uint64_t len, uint32_t prot)
{
	struct garbage g = {0};
	enum err e;

	if (at & PAGE_MASK || prot & ~(uint32_t)(PROT_R | PROT_W | PROT_X))
		return E_INVAL;
	if (len == 0)
		return OK;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (!aspace_range_ok(at, len))
		return E_NOMEM;
	rwlock_write(&a->lock);
	e = protect_locked(a, at, at + len, prot, &g);
	rwlock_write_drop(&a->lock);
	garbage_free(&g);
	return e;
}

/* The pages of [lo, hi) of m go; the next touch gets fresh ones. */
static void drop_pages(
    struct aspace *a, struct mapping *m, vaddr_t lo, vaddr_t hi)
{
	struct pt_batch b = {0};

	if (m->source || m->anon || m->zeroed) {
		lock_take(&a->pt.lock);
		pt_zap(&a->pt, lo, hi, &b);
		lock_drop(&a->pt.lock);
		pt_flush(&a->pt, &b);
	}
	if (m->anon)
		vmo_drop_private(m->anon, mapping_anon_index(m, lo),
		    (hi - lo) >> PAGE_SHIFT);
}

static enum err advise_one(
    struct aspace *a, struct mapping *m, vaddr_t lo, vaddr_t hi, int advice)
{
	switch (advice) {
	case ADV_FREE:
		if (m->source)
			return E_INVAL;
		[[fallthrough]];
	case ADV_DONTNEED:
	case ADV_DONTNEED_LOCKED:
		drop_pages(a, m, lo, hi);
		return OK;
	case ADV_REMOVE:
		if (!(m->flags & MAP_F_SHARED) || !m->source ||
		    m->source->kind != VMO_ANON)
			return E_INVAL;
		if (!(m->max_prot & PROT_W))
			return E_ACCES;
		vmo_discard(m->source, mapping_source_index(m, lo),
		    (hi - lo) >> PAGE_SHIFT);
		return OK;
	case ADV_DONTFORK:
		m->flags |= MAP_F_DONTFORK;
		return OK;
	case ADV_DOFORK:
		m->flags &= ~(uint32_t)MAP_F_DONTFORK;
		return OK;
	case ADV_HUGEPAGE:
	case ADV_NOHUGEPAGE:
		m->nohuge = advice == ADV_NOHUGEPAGE;
		return OK;
	default:
		return OK;
	}
}

/* Advice that is kept in the mapping: it is cut at the edges first. */
static bool advice_kept(int advice)
{
	return advice == ADV_DONTFORK || advice == ADV_DOFORK ||
	       advice == ADV_HUGEPAGE || advice == ADV_NOHUGEPAGE;
}

static bool advice_known(int advice)
{
	return (advice >= ADV_NORMAL && advice <= ADV_DONTNEED) ||
	       (advice >= ADV_FREE && advice <= ADV_DODUMP) ||
	       (advice >= ADV_COLD && advice <= ADV_DONTNEED_LOCKED);
}

static enum err advise_locked(
    struct aspace *a, vaddr_t start, vaddr_t end, int advice, struct garbage *g)
{
	enum err e = OK, result = OK;
	vaddr_t at = start;

	if (advice_kept(advice)) {
		e = aspace_split_at(a, start);
		if (e == OK)
			e = aspace_split_at(a, end);
	}
	while (e == OK && at < end) {
		struct mapping *m = mapping_find(&a->maps, at);

		if (!m || m->start > at)
			result = E_NOMEM;
		if (!m || m->start >= end)
			break;
		at = MAX(at, m->start);
		start = at;
		at = MIN(end, m->end);
		e = advise_one(a, m, start, at, advice);
		if (advice_kept(advice))
			aspace_join(a, m, g);
	}
	return e != OK ? e : result;
}

static enum err populate(struct aspace *a, vaddr_t at, vaddr_t end, bool write)
{
	for (; at < end; at += PAGE_SIZE) {
		enum err e = aspace_fault(a, at, write ? FAULT_WRITE : 0);

		if (e == E_FAULT)
			return E_NOMEM;
		if (e != OK)
			return e == E_ACCES ? E_INVAL : E_FAULT;
	}
	return OK;
}

enum err aspace_advise(struct aspace *a, vaddr_t at, uint64_t len, int advice)
{
	struct garbage g = {0};
	enum err e;

	if (at & PAGE_MASK || !advice_known(advice))
		return E_INVAL;
	if (len > USER_TOP)
		return E_INVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (len == 0)
		return OK;
	if (!aspace_range_ok(at, len))
		return E_NOMEM;
	if (advice == ADV_POPULATE_READ || advice == ADV_POPULATE_WRITE)
		return populate(a, at, at + len, advice == ADV_POPULATE_WRITE);
	rwlock_write(&a->lock);
	e = advise_locked(a, at, at + len, advice, &g);
	rwlock_write_drop(&a->lock);
	garbage_free(&g);
	return e;
}

enum err aspace_sync(struct aspace *a, vaddr_t at, uint64_t len, int flags)
{
	enum err e = OK;
	vaddr_t end, va;

	if (at & PAGE_MASK ||
	    flags & ~(SYNC_ASYNC | SYNC_INVALIDATE | SYNC_SYNC) ||
	    (flags & SYNC_ASYNC && flags & SYNC_SYNC) || len > USER_TOP)
		return E_INVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (len == 0)
		return OK;
	if (!aspace_range_ok(at, len))
		return E_NOMEM;
	end = at + len;
	rwlock_read(&a->lock);
	if (!range_mapped(a, at, end))
		e = E_NOMEM;
	for (va = at; e == OK && flags & SYNC_SYNC && va < end;) {
		struct mapping *m = aspace_find(a, va);
		vaddr_t to;

		if (!m)
			break;
		to = MIN(end, m->end);
		if (m->flags & MAP_F_SHARED && m->source)
			e = vmo_clean(m->source, mapping_source_index(m, va),
			    (to - va) >> PAGE_SHIFT);
		va = to;
	}
	rwlock_read_drop(&a->lock);
	return e;
}

/* In memory: mapped here, or at hand in a layer. */
static bool page_in_core(struct aspace *a, struct mapping *m, vaddr_t va)
{
	struct vmo *s = m->source;
	bool in = false;
	pte_t *pte;

	if (pt_find(&a->pt, va, &pte) <= 1 && *pte & PTE_P)
		return true;
	if (m->anon)
		in = vmo_any(m->anon, mapping_anon_index(m, va), 1);
	if (!in && s)
		in = s->kind == VMO_PHYS ||
		     vmo_any(s, mapping_source_index(m, va), 1);
	return in;
}

enum err aspace_mincore(
    struct aspace *a, vaddr_t at, uint64_t len, uint8_t *vec)
{
	enum err e = OK;

	len = ALIGN_UP(len, PAGE_SIZE);
	if (at & PAGE_MASK)
		return E_INVAL;
	if (!aspace_range_ok(at, len))
		return E_NOMEM;
	rwlock_read(&a->lock);
	for (vaddr_t va = at; va < at + len && e == OK; va += PAGE_SIZE) {
		struct mapping *m = aspace_find(a, va);

		if (!m)
			e = E_NOMEM;
		else
			*vec++ = page_in_core(a, m, va);
	}
	rwlock_read_drop(&a->lock);
	return e;
}
