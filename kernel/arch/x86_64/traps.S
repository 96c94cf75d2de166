/* kernel/arch/x86_64/traps.S -- exception and interrupt entry, and the way out. */
/* SPDX-License-Identifier: MIT */

#include "kernel/arch/x86_64/asm_offsets.h"

/*
 * A stub pushes what the CPU did not (error code, or ~vector), saves rdi and
 * loads the vector into it; the common part completes the struct regs. There
 * are two sets of stubs from the same macros, and the IDT takes one at boot:
 *
 *	plain	the frame is on the thread's kernel stack from the start
 *	pti	from user mode CR3 is the user's root and the frame is on the
 *		CPU's entry stack: switch CR3, move to the thread's stack
 *
 * From the kernel both are the same: CR3 and GS are right already. That does
 * not hold for NMI, double fault, machine check and debug, which may come at
 * the first instruction of an entry or the last of an exit: "paranoid" entries
 * run on stacks of their own, look at nothing but the top word of that stack
 * for the GS base, and put back the CR3 and GS base that they found.
 *
 * IRET to user mode faults only if registers were not checked; the fault then
 * comes with the user's GS base in place (bad_iret).
 */

#define PTI_BIT		0x1000
#define MSR_GS_BASE	0xc0000101
#define TRAP_SEGMENT	11
#define TRAP_PROTECTION	13
#define TRAP_DEBUG	1

/* The registers below rdi, which the stub pushed. */
.macro PUSH_REST
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
.endm

.macro POP_ALL
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$8, %rsp
.endm

/*
 * A user may enter with AC set, and user copies run with it. A no-op that
 * mmu_init makes a CLAC where there is SMAP.
 */
.macro CLEAR_AC
.Lac\@:
	nopl	(%rax)
	.pushsection .smap_patch, "a", @progbits
	.long	.Lac\@ - .
	.long	0
	.popsection
.endm

/* struct regs complete at rsp, vector in edi, kernel's GS and CR3. */
.macro CALL_C fn
	cld
	CLEAR_AC
	movl	%edi, %esi
	movq	%rsp, %rdi
	xorl	%ebp, %ebp
	call	\fn
.endm

.macro STUB flavour, vector, has_code, common
	.balign	16
.L\flavour\()_stub_\vector:
	.if !\has_code
	pushq	$0
	.endif
	pushq	%rdi
	movl	$\vector, %edi
	jmp	\flavour\()_\common
.endm

.macro STUB_IRQ flavour, vector
	.balign	16
.L\flavour\()_stub_\vector:
	pushq	$~\vector
	pushq	%rdi
	movl	$\vector, %edi
	jmp	\flavour\()_interrupt
.endm

.macro STUBS flavour
	.globl	\flavour\()_stub_first
	.hidden	\flavour\()_stub_first
	.balign	16
\flavour\()_stub_first:
	STUB	\flavour, 0, 0, exception
	STUB	\flavour, 1, 0, paranoid
	STUB	\flavour, 2, 0, paranoid
	STUB	\flavour, 3, 0, exception
	STUB	\flavour, 4, 0, exception
	STUB	\flavour, 5, 0, exception
	STUB	\flavour, 6, 0, exception
	STUB	\flavour, 7, 0, exception
	STUB	\flavour, 8, 1, paranoid
	STUB	\flavour, 9, 0, exception
	STUB	\flavour, 10, 1, exception
	STUB	\flavour, 11, 1, exception
	STUB	\flavour, 12, 1, exception
	STUB	\flavour, 13, 1, exception
	STUB	\flavour, 14, 1, exception
	STUB	\flavour, 15, 0, exception
	STUB	\flavour, 16, 0, exception
	STUB	\flavour, 17, 1, exception
	STUB	\flavour, 18, 0, paranoid
	STUB	\flavour, 19, 0, exception
	STUB	\flavour, 20, 0, exception
	STUB	\flavour, 21, 1, exception
	.irp	v, 22, 23, 24, 25, 26, 27, 28
	STUB	\flavour, \v, 0, exception
	.endr
	STUB	\flavour, 29, 1, exception
	STUB	\flavour, 30, 1, exception
	STUB	\flavour, 31, 0, exception
	.altmacro
	.set	vector, 32
	.rept	224
	STUB_IRQ \flavour, %vector
	.set	vector, vector + 1
	.endr
	.noaltmacro
