/* tests/fuzz/acpi.c -- any bytes as the contents of an ACPI table. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/arch/x86_64/acpi_tables.c */
#include <stdlib.h>
#include <string.h>
#include "kernel/arch/x86_64/acpi.h"

struct platform platform;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool c)
{
	if (!c)
		abort();
}

/* What the rest of the kernel takes for granted. */
static void check(const struct platform *p)
{
	require(p->cpu_count <= CPUS_MAX);
	for (unsigned i = 0; i < p->cpu_count; i++)
		for (unsigned j = 0; j < i; j++)
			require(p->apic_id[i] != p->apic_id[j]);
	require(p->ioapic_count <= IOAPICS_MAX);
	for (unsigned i = 0; i < p->ioapic_count; i++)
		require(p->ioapic[i].base != 0);
	require(p->override_count <= OVERRIDES_MAX);
	for (unsigned i = 0; i < p->override_count; i++)
		require(p->override[i].isa < 16);
	require(p->mcfg_count <= MCFG_MAX);
	for (unsigned i = 0; i < p->mcfg_count; i++) {
		require(p->mcfg[i].base != 0);
		require(p->mcfg[i].first_bus <= p->mcfg[i].last_bus);
	}
	require(p->s5_type_a >= -1 && p->s5_type_a <= 7);
	require(p->s5_type_b >= -1 && p->s5_type_b <= 7);
	require(!p->reset_valid || p->reset.address != 0);
}

/* The first byte says which table; the rest is it, with nothing behind. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	paddr_t dsdt;
	uint8_t *t;

	if (size == 0)
		return 0;
	t = malloc(size - 1); /* exactly: one byte more would be seen */
	require(t != NULL || size == 1);
	memcpy(t, data + 1, size - 1);
	memset(&platform, 0, sizeof(platform));
	if (data[0] % 5 == 0)
		acpi_read_madt(&platform, t, (uint32_t)size - 1);
	else if (data[0] % 5 == 1)
		acpi_read_fadt(&platform, t, (uint32_t)size - 1, &dsdt);
	else if (data[0] % 5 == 2)
		acpi_read_hpet(&platform, t, (uint32_t)size - 1);
	else if (data[0] % 5 == 3)
		acpi_read_mcfg(&platform, t, (uint32_t)size - 1);
	else
		acpi_read_s5(&platform, t, (uint32_t)size - 1);
	(void)acpi_checksum_ok(t, (uint32_t)size - 1);
	check(&platform);
	free(t);
	return 0;
}
