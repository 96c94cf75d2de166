/* kernel/main.c -- the boot order, on one page. */
/* SPDX-License-Identifier: MIT */
#include "kernel/main.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/fbcon.h"
#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/gdt.h"
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/arch/x86_64/pci.h"
#include "kernel/arch/x86_64/percpu.h"
#include "kernel/arch/x86_64/platform.h"
#include "kernel/arch/x86_64/power.h"
#include "kernel/arch/x86_64/ps2.h"
#include "kernel/arch/x86_64/serial.h"
#include "kernel/arch/x86_64/smp.h"
#include "kernel/arch/x86_64/traps.h"
#include "kernel/arch/x86_64/tsc.h"
#include "kernel/boot/early.h"
#include "kernel/core/klog.h"
#include "kernel/core/random.h"
#include "kernel/core/rcu.h"
#include "kernel/core/sched.h"
#include "kernel/core/timer.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/drain.h"
#include "kernel/mm/kasan.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmalloc.h"
#include "kernel/mm/vmo.h"
#include "kernel/object/futex.h"
#include "kernel/object/epoll.h"
#include "kernel/object/process.h"
#include "kernel/object/tty.h"
#include "kernel/object/tty_screen.h"
#include "kernel/socket/unix.h"
#include "kernel/sys/syscall.h"
#include "kernel/vfs/path.h"
#include "kernel/object/audit.h"
#include "kernel/vfs/dev_audit.h"

/* What the CPU needs before anything may fault or be per-CPU. */
static void start_cpu(void)
{
	cpu_features_init();
	cpu_control_init();
	bootmem_init();
	percpu_init_boot();
	gdt_init_cpu(false);
	idt_init(false);
	idt_load();
}

/* From the boot allocator to vmalloc; the tables of entry.S go. */
static void start_memory(void)
{
	mmu_init();
	page_init();
	slab_init();
	vmalloc_init();
	kasan_init();
}

/* Firmware tables, interrupt controllers, clock, and room for all CPUs. */
static void start_machine(void)
{
	if (!acpi_init() && !mptable_init())
		klog(LOG_WARN, "boot", "no ACPI or MP table: one CPU");
	power_init();
	pci_init();
	pic_disable();
	lapic_init();
	time_init();
	lapic_init_cpu();
	lapic_timer_init_cpu();
	ioapic_init();
	smp_prepare();
	gdt_init_cpu(true);
	idt_init(mmu_pti);
	idt_share();
	cpu_entry_init();
	fpu_init_cpu();
}

/* This thread becomes the boot CPU's idle thread. */
static void start_threads(void)
{
	aspace_init();
	vmo_init();
	thread_init();
	timer_init_cpu();
	sched_init_cpu();
	random_init(boot_info.seed, boot_info.seed_size);
	rcu_start();
	drain_start();
	irq_enable();
	smp_start();
}

noreturn_fn void kernel_main(void)
{
	bool screen;

	klog(LOG_NOTICE, "boot", "Strat9 Bedrock " STRAT9_VERSION " by %s",
	    boot_info.loader);
	start_cpu();
	start_memory();
	screen = fbcon_init();
	start_machine();
	start_threads();
	klog(LOG_INFO, "boot", "%u of %u CPUs, tables by %s", cpu_online_count,
	    cpu_count, platform.source);
	silo_init();
	audit_init();
	dev_audit_register();
	syscall_init();
	futex_init();
	process_init();
	vfs_init();
	unix_init();
	epoll_init();
	serial_start_irq();
	if (screen) {
		tty_screen_register(fbcon_write, fbcon_rows(), fbcon_columns());
		ps2_init(tty_screen_input);
	}
	tty_devices_init();
	time_refine_start();
	process_start_init(boot_args.init);
	sched_idle_loop();
}
