/* kernel/ipc/fastpath.S -- calls that switch straight to the other side. */
/* SPDX-License-Identifier: MIT */

#include "kernel/arch/x86_64/asm_offsets.h"

/*
 * The words of a message are in the registers of who sends it, and the other
 * side leaves by SYSRET with them in place: they are never stored. So what
 * follows has rax, rcx, rdx, rdi, rbp and r11 to work with, and rsp once the
 * old thread's stack is left. Words past the tag's count go out as zeroes.
 *
 * Anything unusual is the slow path's: descriptors, flags, timeouts, work
 * pending on either side, real-time threads, a table of descriptors that others
 * may change, a thread that sleeps on another CPU, a lock that is taken.
 *
 * Interrupts are off, and both threads belong to this CPU, whose run queue is
 * locked from the look at the other's state until nothing of the old thread is
 * in use: so whoever else takes that lock finds the old thread asleep with its
 * context saved, as after any switch. Nobody else does, unless the two sides
 * have to do with other CPUs: wakers of a thread of this CPU take it, callers
 * on other CPUs who found no receiver on their own, and thieves when this CPU
 * has more than it runs. The context is the user registers alone (and of these
 * the words and, for who calls, nothing that an error gives back): saved_sp
 * makes an ordinary switch return to fastpath_resume, right below them.
 *
 * The run queue goes on charging whom it charged (runqueue.payer): the server
 * runs on its caller's time and in its place.
 */

#define WORDS_MAX 8
#define NR_CALL	  3 /* places in the table of native calls */
#define NR_REPLY  4

.macro ZERO_WORDS
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%ebx, %ebx
	xorl	%r12d, %r12d
	xorl	%r13d, %r13d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
.endm

/* ebp: a count that is not 0. Zero the rest, go back. */
.macro SOME_WORDS
2:	cmpl	$WORDS_MAX, %ebp
	je	1b
	ja	9f
	xorl	%r15d, %r15d
	cmpl	$7, %ebp
	je	1b
	xorl	%r14d, %r14d
	cmpl	$6, %ebp
	je	1b
	xorl	%r13d, %r13d
	cmpl	$5, %ebp
	je	1b
	xorl	%r12d, %r12d
	cmpl	$4, %ebp
	je	1b
	xorl	%ebx, %ebx
	cmpl	$3, %ebp
	je	1b
	xorl	%r9d, %r9d
	cmpl	$2, %ebp
	je	1b
	xorl	%r8d, %r8d
	jmp	1b
.endm

/*
 * From the stub: r11 the current thread, rsp its registers, the rest as the
 * user left it. Then: the tag is one of ours, the words are as they are to
 * arrive (an error leaves them undefined, abi/ipc.h), rdi is the grant behind
 * the descriptor, rax its object, rbp the process.
 */
.macro BEGIN right, ops
	cli
	movq	%rbp, REGS_RBP(%rsp)
	movq	%rsi, %rbp
	shrq	$32, %rbp
	andl	$~TAG_WINDOW, %ebp
	jnz	2f
	ZERO_WORDS
1:	movq	THREAD_PROCESS(%r11), %rbp
	cmpl	$1, PROCESS_THREADS(%rbp)	/* desc_table_private */
	jne	9f
	movq	PROCESS_DESCS(%rbp), %rcx
	cmpl	$1, DESCS_REFS(%rcx)
	jne	9f
	movq	DESCS_ARRAY(%rcx), %rcx
	movl	ARRAY_SIZE(%rcx), %eax
	cmpq	%rax, %rdi		/* flags stand above bit 31 */
	jae	9f
	sbbq	%rax, %rax		/* also when speculating past jae */
	andq	%rax, %rdi
	shlq	$4, %rdi
	testl	$\right, ARRAY_SLOTS+8(%rcx, %rdi)
	jz	9f
	movq	ARRAY_SLOTS(%rcx, %rdi), %rdi
	testq	%rdi, %rdi
	jz	9f
	cmpb	$0, GRANT_REVOKED(%rdi)
	jne	9f
	movq	GRANT_OBJECT(%rdi), %rax
	leaq	\ops(%rip), %rcx
	cmpq	%rcx, (%rax)
	jne	9f
	movq	%rdx, IPC_MORE(%r11)
