/* kernel/arch/x86_64/gdt.h -- segments, task state, interrupt stacks. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/percpu.h"
#include "kernel/arch/x86_64/mmu.h"

/* Per-CPU data that the user's root maps as well; see kernel.ld. */
#define PERCPU_DEFINE_ENTRY(type, name) \
	PERCPU typeof(type) name __attribute__((section(".percpu.entry"), used))

enum {
	IST_NMI = 1,
	IST_DOUBLE_FAULT = 2,
	IST_MACHINE_CHECK = 3,
	IST_DEBUG = 4
};
enum { IST_COUNT = 4, ENTRY_STACK_SIZE = 1024 };

struct packed_struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map; /* beyond the limit: no port is open */
};

PERCPU_DECLARE(struct tss, cpu_tss);

/*
 * Where the CPU puts the frame when it leaves user mode: the thread's kernel
 * stack. With page-table isolation it stays the CPU's entry stack, and the
 * entry code goes on to kstack_top.
 */
static inline void tss_set_stack(uint64_t top)
{
	if (!mmu_pti)
		cpu_tss.rsp[0] = top;
}

/*
 * This CPU's GDT, TSS and interrupt stacks; GS base is set. guarded: take
 * stacks with guard pages (vmalloc works), else the boot CPU's early ones.
 */
void gdt_init_cpu(bool guarded);

/*
 * Page-table isolation: let user roots map cpu's entry page and interrupt
 * stacks too. After gdt_alloc_stacks, before mmu_seal.
 */
void gdt_share(unsigned cpu);

/* Allocate cpu's interrupt stacks ahead (boot CPU, before it starts). */
void gdt_alloc_stacks(unsigned cpu);

/* True when va lies in the guard page of an interrupt stack or just below. */
bool ist_guard_hit(vaddr_t va);
