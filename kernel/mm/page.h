/* kernel/mm/page.h -- physical frames: their records and their allocator. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/lock.h"

/*
 * One record per frame, 32 bytes, in an array at page_array indexed by frame
 * number. Who uses a frame says so in `flags & PAGE_USE` and owns the union.
 *
 * refs: number of owners (VMO slots, transient pins). The last page_put frees
 * the frame and uncharges its silo. Mappings in page tables hold no reference:
 * a frame leaves its VMO only after it was unmapped everywhere (vmo.h).
 */
struct page {
	_Atomic uint32_t refs;
	_Atomic uint16_t flags; /* PAGE_* | order << 8 for heads of blocks */
	uint16_t silo;          /* index of the silo charged; 0: kernel */
	union {
		struct { /* free block in the buddy lists (frame numbers) */
			uint32_t next, prev;
		} buddy;
		struct { /* slab: see slab.c */
			void *cache;
			uint16_t free, used;
			uint32_t next, prev; /* frame numbers */
		} slab;
		struct { /* page of a VMO */
			void *vmo;
			uint64_t index : 52;
			uint64_t vmo_flags : 12;
			uint32_t lru_next, lru_prev;
		} cache;
		struct { /* page table */
			void *aspace;
			uint32_t present; /* entries in use */
		} table;
		uint64_t raw[3];
	};
};
static_assert(sizeof(struct page) == 32, "frame records stay at 32 bytes");

enum page_flags {
	PAGE_USE = 0x0f,
	PAGE_FREE = 0x01,
	PAGE_KERNEL = 0x02, /* page_alloc'ed by the kernel itself */
	PAGE_SLAB = 0x03,
	PAGE_VMO = 0x04,
	PAGE_TABLE = 0x05,
	PAGE_RESERVED = 0x06, /* firmware, image, modules, page_array */
	PAGE_PCP = 0x07,      /* in a per-CPU cache */
	PAGE_DIRTY = 0x10,
	PAGE_LRU = 0x20, /* reclaimable, on a list */
	PAGE_REFERENCED = 0x40,
	PAGE_LAZY = 0x80, /* free block whose other records are not yet set */
};
enum { PAGE_ORDER_SHIFT = 8 };

static inline unsigned page_use(const struct page *p)
{
	return atomic_load_explicit(&p->flags, memory_order_relaxed) & PAGE_USE;
}

extern struct page *page_array;
extern uint64_t page_count; /* records, = highest RAM frame + 1 */

/*
 * True when pa is RAM that has a record. Others (device memory, holes) have
 * none: phys_to_page must not be used on them.
 */
bool page_managed(paddr_t pa);

extern vaddr_t hhdm_base; /* set by bootmem_init; const after */
static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(hhdm_base + pa);
}
static inline paddr_t virt_to_phys(const void *hhdm_address)
{
	return (vaddr_t)hhdm_address - hhdm_base;
}
static inline struct page *phys_to_page(paddr_t pa)
{
	return &page_array[pa >> PAGE_SHIFT];
}
static inline paddr_t page_to_phys(const struct page *p)
{
	return (paddr_t)(p - page_array) << PAGE_SHIFT;
}
static inline void *page_to_virt(const struct page *p)
{
	return phys_to_virt(page_to_phys(p));
}

enum zone_id { ZONE_DMA32, ZONE_NORMAL, ZONE_COUNT }; /* below/above 4 GiB */
enum { PAGE_ORDER_MAX = 10 };                         /* 4 MiB blocks */

enum page_alloc_flags {
	ALLOC_ZERO = 1 << 0,
	ALLOC_DMA32 = 1 << 1,
	ALLOC_ATOMIC = 1 << 2,  /* do not reclaim, do not sleep */
	ALLOC_RESERVE = 1 << 3, /* may use the emergency reserve */
	ALLOC_NOCHARGE = 1 << 4,
};

struct silo;

/*
 * Allocate 2^order frames, refs = 1, use = PAGE_KERNEL, charged to silo (NULL:
 * to the kernel). The record's union is the new owner's to fill. NULL when
 * there is none or the quota is full, after reclaim and, for small blocks, the
 * largest offender was killed (unless ALLOC_ATOMIC, which never sleeps). Order
 * 0 comes from the CPU's own cache: no lock. Never in a hard interrupt.
 */
struct page *page_alloc(unsigned order, unsigned flags, struct silo *silo);

/* Free a block whose last reference is the caller's. Not in interrupts. */
void page_free(struct page *p, unsigned order);

static inline void page_get(struct page *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
}

/* Drop a reference of an order-0 page; the last one frees it. */
static inline void page_put(struct page *p)
{
	/* Release and acquire: all uses of the frame are before its free. */
	if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1)
		page_free(p, 0);
}

/* Make an allocated block of 2^order into that many order-0 pages. */
void page_split(struct page *p, unsigned order);

/*
 * Boot, after bootmem_init and mmu_init: make the records and take over what
 * the boot allocator has left. page_release_boot hands over RAM that was
 * reserved at boot and is free now (loader data, an unpacked archive).
 */
void page_init(void);
void page_release_boot(paddr_t base, uint64_t size);

struct zone_stats {
	const char *name;
	uint64_t managed, free, low, cached; /* frames */
	uint64_t min, present;               /* frames */
	uint64_t free_blocks[PAGE_ORDER_MAX + 1];
};
/* Numbers of one zone as of now. */
void page_zone_stats(enum zone_id zone, struct zone_stats *out);
uint64_t page_free_count(void);    /* all zones and caches */
uint64_t page_managed_count(void); /* all frames that were ever RAM for us */

/* Drain this CPU's cache (leak tests, memory pressure). */
void page_drain_local(void);

/* Events since boot, for /proc/vmstat. */
struct page_events {
	uint64_t refills, drains, reclaims, reclaimed, failures, oom_kills;
};
extern struct page_events page_events;

/*
 * The boot allocator: carves memory out of boot_info's RAM, top down below
 * 4 GiB, before page_init. bootmem_init also sets hhdm_base. Memory comes
 * zeroed; panics when out. bootmem_alloc_low gives whole pages below 1 MiB
 * (the start page of other CPUs), 0 when there are none.
 */
void bootmem_init(void);
paddr_t bootmem_alloc(uint64_t size, uint64_t align);
paddr_t bootmem_alloc_low(uint64_t size);

/*
 * Memory pressure. A shrinker gives memory back and may sleep, but allocates
 * only with ALLOC_ATOMIC; it runs on one thread at a time.
 */
typedef uint64_t reclaim_fn(uint64_t want); /* returns frames freed */
void reclaim_register(const char *name, reclaim_fn *fn);
/* The same; its frees are of what the running CPU has for itself. */
void reclaim_register_local(const char *name, reclaim_fn *fn);
/*
 * Try to free `want` frames; returns how many, or 1 when another thread was at
 * it and is done now. May sleep.
 */
uint64_t reclaim(uint64_t want);
/* Empty all caches of this CPU; see drain.h. */
void reclaim_local(void);
