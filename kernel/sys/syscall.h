/* kernel/sys/syscall.h -- the system call table. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"
#include "abi/native.h"

/*
 * Handlers take up to six register arguments and return a value or a negative
 * errno. kernel/sys/calls.h lists those that native silos may use too (they
 * live in kernel/sys), kernel/linux/calls.h the rest of the personality:
 *
 *	SYSCALL(nr, name)	handler sys_name
 *	SYSCALL_REGS(nr, name)	handler needs all user registers saved
 *				(fork, exec, sigreturn): entry.S saves and
 *				restores them round the call
 *
 * abi/native_calls.h lists Strat9's own (NATIVE, NATIVE_REGS), which lie behind
 * these in the table. A number without a handler goes to sys_unknown, which
 * counts it.
 */
enum { SYSCALL_MAX = 512, SYSCALL_TABLE = SYSCALL_MAX + NATIVE_MAX };

typedef long syscall_fn(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
    uint64_t a4, uint64_t a5);
/*
 * The handlers that threads of Linux silos have, all of them, and what those of
 * native ones have instead of the first SYSCALL_MAX: sys_refused where
 * kernel/sys/calls.h has nothing. Made from call_list.S at boot.
 */
struct aligned_to(PAGE_SIZE) syscall_tables {
	const void *all[SYSCALL_TABLE];
	const void *native[SYSCALL_MAX];
};
extern struct syscall_tables syscall_table;
long sys_refused(void);  /* E_PERM, counted by the silo */
void syscall_init(void); /* boot, before the first process */

/*
 * Call fn for each number that was called and that nobody serves, with how
 * often it was: /proc/unknown_syscalls.
 */
void syscall_unknown_each(
    void (*fn)(uint64_t nr, uint32_t count, void *arg), void *arg);

struct regs;

/*
 * On the way to user mode with work pending, interrupts off: switches, signals.
 * The first from interrupts and traps, the second from a system call, whose
 * result in regs->rax may be a restart code.
 */
void user_return_work(struct regs *regs);
void syscall_return_work(struct regs *regs);

/* A traced call begins: 0 to go on with regs, negative to refuse. */
long syscall_trace_enter(struct regs *regs);

/* The handler of numbers that nobody serves: E_NOSYS, counted. */
long sys_unknown(void);

/* Entry points, in syscall_entry.S: plain, and with page-table isolation. */
void syscall_entry(void);
void syscall_entry_pti(void);
