/* kernel/arch/x86_64/power.c -- off, and again. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/power.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/platform.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"

enum {
	SLEEP_ENABLE = 1 << 13,
	SLEEP_TYPE_SHIFT = 10,
	SLEEP_TYPE_MASK = 7 << 10,
	REDUCED_ENABLE = 1 << 5,
	REDUCED_TYPE_SHIFT = 2,
	RESET_PORT = 0xcf9,
	KEYBOARD = 0x64,
	KEYBOARD_BUSY = 2,
	SPINS = 100000,
};

/* The registers' mappings: power may go when nothing can be mapped. */
static volatile uint8_t *reset_memory, *sleep_memory;

void power_init(void)
{
	const struct acpi_gas *r = &platform.reset;
	const struct acpi_gas *s = &platform.sleep_control;

	if (platform.reset_valid && r->space == 0)
		reset_memory = (volatile uint8_t *)firmware_map(r->address, 1);
	if (s->address && s->space == 0)
		sleep_memory = (volatile uint8_t *)firmware_map(s->address, 1);
}

static void gas_write(
    const struct acpi_gas *g, volatile uint8_t *memory, uint8_t v)
{
	if (g->address == 0)
		return;
	if (g->space == 1)
		outb(g->address, v);
	else if (memory != NULL)
		*memory = v;
}

static void sleep_port(uint16_t port, int type)
{
	uint16_t v = inw(port) & ~(SLEEP_TYPE_MASK | SLEEP_ENABLE);

	outw(port, v | type << SLEEP_TYPE_SHIFT | SLEEP_ENABLE);
}

noreturn_fn void power_off(void)
{
	irq_disable();
	if (platform.s5_type_a >= 0) {
		gas_write(&platform.sleep_control, sleep_memory,
		    platform.s5_type_a << REDUCED_TYPE_SHIFT | REDUCED_ENABLE);
		if (platform.pm1a)
			sleep_port(platform.pm1a, platform.s5_type_a);
		if (platform.pm1b)
			sleep_port(platform.pm1b, platform.s5_type_b);
	}
	for (unsigned i = 0; i < SPINS; i++)
		cpu_pause();
	klog(LOG_EMERG, "power",
	    "this machine does not switch itself off: "
	    "it is safe to do so now");
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void keyboard_reset(void)
{
	for (unsigned i = 0; i < SPINS && inb(KEYBOARD) & KEYBOARD_BUSY; i++)
		cpu_pause();
	outb(KEYBOARD, 0xfe);
	for (unsigned i = 0; i < SPINS; i++)
		cpu_pause();
}

noreturn_fn void power_reboot(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} packed_struct none = {0, 0};

	irq_disable();
	if (platform.reset_valid)
		gas_write(&platform.reset, reset_memory, platform.reset_value);
	outb(RESET_PORT, 2);
	outb(RESET_PORT, 6);
	for (unsigned i = 0; i < SPINS; i++)
		cpu_pause();
	if (!platform.no_8042)
		keyboard_reset();
	/* No interrupt table, then an exception: the CPU resets itself. */
	__asm__ volatile("lidt %0; int3" : : "m"(none));
	for (;;)
		__asm__ volatile("cli; hlt");
}
