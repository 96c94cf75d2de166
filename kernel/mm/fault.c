/* kernel/mm/fault.c -- resolving page faults. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/aspace_impl.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/core/thread.h"

/*
 * A fault holds the address space's lock for reading, so mappings and tables
 * stay. Under the page-table lock it looks the page up in the layers (their
 * locks inside, one at a time) and stores the PTE. What that needs, memory or
 * a page from a pager, it gets without spinlocks, and tries again; for a pager
 * without the address space's lock, too.
 *
 * A PTE may only allow writing when the page is its object's alone: the step
 * functions see to that (vmo_impl.h). When a fault replaces a page, the PTE is
 * cleared, flushed on all CPUs, and then set: no CPU reads the old page once
 * another can write to the new one.
 */
enum { AROUND = 16 };

struct fault {
	vaddr_t va;
	unsigned flags;
	struct vmo_need need;
	struct vmo *anon;    /* layer made for a mapping without one */
	struct vmo *wants;   /* object that the step was about */
	struct page *pinned; /* keeps a page that a pager gave us */
	pte_t bits;          /* frame and cache bits of what was found */
	bool writable;
};

/* More than vmo_step: what only faults need. */
enum { STEP_LAYER = 100, STEP_UNSHARED };

static pte_t prot_bits(const struct mapping *m, bool writable)
{
	pte_t v = PTE_P | PTE_U | PTE_A;

	if (!(m->prot & PROT_X) && cpu_features.nx)
		v |= PTE_NX;
	if (writable && m->prot & PROT_W)
		v |= PTE_W | PTE_D;
	return v;
}

/* A page of the source, for reading or (shared) writing. */
static int source_step(struct mapping *m, struct fault *f, bool write)
{
	struct vmo *s = m->source;
	uint64_t index = mapping_source_index(m, f->va);
	struct page *p = NULL;
	int step;

	f->wants = s;
	if (s->kind == VMO_PHYS) {
		if (index >= vmo_pages(s))
			return STEP_PAST;
		f->bits = s->base + (index << PAGE_SHIFT);
		if (!s->cached)
			f->bits |= PTE_PCD | PTE_PWT;
		f->writable = true;
		return STEP_OK;
	}
	f->need.no_hole = true;
	lock_take(&s->lock);
	step = vmo_step_locked(s, index, write, &f->need, &p);
	lock_drop(&s->lock);
	if (step != STEP_OK)
		return step;
	/* A copy replaced a page that other mappings may show. */
	if (unlikely(f->need.old))
		return STEP_UNSHARED;
	f->bits = page_to_phys(p);
	f->writable = write;
	return STEP_OK;
}

/* The first write to a page of the source: copy it into the layer. */
static int copy_up(struct mapping *m, struct fault *f)
{
	struct vmo *v = m->anon;
	struct page *p;
	int step;

	if (m->source->kind == VMO_PHYS)
		return STEP_DENIED;
	f->wants = v;
	if (!f->need.fresh) {
		f->need.want_zero = false;
		return STEP_PAGE;
	}
	/* It cannot go: whoever takes it out must get our lock to unmap it. */
	memcpy(page_to_virt(f->need.fresh), phys_to_virt(f->bits & PTE_ADDR),
	    PAGE_SIZE);
	f->need.zeroed = false;
	lock_take(&v->lock);
	step = vmo_insert_locked(v, mapping_anon_index(m, f->va), &f->need, &p);
	lock_drop(&v->lock);
	if (step == STEP_OK) {
		f->bits = page_to_phys(p);
		f->writable = true;
	}
	return step;
}

static int private_step(struct mapping *m, struct fault *f)
{
	uint64_t index = mapping_anon_index(m, f->va);
	bool write = f->flags & FAULT_WRITE;
	struct vmo *v = m->anon;
	struct page *p = NULL;
	int step = STEP_HOLE;

	if (write && !v) {
		if (!f->anon)
			return STEP_LAYER;
		v = m->anon = f->anon;
		f->anon = NULL;
	}
	if (v) {
		f->wants = v;
		f->need.no_hole = false;
		lock_take(&v->lock);
		if (!m->source || page_tree_find(&v->tree, index))
			step = vmo_step_locked(v, index, write, &f->need, &p);
		lock_drop(&v->lock);
	}
	if (step == STEP_OK) {
		f->bits = page_to_phys(p);
		f->writable = write;
		return STEP_OK;
	}
	if (step != STEP_HOLE)
		return step;
	if (!m->source) {
		f->bits = mmu_zero_page;
		f->writable = false;
		m->zeroed = true;
		return STEP_OK;
	}
	step = source_step(m, f, false);
	f->writable = false;
	if (step == STEP_OK && write)
		step = copy_up(m, f);
	return step;
}

