/* kernel/mm/fault_huge.c -- 2 MiB at once for large private memory. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/aspace_impl.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/core/panic.h"

/*
 * The pages are ordinary ones in the layer's tree, which lie side by side and
 * are zeroed and mapped together. So nothing else needs to know: a part that is
 * unmapped, protected or shared by fork loses the large entry, and small ones
 * fault in again.
 */
enum { HUGE_ORDER = 9, HUGE_PAGES = 1 << HUGE_ORDER };

/* Memory is for small pages first: a quarter of it stays out of this. */
static bool memory_plentiful(void)
{
	return page_free_count() > page_managed_count() / 4 + HUGE_PAGES;
}

static bool huge_fits(struct aspace *a, struct mapping *m, vaddr_t at)
{
	pte_t *e;

	if (m->source || m->nohuge || m->flags & MAP_F_GROWSDOWN ||
	    at < m->start || at + PT_HUGE > m->end)
		return false;
	/* No table there: nothing was touched, not even read. */
	if (pt_find(&a->pt, at, &e) == 0 || *e & PTE_P)
		return false;
	if (m->anon && vmo_any(m->anon, mapping_anon_index(m, at), HUGE_PAGES))
		return false;
	return memory_plentiful();
}

/* m has a layer afterwards, unless there is no memory. */
static bool layer_ensure(struct aspace *a, struct mapping *m)
{
	struct vmo *v;

	if (m->anon)
		return true;
	if (vmo_create_anon(a->silo, ANON_PAGES, &v) != OK)
		return false;
	lock_take(&a->pt.lock);
	if (!m->anon) {
		m->anon = v;
		v = NULL;
	}
	lock_drop(&a->pt.lock);
	vmo_put(v);
	return true;
}

/*
 * Put the block's pages into v, from index on; false: how far it got. An index
 * that is no multiple of a leaf (a mapping that mremap moved) is refused.
 */
static bool huge_insert(struct vmo *v, uint64_t index, struct page *block,
    struct tree_spare *sp, unsigned *done) REQUIRES(&v -> lock)
{
	bool taken;

	for (; *done < HUGE_PAGES; *done += TREE_SLOTS)
		if (!page_tree_add_leaf(
		        &v->tree, index + *done, block + *done, sp, &taken))
			return false;
	v->resident += HUGE_PAGES;
	return true;
}

static void huge_adopt(struct page *block)
{
	page_split(block, HUGE_ORDER);
	for (unsigned i = 0; i < HUGE_PAGES; i++)
		atomic_store_explicit(
		    &block[i].flags, PAGE_VMO, memory_order_relaxed);
}

/* Leaves: one for each TREE_SLOTS pages; and the nodes above them. */
enum { HUGE_NODES = HUGE_PAGES / TREE_SLOTS + 2 * TREE_LEVELS };

static bool huge_map(struct aspace *a, struct mapping *m, vaddr_t at,
    struct page *block, struct tree_spare *sp)
{
	uint64_t index = mapping_anon_index(m, at);
	pte_t *e = pt_reserve_huge(&a->pt, at), v;
	unsigned done = 0;
	bool mapped = false;

	if (!e)
		return false;
	v = page_to_phys(block) | PTE_P | PTE_W | PTE_U | PTE_A | PTE_D |
	    PTE_PS;
	if (!(m->prot & PROT_X) && cpu_features.nx)
		v |= PTE_NX;
	lock_take(&a->pt.lock);
	lock_take(&m->anon->lock);
	/* Another thread may have been here since huge_fits looked. */
	if (!(*e & PTE_P) &&
	    page_tree_next(&m->anon->tree, index, true) - index >= HUGE_PAGES) {
		huge_adopt(block);
		mapped = huge_insert(m->anon, index, block, sp, &done);
		/* Enough nodes were at hand, and nobody else inserts. */
		KASSERT(mapped);
	}
	lock_drop(&m->anon->lock);
	if (mapped) {
		pt_page(e)->table.present++;
		a->pt.present += HUGE_PAGES;
		pte_write(e, v);
	}
	lock_drop(&a->pt.lock);
	return mapped;
}

bool fault_huge(struct aspace *a, struct mapping *m, vaddr_t va)
{
	struct tree_spare sp = {0};
	vaddr_t at = ALIGN_DOWN(va, PT_HUGE);
	struct page *block;
	bool mapped = false;

	if (likely(!huge_fits(a, m, at)) ||
	    mapping_anon_index(m, at) % TREE_SLOTS)
		return false;
	/* Atomic: not worth reclaiming for. */
	block = page_alloc(HUGE_ORDER, ALLOC_ZERO | ALLOC_ATOMIC, a->silo);
	if (!block)
		return false;
	if (layer_ensure(a, m) && page_tree_spare_fill(&sp, HUGE_NODES) == OK)
		mapped = huge_map(a, m, at, block, &sp);
	page_tree_spare_free(&sp);
	if (!mapped)
		page_free(block, HUGE_ORDER);
	return mapped;
}
