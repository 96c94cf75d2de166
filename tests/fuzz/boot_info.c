/* tests/fuzz/boot_info.c -- any bytes as Multiboot2 information and as a map. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/boot/boot_info.c kernel/boot/boot_args.c kernel/boot/multiboot2.c tests/host/kernel_string.c */
#include <stdlib.h>
#include <string.h>
#include "kernel/boot/early.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
uint32_t boot_e820_kind(uint32_t type)
{
	return type <= REGION_BAD ? type : REGION_RESERVED;
}

static struct boot_info bi;

static void ignore(const char *word, const char *why)
{
	if (!word || !why)
		abort();
}

/* What boot_info_check promises, whatever it was given. */
static void check(void)
{
	const struct boot_region *r = bi.regions;

	bi.kernel_base = MIB(2);
	bi.kernel_size = MIB(1);
	(void)boot_info_check(&bi);
	for (uint32_t i = 0; i < bi.region_count; i++) {
		if (!r[i].size || (r[i].base | r[i].size) & PAGE_MASK)
			abort();
		if (i && r[i - 1].base + r[i - 1].size > r[i].base)
			abort();
	}
	if (bi.region_count > BOOT_REGIONS_MAX ||
	    bi.module_count > BOOT_MODULES_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct boot_args args;
	uint8_t *info;

	/* The list says itself how long it is: no longer than what there is. */
	info = aligned_alloc(8, ALIGN_UP(size + 8, (size_t)8));
	if (!info)
		abort();
	memset(info, 0, ALIGN_UP(size + 8, (size_t)8));
	memcpy(info + 8, data, size);
	*(uint32_t *)info = (uint32_t)(size + 8);
	memset(&bi, 0, sizeof(bi));
	(void)multiboot2_fill(&bi, (paddr_t)(uintptr_t)info, 0);
	boot_args_parse(&args, bi.cmdline, ignore);
	check();
	free(info);

	memset(&bi, 0, sizeof(bi));
	memcpy(bi.regions, data,
	    size < sizeof(bi.regions) ? size : sizeof(bi.regions));
	bi.region_count = (uint32_t)(size / sizeof(bi.regions[0]));
	check();
	return 0;
}
