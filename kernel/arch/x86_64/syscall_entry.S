/* kernel/arch/x86_64/syscall_entry.S -- into and out of system calls. */
/* SPDX-License-Identifier: MIT */
/* layers: makes the stubs of the personality's calls, as table.c its rows. */

#include "kernel/arch/x86_64/asm_offsets.h"

/*
 * SYSCALL leaves the return address in rcx and the flags in r11, with
 * interrupts, DF, TF, NT and AC cleared by SFMASK, and the user's stack
 * pointer in place. A struct regs is built on the thread's kernel stack; rbx,
 * rbp and r12-r15 are left where C keeps them and stored only on the slow way
 * out, or by the stubs of the calls that look at them (SYSCALL_REGS).
 *
 * SYSRET is safe on the fast way out: rip is the address after a SYSCALL
 * instruction, and the last page of user space is never mapped, so it is
 * canonical. Everything that may change the registers (a signal, exec,
 * sigreturn) sets a bit in thread->work and leaves by IRET.
 *
 * Each path exists twice: plain, and for page-table isolation, where CR3 holds
 * the user's root (the kernel's root + 4096) on both ends. The PTI half runs in
 * section .entry and touches .percpu.entry only, until CR3 is the kernel's.
 */

#define USER_DATA 0x1b
#define USER_CODE 0x23
#define PTI_BIT	  0x1000
#define TRACE	  0x1	/* WORK_TRACE_ENTRY, of the byte above */
#define E_NOSYS	  -38
#define SYSCALLS  512 /* SYSCALL_MAX */
#define NATIVES	  128 /* NATIVE_MAX, behind them in the table */
#define NATIVE_1  1000

#define NR_IPC_CALL  1003
#define NR_IPC_REPLY 1004

	.section .percpu.entry, "aw", @progbits
	.balign	8
	.globl entry_user_rsp
	.hidden entry_user_rsp
entry_user_rsp:
	.quad	0
	.globl entry_scratch
	.hidden entry_scratch
entry_scratch:
	.quad	0

/* From user registers to a struct regs on the kernel stack. */
.macro BUILD_REGS
	pushq	$USER_DATA
	pushq	%gs:entry_user_rsp(%rip)
	pushq	%r11
	pushq	$USER_CODE
	pushq	%rcx
	pushq	%rax
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	$E_NOSYS
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	subq	$REGS_R11, %rsp
.endm

/* Call the handler; rax = number. The result is in rax. */
.macro DISPATCH name
	sti
	movq	%gs:current_thread(%rip), %r11
	testb	$TRACE, THREAD_WORK+1(%r11)
	jnz	\name\()_traced
\name\()_call:
	cmpq	$SYSCALLS, %rax
	jae	\name\()_unknown
	sbbq	%rcx, %rcx		/* all ones: rax is in range */
	andq	%rcx, %rax		/* also when speculating past jae */
	movq	%r10, %rcx
	movq	%gs:syscall_entries(%rip), %r11	/* by the silo's abi */
	call	*(%r11, %rax, 8)
	.globl	\name\()_done
	.hidden	\name\()_done
\name\()_done:
	cli
	movq	%gs:current_thread(%rip), %r11
	cmpw	$0, THREAD_WORK(%r11)
	jne	slow_exit
.endm

.macro LOAD_FAST
	movq	REGS_R10(%rsp), %r10
	movq	REGS_R9(%rsp), %r9
	movq	REGS_R8(%rsp), %r8
	movq	REGS_RDX(%rsp), %rdx
	movq	REGS_RSI(%rsp), %rsi
	movq	REGS_RDI(%rsp), %rdi
	movq	REGS_RIP(%rsp), %rcx
	movq	REGS_RFLAGS(%rsp), %r11
.endm

.macro OUT_OF_LINE name
\name\()_unknown:
#ifdef CONFIG_FASTPATH
	cmpq	$NR_IPC_CALL, %rax
	je	\name\()_call_fast	/* r11: the current thread */
	jb	\name\()_low
	cmpq	$NR_IPC_REPLY, %rax
	je	\name\()_reply_fast
#endif
	subq	$NATIVE_1, %rax
	cmpq	$NATIVES, %rax
	jae	\name\()_nobody
	.globl	\name\()_native
	.hidden	\name\()_native
\name\()_native:
	andl	$NATIVES - 1, %eax	/* also when speculating past jae */
	movq	%r10, %rcx
	leaq	syscall_table + 8 * SYSCALLS(%rip), %r11
	call	*(%r11, %rax, 8)
	jmp	\name\()_done
#ifdef CONFIG_FASTPATH
\name\()_low:
	subq	$NATIVE_1, %rax
	jb	\name\()_nobody
	andl	$3, %eax
	movq	%r10, %rcx
	leaq	syscall_table + 8 * SYSCALLS(%rip), %r11
	call	*(%r11, %rax, 8)
	jmp	\name\()_done
