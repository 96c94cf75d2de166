/* kernel/mm/vmo_impl.h -- the inside of memory objects, for vmo_*.c, fault.c. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/mm/vmo.h"
#include "kernel/mm/vmo_tree.h"

struct mapping;

/*
 * Two kinds of objects meet a mapping (mapping.h): its *source* (a file, shared
 * memory, a device) and its *anon* layer, the private pages of one address
 * space. Only sources know their mappings (`maps`); an anon layer is reached
 * through its address space alone.
 *
 * Locks. `lock` (RANK_VMO) guards the tree. A fault looks a page up and stores
 * the PTE in one hold of the address space's page-table lock, with `lock` taken
 * inside. So a page that is to leave a source is first taken out of the tree
 * (with its reference), then unmapped through `maps`, which waits for each
 * page-table lock, then flushed, then put: no PTE can name it any more. For
 * an anon layer the same steps run under the address space's own lock.
 */
struct vmo {
	_Atomic uint32_t refs;
	uint8_t kind; /* const: enum vmo_kind */
	bool cached;  /* const: VMO_PHYS */
	struct lock lock;
	bool frozen GUARDED_BY(&lock); /* set once: no writes */
	struct page_tree tree GUARDED_BY(&lock);
	uint64_t resident GUARDED_BY(&lock); /* pages put in less taken out */
	_Atomic uint64_t pages;              /* size; written under lock */
	struct silo *silo;                   /* const: who pays */
	struct vmo *parent; /* const: clone of a pager's object, or NULL */
	paddr_t base;       /* const: VMO_PHYS */
	const struct vmo_pager_ops *ops; /* const: VMO_PAGER */
	void *pager;                     /* const */
	struct lock maps_lock;           /* RANK_OBJECT */
	/* Mappings by source_link; a fork's comes after its parent's. */
	struct list maps GUARDED_BY(&maps_lock);
	struct vmo *clone; /* anon layer: while its aspace forks */
};

/* Bits of page->cache.vmo_flags; guarded by the object's lock. */
enum { VMO_PAGE_BUSY = 1 }; /* the pager fills it: wait */

/* Once at boot, after slab_init. */
void vmo_page_init(void);

/* What vmo_step_locked wants done before it is called again. */
enum vmo_step {
	STEP_OK,
	STEP_HOLE,   /* nothing there and a read: the zero page will do */
	STEP_PAST,   /* past the end */
	STEP_DENIED, /* write to an object that is read only */
	STEP_PAGE,   /* need->fresh */
	STEP_NODES,  /* need->spare */
	STEP_PAGER,  /* missing or busy: vmo_page() */
};

struct vmo_need {
	struct page *fresh; /* a page of v's silo, no owner yet */
	bool zeroed;        /* fresh holds zeroes */
	bool want_zero;     /* STEP_PAGE: it should */
	bool no_hole;       /* reads fill holes too */
	struct tree_spare spare;
	struct page *old; /* the page that a copy replaced: unmap, flush, put */
};

/*
 * Find page `index` as vmo_page does, but with v->lock held and without
 * sleeping; gives no reference. need->old may be set on STEP_OK.
 */
enum vmo_step vmo_step_locked(struct vmo *v, uint64_t index, bool write,
    struct vmo_need *need, struct page **out) REQUIRES(&v -> lock);

/* Put need->fresh, filled by the caller, at index. STEP_OK or STEP_NODES. */
enum vmo_step vmo_insert_locked(struct vmo *v, uint64_t index,
    struct vmo_need *need, struct page **out) REQUIRES(&v -> lock);

/* Get what STEP_PAGE or STEP_NODES asked for. May sleep. E_NOMEM. */
enum err vmo_need_fill(
    struct vmo *v, struct vmo_need *need, enum vmo_step step);
/* Give back what was not used (not `old`). */
void vmo_need_drop(struct vmo_need *need);

/* Unmap [first, first + n) from all mappings of v and flush; waits. */
void vmo_unmap(struct vmo *v, uint64_t first, uint64_t n);
/* Make all PTEs read only instead. */
void vmo_wrprotect(struct vmo *v, uint64_t first, uint64_t n);

/* Write the dirty pages of [first, first + n) back. May sleep. E_IO. */
enum err vmo_clean(struct vmo *v, uint64_t first, uint64_t n);

/* An anon layer's pages of [first, first + n) go; they are unmapped already. */
void vmo_drop_private(struct vmo *v, uint64_t first, uint64_t n);
/* Does [first, first + n) hold a page? Anon layers, aspace lock held. */
bool vmo_any(struct vmo *v, uint64_t first, uint64_t n);

/*
 * Reclaimable pages (vmo_lru.c). add: v->lock held, p is in v's tree; remove:
 * before the last reference to p goes.
 */
void lru_add(struct page *p);
void lru_remove(struct page *p);
void lru_init(void);
/* Make v miss page `index` if it is p, clean, idle and unpinned. */
bool vmo_evict(struct vmo *v, uint64_t index, struct page *p);

/* aspace side: zap or protect what m maps of its source's range. */
void mapping_zap_source(struct mapping *m, uint64_t first, uint64_t n);
void mapping_wrprotect_source(struct mapping *m, uint64_t first, uint64_t n);
