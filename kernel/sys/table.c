/* kernel/sys/table.c -- from a number to its handler. */
/* SPDX-License-Identifier: MIT */

#include "kernel/sys/syscall.h"
#include "kernel/core/klog.h"
#include "kernel/core/thread.h"
#include "kernel/arch/x86_64/regs.h"

_Atomic uint32_t syscall_unknown_count[SYSCALL_MAX];

long sys_unknown(void)
{
	uint64_t nr = thread_regs(thread_current())->orig_rax;

	if (nr < SYSCALL_MAX)
		atomic_fetch_add_explicit(
		    &syscall_unknown_count[nr], 1, memory_order_relaxed);
	return E_NOSYS;
}

/*
 * Handlers have many types; the table holds addresses only, and assembly calls
 * them with the six register arguments.
 */
#define SYSCALL(nr, name) \
	extern const char entry_##name[] __asm__("sys_" #name);
#define SYSCALL_REGS(nr, name) \
	extern const char entry_##name[] __asm__("stub_" #name);
#include "kernel/sys/calls.h"
#ifdef CONFIG_LINUX
#include "kernel/linux/calls.h"
#endif
#undef SYSCALL
#undef SYSCALL_REGS

/* Later entries override the default: that is the point of the list. */
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif

#define SYSCALL(nr, name)      [nr] = (void *)entry_##name,
#define SYSCALL_REGS(nr, name) [nr] = (void *)entry_##name,
void *const syscall_table[SYSCALL_MAX] = {
    [0 ... SYSCALL_MAX - 1] = (void *)sys_unknown,
#include "kernel/sys/calls.h"
#ifdef CONFIG_LINUX
#include "kernel/linux/calls.h"
#endif
};
