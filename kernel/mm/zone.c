/* kernel/mm/zone.c -- the buddy allocator: zones, blocks, coalescing. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/zone.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"

/*
 * Per zone and order a doubly linked list of free blocks, linked by frame
 * number through the head records; frame 0 is never managed, so 0 ends a list.
 *
 * Invariants: (1) a record says PAGE_FREE with order o only while it is the
 * head of a block in the list of order o; (2) two free buddies below the
 * largest order do not exist; (3) records of a block of the largest order that
 * is PAGE_LAZY are garbage but for the head: they are set when the block is
 * first taken, so that boot does not touch every record of a large machine.
 *
 * The records lie in one array by frame number. It is contiguous, and the
 * parts of it that would describe holes are frames like any other: page_init
 * gives them to the buddy lists. `zone_block_ready` says for which blocks of 4 MiB
 * the records are there.
 */
struct zone {
	const char *name;
	struct lock lock; /* RANK_FRAMES */
	uint32_t heads[PAGE_ORDER_MAX + 1] GUARDED_BY(&lock);
	uint32_t nonempty GUARDED_BY(&lock); /* bit per order */
	uint64_t blocks[PAGE_ORDER_MAX + 1] GUARDED_BY(&lock);
	_Atomic uint64_t free;    /* written under lock */
	_Atomic uint64_t managed; /* frames ever given to this zone */
	uint64_t min, low;        /* watermarks, frames; const after init */
};

static struct zone zones[ZONE_COUNT] = {
    [ZONE_DMA32] = {.name = "DMA32", .lock = LOCK_INIT(RANK_FRAMES)},
    [ZONE_NORMAL] = {.name = "Normal", .lock = LOCK_INIT(RANK_FRAMES)},
};

struct page *page_array;
uint64_t page_count;
uint64_t *zone_block_ready;

enum { DMA32_FRAMES = 1 << 20 };

static struct zone *zone_of(uint64_t frame)
{
	return &zones[frame < DMA32_FRAMES ? ZONE_DMA32 : ZONE_NORMAL];
}

bool page_managed(paddr_t pa)
{
	uint64_t frame = pa >> PAGE_SHIFT;

	return frame < page_count && zone_block_is_ready(frame / BLOCK_FRAMES);
}

/* The first word of a record: refs, flags, silo 0. */
static void record_set(struct page *p, uint32_t refs, uint16_t flags)
{
	uint64_t word = (uint64_t)flags << 32 | refs;

	__builtin_memcpy(p, &word, sizeof(word));
}

static void list_push(struct zone *z, uint32_t frame, unsigned order,
    unsigned more_flags) REQUIRES(&z -> lock)
{
	struct page *p = &page_array[frame];
	uint32_t next = z->heads[order];

	record_set(p, 0, PAGE_FREE | more_flags | order << PAGE_ORDER_SHIFT);
	p->buddy.next = next;
	p->buddy.prev = 0;
	if (next)
		page_array[next].buddy.prev = frame;
	z->heads[order] = frame;
	z->nonempty |= 1u << order;
	z->blocks[order]++;
}

static void list_unlink(struct zone *z, uint32_t frame, unsigned order)
    REQUIRES(&z -> lock)
{
	struct page *p = &page_array[frame];

	if (p->buddy.prev)
		page_array[p->buddy.prev].buddy.next = p->buddy.next;
	else
		z->heads[order] = p->buddy.next;
	if (p->buddy.next)
		page_array[p->buddy.next].buddy.prev = p->buddy.prev;
	if (!z->heads[order])
		z->nonempty &= ~(1u << order);
	z->blocks[order]--;
	record_set(p, 0, 0);
}

static void records_set(
    uint64_t frame, unsigned n, uint32_t refs, uint16_t flags)
{
	for (struct page *p = &page_array[frame]; n > 0; n--)
		record_set(p++, refs, flags);
}