.endm

/* Offsets from kernel_start: no relocation needed. */
.macro STUB_TABLE flavour
	.section .rodata.\flavour\()_stubs, "a", @progbits
	.balign	4
	.globl	\flavour\()_stubs
	.hidden	\flavour\()_stubs
\flavour\()_stubs:
	.altmacro
	.set	vector, 0
	.rept	256
	STUB_ENTRY \flavour, %vector
	.set	vector, vector + 1
	.endr
	.noaltmacro
	.section .entry, "ax", @progbits
.endm
.macro STUB_ENTRY flavour, vector
	.long	.L\flavour\()_stub_\vector - .L\flavour\()_stub_0
.endm

/* After C: back to where we came from, user mode by \leave. */
.macro RETURN flavour
	testb	$3, REGS_CS(%rsp)
	jz	return_kernel
\flavour\()_return_user:
	cli
	movq	%gs:current_thread(%rip), %rax
	cmpw	$0, THREAD_WORK(%rax)
	jne	\flavour\()_work
	cmpl	$0, %gs:need_resched(%rip)
	jne	\flavour\()_work
	.globl \flavour\()_leave
	.hidden \flavour\()_leave
\flavour\()_leave:
	LEAVE_\flavour
\flavour\()_work:
	movq	%rsp, %rdi
	call	user_return_work
	jmp	\flavour\()_leave
.endm

.macro LEAVE_plain
	POP_ALL
	swapgs
	iretq
.endm

/* The frame goes to the entry stack, which both roots map. */
.macro LEAVE_pti
	movq	%rsp, %rsi
	movq	%gs:percpu_offset(%rip), %rcx
	leaq	entry_stack + 1024(%rip), %rax
	leaq	(%rax, %rcx), %rsp
	pushq	REGS_SS(%rsi)
	pushq	REGS_RSP(%rsi)
	pushq	REGS_RFLAGS(%rsi)
	pushq	REGS_CS(%rsi)
	pushq	REGS_RIP(%rsi)
	pushq	REGS_RSI(%rsi)
	pushq	REGS_RAX(%rsi)
	movq	REGS_RDI(%rsi), %rdi
	movq	REGS_RDX(%rsi), %rdx
	movq	REGS_RCX(%rsi), %rcx
	movq	REGS_R8(%rsi), %r8
	movq	REGS_R9(%rsi), %r9
	movq	REGS_R10(%rsi), %r10
	movq	REGS_R11(%rsi), %r11
	movq	REGS_RBX(%rsi), %rbx
	movq	REGS_RBP(%rsi), %rbp
	movq	REGS_R12(%rsi), %r12
	movq	REGS_R13(%rsi), %r13
	movq	REGS_R14(%rsi), %r14
	movq	REGS_R15(%rsi), %r15
	movq	%cr3, %rax
	orq	$PTI_BIT, %rax
	movq	%rax, %cr3
	popq	%rax
	popq	%rsi
	swapgs
	iretq
.endm

/*
 * From user mode, at the stub's end: rdi, code and the CPU's frame on the
 * entry stack, the user's root in CR3. To the thread's stack.
 */
.macro ENTER_USER_plain
	swapgs
	PUSH_REST
.endm
.macro ENTER_USER_pti
	swapgs
	pushq	%rsi
	movq	%cr3, %rsi
	andq	$~PTI_BIT, %rsi
	movq	%rsi, %cr3
	movq	%rsp, %rsi
	movq	%gs:kstack_top(%rip), %rsp
	pushq	56(%rsi)
	pushq	48(%rsi)
	pushq	40(%rsi)
	pushq	32(%rsi)
	pushq	24(%rsi)
	pushq	16(%rsi)
	pushq	8(%rsi)
	movq	(%rsi), %rsi
	PUSH_REST
.endm

.macro COMMON flavour, isolated
	.balign	32
\flavour\()_interrupt:
	testb	$3, 24(%rsp)
	jz	kernel_interrupt
	ENTER_USER_\flavour
	CALL_C	irq_dispatch
	jmp	\flavour\()_return_user

	.balign	32
