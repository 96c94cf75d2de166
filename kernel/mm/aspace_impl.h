/* kernel/mm/aspace_impl.h -- the inside of address spaces, for aspace_*.c. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/arch/x86_64/pagetable.h"
#include "kernel/mm/mapping.h"
#include "kernel/mm/vmo_impl.h"

enum {
	STACK_GUARD = 256 * 4096, /* kept free below a growing stack */
	MMAP_BASE_BITS = 28,      /* of randomness, in pages */
};
/* Stacks lie above this, everything without an address below. */
#define MMAP_TOP (USER_TOP - GIB(32))

/* Private layers are never too short: their mappings bound them. */
#define ANON_PAGES (1ull << 52)

struct aspace {
	_Atomic uint32_t users;
	struct rwlock lock; /* RANK_ASPACE */
	struct rb_root maps GUARDED_BY(&lock);
	uint32_t maps_count; /* written with lock held for writing */
	struct mapping *hit; /* last one found; a hint, atomic */
	struct page_table pt;
	struct silo *silo; /* const */
	vaddr_t mmap_base; /* const after creation */
	vaddr_t cursor;    /* below it the next hole is sought first */
	uint64_t mapped;   /* pages of all mappings */
	uint64_t data;     /* pages of private writable mappings */
	uint64_t as_limit, data_limit, stack_limit; /* pages, pages, bytes */
	struct aspace_marks marks;
};

/* Mappings that left the tree and wait for their references to be dropped. */
struct garbage {
	struct mapping *list; /* through rb.child[0] */
};

/* For a; in no tree; NULL: no memory, or a has MAPS_MAX. Lock held. */
struct mapping *mapping_alloc(struct aspace *a);
/* Free one that is in no tree. */
void mapping_free_memory(struct mapping *m);

/* The mapping that holds va, or NULL. Lock held, for reading at least. */
static inline struct mapping *aspace_find(struct aspace *a, vaddr_t va)
{
	struct mapping *m = __atomic_load_n(&a->hit, __ATOMIC_RELAXED);

	if (likely(m && m->start <= va && va < m->end))
		return m;
	m = mapping_find(&a->maps, va);
	if (!m || m->start > va)
		return NULL;
	__atomic_store_n(&a->hit, m, __ATOMIC_RELAXED);
	return m;
}

/* Put m into the tree and on its source's list, and count it. */
void aspace_link(struct aspace *a, struct mapping *m);
/* Take m out of tree and counts; its source knows it until garbage goes. */
void aspace_unlink(struct aspace *a, struct mapping *m, struct garbage *g);
/* After the flush, lock still held: pages of the anon layers go. */
void garbage_detach(struct garbage *g);
/* Lock dropped: drop references, free. May sleep. */
void garbage_free(struct garbage *g);

/* Counting of limits: n pages more (or fewer) of a kind like m's. */
void aspace_count(struct aspace *a, const struct mapping *m, int64_t n);
/* E_NOMEM when n more pages would exceed a limit. */
enum err aspace_may_grow(
    struct aspace *a, uint64_t n, uint32_t prot, uint32_t flags);

/* Split so that `at` is no inside of a mapping. E_NOMEM. */
enum err aspace_split_at(struct aspace *a, vaddr_t at);
/* Join m with its neighbours where possible. */
void aspace_join(struct aspace *a, struct mapping *m, struct garbage *g);

/* Unmap with the lock held for writing. E_NOMEM when a split had no memory. */
enum err aspace_unmap_locked(
    struct aspace *a, vaddr_t start, vaddr_t end, struct garbage *g);

/*
 * An address for len bytes: hint if free, else top down, a multiple of align.
 * 0: none.
 */
vaddr_t aspace_place(
    struct aspace *a, vaddr_t hint, uint64_t len, uint64_t align);

/* [start, end) lies in user space, page aligned, not empty. */
static inline bool aspace_range_ok(vaddr_t start, uint64_t len)
{
	return !(start & PAGE_MASK) && len && len <= USER_TOP &&
	       start <= USER_TOP - len;
}

/*
 * The first write to a large, aligned, empty stretch of m at va: map 2 MiB at
 * once, when memory is plentiful. Lock held for reading. True: done.
 */
bool fault_huge(struct aspace *a, struct mapping *m, vaddr_t va);

/* Fault in [start, end), as MAP_POPULATE does: best effort. */
void aspace_populate(struct aspace *a, vaddr_t start, vaddr_t end, bool write);
