/* kernel/arch/x86_64/smp.c -- starting the other CPUs. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/smp.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/gdt.h"
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/arch/x86_64/percpu.h"
#include "kernel/arch/x86_64/platform.h"
#include "kernel/arch/x86_64/traps.h"
#include "kernel/arch/x86_64/trampoline.h"
#include "kernel/arch/x86_64/tsc.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/core/timer.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vmalloc.h"

/*
 * All CPUs get INIT and the start-up message one after the other and then come
 * up in parallel: in the trampoline each draws a number by an atomic addition,
 * and that is its CPU number from then on. So the numbers are dense whatever
 * CPU fails to come, and cpu_online_count counts up in their order: whoever
 * sees it at n may use everything of CPUs 0..n-1.
 */
enum {
	PAGES = 4, /* code and data; three levels of tables */
	STARTUP_AGAIN_NS = 300000,
	START_LIMIT_NS = 2000000000,
};

static paddr_t low;
static _Atomic uint32_t arrivals;

void smp_prepare(void)
{
	unsigned n = MAX(platform.cpu_count, 1u);

	if (platform.cpus_left_out)
		klog(LOG_WARN, "smp", "%u CPUs more than the %u supported",
		    platform.cpus_left_out, CPUS_MAX);
	if (boot_args.smp_max)
		n = MIN(n, boot_args.smp_max);
	percpu_init_others(n);
	for (unsigned cpu = 0; cpu < n; cpu++) {
		gdt_alloc_stacks(cpu);
		gdt_share(cpu);
	}
	if (n > 1)
		low = bootmem_alloc_low(PAGES * PAGE_SIZE);
}

/* Runs on its own stack; nothing of this CPU is set up yet. */
noreturn_fn static void ap_main(uint32_t cpu)
{
	percpu_load(cpu);
	cpu_control_init();
	mmu_init_cpu();
	gdt_init_cpu(true);
	cpu_entry_init();
	lapic_init_cpu();
	lapic_timer_init_cpu();
	fpu_init_cpu();
	timer_init_cpu();
	sched_init_cpu();
	tsc_check_skew(cpu);
	while (__atomic_load_n(&cpu_online_count, __ATOMIC_ACQUIRE) != cpu)
		cpu_pause();
	__atomic_store_n(&cpu_online_count, cpu + 1, __ATOMIC_RELEASE);
	sched_idle_loop();
}

/* Identity for the first 2 MiB, and the kernel's half. */
static void build_tables(void)
{
	uint64_t *top = phys_to_virt(low + PAGE_SIZE);
	uint64_t *pdpt = phys_to_virt(low + 2 * PAGE_SIZE);
	uint64_t *pd = phys_to_virt(low + 3 * PAGE_SIZE);
	const uint64_t *kernel = phys_to_virt(mmu_kernel_root());

	memset(top, 0, 3 * PAGE_SIZE);
	memcpy(top + 256, kernel + 256, PAGE_SIZE / 2);
	top[0] = (low + 2 * PAGE_SIZE) | PTE_P | PTE_W;
	pdpt[0] = (low + 3 * PAGE_SIZE) | PTE_P | PTE_W;
	pd[0] = PTE_PS | PTE_P | PTE_W;
}

static void fill_trampoline(void)
{
	char *code = phys_to_virt(low);
	struct trampoline_data *d;

	memcpy(code, trampoline_start, trampoline_end - trampoline_start);
	d = (void *)(code + (trampoline_data - trampoline_start));
	d->gdt_base = (uint32_t)(low + (trampoline_gdt - trampoline_start));
	d->far_offset = (uint32_t)(low + (trampoline_64 - trampoline_start));
	d->cr3 = (uint32_t)(low + PAGE_SIZE);
	d->efer =
	    (uint32_t)(rdmsr(MSR_EFER) & (EFER_SCE | EFER_NXE)) | EFER_LME;
	d->entry = (uint64_t)ap_main;
	d->arrivals = (uint64_t)&arrivals;
	d->cpu_count = cpu_count;
	for (unsigned cpu = 1; cpu < cpu_count; cpu++) {
		d->stacks[cpu] = (uint64_t)kstack_alloc();
		/* Numbers are dense: those behind cannot come either. */
		if (d->stacks[cpu] == 0) {
			klog(LOG_ERR, "smp", "no stack for cpu %u", cpu);
			d->cpu_count = cpu;
			break;
		}
	}
	atomic_store(&arrivals, 1);
}

static void send_all(void (*send)(uint32_t apic_id, uint8_t page))
{
	uint32_t me = lapic_id();
	unsigned left = cpu_count - 1;

	for (unsigned i = 0; i < platform.cpu_count && left; i++) {
		if (platform.apic_id[i] == me)
			continue;
		send(platform.apic_id[i], low >> PAGE_SHIFT);
		left--;
	}
}

static void send_init(uint32_t apic_id, uint8_t page)
{
	(void)page;
	lapic_send_init(apic_id);
}

/* Until all drew their number or ns have passed. */
static bool all_arrived(nsec_t limit)
{
	nsec_t end = clock_now() + limit;

	while (atomic_load(&arrivals) < cpu_count) {
		if (clock_now() > end)
			return false;
		cpu_pause();
	}
	return true;
}

void smp_start(void)
{
	nsec_t end;

	if (cpu_count < 2)
		return;
	build_tables();
	fill_trampoline();
	send_all(send_init);
	send_all(lapic_send_startup);
	/* Old CPUs may miss the first; the second does no harm. */
	if (!all_arrived(STARTUP_AGAIN_NS))
		send_all(lapic_send_startup);
	end = clock_now() + START_LIMIT_NS;
	while (
	    __atomic_load_n(&cpu_online_count, __ATOMIC_ACQUIRE) < cpu_count &&
	    clock_now() < end)
		tsc_check_skew(0);
	if (cpu_online_count < cpu_count)
		klog(LOG_WARN, "smp", "only %u of %u CPUs came up",
		    cpu_online_count, cpu_count);
	tsc_report_skew();
}
