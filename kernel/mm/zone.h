/* kernel/mm/zone.h -- the buddy allocator below page.h; for kernel/mm only. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/mm/page.h"

enum { BLOCK_FRAMES = 1 << PAGE_ORDER_MAX }; /* records are set by blocks */

/* Bit per block of frames: its records exist. Const after page_init. */
extern uint64_t *zone_block_ready;
static inline bool zone_block_is_ready(uint64_t block)
{
	return zone_block_ready[block / 64] >> block % 64 & 1;
}

/*
 * Take up to n blocks of 2^order frames from zone while more than `keep`
 * frames stay free; pointers to the head records into out. Returns how many.
 * The records still say what they said when free; the caller sets them.
 */
unsigned zone_take(enum zone_id zone, unsigned order, uint64_t keep,
    struct page **out, unsigned n);

/* Give n blocks of 2^order frames back, each to its zone. */
void zone_give(struct page **blocks, unsigned n, unsigned order);

/* Frames below which ordinary allocations fail / reclaim begins. */
uint64_t zone_min(enum zone_id zone);
bool zones_low(void);

/* Ranges that the boot allocator still has; false at the end. */
bool bootmem_range(unsigned i, paddr_t *base, paddr_t *end);
/* They are handed over: no more boot memory. */
void bootmem_close(void);
/* Not zeroed; 0 when there is none. Used for the records. */
paddr_t bootmem_carve(uint64_t size, uint64_t align);
