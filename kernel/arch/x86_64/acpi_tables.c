/* kernel/arch/x86_64/acpi_tables.c -- the contents of single ACPI tables. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/acpi.h"
#include "kernel/core/string.h"

/* MADT entry types and FADT flags. */
enum {
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_LAPIC_ADDRESS = 5,
	MADT_X2APIC = 9,
	CPU_ENABLED = 1,

	FADT_DSDT = 40,
	FADT_PM1A_CONTROL = 64,
	FADT_PM1B_CONTROL = 68,
	FADT_PM_TIMER = 76,
	FADT_CENTURY = 108,
	FADT_BOOT_ARCH = 109,
	FADT_FLAGS = 112,
	FADT_RESET = 116,
	FADT_RESET_VALUE = 128,
	FADT_X_DSDT = 140,
	FADT_SLEEP_CONTROL = 244,
	ARCH_8042 = 2,
	FLAG_TIMER_32 = 1 << 8,
	FLAG_RESET = 1 << 10,
	FLAG_REDUCED = 1 << 20,
};

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

bool acpi_checksum_ok(const void *data, uint32_t length)
{
	const uint8_t *p = data;
	uint8_t sum = 0;

	while (length--)
		sum += *p++;
	return sum == 0;
}

void platform_add_cpu(uint32_t apic_id)
{
	for (unsigned i = 0; i < platform.cpu_count; i++)
		if (platform.apic_id[i] == apic_id)
			return;
	if (platform.cpu_count < CPUS_MAX)
		platform.apic_id[platform.cpu_count++] = apic_id;
	else
		platform.cpus_left_out++;
}

static void add_ioapic(struct platform *p, paddr_t base, uint32_t gsi)
{
	if (p->ioapic_count >= IOAPICS_MAX || base == 0)
		return;
	p->ioapic[p->ioapic_count].base = base;
	p->ioapic[p->ioapic_count++].gsi_base = gsi;
}

static void add_override(struct platform *p, const uint8_t *e)
{
	if (p->override_count >= OVERRIDES_MAX || e[2] != 0 || e[3] > 15)
		return;
	p->override[p->override_count].isa = e[3];
	p->override[p->override_count].gsi = get32(e + 4);
	p->override[p->override_count++].flags = e[8] | e[9] << 8;
}

static void madt_entry(struct platform *p, const uint8_t *e, unsigned len)
{
	if (e[0] == MADT_LAPIC && len >= 8) {
		/* 255 is the broadcast address, no CPU. */
		if (get32(e + 4) & CPU_ENABLED && e[3] != 255)
			platform_add_cpu(e[3]);
	} else if (e[0] == MADT_X2APIC && len >= 16) {
		if (get32(e + 8) & CPU_ENABLED)
			platform_add_cpu(get32(e + 4));
	} else if (e[0] == MADT_IOAPIC && len >= 12) {
		add_ioapic(p, get32(e + 4), get32(e + 8));
	} else if (e[0] == MADT_OVERRIDE && len >= 10) {
		add_override(p, e);
	} else if (e[0] == MADT_LAPIC_ADDRESS && len >= 12) {
		p->lapic = get64(e + 4);
	}
}

void acpi_read_madt(struct platform *p, const void *table, uint32_t length)
{
	const uint8_t *t = table;

	if (length < 44)
		return;
	p->lapic = get32(t + 36);
	for (uint32_t at = 44; length - at >= 2;) {
		unsigned len = t[at + 1];

		if (len < 2 || len > length - at)
			return;
		madt_entry(p, t + at, len);
		at += len;
	}
}

static bool get_gas(struct acpi_gas *g, const uint8_t *p)
{
	memcpy(g, p, sizeof(*g));
	/* 0 memory, 1 port, 2 PCI configuration: the first two only. */
	return g->space <= 1 && g->address != 0;
}

void acpi_read_fadt(
    struct platform *p, const void *table, uint32_t length, paddr_t *dsdt)
{
	const uint8_t *t = table;
	uint32_t flags;

