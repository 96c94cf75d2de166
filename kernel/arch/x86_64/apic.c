/* kernel/arch/x86_64/apic.c -- the local APIC, xAPIC and x2APIC. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/irq.h"
#include "kernel/arch/x86_64/platform.h"
#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/lock.h"
#include "kernel/core/muldiv.h"
#include "kernel/core/panic.h"
#include "kernel/mm/vmalloc.h"

/*
 * A register of the memory form at offset R is MSR 0x800 + R / 16 in x2APIC
 * mode; the interrupt command is one write of 64 bits there. Interrupt commands
 * in x2APIC mode do not order earlier stores, hence the fence: the receiver
 * must see what it was interrupted for.
 */
enum {
	REG_ID = 0x20,
	REG_TPR = 0x80,
	REG_EOI = 0xb0,
	REG_SPURIOUS = 0xf0,
	REG_ISR = 0x100,
	REG_IRR = 0x200,
	REG_ERROR = 0x280,
	REG_COMMAND = 0x300,
	REG_COMMAND_HIGH = 0x310,
	REG_LVT_TIMER = 0x320,
	REG_LVT_THERMAL = 0x330,
	REG_LVT_PERF = 0x340,
	REG_LVT_LINT0 = 0x350,
	REG_LVT_LINT1 = 0x360,
	REG_LVT_ERROR = 0x370,
	REG_TIMER_COUNT = 0x380,
	REG_TIMER_LEFT = 0x390,
	REG_TIMER_DIVIDE = 0x3e0,

	LVT_MASKED = 1 << 16,
	LVT_NMI = 4 << 8,
	TIMER_DEADLINE = 2 << 17,
	DIVIDE_1 = 0xb,
	SPURIOUS_ENABLE = 0x100,
	COMMAND_PENDING = 1 << 12,
	COMMAND_INIT = 5 << 8 | 1 << 14,
	COMMAND_STARTUP = 6 << 8 | 1 << 14,
	COMMAND_NMI = 4 << 8 | 1 << 14,
	COMMAND_FIXED = 1 << 14,
	BASE_X2APIC = 1 << 10,
	BASE_ENABLE = 1 << 11,
	X2APIC_MSR = 0x800,
	PENDING_SPINS = 100000,
};
#define LAPIC_DEFAULT 0xfee00000ul

static volatile uint8_t *registers; /* const after lapic_init */
static bool x2apic;                 /* const after lapic_init_cpu(boot) */
static uint64_t timer_mult;         /* ns -> ticks << 32; 0: deadline mode */
uint32_t cpu_apic_id[CPUS_MAX];

static uint32_t get(unsigned reg)
{
	if (x2apic)
		return (uint32_t)rdmsr(X2APIC_MSR + reg / 16);
	return *(volatile uint32_t *)(registers + reg);
}

static void set(unsigned reg, uint32_t v)
{
	if (x2apic)
		wrmsr(X2APIC_MSR + reg / 16, v);
	else
		*(volatile uint32_t *)(registers + reg) = v;
}

uint32_t lapic_id(void)
{
	uint32_t id = get(REG_ID);

	return x2apic ? id : id >> 24;
}

void lapic_eoi(void)
{
	set(REG_EOI, 0);
}

static bool vector_bit(unsigned reg, uint8_t v)
{
	return get(reg + v / 32 * 16) >> v % 32 & 1;
}

bool lapic_in_service(uint8_t v)
{
	return vector_bit(REG_ISR, v);
}

static void command(uint32_t apic_id, uint32_t low)
{
	irqflags_t f;

	if (x2apic) {
		__asm__ volatile("mfence; lfence" ::: "memory");
		wrmsr(X2APIC_MSR + REG_COMMAND / 16,
		    (uint64_t)apic_id << 32 | low);
		return;
	}
	/* Two writes: no interrupt handler may send in between. */
	f = irq_save();
	for (unsigned i = 0; i < PENDING_SPINS; i++) {
		if (!(get(REG_COMMAND) & COMMAND_PENDING))
			break;
		cpu_pause();
	}
	set(REG_COMMAND_HIGH, apic_id << 24);
	set(REG_COMMAND, low);
	irq_restore(f);
}

