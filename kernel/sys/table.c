/* kernel/sys/table.c -- from a number to its handler. */
/* SPDX-License-Identifier: MIT */

#include "kernel/sys/syscall.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "kernel/mm/page.h"
#include "kernel/object/audit.h"
#include "kernel/object/silo.h"
#include "kernel/arch/x86_64/mmu.h"
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

/*
 * The tables are filled at boot and read only from then on, also by their
 * other address in the direct map.
 */
struct syscall_tables syscall_table
    __attribute__((section(".bss.page_aligned")));

long sys_refused(void)
{
	atomic_fetch_add_explicit(
	    &silo_current()->refused, 1, memory_order_relaxed);
	audit(AUDIT_SYSCALL, NULL, E_PERM,
	    thread_regs(thread_current())->orig_rax);
	return E_PERM;
}

/* See call_list.S. */
struct call {
	int32_t nr;
	int32_t distance; /* of the handler from this word */
};
extern const struct call call_list[], call_list_end[];

static void fill(void)
{
	static const uint16_t allowed[] = {
#define SYSCALL(nr, name)      (nr),
#define SYSCALL_REGS(nr, name) (nr),
#include "kernel/sys/calls.h"
#undef SYSCALL
#undef SYSCALL_REGS
	};
	struct syscall_tables *t = &syscall_table;

	for (unsigned i = 0; i < SYSCALL_TABLE; i++)
		t->all[i] = (const void *)sys_unknown;
	for (const struct call *c = call_list; c < call_list_end; c++) {
		int i = c->nr < SYSCALL_MAX
		            ? c->nr
		            : c->nr - NATIVE_FIRST + SYSCALL_MAX;

		t->all[i] = (const char *)&c->distance + c->distance;
	}
	for (unsigned i = 0; i < SYSCALL_MAX; i++)
		t->native[i] = (const void *)sys_refused;
	for (unsigned i = 0; i < COUNT(allowed); i++)
		t->native[allowed[i]] = t->all[allowed[i]];
}

void syscall_init(void)
{
	vaddr_t at = (vaddr_t)&syscall_table;
	size_t size = sizeof(syscall_table);
	unsigned flags;
	paddr_t pa;

	fill();
	if (!mmu_kwalk(at, &pa, &flags) || mmu_kprotect(at, size, 0) != OK ||
	    mmu_kprotect((vaddr_t)phys_to_virt(pa), size, 0) != OK)
		panic("the system call tables stay writable");
}
