/* tests/host/shim.h -- what kernel sources need when built as a program. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/*
 * shim.c defines, weakly, whatever a unit under test may call: locks, panic,
 * log, preemption, kmalloc over malloc, frames from an arena. A test that
 * links the real file (kernel/mm/slab.c, ...) gets the real one.
 */

/* The n-th allocation from now (0: the next) fails, once; <0: none does. */
void kalloc_fail_after(long n);
/* True when the injected failure has happened. */
bool kalloc_failed(void);
/* Asked by every allocation function: fail now? */
bool kalloc_should_fail(void);
/* Live kmalloc and slab objects / frames of the shim's own allocators. */
long kalloc_live(void);
long page_live(void);

/* Bytes of fake RAM at hhdm_base; the first call makes it (64 MiB). */
#define SHIM_RAM_SIZE (64ul << 20)
void shim_ram_init(void);

/*
 * Expect a panic: SHIM_PANICS(statement) is true when it panicked. The text
 * is in shim_panic_text. Elsewhere a panic fails the test.
 */
extern jmp_buf shim_panic_jump;
extern bool shim_panic_expected;
extern char shim_panic_text[256];
#define SHIM_PANICS(statement)                  \
	({                                      \
		volatile bool panicked_ = true; \
		shim_panic_expected = true;     \
		if (!setjmp(shim_panic_jump)) { \
			statement;              \
			panicked_ = false;      \
		}                               \
		shim_panic_expected = false;    \
		shim_preempt_reset();           \
		panicked_;                      \
	})
void shim_preempt_reset(void);

/* The last line that was logged, "subsys: text", and how many there were. */
extern char shim_log_text[256];
extern unsigned shim_log_count;

/* A cheap generator for randomised tests; the seed is fixed. */
extern uint64_t shim_random_state;
uint32_t shim_random(uint32_t below);
