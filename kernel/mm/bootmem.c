/* kernel/mm/bootmem.c -- the boot allocator: memory before the frames. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/mm/zone.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"

/*
 * A small table of free ranges, carved from the top of the highest range that
 * lies below 4 GiB: that much every early direct map covers. The boot CPU is
 * alone, so there is no lock.
 */
enum { RANGES_MAX = 2 * BOOT_REGIONS_MAX + 16, LOW_END = 1 << 20 };

struct range {
	paddr_t base, end;
};

static struct range ranges[RANGES_MAX];
static unsigned range_count;
static paddr_t low_top; /* RAM below 1 MiB that is not given out: its end */

vaddr_t hhdm_base;

static void range_add(paddr_t base, paddr_t end)
{
	if (base >= end)
		return;
	KASSERT(range_count < RANGES_MAX);
	ranges[range_count++] = (struct range){base, end};
}

/* Take [base, end) out of all ranges. */
static void range_exclude(paddr_t base, paddr_t end)
{
	unsigned count = range_count;

	for (unsigned i = 0; i < count; i++) {
		struct range *r = &ranges[i];
		paddr_t tail = r->end;

		if (end <= r->base || r->end <= base)
			continue;
		r->end = MAX(r->base, base);
		range_add(end, tail);
	}
}

void bootmem_init(void)
{
	const struct boot_info *bi = &boot_info;

	hhdm_base = bi->hhdm;
	range_count = 0;
	low_top = 0;
	for (uint32_t i = 0; i < bi->region_count; i++) {
		paddr_t base = ALIGN_UP(bi->regions[i].base, PAGE_SIZE);
		paddr_t end = ALIGN_DOWN(
		    bi->regions[i].base + bi->regions[i].size, PAGE_SIZE);

		if (bi->regions[i].kind != REGION_RAM)
			continue;
		/* Page 0 stays out: firmware data, and 0 means "none". */
		if (base < LOW_END && end > PAGE_SIZE)
			low_top = MAX(low_top, MIN(end, (paddr_t)LOW_END));
		range_add(MAX(base, (paddr_t)LOW_END), end);
	}
	/* Loaders differ in whether the map shows these as taken. */
	range_exclude(ALIGN_DOWN(bi->kernel_base, PAGE_SIZE),
	    ALIGN_UP(bi->kernel_base + bi->kernel_size, PAGE_SIZE));
	for (uint32_t i = 0; i < bi->module_count; i++) {
		const struct boot_module *m = &bi->modules[i];

		range_exclude(ALIGN_DOWN(m->base, PAGE_SIZE),
		    ALIGN_UP(m->base + m->size, PAGE_SIZE));
	}
	if (bi->fb.base)
		range_exclude(ALIGN_DOWN(bi->fb.base, PAGE_SIZE),
		    ALIGN_UP(
		        bi->fb.base + (uint64_t)bi->fb.pitch * bi->fb.height,
		        PAGE_SIZE));
}

/* The highest place below limit; a gap above it stays a free range. */
static paddr_t carve_below(uint64_t size, uint64_t align, paddr_t limit)
{
	struct range *best = NULL;
	paddr_t at = 0, end;

	for (unsigned i = 0; i < range_count; i++) {
		paddr_t top = MIN(ranges[i].end, limit);
		paddr_t base;

		if (top < size)
			continue;
		base = ALIGN_DOWN(top - size, align);
		if (base < ranges[i].base || base <= at)
			continue;
		at = base;
		best = &ranges[i];
	}
	if (!best)
		return 0;
	end = best->end;
	best->end = at;
	range_add(at + size, end);
	return at;
}

paddr_t bootmem_carve(uint64_t size, uint64_t align)
{
	paddr_t at;

	size = ALIGN_UP(size, (uint64_t)CACHE_LINE);
	align = MAX(align, (uint64_t)CACHE_LINE);
	at = carve_below(size, align, GIB(4));
	return at ? at : carve_below(size, align, UINT64_MAX);
}

paddr_t bootmem_alloc(uint64_t size, uint64_t align)
{
	paddr_t at = bootmem_carve(size, align);

	if (!at)
		panic("boot memory is out: %lu bytes wanted",
		    (unsigned long)size);
	memset(phys_to_virt(at), 0, size);
	return at;
}

paddr_t bootmem_alloc_low(uint64_t size)
{
	size = ALIGN_UP(size, PAGE_SIZE);
	if (low_top < size + PAGE_SIZE)
		return 0;
	low_top = ALIGN_DOWN(low_top - size, PAGE_SIZE);
	memset(phys_to_virt(low_top), 0, size);
	return low_top;
}

bool bootmem_range(unsigned i, paddr_t *base, paddr_t *end)
{
	if (i >= range_count)
		return false;
	*base = ALIGN_UP(ranges[i].base, PAGE_SIZE);
	*end = ALIGN_DOWN(ranges[i].end, PAGE_SIZE);
	return true;
}

void bootmem_close(void)
{
	range_count = 0;
}
