/* kernel/sys/syscall.h -- the system call table. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

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
 * A number without a handler goes to sys_unknown, which counts it.
 */
enum { SYSCALL_MAX = 512 };

typedef long syscall_fn(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
    uint64_t a4, uint64_t a5);
extern void *const syscall_table[SYSCALL_MAX];

/* Calls of numbers that nobody serves, for /proc/unknown_syscalls. */
extern _Atomic uint32_t syscall_unknown_count[SYSCALL_MAX];
