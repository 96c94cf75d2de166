/* lib/ipc_reply.S -- answering later, and others than the last caller. */
/* SPDX-License-Identifier: MIT */
#define DETACHED 8 /* IPC_DETACHED */

.macro FUNCTION name
	.section .text.\name, "ax", @progbits
	.globl	\name
	.type	\name, @function
\name:
.endm
.macro PLAIN name, number
FUNCTION \name
	movq	%rcx, %r10
	movl	$\number, %eax
	syscall
	ret
	.size	\name, . - \name
.endm

PLAIN ipc_detach, 1007
PLAIN reply_read, 1010
PLAIN reply_write, 1011

/* (reply, flags, message, more) */
FUNCTION ipc_answer
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rdx, %rbp
	movq	%rcx, %rdx
	orl	$DETACHED, %esi
	shlq	$32, %rsi
	movl	%edi, %edi
	orq	%rsi, %rdi
	movq	(%rbp), %rsi
	movq	8(%rbp), %r10
	movq	16(%rbp), %r8
	movq	24(%rbp), %r9
	movq	32(%rbp), %rbx
	movq	40(%rbp), %r12
	movq	48(%rbp), %r13
	movq	56(%rbp), %r14
	movq	64(%rbp), %r15
	movl	$1006, %eax
	syscall
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
	.size	ipc_answer, . - ipc_answer

	.section .note.GNU-stack, "", @progbits
