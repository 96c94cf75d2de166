/* tests/limine/memory.c -- the memory map and the loader's own memory. */
/* SPDX-License-Identifier: MIT */
/*
 * The map is an array of ranges, sorted and not overlapping.  Marking a range
 * splits what it touches.  The loader's memory is taken from the top of the
 * highest usable range below 4 GiB, so that what QEMU put low stays whole.
 */
#include "loader.h"

enum {
	RANGES_MAX = 128,
	E820_RAM = 1,
	E820_ACPI = 3,
	E820_NVS = 4,
	E820_BAD = 5
};

struct e820 {
	uint32_t size; /* of what follows */
	uint64_t base, length;
	uint32_t type;
} __attribute__((packed));

static struct range ranges[RANGES_MAX];
static unsigned range_count;

static void insert(unsigned at, uint64_t base, uint64_t end, uint64_t kind)
{
	if (base >= end)
		return;
	if (range_count == RANGES_MAX)
		die("too many memory ranges");
	for (unsigned i = range_count++; i > at; i--)
		ranges[i] = ranges[i - 1];
	ranges[at] = (struct range){base, end - base, kind};
}

static void append_sorted(uint64_t base, uint64_t end, uint64_t kind)
{
	unsigned at = 0;

	while (at < range_count && ranges[at].base < base)
		at++;
	insert(at, base, end, kind);
}

static enum kind kind_of(uint32_t type)
{
	switch (type) {
	case E820_RAM:
		return USABLE;
	case E820_ACPI:
		return ACPI_TABLES;
	case E820_NVS:
		return ACPI_NVS;
	case E820_BAD:
		return BAD;
	default:
		return RESERVED;
	}
}

void memory_init(const void *mmap, uint32_t size)
{
	const char *at = mmap, *end = at + size;

	while (at < end) {
		const struct e820 *e = (const void *)at;
		uint64_t base = e->base, top = e->base + e->length;

		at += e->size + 4;
		if (e->type == E820_RAM) { /* whole pages, never page 0 */
			base = (base + PAGE - 1) & ~(uint64_t)(PAGE - 1);
			top &= ~(uint64_t)(PAGE - 1);
			base = base ? base : PAGE;
		}
		append_sorted(base, top, kind_of(e->type));
	}
}

void memory_mark(uint64_t base, uint64_t size, enum kind kind)
{
	uint64_t end = (base + size + PAGE - 1) & ~(uint64_t)(PAGE - 1);

	base &= ~(uint64_t)(PAGE - 1);
	for (unsigned i = 0; i < range_count; i++) {
		struct range r = ranges[i];
		uint64_t top = r.base + r.length;

		if (r.kind != USABLE || end <= r.base || base >= top)
			continue;
		for (unsigned k = i; k + 1 < range_count; k++)
			ranges[k] = ranges[k + 1];
		range_count--;
		insert(i, end, top, USABLE);
		insert(i, base > r.base ? base : r.base, end < top ? end : top,
		    kind);
		insert(i, r.base, base, USABLE);
		return;
	}
}

void *take_kind(size_t size, size_t align, enum kind kind)
{
	uint64_t at;
	char *p;

	for (unsigned i = range_count; i-- > 0;) {
		struct range *r = &ranges[i];

		if (r->kind != USABLE || r->base + r->length > 1ULL << 32 ||
		    r->base < 1 << 20 || r->length < size + align + PAGE)
			continue;
		size = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
		at = (r->base + r->length - size) & ~(uint64_t)(align - 1) &
		     ~(uint64_t)(PAGE - 1);
		memory_mark(at, size, kind);
		p = (char *)(uintptr_t)at;
		for (size_t n = 0; n < size; n++)
			p[n] = 0;
		return p;
	}
	die("no memory");
}

/* Small pieces share pages. */
void *take(size_t size, size_t align)
{
	static char *page;
	static size_t left;
	size_t skip;
	void *p;

	if (size >= PAGE / 2)
		return take_kind(size, align, RECLAIMABLE);
	skip = -(uintptr_t)page & (align - 1);
	if (!page || left < size + skip) {
		page = take_kind(PAGE, PAGE, RECLAIMABLE);
		left = PAGE;
		skip = 0;
	}
	p = page + skip;
	page += skip + size;
	left -= skip + size;
	return p;
}

/* Neighbours of one kind become one. */
struct range *memory_map(unsigned *count)
{
	unsigned n = 0;

	for (unsigned i = 0; i < range_count; i++) {
		struct range *last = &ranges[n - 1];

		if (n && last->kind == ranges[i].kind &&
		    last->base + last->length == ranges[i].base)
			last->length += ranges[i].length;
		else
			ranges[n++] = ranges[i];
	}
	*count = range_count = n;
	return ranges;
}