/* One block of 2^order frames; 0 when there is none. */
static uint32_t take_locked(struct zone *z, unsigned order) REQUIRES(&z -> lock)
{
	uint32_t fit = z->nonempty >> order;
	unsigned have;
	uint32_t frame;

	if (!fit)
		return 0;
	have = order + (unsigned)__builtin_ctz(fit);
	frame = z->heads[have];
	if (page_array[frame].flags & PAGE_LAZY)
		records_set(frame + 1, BLOCK_FRAMES - 1, 0, 0);
	list_unlink(z, frame, have);
	while (have > order) {
		have--;
		list_push(z, frame + (1u << have), have, 0);
	}
	return frame;
}

static void give_locked(struct zone *z, uint32_t frame, unsigned order)
    REQUIRES(&z -> lock)
{
	record_set(&page_array[frame], 0, 0);
	while (order < PAGE_ORDER_MAX) {
		uint32_t buddy = frame ^ 1u << order;
		uint16_t flags = page_array[buddy].flags;

		if (flags != (PAGE_FREE | order << PAGE_ORDER_SHIFT))
			break;
		list_unlink(z, buddy, order);
		frame &= ~(1u << order);
		order++;
	}
	list_push(z, frame, order, 0);
}

unsigned zone_take(enum zone_id zone, unsigned order, uint64_t keep,
    struct page **out, unsigned n)
{
	struct zone *z = &zones[zone];
	uint64_t free;
	unsigned got = 0;

	/* A racy look that spares the lock of an empty zone. */
	if (z->free < keep + (1ul << order))
		return 0;
	lock_take(&z->lock);
	free = z->free;
	while (got < n && free >= keep + (1ul << order)) {
		uint32_t frame = take_locked(z, order);

		if (!frame)
			break;
		free -= 1ul << order;
		out[got++] = &page_array[frame];
	}
	z->free = free;
	lock_drop(&z->lock);
	return got;
}

void zone_give(struct page **blocks, unsigned n, unsigned order)
{
	unsigned i = 0;

	while (i < n) {
		struct zone *z = zone_of((uint64_t)(blocks[i] - page_array));
		uint64_t given = 0;

		lock_take(&z->lock);
		for (; i < n; i++) {
			uint32_t frame = (uint32_t)(blocks[i] - page_array);

			if (zone_of(frame) != z)
				break;
			give_locked(z, frame, order);
			given += 1ul << order;
		}
		z->free += given;
		lock_drop(&z->lock);
	}
}

uint64_t zone_min(enum zone_id zone)
{
	return zones[zone].min;
}

bool zones_low(void)
{
	uint64_t free = 0, low = 0;

	for (unsigned i = 0; i < ZONE_COUNT; i++) {
		free += zones[i].free;
		low += zones[i].low;
	}
	return free < low;
}

void page_zone_stats(enum zone_id zone, struct zone_stats *out)
{
	struct zone *z = &zones[zone];

	*out = (struct zone_stats){.name = z->name};
	lock_take(&z->lock);
	out->managed = z->managed;
	out->free = z->free;
	out->low = z->low;
	out->min = z->min;
	memcpy(out->free_blocks, z->blocks, sizeof(out->free_blocks));
	lock_drop(&z->lock);
}

uint64_t page_managed_count(void)
{
	return zones[ZONE_DMA32].managed + zones[ZONE_NORMAL].managed;
}

static void watermarks_set(void)
{
	for (unsigned i = 0; i < ZONE_COUNT; i++) {
		struct zone *z = &zones[i];

		/* About 1/256 of it, 4 MiB at most, is the reserve. */
		z->min = MIN(z->managed / 256, 1024ul);
		z->low = z->min * 3;
	}
}

/* Records of a block that is not free as a whole: all reserved, for now. */
static void block_make_ready(uint64_t block)
{
	if (zone_block_is_ready(block))
		return;
	zone_block_ready[block / 64] |= 1ul << block % 64;
	records_set(block * BLOCK_FRAMES, BLOCK_FRAMES, 1, PAGE_RESERVED);
}