void lapic_send_init(uint32_t apic_id)
{
	command(apic_id, COMMAND_INIT);
}

void lapic_send_startup(uint32_t apic_id, uint8_t page)
{
	command(apic_id, COMMAND_STARTUP | page);
}

void lapic_send_fixed(uint32_t apic_id, uint8_t vector)
{
	command(apic_id, COMMAND_FIXED | vector);
}

void lapic_nmi_others(void)
{
	uint32_t me = lapic_id();

	for (unsigned i = 0; i < cpu_online_count; i++)
		if (cpu_apic_id[i] != me)
			command(cpu_apic_id[i], COMMAND_NMI);
}

void lapic_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (!(cpuid(1, 0).d & 1u << 9))
		panic("this CPU has no local APIC");
	x2apic = base & BASE_X2APIC;
	if (!(base & BASE_ENABLE))
		wrmsr(MSR_APIC_BASE, base | BASE_ENABLE);
	if (!platform.lapic)
		platform.lapic = LAPIC_DEFAULT;
	if (!x2apic) {
		registers = ioremap(platform.lapic, PAGE_SIZE, false);
		if (registers == NULL)
			panic("no room to map the local APIC");
	}
	set(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	set(REG_TIMER_DIVIDE, DIVIDE_1);
}

void lapic_init_cpu(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE) | BASE_ENABLE;

	wrmsr(MSR_APIC_BASE, base);
	if (cpu_features.x2apic) {
		wrmsr(MSR_APIC_BASE, base | BASE_X2APIC);
		x2apic = true;
	}
	set(REG_TPR, 0);
	set(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	set(REG_LVT_TIMER, LVT_MASKED);
	set(REG_LVT_PERF, LVT_MASKED);
	set(REG_LVT_LINT0, LVT_MASKED);
	set(REG_LVT_LINT1, LVT_NMI);
	set(REG_LVT_ERROR, LVT_MASKED | VECTOR_SPURIOUS);
	set(REG_ERROR, 0);
	cpu_apic_id[cpu_id()] = lapic_id();
}

void lapic_timer_start(uint32_t count)
{
	set(REG_TIMER_DIVIDE, DIVIDE_1);
	set(REG_LVT_TIMER, (x2apic ? 0 : LVT_MASKED) | VECTOR_TIMER);
	set(REG_TIMER_COUNT, count);
}

/* In x2APIC mode QEMU cannot read it while it counts instructions. */
uint32_t lapic_timer_left(void)
{
	KASSERT(!x2apic);
	return get(REG_TIMER_LEFT);
}

bool lapic_timer_readable(void)
{
	return !x2apic;
}

bool lapic_timer_pending(void)
{
	return vector_bit(REG_IRR, VECTOR_TIMER);
}

void lapic_timer_set_rate(uint64_t hz)
{
	timer_mult = hz ? muldiv(hz, 1ull << 32, NSEC_PER_SEC) : 0;
}

void lapic_timer_init_cpu(void)
{
	if (timer_mult == 0) {
		set(REG_LVT_TIMER, TIMER_DEADLINE | VECTOR_TIMER);
		/* The mode must be in force before the first deadline. */
		__asm__ volatile("mfence" ::: "memory");
		return;
	}
	set(REG_TIMER_DIVIDE, DIVIDE_1);
	set(REG_TIMER_COUNT, 0);
	set(REG_LVT_TIMER, VECTOR_TIMER);
}

void lapic_timer_program(nsec_t deadline)
{
	uint64_t ticks;
	nsec_t now;

	if (timer_mult == 0) {
		wrmsr(MSR_TSC_DEADLINE,
		    deadline == UINT64_MAX ? 0 : clock_tsc_at(deadline));
		return;
	}
	if (deadline == UINT64_MAX) {
		set(REG_TIMER_COUNT, 0);
		return;
	}
	now = clock_now();
	/* Rounded up: early would only mean to program it again. */
	ticks =
	    deadline <= now
	        ? 1
	        : (uint64_t)((unsigned __int128)(deadline - now) * timer_mult >>
	                     32) +
	              1;
	set(REG_TIMER_COUNT, (uint32_t)MIN(ticks, (uint64_t)UINT32_MAX));
}