/* Store the PTE. Lock held. */
static void store_pte(struct aspace *a, struct mapping *m, struct fault *f,
    pte_t *pte) REQUIRES(&a -> pt.lock)
{
	pte_t old = *pte, v = f->bits | prot_bits(m, f->writable);

	if (likely(!(old & PTE_P))) {
		pt_set_new(&a->pt, pte, v);
	} else if (((old ^ v) & PTE_ADDR) == 0) {
		/* Others may keep the old entry: they fault, and come here. */
		pte_write(pte, v | (old & PTE_D));
		pt_flush_local(f->va);
	} else {
		pte_write(pte, 0);
		tlb_flush_range(&a->pt.tlb, f->va, f->va + PAGE_SIZE);
		pte_write(pte, v);
	}
}

/* What a neighbour at va would map; false: nothing that is ready. */
static bool around_page(struct mapping *m, vaddr_t va, bool write, pte_t *out)
{
	struct vmo *s = m->source;
	uint64_t index = mapping_source_index(m, va);
	bool shared, writable = false;
	struct page *p;

	if (index >= vmo_pages(s))
		return false;
	p = page_tree_find_shared(&s->tree, index, &shared);
	if (!p || (s->kind == VMO_PAGER && p->cache.vmo_flags & VMO_PAGE_BUSY))
		return false;
	if (write && s->kind == VMO_ANON && m->flags & MAP_F_SHARED)
		writable = !shared;
	*out = page_to_phys(p) | prot_bits(m, writable);
	return true;
}

/*
 * Map the resident neighbours in the aligned group of AROUND pages; pte is the
 * entry for f->va. Only where the layer holds nothing.
 */
static void fault_around(struct aspace *a, struct mapping *m, struct fault *f,
    pte_t *pte) REQUIRES(&a -> pt.lock)
{
	vaddr_t first = ALIGN_DOWN(f->va, AROUND * PAGE_SIZE);
	vaddr_t from = MAX(first, m->start);
	vaddr_t to = MIN(first + AROUND * PAGE_SIZE, m->end);
	struct vmo *s = m->source;
	bool write = f->flags & FAULT_WRITE;

	pte -= (f->va - from) >> PAGE_SHIFT;
	lock_take(&s->lock);
	for (vaddr_t va = from; va < to; va += PAGE_SIZE, pte++) {
		pte_t v;

		if (!(*pte & PTE_P) && around_page(m, va, write, &v))
			pt_set_new(&a->pt, pte, v);
	}
	lock_drop(&s->lock);
}

/* Pages of the layer lie over the source's: then only the page itself. */
static bool may_go_around(struct mapping *m, struct fault *f)
{
	vaddr_t first = ALIGN_DOWN(f->va, AROUND * PAGE_SIZE);
	vaddr_t from = MAX(first, m->start);

	if (!m->source || m->source->kind == VMO_PHYS)
		return false;
	if (m->flags & MAP_F_SHARED)
		return true;
	if (f->flags & FAULT_WRITE)
		return false;
	return !m->anon ||
	       !vmo_any(m->anon, mapping_anon_index(m, from), AROUND);
}

static bool satisfied(pte_t v, unsigned flags)
{
	if (!(v & PTE_P))
		return false;
	if (flags & FAULT_WRITE && !(v & PTE_W))
		return false;
	return !(flags & FAULT_EXEC && v & PTE_NX);
}

/* One attempt under the page-table lock. */
static int fault_try(
    struct aspace *a, struct mapping *m, struct fault *f, pte_t *pte, bool huge)
{
	struct page *old;
	int step;

	lock_take(&a->pt.lock);
	if (satisfied(*pte, f->flags)) {
		pt_flush_local(f->va);
		lock_drop(&a->pt.lock);
		return STEP_OK;
	}
	if (unlikely(huge)) {
		struct pt_batch b = {0};

		/* Shared by fork: go on with small pages. */
		pt_zap(&a->pt, f->va, f->va + PAGE_SIZE, &b);
		lock_drop(&a->pt.lock);
		pt_flush(&a->pt, &b);
		return STEP_UNSHARED;
	}
	if (m->flags & MAP_F_SHARED)
		step = source_step(m, f, f->flags & FAULT_WRITE);
	else
		step = private_step(m, f);
	if (step == STEP_OK) {
		store_pte(a, m, f, pte);
		if (may_go_around(m, f))
			fault_around(a, m, f, pte);
	}
	lock_drop(&a->pt.lock);
	old = f->need.old;
	if (unlikely(old) && step == STEP_OK) {
		f->need.old = NULL;
		page_put(old);
	}
	return step;
}