/* Give [frame, end) to its zone; whole fresh blocks go in lazily. */
static void release_frames(uint64_t frame, uint64_t end)
{
	while (frame < end) {
		struct zone *z = zone_of(frame);
		uint64_t block = frame / BLOCK_FRAMES;
		unsigned order = PAGE_ORDER_MAX;
		bool lazy = frame % BLOCK_FRAMES == 0 &&
		            end - frame >= BLOCK_FRAMES &&
		            !zone_block_is_ready(block);

		while (frame & ((1ul << order) - 1) ||
		       frame + (1ul << order) > end)
			order--;
		if (lazy) {
			zone_block_ready[block / 64] |= 1ul << block % 64;
		} else {
			block_make_ready(block);
			records_set(frame, 1u << order, 0, 0);
		}
		lock_take(&z->lock);
		if (lazy)
			list_push(z, (uint32_t)frame, order, PAGE_LAZY);
		else
			give_locked(z, (uint32_t)frame, order);
		z->free += 1ul << order;
		z->managed += 1ul << order;
		lock_drop(&z->lock);
		frame += 1ul << order;
	}
}

static bool region_has_records(const struct boot_region *r)
{
	return r->kind == REGION_RAM || r->kind == REGION_ACPI ||
	       r->kind == REGION_LOADER || r->kind == REGION_KERNEL ||
	       r->kind == REGION_MODULE;
}

/* The array, and the bitmap behind it. */
static uint64_t records_carve(void)
{
	paddr_t end = 0, at;
	uint64_t blocks, size;

	for (uint32_t i = 0; i < boot_info.region_count; i++) {
		const struct boot_region *r = &boot_info.regions[i];

		if (region_has_records(r))
			end = MAX(end, r->base + r->size);
	}
	page_count = end >> PAGE_SHIFT;
	KASSERT(page_count && page_count <= UINT32_MAX - BLOCK_FRAMES);
	blocks = (page_count + BLOCK_FRAMES - 1) / BLOCK_FRAMES;
	size = blocks * BLOCK_FRAMES * sizeof(struct page);
	at = bootmem_carve(size, PAGE_SIZE);
	if (!at)
		panic("no room for the records of %lu frames",
		    (unsigned long)page_count);
	page_array = phys_to_virt(at);
	zone_block_ready =
	    phys_to_virt(bootmem_alloc((blocks + 63) / 64 * 8, 8));
	return blocks;
}

/* Frames of the array whose records would describe holes. */
static void records_trim(uint64_t blocks)
{
	const uint64_t per_block =
	    BLOCK_FRAMES * sizeof(struct page) / PAGE_SIZE;
	uint64_t first = virt_to_phys(page_array) >> PAGE_SHIFT;

	for (uint64_t b = 0; b < blocks; b++)
		if (!zone_block_is_ready(b))
			release_frames(
			    first + b * per_block, first + (b + 1) * per_block);
}

void page_init(void)
{
	uint64_t blocks = records_carve();
	paddr_t base, end;

	for (unsigned i = 0; bootmem_range(i, &base, &end); i++)
		if (base < end)
			release_frames(base >> PAGE_SHIFT, end >> PAGE_SHIFT);
	bootmem_close();
	for (uint32_t i = 0; i < boot_info.region_count; i++) {
		const struct boot_region *r = &boot_info.regions[i];
		uint64_t b = r->base / PAGE_SIZE / BLOCK_FRAMES;

		if (!region_has_records(r) || !r->size)
			continue;
		for (; b * BLOCK_FRAMES * PAGE_SIZE < r->base + r->size; b++)
			block_make_ready(b);
	}
	records_trim(blocks);
	watermarks_set();
}

void page_release_boot(paddr_t base, uint64_t size)
{
	uint64_t frame = PAGES(MAX(base, MIB(1)));
	uint64_t end = (base + size) >> PAGE_SHIFT;

	for (uint64_t f = frame; f < end; f++)
		KASSERT(page_managed(f << PAGE_SHIFT) &&
		        page_use(&page_array[f]) == PAGE_RESERVED);
	if (frame < end)
		release_frames(frame, end);
	watermarks_set();
}