	*dsdt = 0;
	if (length < 116)
		return;
	flags = get32(t + FADT_FLAGS);
	*dsdt = get32(t + FADT_DSDT);
	p->reduced_hardware = flags & FLAG_REDUCED;
	p->century_register = t[FADT_CENTURY] & 0x7f;
	p->no_8042 = t[8] >= 3 && !(t[FADT_BOOT_ARCH] & ARCH_8042);
	if (!p->reduced_hardware) {
		p->pm_timer = get32(t + FADT_PM_TIMER);
		p->pm_timer_32bit = flags & FLAG_TIMER_32;
		p->pm1a = get32(t + FADT_PM1A_CONTROL);
		p->pm1b = get32(t + FADT_PM1B_CONTROL);
	}
	if (length >= 129 && get_gas(&p->reset, t + FADT_RESET)) {
		p->reset_valid = flags & FLAG_RESET;
		p->reset_value = t[FADT_RESET_VALUE];
	}
	if (length >= 148 && get64(t + FADT_X_DSDT) != 0)
		*dsdt = get64(t + FADT_X_DSDT);
	if (length >= 256 && p->reduced_hardware &&
	    !get_gas(&p->sleep_control, t + FADT_SLEEP_CONTROL))
		memset(&p->sleep_control, 0, sizeof(p->sleep_control));
}

void acpi_read_hpet(struct platform *p, const void *table, uint32_t length)
{
	const uint8_t *t = table;

	/* Memory space only. */
	if (length >= 56 && t[40] == 0)
		p->hpet = get64(t + 44);
}

void acpi_read_mcfg(struct platform *p, const void *table, uint32_t length)
{
	const uint8_t *t = table;

	for (uint32_t at = 44; at <= length && length - at >= 16; at += 16) {
		uint64_t base = get64(t + at);

		if (p->mcfg_count >= MCFG_MAX)
			return;
		if (base == 0 || base % MIB(1) || t[at + 10] > t[at + 11])
			continue;
		p->mcfg[p->mcfg_count].base = base;
		p->mcfg[p->mcfg_count].segment = t[at + 8] | t[at + 9] << 8;
		p->mcfg[p->mcfg_count].first_bus = t[at + 10];
		p->mcfg[p->mcfg_count++].last_bus = t[at + 11];
	}
}

/* An AML integer of at most one byte; -1 for anything else. */
static int aml_byte(const uint8_t **p, const uint8_t *end)
{
	if (*p >= end)
		return -1;
	if (**p == 0x00 || **p == 0x01)
		return *(*p)++;
	if (**p == 0x0a && end - *p >= 2) {
		*p += 2;
		return (*p)[-1];
	}
	return -1;
}

/* Name(_S5_, Package(n) {type_a, type_b, ...}): the bytes after "_S5_". */
static bool s5_package(
    struct platform *p, const uint8_t *at, const uint8_t *end)
{
	int a, b;

	/* Package, its length (1 to 4 bytes by the top bits), its count. */
	if (end - at < 6 || *at++ != 0x12)
		return false;
	at += (*at >> 6) + 1;
	at++;
	a = aml_byte(&at, end);
	b = aml_byte(&at, end);
	if (a < 0)
		return false;
	p->s5_type_a = a & 7;
	p->s5_type_b = b < 0 ? a & 7 : b & 7;
	return true;
}

void acpi_read_s5(struct platform *p, const void *table, uint32_t length)
{
	const uint8_t *t = table, *end = t + length;

	p->s5_type_a = -1;
	if (length < sizeof(struct acpi_header) + 10)
		return;
	for (const uint8_t *at = t + 37; end - at >= 10; at++) {
		if (at[0] != '_' || memcmp(at, "_S5_", 4) != 0)
			continue;
		/* A definition: NameOp before it, perhaps with a root '\\'. */
		if (at[-1] != 0x08 && !(at[-1] == '\\' && at[-2] == 0x08))
			continue;
		if (s5_package(p, at + 4, end))
			return;
	}
}