#endif
\name\()_nobody:
	call	sys_unknown
	jmp	\name\()_done
\name\()_traced:
	/* The tracer may change number and arguments, or refuse (< 0). */
	movq	%rsp, %rdi
	call	syscall_trace_enter
	testq	%rax, %rax
	js	\name\()_done
	movq	REGS_ORIG_RAX(%rsp), %rax
	movq	REGS_RDI(%rsp), %rdi
	movq	REGS_RSI(%rsp), %rsi
	movq	REGS_RDX(%rsp), %rdx
	movq	REGS_R10(%rsp), %r10
	movq	REGS_R8(%rsp), %r8
	movq	REGS_R9(%rsp), %r9
	movq	%gs:current_thread(%rip), %r11
	jmp	\name\()_call
.endm

	.text
	.balign	64
	.globl syscall_entry
	.type syscall_entry, @function
syscall_entry:
	swapgs
	movq	%rsp, %gs:entry_user_rsp(%rip)
	movq	%gs:kstack_top(%rip), %rsp
	BUILD_REGS
	DISPATCH plain
	LOAD_FAST
	movq	REGS_RSP(%rsp), %rsp
	swapgs
	sysretq
	OUT_OF_LINE plain
	.size syscall_entry, . - syscall_entry

	.section .entry, "ax", @progbits
	.balign	64
	.globl syscall_entry_pti
	.type syscall_entry_pti, @function
syscall_entry_pti:
	swapgs
	movq	%rsp, %gs:entry_user_rsp(%rip)
	movq	%cr3, %rsp
	andq	$~PTI_BIT, %rsp
	movq	%rsp, %cr3
	movq	%gs:kstack_top(%rip), %rsp
	BUILD_REGS
	DISPATCH isolated
	LOAD_FAST
	movq	%rax, %gs:entry_scratch(%rip)
	movq	REGS_RSP(%rsp), %rax
	movq	%rax, %gs:entry_user_rsp(%rip)
	movq	%cr3, %rax
	orq	$PTI_BIT, %rax
	movq	%rax, %cr3
	movq	%gs:entry_scratch(%rip), %rax
	movq	%gs:entry_user_rsp(%rip), %rsp
	swapgs
	sysretq
	OUT_OF_LINE isolated
	.size syscall_entry_pti, . - syscall_entry_pti

	.text
/* Interrupts are off, rsp at the registers. */
slow_exit:
	movq	%rbx, REGS_RBX(%rsp)
	movq	%rbp, REGS_RBP(%rsp)
	movq	%r12, REGS_R12(%rsp)
	movq	%r13, REGS_R13(%rsp)
	movq	%r14, REGS_R14(%rsp)
	movq	%r15, REGS_R15(%rsp)
	movq	%rax, REGS_RAX(%rsp)
	movq	%rsp, %rdi
	call	syscall_return_work
	jmp	load_all

/* A new user thread: rsp at its registers, interrupts off. */
	.globl return_to_user_full
	.hidden return_to_user_full
	.type return_to_user_full, @function
return_to_user_full:
	movq	%rsp, %rdi
	call	user_return_work
load_all:
	testb	$1, mmu_pti(%rip)
	jnz	pti_leave		/* the frame must lie where both roots map it */
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
	swapgs
	iretq
	.size return_to_user_full, . - return_to_user_full

/*
 * Stubs of the calls that need all user registers in the frame: the return
 * address lies on top of it. Handlers may change them (exec, sigreturn).
 */
.macro REGS_STUB name
	.globl	stub_\name
	.hidden	stub_\name
	.type	stub_\name, @function
stub_\name:
	movq	%rbx, 8+REGS_RBX(%rsp)
	movq	%rbp, 8+REGS_RBP(%rsp)
	movq	%r12, 8+REGS_R12(%rsp)
	movq	%r13, 8+REGS_R13(%rsp)
	movq	%r14, 8+REGS_R14(%rsp)
	movq	%r15, 8+REGS_R15(%rsp)
	call	sys_\name
	movq	8+REGS_RBX(%rsp), %rbx
	movq	8+REGS_RBP(%rsp), %rbp
	movq	8+REGS_R12(%rsp), %r12
	movq	8+REGS_R13(%rsp), %r13
	movq	8+REGS_R14(%rsp), %r14
	movq	8+REGS_R15(%rsp), %r15
	ret
	.size	stub_\name, . - stub_\name
.endm

	.text
#define SYSCALL(nr, name)
#define SYSCALL_REGS(nr, name) REGS_STUB name
#define NATIVE(nr, name)
#define NATIVE_REGS(nr, name) REGS_STUB name
#define NATIVE_FAST(nr, name) REGS_STUB name /* fastpath.S goes before */
#include "kernel/sys/calls.h"
#include "abi/native_calls.h"
#ifdef CONFIG_LINUX
#include "kernel/linux/calls.h"
#endif

	.section .note.GNU-stack, "", @progbits