.endm

.macro TAKE_QUEUE
	movb	$1, %cl
	xchgb	%cl, %gs:runqueue(%rip)
	testb	%cl, %cl
	jnz	9f
.endm

/* rax: this CPU's list of receivers, from the port's end of that offset. */
.macro RECEIVERS end
	movq	%gs:runqueue+RUNQUEUE_PORT_CPU(%rip), %rcx
	leaq	\end(%rax, %rcx), %rax
.endm

/* Are we, and is the thread at rcx - \at, as threads are? rdx is lost. */
.macro READY at
	movq	THREAD_WORD(%r11), %rdx
	cmpq	%gs:runqueue+RUNQUEUE_ORDINARY(%rip), %rdx
	jne	8f
	xorq	THREAD_WORD-\at(%rcx), %rdx
	cmpq	$(THREAD_RUNNING_HALF ^ THREAD_ASLEEP_HALF), %rdx
	jne	8f
	cmpl	$0, %gs:need_resched(%rip)
	jne	8f
.endm

/*
 * Make the thread at rcx - \at the running one; rdx and rdi hold what its user
 * is to find there (\at 0, a caller: what it had). The old thread's stack is left
 * at once, the lock dropped when the last of its registers is saved.
 */
.macro SWITCH flavour, at
	leaq	fastpath_resume(%rip), %rax
	pushq	%rax
	addq	$-48, %rsp
	movq	%rsp, THREAD_SAVED_SP(%r11)
	movl	$THREAD_ASLEEP_HALF, THREAD_WORD(%r11)
	movl	$THREAD_RUNNING_HALF, THREAD_WORD-\at(%rcx)
	movl	$IPC_STATE_IDLE, IPC_STATE_AT-\at(%rcx)
	.if \at
	subq	$\at, %rcx
	.endif
	movq	%rcx, %gs:runqueue+RUNQUEUE_CURRENT(%rip)
	movq	%rcx, %gs:current_thread(%rip)
	movq	THREAD_KSTACK_TOP(%rcx), %rsp
	.if \at == 0
	movq	REGS_RDI-REGS_SIZE(%rsp), %rdi
	movq	REGS_RDX-REGS_SIZE(%rsp), %rdx
	.endif
	movq	%rsp, %gs:kstack_top(%rip)
	.ifc \flavour, plain
	movq	%rsp, %gs:cpu_tss+TSS_RSP0(%rip)
	.endif
	movq	THREAD_CALLS(%rcx), %rax
	movq	%rax, %gs:syscall_entries(%rip)
	/* The upper half of the mask means nothing: cpu_features.xcr0. */
	movl	$-1, %eax
	movq	THREAD_FPU(%r11), %rbp
	xsaveopt64 (%rbp)
	movq	THREAD_FPU(%rcx), %rbp
	xrstor64 (%rbp)
	movq	THREAD_ASPACE(%rcx), %rax
	cmpq	%rax, THREAD_ASPACE(%r11)
	je	4f
	.ifc \flavour, plain
	cmpb	$0, cpu_features+CPU_PCID(%rip)
	jne	3f
	.endif
	/* tlb_switch */
	movl	%gs:percpu_cpu(%rip), %ebp
	addq	$ASPACE_TLB, %rax
	lock btsq %rbp, (%rax)
	movq	%rax, %gs:tlb_cpu+TLB_LOADED(%rip)
	movq	ASPACE_TOP-ASPACE_TLB(%rax), %rax
	subq	hhdm_base(%rip), %rax
	movq	%rax, %gs:tlb_cpu+TLB_CR3(%rip)
	incq	%gs:tlb_cpu+TLB_WRITES(%rip)
	movq	%rax, %cr3
	movq	THREAD_ASPACE(%r11), %rax
	lock btrq %rbp, ASPACE_TLB(%rax)
