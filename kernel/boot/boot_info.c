/* kernel/boot/boot_info.c -- check, sort and repair what the loader said. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/boot/early.h"
#include "kernel/core/string.h"

/*
 * A loader's memory map may be unsorted, overlap itself, wrap, or claim as RAM
 * what holds our image. The result of boot_info_check() is sorted, disjoint,
 * and where two entries disagree the more careful kind has won (precedence()).
 * RAM-like regions are page aligned inwards; an entry that is thereby empty
 * goes. Works in place, in O(n^2) of at most BOOT_REGIONS_MAX entries.
 */

/* Physical addresses have 52 bits at most. */
#define PHYS_END (1ull << 52)

void boot_text(char *dst, size_t size, const char *src, size_t max)
{
	size_t n = strnlen(src, MIN(size - 1, max));

	for (size_t i = 0; i < n; i++)
		dst[i] = (unsigned char)src[i] < ' ' ? ' ' : src[i];
	dst[n] = 0;
}

bool boot_add_region(
    struct boot_info *bi, paddr_t base, uint64_t size, uint32_t kind)
{
	if (bi->region_count >= BOOT_REGIONS_MAX)
		return false;
	bi->regions[bi->region_count++] =
	    (struct boot_region){.base = base, .size = size, .kind = kind};
	return true;
}

bool boot_add_module(
    struct boot_info *bi, paddr_t base, uint64_t size, const char *name)
{
	struct boot_module *m = &bi->modules[bi->module_count];

	if (bi->module_count >= BOOT_MODULES_MAX)
		return false;
	bi->module_count++;
	m->base = base;
	m->size = size;
	boot_text(m->name, sizeof(m->name), name, sizeof(m->name));
	return true;
}

/* Of two claims on an address the higher one holds. */
static unsigned precedence(uint32_t kind)
{
	static const uint8_t order[] = {
	    [REGION_RAM] = 1,
	    [REGION_LOADER] = 2,
	    [REGION_ACPI] = 3,
	    [REGION_RESERVED] = 4,
	    [REGION_NVS] = 5,
	    [REGION_FRAMEBUFFER] = 6,
	    [REGION_BAD] = 7,
	    [REGION_MODULE] = 8,
	    [REGION_KERNEL] = 9,
	};

	return kind < COUNT(order) ? order[kind] : 0;
}

static bool ram_like(uint32_t kind)
{
	return kind == REGION_RAM || kind == REGION_LOADER;
}

static void region_delete(struct boot_info *bi, unsigned i)
{
	bi->region_count--;
	memmove(&bi->regions[i], &bi->regions[i + 1],
	    (bi->region_count - i) * sizeof(bi->regions[0]));
}

/* Make room at i; when the table is full the entry is lost (false). */
static bool region_insert(
    struct boot_info *bi, unsigned i, struct boot_region r)
{
	if (bi->region_count >= BOOT_REGIONS_MAX)
		return false;
	memmove(&bi->regions[i + 1], &bi->regions[i],
	    (bi->region_count - i) * sizeof(bi->regions[0]));
	bi->regions[i] = r;
	bi->region_count++;
	return true;
}

/* Cut [base, end) out of every region; pieces keep their kind. */
static void region_cut(struct boot_info *bi, paddr_t base, paddr_t end)
{
	for (unsigned i = 0; i < bi->region_count; i++) {
		struct boot_region *r = &bi->regions[i];
		paddr_t r_end = r->base + r->size;

		if (r_end <= base || r->base >= end)
			continue;
		if (r->base < base && r_end > end) {
			struct boot_region tail = {end, r_end - end, r->kind};

			r->size = base - r->base;
			/* A full table loses the tail: less RAM, no harm. */
			if (region_insert(bi, i + 1, tail))
				i++;
		} else if (r->base < base) {
			r->size = base - r->base;
		} else if (r_end > end) {
			r->base = end;
			r->size = r_end - end;
		} else {
			region_delete(bi, i--);
		}
	}
}

static void region_put_sorted(struct boot_info *bi, struct boot_region r)
{
	unsigned i = 0;

	while (i < bi->region_count && bi->regions[i].base < r.base)
		i++;
	if (region_insert(bi, i, r))
		return;
	/* Full: what may not be RAM matters more than the last RAM. */
	for (unsigned j = bi->region_count; j-- > 0;)
		if (ram_like(bi->regions[j].kind)) {
			region_delete(bi, j);
			region_put_sorted(bi, r);
			return;
		}
}

void boot_reserve(
    struct boot_info *bi, paddr_t base, uint64_t size, uint32_t kind)
{
	paddr_t end = base + size;

	if (size == 0 || end < base)
		return;
	region_cut(bi, base, end);
	region_put_sorted(bi, (struct boot_region){base, size, kind});
}

/* Clip to what can exist; RAM inwards, all else outwards to whole pages. */
static void regions_clip(struct boot_info *bi)
{
	for (unsigned i = 0; i < bi->region_count; i++) {
		struct boot_region *r = &bi->regions[i];
		paddr_t start = r->base, end = r->base + r->size;

		if (end < start || end > PHYS_END)
			end = PHYS_END;
		if (precedence(r->kind) == 0)
			r->kind = REGION_RESERVED;
		if (ram_like(r->kind)) {
			start = ALIGN_UP(start, PAGE_SIZE);
			end = ALIGN_DOWN(end, PAGE_SIZE);
		} else if (start < end) {
			start = ALIGN_DOWN(start, PAGE_SIZE);
			end = ALIGN_UP(end, PAGE_SIZE);
		}
		if (r->size == 0 || start >= end || r->base >= PHYS_END) {
			region_delete(bi, i--);
			continue;
		}
		r->base = start;
		r->size = end - start;
	}
}

