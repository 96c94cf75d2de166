/* kernel/boot/limine.h -- structures of the Limine boot protocol. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* The base revision that we ask for; see limine.c. */
#define LIMINE_REVISION 4

/* Pointers are direct-map addresses unless stated otherwise. */
struct limine_request {
	uint64_t id[4];
	uint64_t revision;
	void *response; /* NULL: not supported */
	uint64_t flags; /* only some requests have it */
	uint64_t more;
};

struct limine_text { /* bootloader info: name, version; cmdline: text */
	uint64_t revision;
	const char *first, *second;
};
struct limine_hhdm {
	uint64_t revision, offset;
};
struct limine_framebuffer {
	void *address;
	uint64_t width, height, pitch;
	uint16_t bpp;
	uint8_t memory_model; /* 1: RGB */
	uint8_t red_size, red_shift, green_size, green_shift;
	uint8_t blue_size, blue_shift;
};
struct limine_list { /* framebuffers, memory map, modules */
	uint64_t revision, count;
	void **items;
};
struct limine_memmap_entry {
	uint64_t base, length, type;
};
enum limine_memmap_type {
	LIMINE_USABLE = 0,
	LIMINE_RESERVED = 1,
	LIMINE_ACPI_RECLAIMABLE = 2,
	LIMINE_ACPI_NVS = 3,
	LIMINE_BAD = 4,
	LIMINE_BOOTLOADER = 5,
	LIMINE_EXECUTABLE = 6, /* kernel and modules */
	LIMINE_FRAMEBUFFER = 7,
};
struct limine_file {
	uint64_t revision;
	void *address;
	uint64_t size;
	const char *path;
	const char *string;
};
struct limine_rsdp {
	uint64_t revision;
	uint64_t address; /* base revision 3: physical; else direct map */
};
struct limine_address {
	uint64_t revision, physical, virtual;
};
