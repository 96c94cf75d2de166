/* kernel/core/provoke.c -- faults of the kernel itself, on request. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/core/provoke.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/slab.h"
#include "kernel/object/process.h"

#ifdef CONFIG_PROVOKE
/*
 * Each function breaks one rule. What the compiler could see through goes by
 * way of volatile, so that the machine meets it and not the optimiser. None is
 * instrumented away: the sanitizers report their own kinds.
 */
static volatile uint64_t zero;
static volatile int32_t huge = INT32_MAX;
static const uint64_t constant = 1;
static uint8_t code_in_data[16] = {0xc3}; /* ret */

static void do_panic(void)
{
	panic("provoked");
}

static void do_assert(void)
{
	KASSERT(zero == 1);
}

static void do_null(void)
{
	*(volatile uint64_t *)zero = 1;
}

static void do_divide(void)
{
	/* In C the compiler finds ways without a division. */
	__asm__ volatile("cltd; idivl %0"
	    :
	    : "r"((int)zero), "a"(1)
	    : "edx", "cc");
}

static void do_opcode(void)
{
	__asm__ volatile("ud2");
}

/* Calls itself until the guard page; the compiler must not make it a loop. */
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Winfinite-recursion"
#else
#pragma clang diagnostic ignored "-Winfinite-recursion"
#endif
static __attribute__((noinline)) uint64_t deeper(uint64_t n)
{
	volatile uint8_t frame[512];

	frame[n % sizeof(frame)] = (uint8_t)n;
	n = deeper(n + 1);
	return n + frame[n % sizeof(frame)];
}
#pragma GCC diagnostic pop

static void do_stack(void)
{
	zero = deeper(0);
}

static void do_text(void)
{
	*(volatile uint8_t *)(uintptr_t)do_panic = 0xc3;
}

static void do_rodata(void)
{
	uintptr_t at = (uintptr_t)&constant;

	/* The compiler must not know what this is. */
	__asm__("" : "+r"(at));
	*(volatile uint64_t *)at = 2;
}

static void do_execute(void)
{
	((void (*)(void))(uintptr_t)code_in_data)();
}

/* An address of the calling program that is certainly mapped: its code. */
static vaddr_t user_code(void)
{
	return aspace_marks(process_current()->aspace)->code_start;
}

static void do_smep(void)
{
	((void (*)(void))user_code())();
}

static void do_smap(void)
{
	zero = *(volatile uint8_t *)user_code();
}

static void do_free(void)
{
	volatile uint8_t *p = kmalloc(64);

	if (!p)
		return;
	kfree((void *)p);
	p[8] = 1;
	/* The debug build sees it when the object comes back. */
	for (unsigned i = 0; i < 256; i++)
		(void)kmalloc(64);
}

static void do_overflow(void)
{
	volatile uint8_t *p = kmalloc(48);

	if (!p)
		return;
	p[48 + zero] = 1;
	kfree((void *)p);
}

static void do_double(void)
{
	/* No stack, then a fault: only an IST stack can report this. */
	__asm__ volatile("xor %%esp, %%esp\n\tpush %%rax" ::: "memory");
	__builtin_unreachable();
}

static void do_undefined(void)
{
	huge = huge + 1;
}

static const struct {
	const char *word;
	void (*fn)(void);
} table[] = {
    {"panic", do_panic},
    {"assert", do_assert},
    {"null", do_null},
    {"divide", do_divide},
    {"opcode", do_opcode},
    {"stack", do_stack},
    {"text", do_text},
    {"rodata", do_rodata},
    {"execute", do_execute},
    {"smep", do_smep},
    {"smap", do_smap},
    {"free", do_free},
    {"overflow", do_overflow},
    {"double", do_double},
    {"undefined", do_undefined},
};

bool provoke(const char *word)
{
	for (unsigned i = 0; i < COUNT(table); i++)
		if (strcmp(table[i].word, word) == 0) {
			table[i].fn();
			/* We are still here. */
			return table[i].fn == do_undefined;
		}
	return false;
}
#else
bool provoke(const char *word)
{
	(void)word;
	return false;
}
#endif
