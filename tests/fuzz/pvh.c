/* tests/fuzz/pvh.c -- any bytes as the memory that PVH information lies in. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/boot/boot_info.c kernel/boot/pvh.c tests/host/kernel_string.c */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "kernel/boot/early.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The four GiB that the early tables reach, zero but for a page with the input;
 * behind them nothing is mapped. The input begins with start_info itself, and
 * small numbers in it are addresses in that page.
 */
enum { AT = 0x1000, ROOM = 0x1000 };

static uint8_t *memory(void)
{
	static uint8_t *ram;
	size_t guard = MIB(1);

	if (ram != NULL)
		return ram;
	ram = mmap(NULL, GIB(4) + guard, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ram == MAP_FAILED || mprotect(ram + GIB(4), guard, PROT_NONE) != 0)
		abort();
	return ram;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct boot_info bi;
	uint8_t *ram = memory();

	size = size < ROOM ? size : ROOM;
	memset(ram + AT, 0, ROOM);
	memcpy(ram + AT, data, size);
	memset(&bi, 0, sizeof(bi));
	if (pvh_fill(&bi, AT, (vaddr_t)ram) == NULL) {
		bi.kernel_base = MIB(2);
		bi.kernel_size = MIB(1);
		(void)boot_info_check(&bi);
	}
	if (bi.region_count > BOOT_REGIONS_MAX ||
	    bi.module_count > BOOT_MODULES_MAX ||
	    memchr(bi.cmdline, 0, sizeof(bi.cmdline)) == NULL)
		abort();
	for (unsigned i = 0; i < bi.module_count; i++)
		if (memchr(bi.modules[i].name, 0, sizeof(bi.modules[i].name)) ==
		    NULL)
			abort();
	return 0;
}
