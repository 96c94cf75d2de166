/* kernel/arch/x86_64/panic_arch.c -- what a panic needs of the machine. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include <stdatomic.h>
#include "kernel/arch/x86_64/panic_arch.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/mmu_probe.h"
#include "kernel/arch/x86_64/power.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/percpu.h"

enum { CODE_BEFORE = 16, CODE_AFTER = 16, STOP_SPINS = 1000000 };

static _Atomic unsigned stopped_count;

/* The bytes round the instruction; the first of it in brackets. */
static void print_code(const struct regs *r, void (*out)(const char *line))
{
	char line[4 * (CODE_BEFORE + CODE_AFTER) + 16];
	size_t n = ksnprintf(line, sizeof(line), "code:");

	if (regs_user(r))
		return;
	for (int i = -CODE_BEFORE; i < CODE_AFTER; i++) {
		vaddr_t at = r->rip + i;

		if (!mmu_probe(at))
			continue;
		n += ksnprintf(line + n, sizeof(line) - n,
		    i == 0 ? " [%02x]" : " %02x", *(const uint8_t *)at);
	}
	out(line);
}

static void row(
    void (*out)(const char *line), const char *names, const uint64_t v[4])
{
	char line[128];
	size_t n = 0;

	for (unsigned i = 0; i < 4; i++)
		n += ksnprintf(line + n, sizeof(line) - n, "%s%.3s=%016llx",
		    i ? "  " : "", names + 3 * i, (unsigned long long)v[i]);
	out(line);
}

void arch_print_regs(const struct regs *r, void (*out)(const char *line))
{
	char line[128];

	row(out, "raxrbxrcxrdx", (uint64_t[]){r->rax, r->rbx, r->rcx, r->rdx});
	row(out, "rsirdirbprsp", (uint64_t[]){r->rsi, r->rdi, r->rbp, r->rsp});
	row(out, "r8 r9 r10r11", (uint64_t[]){r->r8, r->r9, r->r10, r->r11});
	row(out, "r12r13r14r15", (uint64_t[]){r->r12, r->r13, r->r14, r->r15});
	row(out, "ripflgcr2cr3",
	    (uint64_t[]){r->rip, r->rflags, read_cr2(), read_cr3()});
	ksnprintf(line, sizeof(line),
	    "cs=%llx ss=%llx cr0=%llx cr4=%llx code=%llx",
	    (unsigned long long)r->cs, (unsigned long long)r->ss,
	    (unsigned long long)read_cr0(), (unsigned long long)read_cr4(),
	    (unsigned long long)r->orig_rax);
	out(line);
	print_code(r, out);
}

void arch_stop_others(void)
{
	if (cpu_online_count < 2)
		return;
	lapic_nmi_others();
	for (unsigned i = 0; i < STOP_SPINS; i++) {
		if (atomic_load(&stopped_count) >= cpu_online_count - 1)
			return;
		cpu_pause();
	}
}

noreturn_fn void arch_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

noreturn_fn void panic_stopped(const struct regs *r)
{
	(void)r;
	atomic_fetch_add(&stopped_count, 1);
	arch_halt();
}

noreturn_fn void arch_panic_restart(int seconds)
{
	/* Uncalibrated so early? Some CPU of some GHz. */
	uint64_t hz = clock_tsc_hz ? clock_tsc_hz : 2000000000ull;
	uint64_t start = rdtsc();

	while (rdtsc() - start < hz * (uint64_t)seconds)
		cpu_pause();
	power_reboot();
}
