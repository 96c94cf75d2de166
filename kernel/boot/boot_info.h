/* kernel/boot/boot_info.h -- what every way into the kernel must supply. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

enum { BOOT_REGIONS_MAX = 256, BOOT_CMDLINE_MAX = 1024, BOOT_MODULES_MAX = 4 };

enum boot_region_kind {
	REGION_RAM = 1,
	REGION_RESERVED = 2,
	REGION_ACPI = 3, /* tables; RAM after they are read */
	REGION_NVS = 4,
	REGION_BAD = 5,
	REGION_LOADER = 6, /* loader's own data: RAM once we are done with it */
	REGION_KERNEL = 7, /* kernel image */
	REGION_MODULE = 8, /* boot modules */
	REGION_FRAMEBUFFER = 9,
};

struct boot_region {
	paddr_t base; /* sorted, not overlapping, after boot_info_check() */
	uint64_t size;
	uint32_t kind;
};

struct boot_framebuffer {
	paddr_t base; /* 0: none */
	uint32_t width, height, pitch;
	uint8_t bpp, red_shift, green_shift, blue_shift;
	uint8_t red_size, green_size, blue_size;
};

struct boot_module {
	paddr_t base;
	uint64_t size;
	char name[64];
};

enum boot_protocol { BOOT_PVH = 1, BOOT_MULTIBOOT2 = 2, BOOT_LIMINE = 3 };

/*
 * Filled by one of the three entries, checked and sorted by boot_info_check()
 * (hostile or broken tables are refused or repaired with a message), then
 * const. All addresses are physical.
 */
struct boot_info {
	uint32_t protocol;
	char loader[64]; /* name and version, for the log */
	char cmdline[BOOT_CMDLINE_MAX];
	uint32_t region_count;
	struct boot_region regions[BOOT_REGIONS_MAX];
	uint32_t module_count;
	struct boot_module modules[BOOT_MODULES_MAX];
	struct boot_framebuffer fb;
	paddr_t rsdp;        /* 0: search, or none */
	paddr_t kernel_base; /* physical, page aligned */
	uint64_t kernel_size;
	vaddr_t kernel_virt; /* where it runs: link base + slide */
	vaddr_t hhdm;        /* direct map base */
	uint8_t seed[64];    /* random bytes from the loader */
	uint32_t seed_size;
	uint64_t start_tsc;
};
extern struct boot_info boot_info;

/*
 * Sort, merge, clip; refuse what cannot be used. Pure: also built on the host
 * and fuzzed. Returns NULL when fine, else what is wrong.
 */
const char *boot_info_check(struct boot_info *bi);

/* The arguments, parsed: loglevel= console= init= smp= nokaslr panic= pti= */
struct boot_args {
	unsigned loglevel;
	char console[2][32]; /* ttyS0, tty0; first is /dev/console */
	unsigned console_count;
	char init[128];
	unsigned smp_max; /* 0: all */
	bool nokaslr;
	int panic_timeout; /* seconds; 0 wait for ever, <0 at once */
	int pti;           /* -1 auto, 0 off, 1 on */
};
extern struct boot_args boot_args;

/*
 * Parse cmdline; each unknown or malformed argument is reported through
 * report(word) and otherwise ignored. Pure.
 */
void boot_args_parse(struct boot_args *args, const char *cmdline,
    void (*report)(const char *word, const char *why));
