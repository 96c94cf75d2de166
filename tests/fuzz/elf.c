/* tests/fuzz/elf.c -- any bytes as a program or a script. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/object/elf.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/object/elf.h"

#define LIMIT 0x7ffffffff000ull

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool c)
{
	if (!c)
		abort();
}

/* What exec relies on without looking again. */
static void check_image(
    const struct elf_header *h, const struct elf_image *m, uint64_t size)
{
	uint64_t end = 0;

	require(m->count > 0 && m->count <= ELF_SEGMENTS_MAX);
	require(m->low < m->high && m->high <= LIMIT);
	require(h->entry >= m->low && h->entry < m->high);
	require(m->align >= PAGE_SIZE && !(m->align & (m->align - 1)));
	for (uint32_t i = 0; i < m->count; i++) {
		const struct elf_segment *s = &m->segments[i];

		require(s->vaddr >= end && s->mem_size > 0);
		require(s->file_size <= s->mem_size);
		require(s->file_off <= size);
		require(s->file_size <= size - s->file_off);
		require(((s->vaddr ^ s->file_off) & PAGE_MASK) == 0);
		end = s->vaddr + s->mem_size;
		require(end > s->vaddr && end <= m->high);
	}
	if (m->has_interp) {
		require(m->interp_len >= 2);
		require(m->interp_len <= ELF_INTERP_MAX + 1);
		require(m->interp_off + m->interp_len <= size);
	}
}

static void try_elf(const uint8_t *data, size_t size)
{
	struct elf_header h;
	struct elf_image m;
	uint8_t *table;
	size_t n;

	if (elf_parse_header(data, size, size, &h) != OK)
		return;
	/* A copy of just the table: a read past it is seen. */
	n = (size_t)h.phnum * ELF_PHDR_SIZE;
	table = malloc(n);
	memcpy(table, data + h.phoff, n);
	if (elf_parse_segments(&h, table, size, LIMIT, &m) == OK)
		check_image(&h, &m, size);
	free(table);
}

static void try_script(const uint8_t *data, size_t size)
{
	char interp[64], arg[64];

	if (script_parse((const char *)data, size, interp, arg, 64) != OK)
		return;
	require(strlen(interp) > 0 && strlen(interp) < 64);
	require(strlen(arg) < 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_elf(data, size);
	try_script(data, size);
	return 0;
}
