/* tests/limine/start.S -- entry by Multiboot, and into the kernel. */
/* SPDX-License-Identifier: MIT */

#define MAGIC  0x1badb002
#define FLAGS  3 /* modules on page boundaries, memory map */

	.section .multiboot, "a", @progbits
	.balign 4
	.long MAGIC, FLAGS, -(MAGIC + FLAGS)

	.text
	.code32
	.globl start
start:
	cld
	cli
	mov $stack_top, %esp
	push %ebx
	push %eax
	call loader_main
1:	hlt
	jmp 1b

/*
 * enter_kernel(uint64_t entry, uint64_t stack): long mode on the passing
 * tables, a jump to this code's place in the direct map, the final tables,
 * and all registers 0.
 */
	.globl enter_kernel
enter_kernel:
	mov 4(%esp), %esi
	mov 8(%esp), %edi
	mov %esi, kernel_entry
	mov %edi, kernel_entry + 4
	mov 12(%esp), %esi
	mov 16(%esp), %edi
	mov %esi, kernel_stack
	mov %edi, kernel_stack + 4
	call long_mode
	lgdt gdt_pointer_low
	ljmp $0x28, $1f

/* PAE, NXE, LME, paging on the passing tables.  Used by every CPU. */
long_mode:
	mov %cr4, %eax
	or $0x20, %eax
	mov %eax, %cr4
	mov passing_tables, %eax
	mov %eax, %cr3
	mov $0x277, %ecx	/* PAT: WB WT UC- UC WP WC, as the protocol says */
	mov $0x00070406, %eax
	mov $0x00000105, %edx
	wrmsr
	mov $0xc0000080, %ecx
	rdmsr
	or $0x900, %eax
	wrmsr
	mov %cr0, %eax
	or $0x80010001, %eax
	and $0x9fffffff, %eax	/* caches on */
	mov %eax, %cr0
	ret

	.code64
1:	mov hhdm(%rip), %rbx
	lea 2f(%rip), %rax
	add %rbx, %rax
	jmp *%rax
2:	lgdt gdt_pointer_high(%rip)	/* here on in the direct map */
	mov kernel_stack(%rip), %rsp
	mov final_tables(%rip), %rax
	mov %rax, %cr3
	call load_segments
	push $0
	jmp clear_and_go

/* CS by a far return, the others by hand. */
load_segments:
	mov $0x30, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov %eax, %ss
	pop %rax
	push $0x28
	push %rax
	lretq

clear_and_go:
	xor %edi, %edi
	xor %r15d, %r15d
	xor %eax, %eax
	xor %ebx, %ebx
	xor %ecx, %ecx
	xor %edx, %edx
	xor %esi, %esi
	xor %ebp, %ebp
	xor %r8d, %r8d
	xor %r9d, %r9d
	xor %r10d, %r10d
	xor %r11d, %r11d
	xor %r12d, %r12d
	xor %r13d, %r13d
	xor %r14d, %r14d
	push $2
	popfq
	jmp *go_address(%rip)

/*
 * The other CPUs: real mode at ap_start's copy (8000h), one at a time.  The
 * boot CPU writes ap_info (the struct limine_mp_info, in the direct map) and
 * ap_stack, and waits until ap_here is 1.
 */
	.code16
	.globl ap_start, ap_end
ap_start:
	cli
	xor %ax, %ax
	mov %ax, %ds
	lgdtl 0x8000 + (gdt_pointer_ap - ap_start)
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $0x18, $ap_protected
	.balign 4
gdt_pointer_ap:
	.word gdt_end - gdt - 1
	.long gdt
ap_end:

	.code32
ap_protected:
	mov $0x20, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $ap_boot_stack_top, %esp
	call long_mode
	ljmp $0x28, $3f

	.code64
3:	mov hhdm(%rip), %rbx
	lea 4f(%rip), %rax
	add %rbx, %rax
	jmp *%rax
4:	lgdt gdt_pointer_high(%rip)
	mov ap_info(%rip), %rdi
	mov ap_stack(%rip), %rsp
	mov final_tables(%rip), %rax
	mov %rax, %cr3
	call load_segments
	movl $1, ap_here(%rip)
5:	pause
	mov 16(%rdi), %rax	/* goto_address */
	test %rax, %rax
	jz 5b
	push $0
	push %rax
	xor %eax, %eax
	xor %ebx, %ebx
	xor %ecx, %ecx
	xor %edx, %edx
	xor %esi, %esi
	xor %ebp, %ebp
	xor %r8d, %r8d
	xor %r9d, %r9d
	xor %r10d, %r10d
	xor %r11d, %r11d
	xor %r12d, %r12d
	xor %r13d, %r13d
	xor %r14d, %r14d
	xor %r15d, %r15d
	push $2
	popfq
	ret

	.data
	.balign 16
	.globl ap_info, ap_stack, ap_here, gdt
ap_info:
	.quad 0
ap_stack:
	.quad 0
ap_here:
	.long 0
	.balign 8
kernel_entry:
go_address:
	.quad 0
kernel_stack:
	.quad 0
	.balign 8
gdt:	.quad 0
	.quad 0x00009b000000ffff	/* 16-bit code */
	.quad 0x000093000000ffff	/* 16-bit data */
	.quad 0x00cf9b000000ffff	/* 32-bit code */
	.quad 0x00cf93000000ffff	/* 32-bit data */
	.quad 0x00209b0000000000	/* 64-bit code */
	.quad 0x0000930000000000	/* 64-bit data */
gdt_end:
gdt_pointer_low:
	.word gdt_end - gdt - 1
	.long gdt
	.balign 8
	.globl gdt_pointer_high
gdt_pointer_high:
	.word gdt_end - gdt - 1
	.long gdt, 0

	.bss
	.balign 16
	.skip 16384
stack_top:
	.skip 4096
ap_boot_stack_top:
	.section .note.GNU-stack, "", @progbits
