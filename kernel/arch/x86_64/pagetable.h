/* kernel/arch/x86_64/pagetable.h -- the page tables of one address space. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/mm/page.h"

/*
 * Four levels, from `top`. `lock` guards the entries; installing a table takes
 * it too. Tables are freed only by pt_zap with batch->free_tables, whose
 * callers hold the address space's lock for writing: who holds that lock for
 * reading may keep pointers into tables.
 *
 * The record of a table's frame counts its present entries (table.present), so
 * that an empty one is known at once.
 */
struct silo;

struct page_table {
	struct lock lock;  /* RANK_PT */
	pte_t *top;        /* const */
	struct silo *silo; /* const: charged for the tables */
	struct tlb_mask tlb;
	uint64_t present GUARDED_BY(&lock); /* 4 KiB pages mapped */
	_Atomic uint32_t tables;
};

/*
 * PTE_SOFT1 in a user's PTE: it was writable, the page is its own, and only
 * mprotect took the right: it may be given back without a fault.
 */
#define PTE_WAS_W PTE_SOFT1
#define PT_HUGE   MIB(2)

#ifdef HOSTED
void tlb_hosted_invlpg(vaddr_t va); /* a test's own TLB */
#endif

/* What is to be flushed, and tables to free after that. */
struct pt_batch {
	vaddr_t start, end; /* end 0: nothing */
	struct page *tables;
	bool free_tables;
};

/* Once at boot, after slab_init. */
void pt_init(void);
enum err pt_create(struct page_table *pt, struct silo *silo);
/* Every mapping was zapped, no CPU has it loaded (tlb_retire). */
void pt_destroy(struct page_table *pt);

/*
 * The PTE for va, made together with the tables above it. May sleep. NULL: out
 * of memory. *huge: what is given is a directory entry that maps 2 MiB.
 */
pte_t *pt_reserve(struct page_table *pt, vaddr_t va, bool *huge);
/* The lowest table entry that exists for va; its level (0: a PTE). */
unsigned pt_find(struct page_table *pt, vaddr_t va, pte_t **out);
/* The PTE for va if all tables above it exist, and no large page; or NULL. */
static inline pte_t *pt_leaf(struct page_table *pt, vaddr_t va)
{
	pte_t *table = pt->top;

	for (unsigned shift = 39; shift > PAGE_SHIFT; shift -= 9) {
		pte_t v = __atomic_load_n(
		    &table[va >> shift & 511], __ATOMIC_ACQUIRE);

		if (unlikely((v & (PTE_P | PTE_PS)) != PTE_P))
			return NULL;
		table = phys_to_virt(v & PTE_ADDR);
	}
	return &table[va >> PAGE_SHIFT & 511];
}
/* The directory entry for the 2 MiB round va, made as pt_reserve does. */
pte_t *pt_reserve_huge(struct page_table *pt, vaddr_t va);

static inline struct page *pt_page(const pte_t *entry)
{
	return phys_to_page(virt_to_phys(entry));
}

/* Forget this CPU's translation of va (an upgrade needs no more). */
static inline void pt_flush_local(vaddr_t va)
{
#ifdef HOSTED
	tlb_hosted_invlpg(va);
#else
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
#endif
}

/* A relaxed store: the walker reads entries as whole words. */
static inline void pte_write(pte_t *e, pte_t v)
{
	__atomic_store_n(e, v, __ATOMIC_RELAXED);
}

/* Store a present PTE where there was none. Lock held. */
static inline void pt_set_new(struct page_table *pt, pte_t *e, pte_t v)
    REQUIRES(&pt -> lock)
{
	pt_page(e)->table.present++;
	pt->present++;
	pte_write(e, v);
}

/*
 * Clear all PTEs of [start, end); a 2 MiB entry that overlaps goes whole: its
 * pages come back by faults. Lock held; then pt_flush without it.
 */
void pt_zap(struct page_table *pt, vaddr_t start, vaddr_t end,
    struct pt_batch *b) REQUIRES(&pt -> lock);
/* Flush on all CPUs that have to, then free the batch's tables. */
void pt_flush(struct page_table *pt, struct pt_batch *b);

/* Change of protection: (pte & ~clear) | set; a page WAS_W gets W if regain */
struct pt_change {
	pte_t clear, set;
	bool mark; /* PTE_W, if cleared, leaves PTE_WAS_W */
	bool regain;
};
void pt_protect(struct page_table *pt, vaddr_t start, vaddr_t end,
    const struct pt_change *c, struct pt_batch *b) REQUIRES(&pt -> lock);

/*
 * fork: give `to` the PTEs of [start, end), read only; take the right to write
 * from `from` as well. E_NOMEM: some are missing, which faults repair. The
 * caller flushes `from`. Takes both locks, the parent's first.
 */
enum err pt_copy(
    struct page_table *from, struct page_table *to, vaddr_t start, vaddr_t end);

/* Present 4 KiB pages in [start, end). Lock held. */
uint64_t pt_count(struct page_table *pt, vaddr_t start, vaddr_t end,
    uint64_t *dirty) REQUIRES(&pt -> lock);
