/* tests/limine/paging.c -- the page tables that the kernel starts on. */
/* SPDX-License-Identifier: MIT */
#include "loader.h"

enum { PRESENT = 1, WRITE = 2, BIG = 1 << 7, RANGES_MAX = 128 };
static const uint64_t no_execute = 1ULL << 63;
static const uint64_t four_gib = 1ULL << 32;

extern char gdt[], gdt_pointer_high[];

uint64_t final_tables, passing_tables;

static uint64_t *below(uint64_t *table, unsigned index)
{
	if (!(table[index] & PRESENT)) {
		void *fresh = take_kind(PAGE, PAGE, RECLAIMABLE);

		table[index] = (uintptr_t)fresh | PRESENT | WRITE;
	}
	return (uint64_t *)(uintptr_t)(table[index] & 0xfffff000);
}

static void map(
    uint64_t *top, uint64_t virt, uint64_t phys, uint64_t size, uint64_t flags)
{
	while (size) {
		uint64_t *t = below(top, virt >> 39 & 511);

		t = below(t, virt >> 30 & 511);
		if (!((virt | phys) & (BIG_PAGE - 1)) && size >= BIG_PAGE &&
		    !(t[virt >> 21 & 511] & PRESENT)) {
			t[virt >> 21 & 511] = phys | PRESENT | BIG | flags;
			virt += BIG_PAGE, phys += BIG_PAGE, size -= BIG_PAGE;
			continue;
		}
		/* A big page that is there already covers this one. */
		if (!(t[virt >> 21 & 511] & BIG)) {
			t = below(t, virt >> 21 & 511);
			t[virt >> 12 & 511] = phys | PRESENT | flags;
		}
		virt += PAGE, phys += PAGE;
		size = size > PAGE ? size - PAGE : 0;
	}
}

/* What the direct map holds, by the agreed revision. */
static bool in_direct_map(uint64_t kind)
{
	switch (kind) {
	case USABLE:
	case RECLAIMABLE:
	case IMAGE_AND_MODULES:
	case FRAMEBUFFER:
		return true;
	case ACPI_TABLES:
	case ACPI_NVS:
		return base_revision != 3;
	default:
		return false;
	}
}

static void map_direct(uint64_t *top)
{
	static struct range snapshot[RANGES_MAX];
	unsigned count;
	struct range *r = memory_map(&count);

	/* The tables come from the map itself: usable becomes reclaimable. */
	copy(snapshot, r, count * sizeof(*r));
	if (base_revision < 3)
		map(top, hhdm, 0, four_gib, WRITE);
	for (unsigned i = 0; i < count; i++) {
		uint64_t base = snapshot[i].base & ~(uint64_t)(PAGE - 1);
		uint64_t end = snapshot[i].base + snapshot[i].length;

		if (!in_direct_map(snapshot[i].kind))
			continue;
		map(top, hhdm + base, base,
		    (end - base + PAGE - 1) & ~(uint64_t)(PAGE - 1), WRITE);
	}
}

static void map_image(uint64_t *top, const struct image *m)
{
	for (uint32_t at = 0; at < (uint32_t)m->size; at += PAGE) {
		unsigned f = image_flags(at);
		uint64_t flags = (f & 1 ? WRITE : 0) | (f & 2 ? 0 : no_execute);
		uint64_t *t;
		uint64_t virt = m->virt + at;

		t = below(below(below(top, virt >> 39 & 511), virt >> 30 & 511),
		    virt >> 21 & 511);
		t[virt >> 12 & 511] = (m->phys + at) | PRESENT | flags;
	}
}

void paging_init(const struct image *image, const struct screen *screen)
{
	uint64_t *final = take_kind(PAGE, PAGE, RECLAIMABLE);
	uint64_t *passing = take_kind(PAGE, PAGE, RECLAIMABLE);

	map_direct(final);
	if (screen->base)
		map(final, hhdm + screen->base, screen->base,
		    (uint64_t)screen->pitch * screen->height, WRITE);
	map_image(final, image);
	copy(passing, final, PAGE);
	map(passing, 0, 0, four_gib, WRITE);
	final_tables = (uintptr_t) final;
	passing_tables = (uintptr_t)passing;
	*(uint64_t *)(gdt_pointer_high + 2) = direct(gdt);
}
