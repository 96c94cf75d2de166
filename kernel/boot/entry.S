/* kernel/boot/entry.S -- the first instructions: PVH, Multiboot2, Limine. */
/* SPDX-License-Identifier: MIT */

/*
 * PVH and Multiboot2 start us in 32-bit protected mode without paging, at
 * KERNEL_PHYS or (Multiboot2) wherever GRUB moved us, with %ebx on their
 * information. This code is position independent: tables for the first 4 GiB,
 * long mode, then C in the identity map (early_setup) for the rest. Limine
 * starts us in the higher half, relocated and mapped.
 */

#define KERNEL_PHYS    0x200000
#define BOOT_PVH       1
#define BOOT_MB2       2
#define BOOT_LIMINE    3
#define MSR_EFER       0xc0000080
#define MSR_GS_BASE    0xc0000101

	.section .boot.text, "ax", @progbits
	.balign 8
boot_base: /* = kernel_start */
mb2_header:
	.long 0xe85250d6
	.long 0 /* i386 protected mode */
	.long mb2_header_end - mb2_header
	.long -(0xe85250d6 + (mb2_header_end - mb2_header))
	/* Required: memory map and modules; command line if there is one. */
	.short 1, 0
	.long 16, 6, 3
	.balign 8
	.short 3, 0 /* physical entry: e_entry is Limine's */
	.long 12
	.long mb2_entry - boot_base + KERNEL_PHYS
	.balign 8
	.short 5, 1 /* a linear framebuffer, if possible */
	.long 20, 1024, 768, 32
	.balign 8
	.short 6, 0 /* modules page aligned */
	.long 8
	.balign 8
	.short 10, 1 /* may be moved: below 2 GiB, by 2 MiB, lowest first */
	.long 24, 0x200000, 0x7fffffff, 0x200000, 1
	.balign 8
	.short 0, 0
	.long 8
mb2_header_end:

	.code32
	.globl pvh_entry
pvh_entry:
	/* Always where it was linked to be. */
	mov $(where - boot_base + KERNEL_PHYS), %ebp
	mov $BOOT_PVH, %edi
	jmp start32
	.globl mb2_entry
mb2_entry:
	/* No stack is promised: a reserved word of the information is one. */
	lea 8(%ebx), %esp
	mov $BOOT_MB2, %edi
	call where
where:
	pop %ebp
start32:
	cli
	cld
	mov %ebx, %esi
	lea boot_stack_top - where(%ebp), %esp

	mov $0x80000000, %eax
	cpuid
	cmp $0x80000001, %eax
	jb no_long_mode
	mov $0x80000001, %eax
	cpuid
	bt $29, %edx
	jnc no_long_mode

	/* Four page directories: the first 4 GiB, at their own address. */
	lea boot_pd - where(%ebp), %ebx
	mov $0x83, %eax /* present, writable, 2 MiB */
	xor %ecx, %ecx
2:	mov %eax, (%ebx, %ecx, 8)
	add $0x200000, %eax
	inc %ecx
	cmp $2048, %ecx
	jb 2b
	lea boot_pdpt_low - where(%ebp), %edx
	lea 3(%ebx), %eax
	xor %ecx, %ecx
3:	mov %eax, (%edx, %ecx, 8)
	add $0x1000, %eax
	inc %ecx
	cmp $4, %ecx
	jb 3b
	lea boot_pml4 - where(%ebp), %ebx
	lea 3(%edx), %eax
	mov %eax, (%ebx)

	mov %ebx, %cr3
	mov $0x20, %eax /* PAE */
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	rdmsr
	bts $8, %eax /* LME */
	wrmsr
	mov $0x80010011, %eax /* PG, WP, ET, PE */
	mov %eax, %cr0

	lea boot_gdt - where(%ebp), %eax
	lea boot_gdtr - where(%ebp), %ebx
	mov %eax, 2(%ebx)
	lgdt (%ebx)
	lea start64 - where(%ebp), %eax
	push $8
	push %eax
	lret

no_long_mode:
	/* Nothing can be said: there is not even a known screen. */
	hlt
	jmp no_long_mode

	.code64
start64:
	mov $16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	lea boot_stack_top(%rip), %rsp
	xor %ebp, %ebp
	mov %edi, %r12d
	mov %esi, %r13d
	call early_setup /* gives kernel_start's final address */
	lea kernel_start(%rip), %rdx
	sub %rdx, %rax
	lea boot_pml4(%rip), %rdx
	mov %rdx, %cr3
	add %rax, %rsp
	lea 1f(%rip), %rdx
	add %rax, %rdx
	jmp *%rdx
1:	/* In the higher half. The low addresses go away again. */
	movq $0, boot_pml4(%rip)
	mov %cr3, %rax
	mov %rax, %cr3
	lea boot_gdt(%rip), %rax
	mov %rax, boot_gdtr + 2(%rip)
	lgdt boot_gdtr(%rip)
	mov %r12d, %edi
	mov %r13d, %esi
	jmp start_c

	.globl limine_entry
limine_entry:
	cli
	cld
	lea boot_stack_top(%rip), %rsp
	xor %ebp, %ebp
	call early_relocate
	lea boot_gdt(%rip), %rax
	mov %rax, boot_gdtr + 2(%rip)
	lgdt boot_gdtr(%rip)
	mov $16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	push $8
	lea 1f(%rip), %rax
	push %rax
	lretq
1:	mov $BOOT_LIMINE, %edi
	xor %esi, %esi
start_c:
	/* The per-CPU template serves until percpu_init_boot copies it. */
	mov $MSR_GS_BASE, %ecx
	xor %eax, %eax
	xor %edx, %edx
	wrmsr
	call boot_main
	ud2

	/* XEN_ELFNOTE_PHYS32_ENTRY; QEMU reads eight bytes. */
	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 8, 18
	.asciz "Xen"
	.quad pvh_entry - boot_base + KERNEL_PHYS
	.section .data.boot, "aw", @progbits
	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* 0x08: 64-bit code */
	.quad 0x00cf93000000ffff /* 0x10: data */
boot_gdt_end:
	.balign 8
boot_gdtr:
	.short boot_gdt_end - boot_gdt - 1
	.quad 0

	.section .bss.page_aligned, "aw", @nobits
	.balign 4096
	.globl boot_pml4, boot_pdpt_low, boot_pdpt_hhdm
	.globl boot_pdpt_kernel, boot_pd_kernel, boot_pd
	.globl boot_stack, boot_stack_top
boot_pml4:
	.skip 4096
boot_pdpt_low:
	.skip 4096
boot_pdpt_hhdm:
	.skip 4096
boot_pdpt_kernel:
	.skip 4096
boot_pd_kernel:
	.skip 4096
boot_pd:
	.skip 4 * 4096
boot_stack:
	.skip 16384
boot_stack_top:
	.section .note.GNU-stack, "", @progbits
