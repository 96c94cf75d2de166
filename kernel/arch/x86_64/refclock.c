/* kernel/arch/x86_64/refclock.c -- clocks of known rate to measure against. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/platform.h"
#include "kernel/arch/x86_64/tsc.h"
#include "kernel/core/klog.h"
#include "kernel/mm/vmalloc.h"

enum {
	HPET_CAPABILITIES = 0,
	HPET_CONFIGURATION = 0x10,
	HPET_COUNTER = 0xf0,
	HPET_ENABLE = 1,
	PM_HZ = 3579545,
	PIT_HZ = 1193182,
	PIT_CHANNEL2 = 0x42,
	PIT_COMMAND = 0x43,
	PIT_GATE = 0x61,
};
#define FEMTO_PER_SEC 1000000000000000ull

static volatile uint8_t *hpet;

/* The low half is enough for what we measure, and one access on any chip. */
static uint64_t hpet_read(void)
{
	return *(volatile uint32_t *)(hpet + HPET_COUNTER);
}

static uint64_t pm_read(void)
{
	return inl(platform.pm_timer);
}

/* Channel 2 counts down; latched, low byte first. */
static uint64_t pit_read(void)
{
	unsigned low;

	outb(PIT_COMMAND, 0x80);
	low = inb(PIT_CHANNEL2);
	return 0xffff - (low | inb(PIT_CHANNEL2) << 8);
}

static struct refclock hpet_clock = {
    .name = "HPET", .mask = 0xffffffff, .read = hpet_read};
static struct refclock pm_clock = {
    .name = "ACPI timer", .hz = PM_HZ, .mask = 0xffffff, .read = pm_read};
static const struct refclock pit_clock = {
    .name = "PIT", .hz = PIT_HZ, .mask = 0xffff, .read = pit_read};

static bool hpet_start(void)
{
	uint32_t femto;
	uint64_t first;

	if (!platform.hpet ||
	    (hpet = ioremap(platform.hpet, PAGE_SIZE, false)) == NULL)
		return false;
	femto = *(volatile uint32_t *)(hpet + HPET_CAPABILITIES + 4);
	/* At most 100 ns, by the specification; 0 is no HPET. */
	if (femto < 100000 || femto > 100000000)
		return false;
	hpet_clock.hz = FEMTO_PER_SEC / femto;
	*(volatile uint32_t *)(hpet + HPET_CONFIGURATION) |= HPET_ENABLE;
	first = hpet_read();
	for (unsigned i = 0; i < 1000; i++)
		if (hpet_read() != first)
			return true;
	return false;
}

static bool counts(const struct refclock *c)
{
	uint64_t first = c->read();

	for (unsigned i = 0; i < 1000; i++)
		if (((c->read() - first) & c->mask) != 0)
			return true;
	return false;
}

/* Mode 0 from the top, gate open, speaker off. */
static void pit_start(void)
{
	outb(PIT_GATE, (inb(PIT_GATE) & ~2u) | 1);
	outb(PIT_COMMAND, 0xb0);
	outb(PIT_CHANNEL2, 0xff);
	outb(PIT_CHANNEL2, 0xff);
}

const struct refclock *refclock_init(void)
{
	if (hpet_start())
		return &hpet_clock;
	if (platform.pm_timer) {
		if (platform.pm_timer_32bit)
			pm_clock.mask = 0xffffffff;
		if (counts(&pm_clock))
			return &pm_clock;
	}
	pit_start();
	return counts(&pit_clock) ? &pit_clock : NULL;
}