/* E_AGAIN: f->wants (with a reference) must get the page from its pager. */
static enum err fault_mapping(
    struct aspace *a, struct mapping *m, struct fault *f)
{
	enum err e = OK;

	while (e == OK) {
		bool huge;
		pte_t *pte = pt_reserve(&a->pt, f->va, &huge);
		int step;

		if (!pte)
			return E_NOMEM;
		step = fault_try(a, m, f, pte, huge);
		switch (step) {
		case STEP_OK:
			return OK;
		case STEP_PAST:
			return E_NXIO;
		case STEP_DENIED:
			return E_ACCES;
		case STEP_PAGER:
			vmo_get(f->wants);
			return E_AGAIN;
		case STEP_LAYER:
			e = vmo_create_anon(a->silo, ANON_PAGES, &f->anon);
			break;
		case STEP_UNSHARED:
			if (f->need.old) {
				vmo_unmap(f->wants,
				    mapping_source_index(m, f->va), 1);
				page_put(f->need.old);
				f->need.old = NULL;
			}
			break;
		default:
			e = vmo_need_fill(
			    f->wants, &f->need, (enum vmo_step)step);
		}
	}
	return e;
}

static enum err check_rights(const struct mapping *m, unsigned flags)
{
	if (flags & FAULT_WRITE)
		return m->prot & PROT_W ? OK : E_ACCES;
	if (flags & FAULT_EXEC)
		return m->prot & PROT_X ? OK : E_ACCES;
	/* The CPU reads what may be written or executed. */
	return m->prot ? OK : E_ACCES;
}

/* va is in no mapping: perhaps the stack above grows down to it. */
static enum err grow_stack(struct aspace *a, vaddr_t va)
{
	struct mapping *m, *below;
	enum err e = E_FAULT;
	uint64_t n;

	va = ALIGN_DOWN(va, PAGE_SIZE);
	rwlock_write(&a->lock);
	m = mapping_find(&a->maps, va);
	if (m && m->start <= va) {
		/* Another thread was faster. */
		rwlock_write_drop(&a->lock);
		return OK;
	}
	if (m && m->flags & MAP_F_GROWSDOWN && !m->source &&
	    m->end - va <= a->stack_limit && va >= USER_LOW) {
		n = (m->start - va) >> PAGE_SHIFT;
		below = mapping_prev(m);
		if (m->anon_index >= n &&
		    (!below || va - below->end >= STACK_GUARD) &&
		    aspace_may_grow(a, n, m->prot, m->flags) == OK) {
			m->anon_index -= n;
			m->start = va;
			aspace_count(a, m, (int64_t)n);
			e = OK;
		}
	}
	rwlock_write_drop(&a->lock);
	return e;
}

/* Get the page that the pager owes, and keep it until the PTE is there. */
static enum err fault_pager(struct fault *f, uint64_t index)
{
	struct page *p;
	enum err e = vmo_page(f->wants, index, false, &p);

	if (f->pinned)
		page_put(f->pinned);
	f->pinned = e == OK ? p : NULL;
	vmo_put(f->wants);
	f->wants = NULL;
	if (thread_current())
		thread_current()->majflt++;
	/* It was cut off meanwhile: SIGBUS. */
	return e == E_FAULT ? E_NXIO : e;
}

static enum err fault_loop(struct aspace *a, vaddr_t va, struct fault *f)
{
	for (;;) {
		struct mapping *m;
		uint64_t index = 0;
		enum err e;

		rwlock_read(&a->lock);
		m = aspace_find(a, va);
		if (unlikely(!m)) {
			rwlock_read_drop(&a->lock);
			e = grow_stack(a, va);
			if (e != OK)
				return e;
			continue;
		}
		e = check_rights(m, f->flags);
		if (likely(e == OK) &&
		    !(f->flags & FAULT_WRITE && fault_huge(a, m, f->va)))
			e = fault_mapping(a, m, f);
		if (e == E_AGAIN)
			index = mapping_source_index(m, f->va);
		rwlock_read_drop(&a->lock);
		if (e != E_AGAIN)
			return e;
		e = fault_pager(f, index);
		if (e != OK)
			return e;
	}
}

