/* kernel/arch/x86_64/trampoline.h -- the first code of a CPU that starts. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/percpu.h"

/* The code, to be copied to a page below 1 MiB, and places within it. */
extern const char trampoline_start[], trampoline_end[];
extern const char trampoline_data[], trampoline_gdt[], trampoline_64[];

/* What it needs; offsets are known to trampoline.S. */
struct trampoline_data {
	uint16_t gdt_limit;
	uint32_t gdt_base;
	uint16_t pad;
	uint32_t far_offset; /* of the jump to 64-bit code */
	uint16_t far_selector, pad2;
	uint32_t cr3, efer;
	uint64_t entry;    /* void (*)(uint32_t cpu) */
	uint64_t arrivals; /* next CPU number, an address */
	uint64_t cpu_count;
	uint64_t stacks[CPUS_MAX];
} packed_struct;
static_assert(offsetof(struct trampoline_data, far_offset) == 8, "asm");
static_assert(offsetof(struct trampoline_data, cr3) == 16, "asm");
static_assert(offsetof(struct trampoline_data, entry) == 24, "asm");
static_assert(offsetof(struct trampoline_data, stacks) == 48, "asm");
