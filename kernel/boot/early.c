/* kernel/boot/early.c -- where the kernel goes: slide, tables, relocation. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/boot/early.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/sections.h"

/*
 * early_setup runs in the identity map, before the image's pointers are
 * relocated: no table of pointers may be used here, and nothing that it calls
 * may use one. The tables that it makes live until mmu_init():
 *
 *	HHDM	4 GiB in 2 MiB pages (the directories of entry.S)
 *	image	2 MiB pages, read, write and execute
 */
enum { R_RELATIVE = 8, PTE_LARGE_RW = 0x83, PTE_TABLE_RW = 3 };
#define LARGE_PAGE MIB(2)

struct rela {
	uint64_t offset;
	uint64_t info;
	uint64_t addend;
};
extern struct rela rela_start[], rela_end[];

uint64_t early_hhdm, early_tsc, early_random;

/* A 64-bit finaliser: every bit of the result depends on all of x. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* RDRAND where there is one, and the time in any case. */
static uint64_t early_entropy(void)
{
	uint64_t v = 0;
	bool ok;

	if (cpuid(1, 0).c & 1u << 30)
		for (unsigned i = 0; i < 10; i++) {
			__asm__ volatile("rdrand %0" : "=r"(v), "=@ccc"(ok));
			if (ok)
				break;
		}
	return mix(v ^ mix(rdtsc()));
}

static bool word_in(const char *line, const char *word)
{
	for (const char *p = line; p && *p; p++) {
		const char *w = word, *q = p;

		while (*w && *q == *w) {
			q++;
			w++;
		}
		if (*w == 0 && (*q == 0 || *q == ' ') &&
		    (p == line || p[-1] == ' '))
			return true;
	}
	return false;
}

static void relocate(uint64_t here, uint64_t base)
{
	for (struct rela *r = rela_start; r < rela_end; r++) {
		uint64_t *at;
		uint64_t v = r->addend - KERNEL_LINK_BASE + base;

		if ((uint32_t)r->info != R_RELATIVE)
			continue;
		at = (uint64_t *)(r->offset - KERNEL_LINK_BASE + here);
		/* Read-only pages of Limine's hold the right value already. */
		if (*at != v)
			*at = v;
	}
}

void early_relocate(void)
{
	relocate((uint64_t)kernel_start, (uint64_t)kernel_start);
	early_tsc = rdtsc();
	early_random = early_entropy();
}

static void early_map(uint64_t image, uint64_t size, uint64_t virt)
{
	unsigned first = early_hhdm >> 30 & 511;

	boot_pml4[early_hhdm >> 39 & 511] =
	    (uint64_t)boot_pdpt_hhdm | PTE_TABLE_RW;
	for (unsigned i = 0; i < 4; i++)
		boot_pdpt_hhdm[first + i] = boot_pdpt_low[i];
	boot_pml4[511] = (uint64_t)boot_pdpt_kernel | PTE_TABLE_RW;
	boot_pdpt_kernel[virt >> 30 & 511] =
	    (uint64_t)boot_pd_kernel | PTE_TABLE_RW;
	for (uint64_t off = 0; off < size; off += LARGE_PAGE)
		boot_pd_kernel[(virt + off) >> 21 & 511] =
		    (image + off) | PTE_LARGE_RW;
}

uint64_t early_setup(uint32_t protocol, uint32_t info)
{
	uint64_t image = (uint64_t)kernel_start, virt = KERNEL_LINK_BASE;
	const void *p = (const void *)(uint64_t)info;
	const char *line;
	bool fixed;

	early_tsc = rdtsc();
	early_random = early_entropy();
	line = protocol == BOOT_PVH ? pvh_cmdline(p) : multiboot2_cmdline(p);
	fixed = word_in(line, "nokaslr");
	early_hhdm = HHDM_LOWEST;
	if (!fixed) {
		uint64_t r = mix(early_random + 1);

		virt += r % (KERNEL_SLIDE_MAX / LARGE_PAGE) * LARGE_PAGE;
		r = mix(early_random + 2) % (HHDM_RANDOM_MAX / GIB(1));
		/* The first four may not straddle a table here: at most 508. */
		if ((r & 511) > 508)
			r -= 4;
		early_hhdm += r * GIB(1);
		early_random = mix(early_random + 3);
	}
	early_map(image, kernel_end - kernel_start, virt);
	relocate(image, virt);
	return virt;
}