/*
 * The first write to a page of a private layer that exists, where tables and
 * tree nodes exist too: most faults. The page, if it is not used, is left in
 * *fresh.
 */
static bool fault_quick(struct aspace *a, vaddr_t va, struct page **fresh)
{
	struct mapping *m = aspace_find(a, va);
	struct page *p;
	struct vmo *v;
	pte_t *pte;
	bool added;

	if (!m || !(m->prot & PROT_W) || m->source || !m->anon)
		return false;
	v = m->anon;
	pte = pt_leaf(&a->pt, va);
	if (!pte || *pte)
		return false;
	p = page_alloc(0, ALLOC_ZERO, a->silo);
	if (!p)
		return false;
	lock_take(&a->pt.lock);
	lock_take(&v->lock);
	added = !*pte && page_tree_add(&v->tree, mapping_anon_index(m, va), p);
	if (likely(added))
		v->resident++;
	lock_drop(&v->lock);
	if (likely(added)) {
		/* The record of a private page says no more than its use. */
		atomic_store_explicit(
		    &p->flags, PAGE_VMO, memory_order_relaxed);
		pt_set_new(&a->pt, pte, page_to_phys(p) | prot_bits(m, true));
	} else {
		*fresh = p;
	}
	lock_drop(&a->pt.lock);
	return added;
}

static enum err fault_slow(
    struct aspace *a, vaddr_t va, unsigned flags, struct page *fresh)
{
	struct fault f = {.va = ALIGN_DOWN(va, PAGE_SIZE),
	    .flags = flags,
	    .need = {.fresh = fresh, .zeroed = true}};
	enum err e = fault_loop(a, va, &f);

	vmo_need_drop(&f.need);
	if (unlikely(f.pinned))
		page_put(f.pinned);
	if (unlikely(f.anon))
		vmo_put(f.anon);
	/* The wait for a pager ended because the thread is to die. */
	if (e == E_INTR && flags & FAULT_USER)
		e = OK;
	return e;
}

enum err aspace_fault(struct aspace *a, vaddr_t va, unsigned flags)
{
	struct page *fresh = NULL;

	/* Under a spinlock nothing can be resolved: user_read_u32_nofault. */
	if (unlikely(!a || va >= USER_TOP || preempt_count))
		return E_FAULT;
	if (flags & FAULT_WRITE) {
		bool done;

		rwlock_read(&a->lock);
		done = fault_quick(a, va, &fresh);
		rwlock_read_drop(&a->lock);
		if (likely(done))
			return OK;
	}
	return fault_slow(a, va, flags, fresh);
}

void aspace_populate(struct aspace *a, vaddr_t start, vaddr_t end, bool write)
{
	for (vaddr_t va = start; va < end; va += PAGE_SIZE)
		if (aspace_fault(a, va, write ? FAULT_WRITE : 0) != OK)
			return;
}

/* The source's side: page-table lock taken, so the bounds hold still. */
static bool source_range(
    struct mapping *m, uint64_t first, uint64_t n, vaddr_t *start, vaddr_t *end)
{
	uint64_t lo = MAX(first, m->source_index);
	uint64_t hi = m->source_index + mapping_pages(m);

	if (n < hi - MIN(first, hi))
		hi = first + n;
	if (lo >= hi)
		return false;
	*start = m->start + ((lo - m->source_index) << PAGE_SHIFT);
	*end = m->start + ((hi - m->source_index) << PAGE_SHIFT);
	return true;
}

void mapping_zap_source(struct mapping *m, uint64_t first, uint64_t n)
{
	struct page_table *pt = &m->aspace->pt;
	struct pt_batch b = {0};
	vaddr_t start, end;

	lock_take(&pt->lock);
	if (source_range(m, first, n, &start, &end))
		pt_zap(pt, start, end, &b);
	lock_drop(&pt->lock);
	pt_flush(pt, &b);
}

void mapping_wrprotect_source(struct mapping *m, uint64_t first, uint64_t n)
{
	static const struct pt_change change = {.clear = PTE_W | PTE_WAS_W};
	struct page_table *pt = &m->aspace->pt;
	struct pt_batch b = {0};
	vaddr_t start, end;

	lock_take(&pt->lock);
	if (source_range(m, first, n, &start, &end))
		pt_protect(pt, start, end, &change, &b);
	lock_drop(&pt->lock);
	pt_flush(pt, &b);
}
