/* kernel/arch/x86_64/gdt.c -- segments, task state, interrupt stacks. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/gdt.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/arch/x86_64/sections.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "kernel/mm/vmalloc.h"

/*
 * NMI, double fault, machine check and debug run on stacks of their own: they
 * may come when the stack pointer is the user's or the stack is full. The top
 * word of each holds the CPU's kernel GS base, which the entry code needs
 * before it can trust the GS base that it finds (traps.S, paranoid).
 */
enum { GDT_ENTRIES = 7, EARLY_STACK = 4096, IST_RESERVED = 16 };

PERCPU_DEFINE_ENTRY(struct tss, cpu_tss);
struct gdt {
	uint64_t entries[GDT_ENTRIES];
};
static PERCPU_DEFINE_ENTRY(struct gdt, cpu_gdt);
struct aligned_to(16) entry_stack {
	uint8_t bytes[ENTRY_STACK_SIZE];
};
/* With isolation: where frames of user mode land first. */
PERCPU_DECLARE(struct entry_stack, entry_stack);
PERCPU_DEFINE_ENTRY(struct entry_stack, entry_stack);

static uint64_t ist_tops[CPUS_MAX][IST_COUNT];
static aligned_to(4096) uint8_t early_stacks[IST_COUNT][EARLY_STACK];

void gdt_alloc_stacks(unsigned cpu)
{
	for (unsigned i = 0; i < IST_COUNT; i++) {
		void *top = kstack_alloc();

		if (top == NULL)
			panic("no memory for interrupt stacks of cpu %u", cpu);
		ist_tops[cpu][i] = (uint64_t)top;
	}
}

static void set_ist(struct tss *t, bool guarded)
{
	for (unsigned i = 0; i < IST_COUNT; i++) {
		uint64_t top = (uint64_t)early_stacks[i] + EARLY_STACK;

		if (guarded)
			top = ist_tops[cpu_id()][i];
		top -= IST_RESERVED;
		*(uint64_t *)top = percpu_offset;
		t->ist[i] = top;
	}
}

static void load_tables(uint64_t *gdt)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} packed_struct gdtr = {GDT_ENTRIES * 8 - 1, (uint64_t)gdt};

	__asm__ volatile("lgdt %0\n\t"
	                 "pushq %1\n\t"
	                 "leaq 1f(%%rip), %%rax\n\t"
	                 "pushq %%rax\n\t"
	                 "lretq\n"
	                 "1:\tmovl %2, %%eax\n\t"
	                 "movl %%eax, %%ds\n\t"
	                 "movl %%eax, %%es\n\t"
	                 "movl %%eax, %%ss\n\t"
	                 "ltr %w3"
	    :
	    : "m"(gdtr), "i"(SEL_KERNEL_CODE), "i"(SEL_KERNEL_DATA),
	    "r"(SEL_TSS)
	    : "rax", "memory");
}

void gdt_init_cpu(bool guarded)
{
	struct tss *t = percpu_ptr(cpu_tss);
	struct gdt *g = percpu_ptr(cpu_gdt);
	uint64_t *gdt = g->entries;
	uint64_t base = (uint64_t)t;
	struct entry_stack *stack = percpu_ptr(entry_stack);

	t->io_map = sizeof(*t);
	t->rsp[0] = (uint64_t)(stack + 1);
	set_ist(t, guarded);
	gdt[1] = 0x00af9b000000ffff; /* kernel code */
	gdt[2] = 0x00cf93000000ffff; /* kernel data */
	gdt[3] = 0x00cff3000000ffff; /* user data */
	gdt[4] = 0x00affb000000ffff; /* user code */
	gdt[5] = (sizeof(*t) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
	         (base >> 24 & 0xff) << 56;
	gdt[6] = base >> 32;
	load_tables(gdt);
}

static void share(vaddr_t va, uint64_t size)
{
	if (mmu_pti_share(va, size) != OK)
		panic("no memory to share the entry areas");
}

void gdt_share(unsigned cpu)
{
	share((vaddr_t)percpu_start + percpu_offsets[cpu],
	    percpu_entry_end - percpu_start);
	for (unsigned i = 0; i < IST_COUNT; i++)
		share(ist_tops[cpu][i] - KSTACK_SIZE, KSTACK_SIZE);
}

bool ist_guard_hit(vaddr_t va)
{
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		for (unsigned i = 0; i < IST_COUNT; i++) {
			vaddr_t base = ist_tops[cpu][i] - KSTACK_SIZE;

			if (ist_tops[cpu][i] && va < base &&
			    va >= base - PAGE_SIZE)
				return true;
		}
	return false;
}
