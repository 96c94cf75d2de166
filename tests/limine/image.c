/* tests/limine/image.c -- load the kernel: ELF64, moved to a random address. */
/* SPDX-License-Identifier: MIT */
#include "loader.h"

enum { LOAD = 1, DYNAMIC = 2, DT_RELA = 7, DT_RELASZ = 8 };
enum { FLAG_X = 1, FLAG_W = 2, ET_EXEC = 2, ET_DYN = 3, R_RELATIVE = 8 };
enum { SEGMENTS_MAX = 16, SLIDE_PAGES = 0x8000 };

struct elf {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct rela {
	uint64_t offset, info;
	int64_t addend;
};

static const struct segment *segments;
static unsigned segment_count;
static uint64_t linked; /* the lowest address, as linked */

unsigned image_flags(uint32_t offset)
{
	unsigned flags = 0;

	for (unsigned i = 0; i < segment_count; i++) {
		const struct segment *s = &segments[i];
		uint64_t page = linked + offset;

		if (s->type != LOAD || page + PAGE <= s->vaddr ||
		    page >= s->vaddr + s->memsz)
			continue;
		flags |=
		    (s->flags & FLAG_W ? 1 : 0) | (s->flags & FLAG_X ? 2 : 0);
	}
	return flags;
}

/* Apply the relative relocations that the dynamic segment names. */
static void relocate(struct image *m, const struct segment *dynamic)
{
	char *base = (char *)(uintptr_t)m->phys;
	const uint64_t *d =
	    (void *)(base + (uint32_t)(dynamic->vaddr - linked));
	uint64_t at = 0, size = 0;

	for (; d[0]; d += 2) {
		at = d[0] == DT_RELA ? d[1] : at;
		size = d[0] == DT_RELASZ ? d[1] : size;
	}
	for (uint32_t i = 0; i < (uint32_t)size; i += sizeof(struct rela)) {
		const struct rela *r =
		    (void *)(base + (uint32_t)(at - linked) + i);

		if ((uint32_t)r->info != R_RELATIVE)
			die("a relocation that is not relative");
		*(uint64_t *)(base + (uint32_t)(r->offset - linked)) =
		    (uint64_t)r->addend + m->slide;
	}
}

void image_load(const struct module *file, struct image *m)
{
	const struct elf *e = (void *)file->start;
	const struct segment *dynamic = 0;
	uint64_t top = 0, align = PAGE;
	char *base;

	if (*(const uint32_t *)e->ident != 0x464c457f || e->ident[4] != 2 ||
	    e->phnum > SEGMENTS_MAX)
		die("the kernel is not a 64-bit ELF file");
	segments = (void *)(file->start + (uint32_t)e->phoff);
	segment_count = e->phnum;
	linked = ~0ULL;
	for (unsigned i = 0; i < segment_count; i++) {
		const struct segment *s = &segments[i];

		if (s->type == DYNAMIC)
			dynamic = s;
		/* Segments that are not in the higher half are not loaded. */
		if (s->type != LOAD || s->vaddr < 0xffffffff80000000ULL)
			continue;
		linked = s->vaddr < linked ? s->vaddr : linked;
		top = s->vaddr + s->memsz > top ? s->vaddr + s->memsz : top;
		align = s->align > align ? s->align : align;
	}
	linked &= ~(align - 1);
	m->size = (top - linked + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	base = take_kind((uint32_t)m->size, (uint32_t)align, IMAGE_AND_MODULES);
	m->phys = (uint32_t)(uintptr_t)base;
	m->slide = e->type == ET_DYN
	               ? (uint64_t)(any() % SLIDE_PAGES) * (uint32_t)align
	               : 0;
	if (m->slide > 0x20000000) /* wide alignment: stay in the top 2 GiB */
		m->slide = (m->slide & 0x1fffffff) & ~(align - 1);
	m->virt = linked + m->slide;
	m->entry = e->entry + m->slide;
	for (unsigned i = 0; i < segment_count; i++) {
		const struct segment *s = &segments[i];

		if (s->type == LOAD && s->vaddr >= 0xffffffff80000000ULL)
			copy(base + (uint32_t)(s->vaddr - linked),
			    (void *)(file->start + (uint32_t)s->offset),
			    (uint32_t)s->filesz);
	}
	if (e->type == ET_DYN && dynamic)
		relocate(m, dynamic);
}
