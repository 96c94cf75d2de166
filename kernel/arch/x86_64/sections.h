/* kernel/arch/x86_64/sections.h -- where the linker put what. See kernel.ld. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * Page aligned, in this order:
 *	kernel_start .. text_end	read and execute
 *	rodata_start .. rodata_end	read only
 *	data_start .. data_end		read and write: .data, .percpu, .bss
 *	data_end .. kernel_end		read only: the symbol table
 * entry_start .. entry_end, within text, is what a user root maps as well.
 * The ends of text and rodata are not aligned; the rest of their page is pad.
 */
extern char kernel_start[], text_end[], rodata_start[], rodata_end[];
extern char data_start[], data_end[], bss_start[], bss_end[], kernel_end[];
extern char entry_start[], entry_end[];
extern char percpu_start[], percpu_entry_end[], percpu_end[];
extern char extable_start[], extable_end[];

/* The symbol table, made by tools/ksyms.py between the two links. */
extern const uint32_t ksyms_count;
extern const uint32_t ksyms_offset[]; /* address - kernel_start, ascending */
extern const uint32_t ksyms_name[];   /* index into ksyms_names */
extern const char ksyms_names[];

/* The image's link base and where PVH and Multiboot2 load it. */
#define KERNEL_LINK_BASE 0xffffffff80000000ul
#define KERNEL_LOAD_BASE 0x200000ul
/* The random slide is a multiple of 2 MiB below this. */
#define KERNEL_SLIDE_MAX (GIB(1) - MIB(32))

/*
 * The direct map starts at HHDM_LOWEST plus a random multiple of 1 GiB below
 * HHDM_RANDOM_MAX (Limine chooses its own).
 */
#define HHDM_LOWEST     0xffff800000000000ul
#define HHDM_RANDOM_MAX GIB(4096)
