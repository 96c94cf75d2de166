/* kernel/core/switch.c -- the C half of a context switch. */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/switch.h"
#include "kernel/core/panic.h"
#include "kernel/arch/x86_64/asm_offsets.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/gdt.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/mm/aspace.h"

static_assert(offsetof(struct thread, kstack_top) == THREAD_KSTACK_TOP, "asm");
static_assert(offsetof(struct thread, saved_sp) == THREAD_SAVED_SP, "asm");
static_assert(offsetof(struct thread, work) == THREAD_WORK, "asm");
static_assert(offsetof(struct regs, rdi) == REGS_RDI, "asm");
static_assert(offsetof(struct regs, rip) == REGS_RIP, "asm");
static_assert(offsetof(struct regs, ss) == REGS_SS, "asm");

/* Top of the current thread's kernel stack, where system calls start. */
PERCPU_DEFINE(uint64_t, kstack_top);

/* The current thread's system calls, by number. */
PERCPU_DEFINE(const void *const *, syscall_entries);

/*
 * The user's GS base sits in MSR_KERNEL_GS_BASE while the kernel runs. With
 * FSGSBASE a user may change both bases by an instruction, so they are read
 * back; without it only arch_prctl changes them, and it keeps thread->user_*.
 */
static void bases_save(struct thread *t)
{
	if (!cpu_features.fsgsbase)
		return;
	__asm__ volatile("rdfsbase %0" : "=r"(t->user_fs_base));
	__asm__ volatile("swapgs; rdgsbase %0; swapgs"
	    : "=r"(t->user_gs_base)
	    :
	    : "memory");
}

static void bases_load(const struct thread *t)
{
	if (likely(cpu_features.fsgsbase)) {
		__asm__ volatile("wrfsbase %0" : : "r"(t->user_fs_base));
		__asm__ volatile("swapgs; wrgsbase %0; swapgs"
		    :
		    : "r"(t->user_gs_base)
		    : "memory");
		return;
	}
	wrmsr(MSR_FS_BASE, t->user_fs_base);
	wrmsr(MSR_KERNEL_GS_BASE, t->user_gs_base);
}

void switch_to(struct thread *prev, struct thread *next)
{
	if (prev->fpu != NULL) {
		fpu_save(prev->fpu);
		bases_save(prev);
	}
	if (next->aspace != NULL && next->aspace != prev->aspace)
		aspace_switch(next->aspace);
	else if (next->aspace == NULL && prev->aspace != NULL)
		aspace_switch(NULL);
	else if (next->aspace != NULL && prev->aspace == NULL)
		aspace_switch(next->aspace);
	kstack_top = next->kstack_top;
	syscall_entries = next->calls;
	tss_set_stack(next->kstack_top);
	switch_stacks(&prev->saved_sp, next->saved_sp);
}

void switch_finish(struct thread *next)
{
	if (next->fpu != NULL) {
		fpu_load(next->fpu);
		bases_load(next);
	}
}

/* arch_prctl and clone: bases of the running thread, set at once. */
void thread_set_fs_base(uint64_t base)
{
	thread_current()->user_fs_base = base;
	if (cpu_features.fsgsbase)
		__asm__ volatile("wrfsbase %0" : : "r"(base));
	else
		wrmsr(MSR_FS_BASE, base);
}

void thread_set_gs_base(uint64_t base)
{
	irqflags_t f = irq_save();

	thread_current()->user_gs_base = base;
	wrmsr(MSR_KERNEL_GS_BASE, base);
	irq_restore(f);
}

void thread_get_bases(uint64_t *fs, uint64_t *gs)
{
	struct thread *t = thread_current();
	irqflags_t f = irq_save();

	bases_save(t);
	*fs = t->user_fs_base;
	*gs = t->user_gs_base;
	irq_restore(f);
}
