/* lib/ipc.S -- system calls of synchronous messages: words in registers. */
/* SPDX-License-Identifier: MIT */

/* rbp holds the message; the kernel leaves rbp alone. */
.macro ENTER
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsi, %rbp
.endm
.macro LEAVE
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
.endm
.macro LOAD
	movq	(%rbp), %rsi
	movq	8(%rbp), %r10
	movq	16(%rbp), %r8
	movq	24(%rbp), %r9
	movq	32(%rbp), %rbx
	movq	40(%rbp), %r12
	movq	48(%rbp), %r13
	movq	56(%rbp), %r14
	movq	64(%rbp), %r15
.endm
.macro STORE
	movq	%rsi, (%rbp)
	STORE_WORDS
.endm
.macro STORE_WORDS
	movq	%r10, 8(%rbp)
	movq	%r8, 16(%rbp)
	movq	%r9, 24(%rbp)
	movq	%rbx, 32(%rbp)
	movq	%r12, 40(%rbp)
	movq	%r13, 48(%rbp)
	movq	%r14, 56(%rbp)
	movq	%r15, 64(%rbp)
.endm
.macro FUNCTION name
	.section .text.\name, "ax", @progbits
	.globl	\name
	.type	\name, @function
\name:
.endm

FUNCTION ipc_call
	ENTER
	LOAD
	movl	$1003, %eax
	syscall
	testq	%rax, %rax
	jnz	1f
	STORE
1:	LEAVE
	.size	ipc_call, . - ipc_call

FUNCTION ipc_call0
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	xorl	%edx, %edx
	movl	$1003, %eax
	syscall
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	ret
	.size	ipc_call0, . - ipc_call0

FUNCTION ipc_reply_receive0
	ENTER
	pushq	%rdx
	movq	(%rbp), %rsi
	xorl	%edx, %edx
	movl	$1004, %eax
	syscall
	popq	%rcx
	testq	%rax, %rax
	jnz	2f
	testq	%rcx, %rcx
	jz	1f
	movq	%rdi, (%rcx)
	movq	%rdx, 8(%rcx)
1:	movq	%rsi, (%rbp)
	shrq	$32, %rsi
	testb	$15, %sil
	jz	2f
	STORE_WORDS
2:	LEAVE
	.size	ipc_reply_receive0, . - ipc_reply_receive0

FUNCTION ipc_receive
	ENTER
	pushq	%rcx
	movl	$1005, %eax
	syscall
	jmp	receive_done
	.size	ipc_receive, . - ipc_receive

FUNCTION ipc_reply_receive
	ENTER
	pushq	%rcx
	LOAD
	movl	$1004, %eax
	syscall
	.globl	receive_done
	.hidden	receive_done
receive_done:
	popq	%rcx
	testq	%rax, %rax
	jnz	1f
	STORE
	testq	%rcx, %rcx
	jz	1f
	movq	%rdi, (%rcx)
	movq	%rdx, 8(%rcx)
1:	LEAVE
	.size	ipc_reply_receive, . - ipc_reply_receive

FUNCTION ipc_reply
	ENTER
	shlq	$32, %rdi
	LOAD
	movl	$1006, %eax
	syscall
	LEAVE
	.size	ipc_reply, . - ipc_reply

.macro PLAIN name, number
FUNCTION \name
	movl	$\number, %eax
	syscall
	ret
	.size	\name, . - \name
.endm
PLAIN port_create, 1001
PLAIN port_mint, 1002
PLAIN msg_read, 1008
PLAIN msg_write, 1009

	.section .note.GNU-stack, "", @progbits
