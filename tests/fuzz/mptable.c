/* tests/fuzz/mptable.c -- any bytes as an MP table. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/arch/x86_64/mptable.c kernel/arch/x86_64/acpi_tables.c tests/host/kernel_string.c */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/arch/x86_64/acpi.h"
#include "kernel/core/klog.h"
#include "kernel/mm/page.h"

enum { LOW_MEMORY = 1 << 20, TABLE = 0x200000, POINTER = 16, HEAD = 44 };

struct platform platform;
vaddr_t hhdm_base;
static uint8_t low[LOW_MEMORY];
static const uint8_t *table;
static size_t table_size;
static void *given[2];
static unsigned given_count;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool c)
{
	if (!c)
		abort();
}

void klog(enum klog_level level, const char *subsys, const char *fmt, ...)
{
	(void)level, (void)subsys, (void)fmt;
}

/* Exactly what was asked for, so that one byte more would be seen. */
const void *firmware_map(paddr_t base, size_t size)
{
	uint8_t *copy;

	require(given_count < 2 && size != 0);
	if (base != TABLE || size > table_size)
		return NULL;
	copy = malloc(size);
	require(copy != NULL);
	memcpy(copy, table, size);
	given[given_count++] = copy;
	return copy;
}

static uint8_t sum(const uint8_t *p, size_t n)
{
	uint8_t s = 0;

	while (n--)
		s += *p++;
	return s;
}

/* What the rest of the kernel takes for granted. */
static void check(bool good)
{
	const struct platform *p = &platform;

	require(good == (p->cpu_count != 0));
	require(p->cpu_count <= CPUS_MAX);
	for (unsigned i = 0; i < p->cpu_count; i++)
		for (unsigned j = 0; j < i; j++)
			require(p->apic_id[i] != p->apic_id[j]);
	require(p->ioapic_count <= 1);
	require(p->ioapic_count == 0 || p->ioapic[0].base != 0);
	require(p->override_count <= OVERRIDES_MAX);
	for (unsigned i = 0; i < p->override_count; i++)
		require(p->override[i].isa < 16 && p->override[i].flags < 16);
	require(good || (p->lapic == 0 && p->ioapic_count == 0));
	require(good || p->override_count == 0);
}

/*
 * The first byte says where the pointer lies, and whether sums are put right;
 * the pointer follows, and then the table, with nothing behind.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t places[] = {
	    0x9fc00, 0x9fff0, 0xe0000, 0xffff0, 0x90000, 0x903f0};
	uint32_t at;
	uint8_t *copy;
	uint16_t length;

	if (size < 1 + POINTER)
		return 0;
	at = places[(data[0] >> 1) % COUNT(places)];
	hhdm_base = (vaddr_t)low;
	memset(low, 0, sizeof(low));
	memset(&platform, 0, sizeof(platform));
	memcpy(low + 0x40e, &(uint16_t){0x9000}, 2);
	memcpy(low + at, data + 1, POINTER);
	table_size = size - 1 - POINTER;
	table = copy = malloc(table_size);
	require(table != NULL || table_size == 0);
	memcpy(copy, data + 1 + POINTER, table_size);
	if (data[0] & 1) {
		low[at + 10] -= sum(low + at, POINTER);
		if (table_size >= HEAD) {
			memcpy(&length, copy + 4, 2);
			if (length <= table_size)
				copy[7] -= sum(copy, length);
		}
	}
	check(mptable_init());
	while (given_count)
		free(given[--given_count]);
	free(copy);
	return 0;
}
