/* kernel/sys/table.c -- from a number to its handler. */
/* SPDX-License-Identifier: MIT */
/* layers: the one place where the personality's calls are plugged in. */

#include "kernel/sys/syscall.h"
#include "kernel/core/klog.h"
#include "kernel/core/thread.h"
#include "kernel/object/silo.h"
#include "kernel/arch/x86_64/regs.h"

static _Atomic uint32_t syscall_unknown_count[SYSCALL_MAX];

/*
 * Numbers beyond the table take a slot each, for good, in the order in which
 * they come. A wild program may use them up: then the rest is not counted.
 */
enum { FAR_SLOTS = 64 };
static struct far_call {
	_Atomic uint64_t nr; /* 0: free; these numbers are never 0 */
	_Atomic uint32_t count;
} far_calls[FAR_SLOTS];

/* Whether the slot is, or just became, that number's. */
static bool far_call_claim(struct far_call *f, uint64_t nr)
{
	uint64_t old = 0;

	return atomic_compare_exchange_strong(&f->nr, &old, nr) || old == nr;
}

static void count_far(uint64_t nr)
{
	for (unsigned i = 0; i < FAR_SLOTS; i++) {
		if (!far_call_claim(&far_calls[i], nr))
			continue;
		atomic_fetch_add(&far_calls[i].count, 1);
		return;
	}
}

void syscall_unknown_each(
    void (*fn)(uint64_t nr, uint32_t count, void *arg), void *arg)
{
	for (unsigned i = 0; i < SYSCALL_MAX; i++) {
		uint32_t n = atomic_load(&syscall_unknown_count[i]);

		if (n)
			fn(i, n, arg);
	}
	for (unsigned i = 0; i < FAR_SLOTS; i++) {
		uint32_t n = atomic_load(&far_calls[i].count);

		if (n)
			fn(atomic_load(&far_calls[i].nr), n, arg);
	}
}

long sys_unknown(void)
{
	uint64_t nr = thread_regs(thread_current())->orig_rax;

	if (nr < SYSCALL_MAX)
		atomic_fetch_add_explicit(
		    &syscall_unknown_count[nr], 1, memory_order_relaxed);
	else
		count_far(nr);
	return E_NOSYS;
}

const void *syscall_native[SYSCALL_MAX];

long sys_refused(void)
{
	atomic_fetch_add_explicit(
	    &silo_current()->refused, 1, memory_order_relaxed);
	return E_PERM;
}

void syscall_init(void)
{
	static const uint16_t allowed[] = {
#define SYSCALL(nr, name)      (nr),
#define SYSCALL_REGS(nr, name) (nr),
#include "kernel/sys/calls.h"
#undef SYSCALL
#undef SYSCALL_REGS
	};

	for (unsigned i = 0; i < SYSCALL_MAX; i++)
		syscall_native[i] = (const void *)sys_refused;
	for (unsigned i = 0; i < COUNT(allowed); i++)
		syscall_native[allowed[i]] = syscall_table[allowed[i]];
}

/*
 * Handlers have many types; the table holds addresses only, and assembly calls
 * them with the six register arguments.
 */
#define SYSCALL(nr, name) \
	extern const char entry_##name[] __asm__("sys_" #name);
#define SYSCALL_REGS(nr, name) \
	extern const char entry_##name[] __asm__("stub_" #name);
#define NATIVE(nr, name)      SYSCALL(nr, name)
#define NATIVE_REGS(nr, name) SYSCALL_REGS(nr, name)
#define NATIVE_FAST(nr, name) SYSCALL_REGS(nr, name)
#include "kernel/sys/calls.h"
#include "abi/native_calls.h"
#ifdef CONFIG_LINUX
#include "kernel/linux/calls.h"
#endif
#undef SYSCALL
#undef SYSCALL_REGS
#undef NATIVE
#undef NATIVE_REGS
#undef NATIVE_FAST

/* Later entries override the default: that is the point of the list. */
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif

#define SYSCALL(nr, name)      [nr] = (void *)entry_##name,
#define SYSCALL_REGS(nr, name) [nr] = (void *)entry_##name,
#define NATIVE(nr, name) \
	[SYSCALL_MAX + (nr) - NATIVE_FIRST] = (void *)entry_##name,
#define NATIVE_REGS(nr, name) NATIVE(nr, name)
#define NATIVE_FAST(nr, name) NATIVE(nr, name)
void *const syscall_table[SYSCALL_TABLE] = {
    [0 ... SYSCALL_TABLE - 1] = (void *)sys_unknown,
#include "kernel/sys/calls.h"
#include "abi/native_calls.h"
#ifdef CONFIG_LINUX
#include "kernel/linux/calls.h"
#endif
};
