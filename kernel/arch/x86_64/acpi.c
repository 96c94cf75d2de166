/* kernel/arch/x86_64/acpi.c -- finding and checking the ACPI tables. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/acpi.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vmalloc.h"

/*
 * Firmware is trusted to be well-meaning, not to be right: every length is
 * checked against what was mapped, every table against its checksum, and what
 * fails is left out with a message. The byte code is never run here; that is
 * the acpi strate's work.
 */
enum { TABLES_MAX = 128, TABLE_SIZE_MAX = 1 << 20, DSDT_SIZE_MAX = 4 << 20 };
enum { REDUCED_S5_USUAL = 5 };

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	/* Revision 2. */
	uint32_t length;
	uint64_t xsdt;
	uint8_t checksum2, reserved[3];
} packed_struct;

struct platform platform = {.source = "none", .s5_type_a = -1, .s5_type_b = -1};

const void *firmware_map(paddr_t base, size_t size)
{
	vaddr_t va = (vaddr_t)phys_to_virt(base);
	bool direct = true;
	paddr_t pa;

	if (base == 0 || size == 0 || base + size < base ||
	    (base + size) >> cpu_features.phys_bits)
		return NULL;
	for (vaddr_t at = ALIGN_DOWN(va, PAGE_SIZE); at < va + size;
	    at += PAGE_SIZE)
		direct =
		    direct && mmu_kwalk(at, &pa, NULL) && pa == at - hhdm_base;
	return direct ? (const void *)va : ioremap(base, size, false);
}

/* Map a table and check it; NULL with a message when it is not sound. */
static const struct acpi_header *table_map(paddr_t base, uint32_t limit)
{
	const struct acpi_header *h = firmware_map(base, sizeof(*h));
	uint32_t length;

	if (h == NULL) {
		klog(LOG_WARN, "acpi", "map table addr=%#lx", base);
		return NULL;
	}
	length = h->length;
	if (length < sizeof(*h) || length > limit) {
		klog(LOG_WARN, "acpi", "refuse table %.4s length=%u",
		    h->signature, length);
		return NULL;
	}
	h = firmware_map(base, length);
	if (h == NULL || h->length != length || !acpi_checksum_ok(h, length)) {
		klog(
		    LOG_WARN, "acpi", "refuse table addr=%#lx: checksum", base);
		return NULL;
	}
	return h;
}

static void read_dsdt(paddr_t base)
{
	const struct acpi_header *h =
	    base ? table_map(base, DSDT_SIZE_MAX) : NULL;

	if (h != NULL && memcmp(h->signature, "DSDT", 4) == 0)
		acpi_read_s5(&platform, h, h->length);
}

/* True for the table without which this is no machine for us. */
static bool read_table(paddr_t base)
{
	const struct acpi_header *h = firmware_map(base, sizeof(*h));
	struct platform *p = &platform;
	paddr_t dsdt;

	/* Only what we read is checked: the others are the strate's. */
	if (h == NULL || (memcmp(h->signature, "APIC", 4) != 0 &&
	                     memcmp(h->signature, "FACP", 4) != 0 &&
	                     memcmp(h->signature, "HPET", 4) != 0 &&
	                     memcmp(h->signature, "MCFG", 4) != 0))
		return false;
	if ((h = table_map(base, TABLE_SIZE_MAX)) == NULL)
		return false;
	switch (h->signature[0]) {
	case 'A':
		acpi_read_madt(p, h, h->length);
		return true;
	case 'F':
		acpi_read_fadt(p, h, h->length, &dsdt);
		read_dsdt(dsdt);
		return false;
	case 'H':
		acpi_read_hpet(p, h, h->length);
		return false;
	default:
		acpi_read_mcfg(p, h, h->length);
		return false;
	}
}

static bool rsdp_ok(const struct rsdp *r)
{
	return memcmp(r->signature, "RSD PTR ", 8) == 0 &&
	       acpi_checksum_ok(r, 20);
}

/* BIOS: on 16-byte boundaries of the EBDA's first KiB or of 0xe0000 up. */
static paddr_t rsdp_search(void)
{
	paddr_t ebda = (paddr_t) * (const uint16_t *)phys_to_virt(0x40e) << 4;

	if (ebda >= 0x80000 && ebda < 0xa0000)
		for (paddr_t at = ebda; at < ebda + 1024; at += 16)
			if (rsdp_ok(phys_to_virt(at)))
				return at;
	for (paddr_t at = 0xe0000; at < 0x100000; at += 16)
		if (*(const uint64_t *)phys_to_virt(at) ==
		        0x2052545020445352ull &&
		    rsdp_ok(phys_to_virt(at)))
			return at;
	return 0;
}

/* The root table's address, and whether its entries are 64 bits wide. */
static paddr_t root_table(bool *wide)
{
	paddr_t at = boot_info.rsdp ? boot_info.rsdp : rsdp_search();
	const struct rsdp *r = at ? firmware_map(at, 20) : NULL;

	if (r == NULL)
		return 0;
	if (!rsdp_ok(r)) {
		klog(LOG_WARN, "acpi", "refuse RSDP addr=%#lx", at);
		return 0;
	}
	*wide = false;
	if (r->revision >= 2 && (r = firmware_map(at, sizeof(*r))) != NULL &&
	    r->length >= sizeof(*r) && acpi_checksum_ok(r, sizeof(*r)) &&
	    r->xsdt != 0) {
		*wide = true;
		return r->xsdt;
	}
	return r ? r->rsdt : 0;
}

bool acpi_init(void)
{
	bool wide = false, madt = false;
	paddr_t at = root_table(&wide);
	const struct acpi_header *root =
	    at ? table_map(at, TABLE_SIZE_MAX) : NULL;
	unsigned step = wide ? 8 : 4, count;

	if (root == NULL)
		return false;
	count = MIN((root->length - sizeof(*root)) / step, TABLES_MAX);
	for (unsigned i = 0; i < count; i++) {
		paddr_t table = 0;

		memcpy(&table, (const char *)(root + 1) + i * step, step);
		madt = read_table(table) || madt;
	}
	/*
	 * QEMU puts microvm's archive over the DSDT. Its machine, as most with
	 * reduced hardware, takes 5; on any other this is tried last of all.
	 */
	if (platform.reduced_hardware && platform.s5_type_a < 0)
		platform.s5_type_a = REDUCED_S5_USUAL;
	if (madt)
		platform.source = "ACPI";
	return madt;
}
