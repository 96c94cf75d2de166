/* kernel/object/elf.h -- ELF64 images: what exec must know of one. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * Pure functions over bytes that anybody may have written: every number is
 * checked against the file's size and the user's range before it is used.
 * Built on the host too (tests/host/elf_test.c, tests/fuzz/elf.c).
 */

enum {
	ELF_HEADER_SIZE = 64,
	ELF_PHDR_SIZE = 56,
	ELF_PHDRS_MAX = 64,
	ELF_SEGMENTS_MAX = 16,
	ELF_INTERP_MAX = 255,
};

/* From the file header alone. */
struct elf_header {
	bool relocatable; /* ET_DYN: may be loaded anywhere */
	uint16_t phnum;
	uint64_t phoff;
	uint64_t entry;
};

struct elf_segment {
	uint64_t vaddr;     /* as linked */
	uint64_t file_off;  /* congruent to vaddr modulo the page size */
	uint64_t file_size; /* <= mem_size */
	uint64_t mem_size;
	uint32_t prot; /* PROT_R 1, PROT_W 2, PROT_X 4 */
};

struct elf_image {
	uint32_t count;
	struct elf_segment segments[ELF_SEGMENTS_MAX]; /* ascending, disjoint */
	uint64_t low, high; /* page-aligned span of all segments, as linked */
	uint64_t align;     /* largest p_align, a power of two */
	uint64_t phdr;      /* linked address of the program headers; 0: none */
	bool has_interp;
	uint64_t interp_off; /* path in the file, interp_len bytes with NUL */
	uint32_t interp_len;
	bool exec_stack; /* PT_GNU_STACK asks for it */
};

/*
 * Check the first bytes of a file of file_size bytes. E_NOEXEC: not an ELF64
 * x86-64 program (buf is too short, another machine, a shared header, ...).
 */
enum err elf_parse_header(
    const void *buf, size_t n, uint64_t file_size, struct elf_header *out);

/*
 * Check the program headers: table holds h->phnum entries of ELF_PHDR_SIZE.
 * limit: end of user space. E_NOEXEC.
 */
enum err elf_parse_segments(const struct elf_header *h, const void *table,
    uint64_t file_size, uint64_t limit, struct elf_image *out);

/*
 * A script's first line "#!interpreter [argument]". buf is the file's start,
 * n bytes; interp and arg (may end up empty) get up to size-1 bytes each.
 * E_NOEXEC: no such line, or it does not fit.
 */
enum err script_parse(
    const char *buf, size_t n, char *interp, char *arg, size_t size);