4:	rdfsbase %rax
	movq	%rax, THREAD_FS(%r11)
	movq	THREAD_FS(%rcx), %rax
	wrfsbase %rax
	movq	%gs:runqueue+RUNQUEUE_SELF(%rip), %rbp
	swapgs
	rdgsbase %rax
	movq	%rax, THREAD_GS(%r11)
	movq	THREAD_GS(%rcx), %rax
	wrgsbase %rax
	movb	$0, (%rbp)
	.ifc \flavour, plain
	movq	REGS_RBP-REGS_SIZE(%rsp), %rbp
	movq	REGS_RIP-REGS_SIZE(%rsp), %rcx
	movq	REGS_RFLAGS-REGS_SIZE(%rsp), %r11
	xorl	%eax, %eax
	movq	REGS_RSP-REGS_SIZE(%rsp), %rsp
	sysretq
	.else
	swapgs
	subq	$REGS_SIZE, %rsp
	movq	%r10, REGS_R10(%rsp)
	movq	%r8, REGS_R8(%rsp)
	movq	%r9, REGS_R9(%rsp)
	movq	%rbx, REGS_RBX(%rsp)
	movq	%r12, REGS_R12(%rsp)
	movq	%r13, REGS_R13(%rsp)
	movq	%r14, REGS_R14(%rsp)
	movq	%r15, REGS_R15(%rsp)
	movq	%rdi, REGS_RDI(%rsp)
	movq	%rsi, REGS_RSI(%rsp)
	movq	%rdx, REGS_RDX(%rsp)
	movq	$0, REGS_RAX(%rsp)
	jmp	pti_leave
	.endif
.endm

/* What a SWITCH of flavour plain has out of line: PCIDs are C's. */
.macro SWITCH_PCID
3:	subq	$REGS_SIZE, %rsp
	.irp	r, rcx, rdx, rsi, rdi, r8, r9, r10, r11, r11
	pushq	%\r
	.endr
	leaq	ASPACE_TLB(%rax), %rdi
	movq	ASPACE_TOP(%rax), %rsi
	subq	hhdm_base(%rip), %rsi
	call	tlb_switch
	.irp	r, r11, r11, r10, r9, r8, rdi, rsi, rdx, rcx
	popq	%\r
	.endr
	addq	$REGS_SIZE, %rsp
	jmp	4b
.endm

/* Nothing was done: the handler does it all. 8: the lock is held. */
.macro SLOW flavour, number
8:	movb	$0, %gs:runqueue(%rip)
9:	movq	REGS_RBP(%rsp), %rbp
	sti
	movl	$\number, %eax
	jmp	\flavour\()_native
.endm

.macro FAST_CALL flavour
	.balign	64
	.globl	\flavour\()_call_fast
	.hidden	\flavour\()_call_fast
	.type	\flavour\()_call_fast, @function
\flavour\()_call_fast:
	BEGIN	ASM_RIGHT_CALL, port_send_ops
	RECEIVERS (PORT_CPUS-PORT_SEND)
	TAKE_QUEUE
	movq	(%rax), %rcx
	cmpq	%rax, %rcx
	je	8f
	READY	IPC_LINK
	/* silo_flow_check, but for two silos of the user tier. */
	movq	PROCESS_SILO(%rbp), %rbp
	movq	THREAD_PROCESS-IPC_LINK(%rcx), %rdx
	movq	PROCESS_SILO(%rdx), %rdx
	cmpq	%rdx, %rbp
	je	5f
	movl	SILO_LABEL(%rdx), %edx
	testl	%edx, SILO_LABEL(%rbp)
	js	8f
	shrl	$26, %edx
	andl	$15, %edx
	btl	%edx, SILO_FLOW(%rbp)
	jnc	8f