\flavour\()_exception:
	testb	$3, 24(%rsp)
	jz	\flavour\()_kernel_exception
	ENTER_USER_\flavour
	CALL_C	trap_dispatch
	RETURN	\flavour

	.balign	32
\flavour\()_kernel_exception:
	PUSH_REST
	leal	-TRAP_SEGMENT(%rdi), %eax
	cmpl	$TRAP_PROTECTION - TRAP_SEGMENT, %eax
	jbe	\flavour\()_maybe_iret
\flavour\()_in_kernel:
	CALL_C	trap_dispatch
	jmp	return_kernel

/*
 * Was it an IRET (48 cf) to user mode that faulted? Then GS is the user's; take
 * it for a fault of the user program at that place.
 */
\flavour\()_maybe_iret:
	movq	REGS_RIP(%rsp), %rax
	cmpw	$0xcf48, (%rax)
	jne	\flavour\()_in_kernel
	movq	REGS_RSP(%rsp), %rax
	testb	$3, 8(%rax)
	jz	\flavour\()_in_kernel
	swapgs
	.if \isolated
	movq	%cr3, %rax
	andq	$~PTI_BIT, %rax
	movq	%rax, %cr3
	.endif
	movl	%edi, %ebx
	movq	%rsp, %rdi
	call	trap_bad_iret		/* moves the frame up */
	movq	%rax, %rsp
	movl	%ebx, %edi
	CALL_C	trap_dispatch
	jmp	\flavour\()_return_user
.endm

	.section .entry, "ax", @progbits
	STUBS	plain
	COMMON	plain, 0
	STUBS	pti
	COMMON	pti, 1

	.balign	32
kernel_interrupt:
	PUSH_REST
	CALL_C	irq_dispatch
return_kernel:
	/* Preempt only what had interrupts on and holds nothing. */
	testb	$2, REGS_RFLAGS+1(%rsp)
	jz	1f
	cli
	cmpl	$0, %gs:need_resched(%rip)
	je	1f
	cmpl	$0, %gs:preempt_count(%rip)
	jne	1f
	call	preempt_schedule_irq
1:
	POP_ALL
	iretq

.macro PARANOID flavour, isolated
	.balign	32
\flavour\()_paranoid:
	PUSH_REST
	testb	$3, REGS_CS(%rsp)
	jz	1f
	cmpl	$TRAP_DEBUG, %edi
	je	\flavour\()_debug_user
1:	movq	%cr3, %r13
	.if \isolated
	movq	%r13, %rax
	andq	$~PTI_BIT, %rax
	movq	%rax, %cr3
	.endif
	movl	$MSR_GS_BASE, %ecx
	rdmsr
	movl	%eax, %r12d
	shlq	$32, %rdx
	orq	%rdx, %r12
	movq	REGS_SIZE(%rsp), %rdx	/* the stack's top word */
	movl	%edx, %eax
	shrq	$32, %rdx
	wrmsr
	CALL_C	trap_paranoid
	movl	$MSR_GS_BASE, %ecx
	movl	%r12d, %eax
	movq	%r12, %rdx
	shrq	$32, %rdx
	wrmsr
	.if \isolated
	movq	%r13, %cr3
	.endif
	POP_ALL
	iretq

/* A debug trap of a user program is an ordinary exception of a thread. */
\flavour\()_debug_user:
	swapgs
	.if \isolated
	movq	%cr3, %rax
	andq	$~PTI_BIT, %rax
	movq	%rax, %cr3
	.endif
	movq	%rsp, %rsi
	movq	%gs:kstack_top(%rip), %rsp
	subq	$REGS_SIZE, %rsp
	movl	%edi, %eax
	movq	%rsp, %rdi
	movl	$REGS_SIZE / 8, %ecx
	cld
	rep movsq
	movl	%eax, %edi
	CALL_C	trap_dispatch
	jmp	\flavour\()_return_user
.endm

	PARANOID plain, 0
	PARANOID pti, 1

	STUB_TABLE plain
	STUB_TABLE pti

	.section .note.GNU-stack, "", @progbits
