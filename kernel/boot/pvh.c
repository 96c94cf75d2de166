/* kernel/boot/pvh.c -- boot information of PVH (qemu -kernel, micro-VMs). */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/boot/early.h"
#include "kernel/core/string.h"

enum { PVH_MAGIC = 0x336ec578, PVH_MODULES = 16, PVH_ENTRIES = 1024 };

/*
 * Xen's public ABI: all addresses physical. Packed, because a loader may put
 * the lists at odd addresses.
 */
struct pvh_start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modlist, cmdline, rsdp;
	/* Version 1 and later. */
	uint64_t memmap;
	uint32_t memmap_entries, reserved;
} packed_struct;
struct pvh_module {
	uint64_t base, size, cmdline, reserved;
} packed_struct;
struct pvh_memmap {
	uint64_t base, size;
	uint32_t type, reserved;
} packed_struct;

const char *pvh_cmdline(const void *info)
{
	const struct pvh_start_info *si = info;

	if (si->magic != PVH_MAGIC || si->cmdline == 0 || si->cmdline >> 32)
		return NULL;
	return (const char *)si->cmdline;
}

/* What the early tables reach: below 4 GiB. */
static bool reachable(uint64_t base, uint64_t size)
{
	return base != 0 && base < GIB(4) && size <= GIB(4) - base;
}

uint32_t boot_e820_kind(uint32_t type)
{
	switch (type) {
	case 1:
		return REGION_RAM;
	case 3:
		return REGION_ACPI;
	case 4:
		return REGION_NVS;
	case 5:
		return REGION_BAD;
	default:
		return REGION_RESERVED;
	}
}

static void pvh_modules(
    struct boot_info *bi, const struct pvh_start_info *si, vaddr_t hhdm)
{
	const struct pvh_module *m = (void *)(hhdm + si->modlist);
	unsigned n = MIN(si->nr_modules, (uint32_t)PVH_MODULES);

	if (!reachable(si->modlist, n * sizeof(*m)))
		return;
	for (unsigned i = 0; i < n; i++) {
		const char *name = "";

		if (reachable(m[i].cmdline, 64))
			name = (const char *)(hhdm + m[i].cmdline);
		boot_add_module(bi, m[i].base, m[i].size, name);
	}
}

const char *pvh_fill(struct boot_info *bi, paddr_t info, vaddr_t hhdm)
{
	const struct pvh_start_info *si = (void *)(hhdm + info);
	const struct pvh_memmap *map;
	unsigned n;

	kstrlcpy(bi->loader, "PVH", sizeof(bi->loader));
	if (!reachable(info, sizeof(*si)) || si->magic != PVH_MAGIC)
		return "no PVH start_info";
	if (si->version < 1 || si->memmap_entries == 0)
		return "PVH start_info without a memory map";
	if (reachable(si->cmdline, 1))
		boot_text(bi->cmdline, sizeof(bi->cmdline),
		    (const char *)(hhdm + si->cmdline), BOOT_CMDLINE_MAX);
	bi->rsdp = si->rsdp;
	n = MIN(si->memmap_entries, (uint32_t)PVH_ENTRIES);
	if (!reachable(si->memmap, n * sizeof(*map)))
		return "PVH memory map out of reach";
	map = (void *)(hhdm + si->memmap);
	for (unsigned i = 0; i < n; i++)
		boot_add_region(
		    bi, map[i].base, map[i].size, boot_e820_kind(map[i].type));
	pvh_modules(bi, si, hhdm);
	/* start_info itself and what it points to are read before reuse. */
	return NULL;
}