5:	movq	(%rcx), %rdx		/* out of the list, which it was first in */
	movq	%rdx, (%rax)
	movq	%rax, 8(%rdx)
	leaq	IPC_SLOT-IPC_LINK(%rcx), %rax
	movq	%rax, IPC_ANSWER(%r11)
	movl	$IPC_STATE_WAITING, IPC_STATE_AT(%r11)
	movq	%r11, IPC_SLOT-IPC_LINK(%rcx)
	movq	GRANT_BADGE(%rdi), %rdi
	movq	SILO_SID(%rbp), %rdx	/* and the label */
	SWITCH	\flavour, IPC_LINK
	.ifc \flavour, plain
	SWITCH_PCID
	.endif
	SOME_WORDS
	SLOW	\flavour, NR_CALL
	.size	\flavour\()_call_fast, . - \flavour\()_call_fast
.endm

.macro FAST_REPLY flavour
	.balign	64
	.globl	\flavour\()_reply_fast
	.hidden	\flavour\()_reply_fast
	.type	\flavour\()_reply_fast, @function
\flavour\()_reply_fast:
	BEGIN	ASM_RIGHT_SERVE, port_serve_ops
	movq	%rax, %rdi		/* the port */
	movl	PORT_SERVER(%rax), %ecx
	cmpl	%ecx, THREAD_TID(%r11)	/* cycle_note_server */
	jne	7f
10:
	RECEIVERS PORT_CPUS
	TAKE_QUEUE
	/* Whom we are to answer: its memory stays, interrupts are off. */
	movq	IPC_SLOT(%r11), %rcx
	testq	%rcx, %rcx
	jz	8f
	READY	0
	movq	(%rax), %rdx
	movq	%rdx, IPC_LINK(%r11)
	movq	%rax, IPC_LINK+8(%r11)
	leaq	IPC_LINK(%r11), %rbp
	movq	%rbp, 8(%rdx)
	movq	%rbp, (%rax)
	movq	%rdi, IPC_PORT(%r11)
	/*
	 * rcx sleeps, so it cannot take itself out. The exchange is a full
	 * barrier between our joining and the look at the callers.
	 */
	xorl	%ebp, %ebp
	xchgq	%rbp, IPC_SLOT(%r11)
	cmpl	$0, PORT_CALLER_COUNT(%rdi)
	jne	6f
	movl	$IPC_STATE_RECEIVING, IPC_STATE_AT(%r11)
	movl	%gs:percpu_cpu(%rip), %eax
	movw	%ax, IPC_CPU(%r11)
	SWITCH	\flavour, 0
	.ifc \flavour, plain
	SWITCH_PCID
	.endif
7:	cmpl	$-1, %ecx		/* PORT_MANY */
	je	10b
	jmp	9f
6:	movq	%rdx, (%rax)		/* out of the list again */
	movq	%rax, 8(%rdx)
	movq	%rcx, IPC_SLOT(%r11)
	jmp	8f
	SOME_WORDS
	SLOW	\flavour, NR_REPLY
	.size	\flavour\()_reply_fast, . - \flavour\()_reply_fast
.endm

	.text
	FAST_CALL	plain
	FAST_REPLY	plain
	FAST_CALL	isolated
	FAST_REPLY	isolated

/* Where a thread that was put to sleep above goes on: rsp at its registers,
   interrupts off, the run queue locked, as after any switch. */
	.globl	fastpath_resume
	.hidden	fastpath_resume
	.globl	fastpath_sleep
	.hidden	fastpath_sleep
fastpath_resume:
	call	sched_switched
	sti
1:	call	fastpath_wait
	movq	REGS_RBX(%rsp), %rbx
	movq	REGS_RBP(%rsp), %rbp
	movq	REGS_R12(%rsp), %r12
	movq	REGS_R13(%rsp), %r13
	movq	REGS_R14(%rsp), %r14
	movq	REGS_R15(%rsp), %r15
	testb	$1, mmu_pti(%rip)
	jnz	isolated_done
	jmp	plain_done
fastpath_sleep:
	movq	%rdi, %rsp
	jmp	1b

	.section .note.GNU-stack, "", @progbits
