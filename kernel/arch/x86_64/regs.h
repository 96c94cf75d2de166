/* kernel/arch/x86_64/regs.h -- the registers that an entry saves. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * Pushed by every entry, in this order in memory (r15 lowest). For a system
 * call orig_rax is the number and rax the result; for a trap orig_rax is the
 * error code, for an interrupt ~vector. System calls save rbx, rbp, r12-r15
 * only on the slow way out or in calls marked so in the table (entry.S).
 */
struct regs {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax;
	uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(struct regs) == 168, "known to entry.S and thread.h");

static inline bool regs_user(const struct regs *r)
{
	return (r->cs & 3) == 3;
}

enum {
	SEL_KERNEL_CODE = 0x08,
	SEL_KERNEL_DATA = 0x10,
	SEL_USER_DATA = 0x18 | 3, /* SYSRET: base + 8 */
	SEL_USER_CODE = 0x20 | 3, /* SYSRET: base + 16 */
	SEL_TSS = 0x28,
};
#define STAR_SYSRET_BASE (0x10 | 3)

enum {
	RFLAGS_CF = 1 << 0,
	RFLAGS_FIXED = 1 << 1,
	RFLAGS_TF = 1 << 8,
	RFLAGS_IF = 1 << 9,
	RFLAGS_DF = 1 << 10,
	RFLAGS_IOPL = 3 << 12,
	RFLAGS_NT = 1 << 14,
	RFLAGS_RF = 1 << 16,
	RFLAGS_AC = 1 << 18,
	/* What a user may set by sigreturn or ptrace. */
	RFLAGS_USER = 0xdd5 | RFLAGS_AC | RFLAGS_RF,
};
