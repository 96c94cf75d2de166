/* kernel/arch/x86_64/traps.h -- exceptions and the interrupt table. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct regs;

enum trap {
	TRAP_DIVIDE = 0,
	TRAP_DEBUG = 1,
	TRAP_NMI = 2,
	TRAP_BREAKPOINT = 3,
	TRAP_OVERFLOW = 4,
	TRAP_BOUND = 5,
	TRAP_OPCODE = 6,
	TRAP_NO_FPU = 7,
	TRAP_DOUBLE_FAULT = 8,
	TRAP_TSS = 10,
	TRAP_SEGMENT = 11,
	TRAP_STACK = 12,
	TRAP_PROTECTION = 13,
	TRAP_PAGE = 14,
	TRAP_FPU = 16,
	TRAP_ALIGNMENT = 17,
	TRAP_MACHINE_CHECK = 18,
	TRAP_VECTOR_FPU = 19,
	TRAP_COUNT = 32,
};

/*
 * Build the interrupt table (boot CPU): the plain stubs, or those for
 * page-table isolation; again when that is decided after the first call.
 */
void idt_init(bool pti);
/* Map it in user roots too (page-table isolation); before mmu_seal. */
void idt_share(void);
/* Every CPU: load it. */
void idt_load(void);

/* Called by traps.S, interrupts off. r may be on an interrupt stack. */
void trap_dispatch(struct regs *r, unsigned vector);
void trap_paranoid(struct regs *r, unsigned vector);
struct regs *trap_bad_iret(struct regs *r);

/* irq.c: every vector from 32 up. */
void irq_dispatch(struct regs *r, unsigned vector);

/* The name of an exception, for messages. */
const char *trap_name(unsigned vector);

/* Stops this CPU for good; an NMI in a panic comes here. */
noreturn_fn void cpu_stop(void);
