/* kernel/sys/call_list.S -- every system call: its number and handler. */
/* SPDX-License-Identifier: MIT */
/* layers: the one place where the personality's calls are plugged in. */

/*
 * Pairs of a number and the handler's distance from that word: nothing to
 * relocate. syscall_init makes the tables of it.
 */
	.section .rodata.call_list, "a", @progbits
	.balign	4
	.globl	call_list
	.hidden	call_list
	.globl	call_list_end
	.hidden	call_list_end
call_list:
#define ROW(nr, symbol)	      .long nr, symbol - .;
#define SYSCALL(nr, name)     ROW(nr, sys_##name)
#define SYSCALL_REGS(nr, name) ROW(nr, stub_##name)
#define NATIVE(nr, name)      ROW(nr, sys_##name)
#define NATIVE_REGS(nr, name) ROW(nr, stub_##name)
#define NATIVE_FAST(nr, name) ROW(nr, stub_##name)
#include "kernel/sys/calls.h"
#include "abi/native_calls.h"
#ifdef CONFIG_LINUX
#include "kernel/linux/calls.h"
#endif
call_list_end:

	.section .note.GNU-stack, "", @progbits
