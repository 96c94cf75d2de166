/* kernel/core/switch.S -- swapping kernel stacks, and where threads begin. */
/* SPDX-License-Identifier: MIT */

#include "kernel/arch/x86_64/asm_offsets.h"

	.text
	.globl switch_stacks
	.type switch_stacks, @function
/* void switch_stacks(uint64_t *save_sp, uint64_t load_sp) */
switch_stacks:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
	.size switch_stacks, . - switch_stacks

/*
 * First instruction of a kernel thread: r12 = fn, r13 = arg. The run queue is
 * locked and interrupts are off, as after any switch.
 */
	.globl thread_start_kernel
	.type thread_start_kernel, @function
thread_start_kernel:
	xorl	%ebp, %ebp
	call	sched_switched
	sti
	movq	%r13, %rdi
	call	*%r12
	call	thread_exit
	ud2
	.size thread_start_kernel, . - thread_start_kernel

/* First instruction of a user thread: rsp = its struct regs. */
	.globl thread_start_user
	.type thread_start_user, @function
thread_start_user:
	xorl	%ebp, %ebp
	call	sched_switched
	jmp	return_to_user_full
	.size thread_start_user, . - thread_start_user

	.section .note.GNU-stack, "", @progbits
