/* kernel/boot/early.h -- between the loader and kernel_main. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/boot/boot_info.h"

/*
 * Called from entry.S in the identity map: choose where the image and the
 * direct map go, build boot_pml4, apply the relocations. Gives the final
 * address of kernel_start.
 */
uint64_t early_setup(uint32_t protocol, uint32_t info);

/* Apply the relocations for where the image runs now (again: no effect). */
void early_relocate(void);

/* Called from entry.S in the higher half, on the boot stack. */
noreturn_fn void boot_main(uint32_t protocol, uint32_t info);

/* Tables of entry.S, and where early_setup put the direct map. */
extern uint64_t boot_pml4[512], boot_pdpt_low[512], boot_pdpt_hhdm[512];
extern uint64_t boot_pdpt_kernel[512], boot_pd_kernel[512];
extern char boot_stack[], boot_stack_top[];
extern uint64_t early_hhdm, early_tsc, early_random;

/*
 * The three fillers. p: the loader's information, through the direct map
 * (Limine: in the image). Fill what the protocol says, unchecked but without
 * reading out of bounds. NULL, or what is wrong.
 */
const char *pvh_fill(struct boot_info *bi, paddr_t info, vaddr_t hhdm);
const char *multiboot2_fill(struct boot_info *bi, paddr_t info, vaddr_t hhdm);
const char *limine_fill(struct boot_info *bi);

/* The command line, in the identity map; NULL when there is none. */
const char *pvh_cmdline(const void *info);
const char *multiboot2_cmdline(const void *info);

/*
 * Copy text of unknown honesty: at most max bytes of src are read, the result
 * is terminated and cut to size; control characters become spaces.
 */
void boot_text(char *dst, size_t size, const char *src, size_t max);

/* Append a region / module; false when the table is full. */
bool boot_add_region(
    struct boot_info *bi, paddr_t base, uint64_t size, uint32_t kind);
bool boot_add_module(
    struct boot_info *bi, paddr_t base, uint64_t size, const char *name);

/* E820 types as regions. */
uint32_t boot_e820_kind(uint32_t type);

/* Give [base, base + size) the kind, whatever it was. */
void boot_reserve(
    struct boot_info *bi, paddr_t base, uint64_t size, uint32_t kind);
