/* kernel/arch/x86_64/usercopy.S -- the instructions that touch user memory. */
/* SPDX-License-Identifier: MIT */

/*
 * Each function opens SMAP, copies, closes it, and never fails to return: an
 * instruction listed in .extable that faults for good (aspace_fault could not
 * help) goes on at its fixup. Callers checked the range.
 *
 * STAC and CLAC are three bytes of no-op in the image; mmu_init writes them in
 * on CPUs that have SMAP.
 *
 * Under an instruction count, and on real CPUs above some 100 bytes, `rep
 * movsq` is the fastest way; bytes are only moved singly where a fault has to
 * be located.
 */

#define E_FAULT -14

.macro STAC
771:	.byte 0x0f, 0x1f, 0x00
	.pushsection .smap_patch, "a", @progbits
	.long 771b - .
	.long 1
	.popsection
.endm

.macro CLAC
772:	.byte 0x0f, 0x1f, 0x00
	.pushsection .smap_patch, "a", @progbits
	.long 772b - .
	.long 0
	.popsection
.endm

.macro FIXUP at, to
	.pushsection .extable, "a", @progbits
	.balign 4
	.long \at - .
	.long \to - .
	.popsection
.endm

.macro FUNCTION name
	.balign 16
	.globl \name
	.hidden \name
	.type \name, @function
\name:
.endm

.macro END name
	.size \name, . - \name
.endm

	.text

/* size_t usercopy_move(void *dst, const void *src, size_t n): bytes left. */
FUNCTION usercopy_move
	STAC
	movq	%rdx, %rcx
	cmpq	$8, %rdx
	jb	3f
	je	2f
	shrq	$3, %rcx
	cmpq	$64, %rdx
	jb	5f
1:	rep movsq
	FIXUP	1b, 7f
	andl	$7, %edx
	jnz	6f
	xorl	%eax, %eax
	CLAC
	ret
2:	movq	(%rsi), %rax
	FIXUP	2b, 8f
22:	movq	%rax, (%rdi)
	FIXUP	22b, 8f
	xorl	%eax, %eax
	CLAC
	ret

	/* 9 to 63 bytes: words, then the tail as one that overlaps. */
5:	movq	(%rsi), %rax
	FIXUP	5b, 7f
55:	movq	%rax, (%rdi)
	FIXUP	55b, 7f
	addq	$8, %rsi
	addq	$8, %rdi
	decl	%ecx
	jnz	5b
	andl	$7, %edx
	jnz	6f
	xorl	%eax, %eax
	CLAC
	ret
6:	movq	-8(%rsi, %rdx), %rax
	FIXUP	6b, 8f
66:	movq	%rax, -8(%rdi, %rdx)
	FIXUP	66b, 8f
	xorl	%eax, %eax
	CLAC
	ret

	/* Up to 7 bytes. */
3:	rep movsb
	FIXUP	3b, 9f
	xorl	%eax, %eax
	CLAC
	ret

	/* A word faulted; rcx words and a tail are left: find the byte. */
7:	andl	$7, %edx
	leaq	(%rdx, %rcx, 8), %rcx
	jmp	88f
8:	movq	%rdx, %rcx
88:	rep movsb
	FIXUP	88b, 9f
9:	movq	%rcx, %rax
	CLAC
	ret
END usercopy_move

/* size_t usercopy_zero(void *dst, size_t n): bytes left. */
FUNCTION usercopy_zero
	STAC
	movq	%rsi, %rcx
	xorl	%eax, %eax
	shrq	$3, %rcx
	andl	$7, %esi
1:	rep stosq
	FIXUP	1b, 4f
	movl	%esi, %ecx
2:	rep stosb
	FIXUP	2b, 3f
3:	movq	%rcx, %rax
	CLAC
	ret
4:	leaq	(%rsi, %rcx, 8), %rcx
	xorl	%esi, %esi
	jmp	2b
END usercopy_zero

/*
 * long usercopy_string(char *dst, const char *src, size_t n): copies up to n
 * bytes until a zero byte, which is copied too. Length, n when there was no
 * zero, or E_FAULT. A word at a time: a word that runs into a bad page makes
 * way for single bytes, for the string may end before it.
 */
FUNCTION usercopy_string
	STAC
	movq	%rdi, %r10
	movabsq	$0x0101010101010101, %r8
	movabsq	$0x8080808080808080, %r9
	subq	$8, %rdx
	jb	3f
1:	movq	(%rsi), %rax
	FIXUP	1b, 3f
	movq	%rax, (%rdi)
	movq	%rax, %rcx
	subq	%r8, %rcx
	notq	%rax
	andq	%rax, %rcx
	andq	%r9, %rcx
	jnz	2f
	addq	$8, %rsi
	addq	$8, %rdi
	subq	$8, %rdx
	jae	1b
3:	addq	$8, %rdx
	jz	5f
4:	movb	(%rsi), %al
	FIXUP	4b, 6f
	movb	%al, (%rdi)
	testb	%al, %al
	jz	5f
	incq	%rsi
	incq	%rdi
	decq	%rdx
	jnz	4b
5:	movq	%rdi, %rax
	subq	%r10, %rax
	CLAC
	ret
2:	bsfq	%rcx, %rcx
	shrl	$3, %ecx
	leaq	(%rdi, %rcx), %rax
	subq	%r10, %rax
	CLAC
	ret
6:	movq	$E_FAULT, %rax
	CLAC
	ret
END usercopy_string

/* int usercopy_load32(const uint32_t *p, uint32_t *out) and so on: 0 or not. */
FUNCTION usercopy_load32
	STAC
1:	movl	(%rdi), %eax
	FIXUP	1b, usercopy_failed
	movl	%eax, (%rsi)
	xorl	%eax, %eax
	CLAC
	ret
END usercopy_load32

FUNCTION usercopy_load64
	STAC
1:	movq	(%rdi), %rax
	FIXUP	1b, usercopy_failed
	movq	%rax, (%rsi)
	xorl	%eax, %eax
	CLAC
	ret
END usercopy_load64

FUNCTION usercopy_store32
	STAC
1:	movl	%esi, (%rdi)
	FIXUP	1b, usercopy_failed
	xorl	%eax, %eax
	CLAC
	ret
END usercopy_store32

FUNCTION usercopy_store64
	STAC
1:	movq	%rsi, (%rdi)
	FIXUP	1b, usercopy_failed
	xorl	%eax, %eax
	CLAC
	ret
END usercopy_store64

/* int usercopy_cmpxchg32(uint32_t *p, expect, v, uint32_t *old) */
FUNCTION usercopy_cmpxchg32
	STAC
	movl	%esi, %eax
1:	lock cmpxchgl %edx, (%rdi)
	FIXUP	1b, usercopy_failed
	movl	%eax, (%rcx)
	xorl	%eax, %eax
	CLAC
	ret
END usercopy_cmpxchg32

FUNCTION usercopy_failed
	movl	$E_FAULT, %eax
	CLAC
	ret
END usercopy_failed

	.section .note.GNU-stack, "", @progbits
