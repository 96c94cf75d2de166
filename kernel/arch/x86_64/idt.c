/* kernel/arch/x86_64/idt.c -- the interrupt table. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/gdt.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/arch/x86_64/traps.h"
#include "kernel/core/panic.h"

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};
enum { VECTORS = 256, GATE_INTERRUPT = 0x8e, GATE_USER = 0xee };

/* A page of its own: the CPU reads it under the user's root too. */
static aligned_to(4096) struct gate idt[VECTORS];
static_assert(sizeof(idt) == PAGE_SIZE, "shared as one page");

/* traps.S: distance of each stub from the first of its flavour. */
extern const uint32_t plain_stubs[VECTORS], pti_stubs[VECTORS];
extern char plain_stub_first[], pti_stub_first[];

static uint8_t ist_of(unsigned vector)
{
	switch (vector) {
	case TRAP_NMI:
		return IST_NMI;
	case TRAP_DOUBLE_FAULT:
		return IST_DOUBLE_FAULT;
	case TRAP_MACHINE_CHECK:
		return IST_MACHINE_CHECK;
	case TRAP_DEBUG:
		return IST_DEBUG;
	default:
		return 0;
	}
}

void idt_init(bool pti)
{
	const uint32_t *stubs = pti ? pti_stubs : plain_stubs;
	uint64_t first = (uint64_t)(pti ? pti_stub_first : plain_stub_first);

	for (unsigned v = 0; v < VECTORS; v++) {
		uint64_t at = first + stubs[v];
		bool user = v == TRAP_BREAKPOINT || v == TRAP_OVERFLOW;

		idt[v] = (struct gate){
		    .offset_low = at & 0xffff,
		    .selector = SEL_KERNEL_CODE,
		    .ist = ist_of(v),
		    .type = user ? GATE_USER : GATE_INTERRUPT,
		    .offset_mid = at >> 16 & 0xffff,
		    .offset_high = at >> 32,
		};
	}
}

void idt_load(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} packed_struct idtr = {sizeof(idt) - 1, (uint64_t)idt};

	__asm__ volatile("lidt %0" : : "m"(idtr));
}

void idt_share(void)
{
	if (mmu_pti_share((vaddr_t)idt, sizeof(idt)) != OK)
		panic("no memory to share the interrupt table");
}
