/* kernel/boot/boot_main.c -- from the loader's information to kernel_main. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/boot/early.h"
#include "kernel/arch/x86_64/sections.h"
#include "kernel/arch/x86_64/serial.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/main.h"

struct boot_info boot_info;
struct boot_args boot_args;

static void report_argument(const char *word, const char *why)
{
	klog(LOG_WARN, "boot", "argument \"%s\": %s", word, why);
}

static const char *fill(struct boot_info *bi, uint32_t protocol, paddr_t info)
{
	switch (protocol) {
	case BOOT_PVH:
		return pvh_fill(bi, info, bi->hhdm);
	case BOOT_MULTIBOOT2:
		return multiboot2_fill(bi, info, bi->hhdm);
	default:
		return limine_fill(bi);
	}
}

/* Where PVH and Multiboot2 left the image: the tables of entry.S know. */
static paddr_t image_base(void)
{
	return boot_pd_kernel[(vaddr_t)kernel_start >> 21 & 511] & ~0xffful;
}

/* Two draws that early code made and nobody saw are a start for the seed. */
static void add_seed(struct boot_info *bi, uint64_t v)
{
	if (bi->seed_size + sizeof(v) > sizeof(bi->seed))
		return;
	memcpy(bi->seed + bi->seed_size, &v, sizeof(v));
	bi->seed_size += sizeof(v);
}

noreturn_fn void boot_main(uint32_t protocol, uint32_t info)
{
	struct boot_info *bi = &boot_info;
	const char *wrong;

	bi->protocol = protocol;
	bi->start_tsc = early_tsc;
	bi->kernel_virt = (vaddr_t)kernel_start;
	bi->kernel_size =
	    ALIGN_UP((uint64_t)(kernel_end - kernel_start), PAGE_SIZE);
	bi->hhdm = early_hhdm;
	if (protocol != BOOT_LIMINE)
		bi->kernel_base = image_base();
	serial_init();
	wrong = fill(bi, protocol, info);
	add_seed(bi, early_random);
	boot_args_parse(&boot_args, bi->cmdline, report_argument);
	klog_console_level = boot_args.loglevel;
	if (wrong == NULL)
		wrong = boot_info_check(bi);
	if (wrong != NULL)
		panic("boot information (%s): %s", bi->loader, wrong);
	kernel_main();
}
