/* kernel/arch/x86_64/trampoline.S -- the first code of a CPU that starts. */
/* SPDX-License-Identifier: MIT */

/*
 * Copied to a page below 1 MiB and started there in real mode with cs = page
 * << 8. Straight to long mode: paging and protection are switched on in one
 * write of CR0, with tables that map this page at its own address.
 */

#define DATA(off) (trampoline_data - trampoline_start + (off))

	.section .rodata.trampoline, "a", @progbits
	.globl	trampoline_start, trampoline_end, trampoline_data
	.globl	trampoline_gdt, trampoline_64
	.hidden	trampoline_start, trampoline_end, trampoline_data
	.hidden	trampoline_gdt, trampoline_64
	.balign	16
	.code16
trampoline_start:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	DATA(0)
	movl	$0x20, %eax		/* PAE */
	movl	%eax, %cr4
	movl	DATA(16), %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	/* EFER */
	movl	DATA(20), %eax
	xorl	%edx, %edx
	wrmsr
	movl	$0x80010011, %eax	/* PG, WP, ET, PE */
	movl	%eax, %cr0
	ljmpl	*DATA(8)

	.code64
trampoline_64:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movq	trampoline_data+32(%rip), %rbx
	movl	$1, %edi
	lock xaddl %edi, (%rbx)		/* our number */
	cmpl	trampoline_data+40(%rip), %edi
	jae	1f
	leaq	trampoline_data+48(%rip), %rbx
	movl	%edi, %eax
	movq	(%rbx, %rax, 8), %rsp
	xorl	%ebp, %ebp
	pushq	$0			/* no return address */
	movq	trampoline_data+24(%rip), %rax
	jmp	*%rax
1:	hlt				/* one more than we know of */
	jmp	1b

	.balign	8
trampoline_gdt:
	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
	.balign	8
trampoline_data:
	.short	23			/* limit of the table above */
	.long	0
	.short	0
	.long	0
	.short	8, 0
	.long	0, 0
	.quad	0, 0, 0
	.fill	64, 8, 0		/* CPUS_MAX stacks */
trampoline_end:
	.section .note.GNU-stack, "", @progbits
