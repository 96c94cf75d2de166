/* kernel/object/elf.c -- checking ELF64 images and script lines. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/elf.h"
#include "kernel/core/string.h"

enum {
	ET_EXEC = 2,
	ET_DYN = 3,
	EM_X86_64 = 62,
	PT_LOAD = 1,
	PT_INTERP = 3,
	PT_PHDR = 6,
	PF_X = 1,
	PF_W = 2,
	PF_R = 4,
};
#define PT_GNU_STACK 0x6474e551u

struct ehdr {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
static_assert(sizeof(struct ehdr) == ELF_HEADER_SIZE, "format");

struct phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
static_assert(sizeof(struct phdr) == ELF_PHDR_SIZE, "format");

enum err elf_parse_header(
    const void *buf, size_t n, uint64_t file_size, struct elf_header *out)
{
	/* magic, 64 bits, little endian, version 1 */
	static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	struct ehdr h;

	if (n < sizeof(h))
		return E_NOEXEC;
	memcpy(&h, buf, sizeof(h));
	if (memcmp(h.ident, ident, sizeof(ident)) != 0)
		return E_NOEXEC;
	if ((h.type != ET_EXEC && h.type != ET_DYN) || h.machine != EM_X86_64 ||
	    h.phentsize != ELF_PHDR_SIZE)
		return E_NOEXEC;
	if (h.phnum == 0 || h.phnum > ELF_PHDRS_MAX)
		return E_NOEXEC;
	if (h.phoff > file_size ||
	    (uint64_t)h.phnum * ELF_PHDR_SIZE > file_size - h.phoff)
		return E_NOEXEC;
	*out = (struct elf_header){
	    .relocatable = h.type == ET_DYN,
	    .phnum = h.phnum,
	    .phoff = h.phoff,
	    .entry = h.entry,
	};
	return OK;
}

static uint32_t prot_of(uint32_t flags)
{
	return (flags & PF_R ? 1 : 0) | (flags & PF_W ? 2 : 0) |
	       (flags & PF_X ? 4 : 0);
}

static enum err add_segment(const struct phdr *p, uint64_t file_size,
    uint64_t limit, struct elf_image *out)
{
	const struct elf_segment *last;

	if (p->memsz == 0)
		return OK;
	if (p->filesz > p->memsz || p->offset > file_size ||
	    p->filesz > file_size - p->offset)
		return E_NOEXEC;
	if (p->vaddr >= limit || p->memsz > limit - p->vaddr)
		return E_NOEXEC;
	if ((p->vaddr & PAGE_MASK) != (p->offset & PAGE_MASK))
		return E_NOEXEC;
	if (out->count == ELF_SEGMENTS_MAX)
		return E_NOEXEC;
	if (out->count > 0) {
		last = &out->segments[out->count - 1];
		if (p->vaddr < last->vaddr + last->mem_size)
			return E_NOEXEC;
	}
	/* A power of two of at most 1 GiB moves the image; others do not. */
	if (p->align > out->align && p->align <= GIB(1) &&
	    !(p->align & (p->align - 1)))
		out->align = p->align;
	out->segments[out->count++] = (struct elf_segment){
	    .vaddr = p->vaddr,
	    .file_off = p->offset,
	    .file_size = p->filesz,
	    .mem_size = p->memsz,
	    .prot = prot_of(p->flags),
	};
	return OK;
}

static enum err set_interp(
    const struct phdr *p, uint64_t file_size, struct elf_image *out)
{
	if (out->has_interp || p->filesz < 2 || p->filesz > ELF_INTERP_MAX + 1)
		return E_NOEXEC;
	if (p->offset > file_size || p->filesz > file_size - p->offset)
		return E_NOEXEC;
	out->has_interp = true;
	out->interp_off = p->offset;
	out->interp_len = (uint32_t)p->filesz;
	return OK;
}

/* The segment that holds the table says where the program sees it. */
static void find_phdr(const struct elf_header *h, struct elf_image *out)
{
	uint64_t bytes = (uint64_t)h->phnum * ELF_PHDR_SIZE;

	for (uint32_t i = 0; i < out->count; i++) {
		const struct elf_segment *s = &out->segments[i];

		if (h->phoff >= s->file_off &&
		    h->phoff - s->file_off < s->file_size &&
		    bytes <= s->file_size - (h->phoff - s->file_off)) {
			out->phdr = s->vaddr + (h->phoff - s->file_off);
			return;
		}
	}
}

enum err elf_parse_segments(const struct elf_header *h, const void *table,
    uint64_t file_size, uint64_t limit, struct elf_image *out)
{
	const struct elf_segment *last;
	enum err e = OK;

	*out = (struct elf_image){.align = PAGE_SIZE};
	for (uint32_t i = 0; i < h->phnum && e == OK; i++) {
		struct phdr p;

		memcpy(&p, (const char *)table + i * sizeof(p), sizeof(p));
		if (p.type == PT_LOAD)
			e = add_segment(&p, file_size, limit, out);
		else if (p.type == PT_INTERP)
			e = set_interp(&p, file_size, out);
		else if (p.type == PT_GNU_STACK)
			out->exec_stack = p.flags & PF_X;
	}
	if (e != OK)
		return e;
	if (out->count == 0)
		return E_NOEXEC;
	last = &out->segments[out->count - 1];
	out->low = ALIGN_DOWN(out->segments[0].vaddr, PAGE_SIZE);
	out->high = ALIGN_UP(last->vaddr + last->mem_size, PAGE_SIZE);
	if (out->high > limit || h->entry < out->low || h->entry >= out->high)
		return E_NOEXEC;
	find_phdr(h, out);
	return OK;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

enum err script_parse(
    const char *buf, size_t n, char *interp, char *arg, size_t size)
{
	size_t i = 2, end, len;

	if (n < 3 || buf[0] != '#' || buf[1] != '!')
		return E_NOEXEC;
	for (end = 2; end < n && buf[end] != '\n' && buf[end] != '\0'; end++)
		;
	/* A line that goes on past what was read would be cut short. */
	if (end == n && n >= size)
		return E_NOEXEC;
	while (i < end && blank(buf[i]))
		i++;
	for (len = 0; i < end && !blank(buf[i]); i++) {
		if (len + 1 >= size)
			return E_NOEXEC;
		interp[len++] = buf[i];
	}
	interp[len] = '\0';
	if (len == 0)
		return E_NOEXEC;
	while (i < end && blank(buf[i]))
		i++;
	while (end > i && blank(buf[end - 1]))
		end--;
	/* All the rest is one argument, as on Linux. */
	len = end - i;
	if (len + 1 > size)
		return E_NOEXEC;
	memcpy(arg, buf + i, len);
	arg[len] = '\0';
	return OK;
}
