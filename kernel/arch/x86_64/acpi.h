/* kernel/arch/x86_64/acpi.h -- ACPI tables that the kernel itself reads. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/arch/x86_64/platform.h"

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[6], oem_table[8];
	uint32_t oem_revision, creator, creator_revision;
} packed_struct;
static_assert(sizeof(struct acpi_header) == 36, "ACPI");

/*
 * Fill the platform from one checked table of `length` bytes. Pure but for
 * messages: hostile lengths are refused. Also built on the host.
 */
void acpi_read_madt(struct platform *p, const void *table, uint32_t length);
void acpi_read_fadt(
    struct platform *p, const void *table, uint32_t length, paddr_t *dsdt);
void acpi_read_hpet(struct platform *p, const void *table, uint32_t length);
void acpi_read_mcfg(struct platform *p, const void *table, uint32_t length);
/* \_S5: the sleep types for power off, found in the DSDT's byte code. */
void acpi_read_s5(struct platform *p, const void *table, uint32_t length);

/* Bytes add up to 0 modulo 256. */
bool acpi_checksum_ok(const void *data, uint32_t length);
