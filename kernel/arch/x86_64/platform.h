/* kernel/arch/x86_64/platform.h -- what firmware tables say of the machine. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/percpu.h"

enum { IOAPICS_MAX = 8, OVERRIDES_MAX = 24, MCFG_MAX = 8 };

/* MADT and MP table interrupt flags: both fields 0 mean "as the bus does". */
enum {
	INTI_POLARITY = 3,  /* 1 active high, 3 active low */
	INTI_TRIGGER = 0xc, /* 4 edge, 12 level */
	INTI_LOW = 3,
	INTI_LEVEL = 0xc,
};

struct acpi_gas { /* generic address structure */
	uint8_t space, width, offset, access;
	uint64_t address;
} packed_struct;

/*
 * Filled by acpi_init(), else mptable_init(), else left as one CPU; then
 * const. Addresses are physical; 0 means absent.
 */
struct platform {
	const char *source; /* "ACPI", "MP table", "none" */
	paddr_t lapic;
	unsigned cpu_count; /* usable CPUs; the boot CPU is among them */
	uint32_t apic_id[CPUS_MAX];
	unsigned cpus_left_out; /* more than CPUS_MAX */
	unsigned ioapic_count;
	struct {
		paddr_t base;
		uint32_t gsi_base;
	} ioapic[IOAPICS_MAX];
	unsigned override_count;
	struct {
		uint8_t isa;
		uint16_t flags;
		uint32_t gsi;
	} override[OVERRIDES_MAX];
	unsigned mcfg_count;
	struct {
		paddr_t base;
		uint16_t segment;
		uint8_t first_bus, last_bus;
	} mcfg[MCFG_MAX];
	paddr_t hpet;
	uint16_t pm_timer;
	bool pm_timer_32bit;
	bool reduced_hardware;
	bool no_8042;
	uint8_t century_register;
	/* Power: see power.c. */
	uint16_t pm1a, pm1b;
	int s5_type_a, s5_type_b; /* -1: unknown */
	struct acpi_gas reset, sleep_control;
	uint8_t reset_value;
	bool reset_valid;
};
extern struct platform platform;

/* Read the tables; false when there are none that can be used. */
bool acpi_init(void);
bool mptable_init(void);

/*
 * Firmware memory as a pointer: the direct map where it reaches, else a
 * mapping that stays. NULL: no room, or not a possible address.
 */
const void *firmware_map(paddr_t base, size_t size);

/* Add a CPU by its APIC id (twice: once); the tables' parsers. */
void platform_add_cpu(uint32_t apic_id);