/* Paint in order of precedence over an empty map: the careful one wins. */
static void regions_sort(struct boot_info *bi)
{
	static struct boot_region old[BOOT_REGIONS_MAX];
	unsigned n = bi->region_count;

	memcpy(old, bi->regions, n * sizeof(old[0]));
	bi->region_count = 0;
	for (unsigned p = 1; p <= 9; p++)
		for (unsigned i = 0; i < n; i++)
			if (precedence(old[i].kind) == p)
				boot_reserve(
				    bi, old[i].base, old[i].size, old[i].kind);
}

static void regions_merge(struct boot_info *bi)
{
	for (unsigned i = 1; i < bi->region_count; i++) {
		struct boot_region *a = &bi->regions[i - 1];
		struct boot_region *b = &bi->regions[i];

		if (a->kind == b->kind && a->base + a->size == b->base) {
			a->size += b->size;
			region_delete(bi, i--);
		}
	}
}

/*
 * Whole range in memory that can hold a module. Reserved memory can: qboot
 * reserves the last page of RAM, where QEMU's archive ends.
 */
static bool covered(const struct boot_info *bi, paddr_t base, uint64_t size)
{
	paddr_t at = base, end = base + size;

	for (unsigned i = 0; i < bi->region_count && at < end; i++) {
		const struct boot_region *r = &bi->regions[i];

		if (r->kind == REGION_BAD || r->kind == REGION_NVS ||
		    r->kind == REGION_FRAMEBUFFER)
			continue;
		if (r->base <= at && r->base + r->size > at)
			at = r->base + r->size;
	}
	return at >= end;
}

static void modules_check(struct boot_info *bi)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < MIN(bi->module_count, BOOT_MODULES_MAX); i++) {
		struct boot_module m = bi->modules[i];
		paddr_t end = m.base + m.size;

		m.name[sizeof(m.name) - 1] = 0;
		if (m.size == 0 || end < m.base || end > PHYS_END ||
		    !covered(bi, m.base, m.size))
			continue;
		bi->modules[kept++] = m;
	}
	bi->module_count = kept;
	for (unsigned i = 0; i < kept; i++) {
		paddr_t start = ALIGN_DOWN(bi->modules[i].base, PAGE_SIZE);

		boot_reserve(bi, start,
		    ALIGN_UP(
		        bi->modules[i].base + bi->modules[i].size, PAGE_SIZE) -
		        start,
		    REGION_MODULE);
	}
}

static bool colour_ok(unsigned shift, unsigned size, unsigned bpp)
{
	return size >= 1 && size <= 16 && shift < bpp && shift + size <= bpp;
}

static void framebuffer_check(struct boot_info *bi)
{
	struct boot_framebuffer *fb = &bi->fb;
	uint64_t bytes = (uint64_t)fb->pitch * fb->height;
	bool ok = fb->base != 0 && (fb->bpp == 32 || fb->bpp == 24 ||
	                               fb->bpp == 16 || fb->bpp == 15);

	ok = ok && fb->width >= 80 && fb->width <= 16384;
	ok = ok && fb->height >= 16 && fb->height <= 16384;
	ok = ok && (uint64_t)fb->width * ((fb->bpp + 7) / 8) <= fb->pitch;
	ok = ok && fb->pitch <= 16384 * 8 && fb->base < PHYS_END - bytes;
	ok = ok && colour_ok(fb->red_shift, fb->red_size, fb->bpp) &&
	     colour_ok(fb->green_shift, fb->green_size, fb->bpp) &&
	     colour_ok(fb->blue_shift, fb->blue_size, fb->bpp);
	if (!ok) {
		memset(fb, 0, sizeof(*fb));
		return;
	}
	/* Registers of a card, never RAM that we hand out. */
	boot_reserve(bi, ALIGN_DOWN(fb->base, PAGE_SIZE),
	    ALIGN_UP(fb->base + bytes, PAGE_SIZE) -
	        ALIGN_DOWN(fb->base, PAGE_SIZE),
	    REGION_FRAMEBUFFER);
}

const char *boot_info_check(struct boot_info *bi)
{
	uint64_t ram = 0;

	bi->cmdline[sizeof(bi->cmdline) - 1] = 0;
	bi->loader[sizeof(bi->loader) - 1] = 0;
	if (bi->region_count > BOOT_REGIONS_MAX)
		bi->region_count = BOOT_REGIONS_MAX;
	if (bi->seed_size > sizeof(bi->seed))
		bi->seed_size = sizeof(bi->seed);
	if (bi->kernel_size == 0 || bi->kernel_size > MIB(64) ||
	    (bi->kernel_base | bi->kernel_size) & PAGE_MASK ||
	    bi->kernel_base >= PHYS_END - bi->kernel_size)
		return "bad kernel address";
	regions_clip(bi);
	regions_sort(bi);
	framebuffer_check(bi);
	modules_check(bi);
	boot_reserve(bi, bi->kernel_base, bi->kernel_size, REGION_KERNEL);
	/* Page 0 stays unused: a physical address of 0 means "none". */
	boot_reserve(bi, 0, PAGE_SIZE, REGION_RESERVED);
	regions_merge(bi);
	for (unsigned i = 0; i < bi->region_count; i++)
		if (bi->regions[i].kind == REGION_RAM)
			ram += bi->regions[i].size;
	if (ram < MIB(16))
		return "less than 16 MiB of RAM in the memory map";
	return NULL;
}
