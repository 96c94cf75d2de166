/* tests/limine/loader.h -- what the parts of the loader share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGE = 4096, BIG_PAGE = 2 << 20, STACK = 64 << 10 };

/* The protocol's kinds of memory. */
enum kind {
	USABLE = 0,
	RESERVED = 1,
	ACPI_TABLES = 2,
	ACPI_NVS = 3,
	BAD = 4,
	RECLAIMABLE = 5,
	IMAGE_AND_MODULES = 6,
	FRAMEBUFFER = 7,
};

struct range {
	uint64_t base, length, kind;
};

struct module {
	uint32_t start, end;
	const char *words; /* its command line */
};

/* The loaded kernel. */
struct image {
	uint32_t phys; /* where its first byte lies */
	uint64_t virt; /* where it runs: linked address + slide */
	uint64_t slide, size, entry;
};

struct screen {
	uint64_t base;
	uint32_t width, height, pitch, bpp; /* base 0: none */
};

extern uint64_t hhdm;           /* base of the direct map */
extern unsigned base_revision;  /* of the protocol, as agreed */
extern uint64_t final_tables;   /* CR3 of the kernel */
extern uint64_t passing_tables; /* the same, and 4 GiB one to one */

/* loader.c */
[[gnu::noreturn]] void die(const char *why);
void say(const char *text);
void *copy(void *to, const void *from, size_t n);
bool equal(const char *a, const char *b);
size_t length(const char *s);
uint32_t any(void);

/* memory.c: the memory map and the loader's own memory. */
void memory_init(const void *mmap, uint32_t size);
/* Zeroed memory below 4 GiB that the kernel may reclaim. */
void *take(size_t size, size_t align);
/* The same, of another kind. */
void *take_kind(size_t size, size_t align, enum kind kind);
/* Give a range of the map another kind. */
void memory_mark(uint64_t base, uint64_t size, enum kind kind);
/* The map, sorted, not overlapping. */
struct range *memory_map(unsigned *count);

/* image.c */
void image_load(const struct module *file, struct image *out);
/* Permissions of the image's page at an offset: bit 0 write, bit 1 execute. */
unsigned image_flags(uint32_t offset);

/* paging.c */
void paging_init(const struct image *image, const struct screen *screen);

/* cpus.c */
uint32_t rsdp_find(void);
/* Start the other CPUs; an array of struct limine_mp_info pointers. */
void cpus_start(uint32_t rsdp);
uint32_t cpu_count(void);
uint32_t boot_cpu(void);
uint64_t cpus_array(void); /* by its address in the direct map */

/* screen.c: a linear framebuffer from the standard VGA, if there is one. */
void screen_init(struct screen *s);

/* answers.c: find the kernel's requests and answer them. */
unsigned agree_revision(const struct image *image, unsigned most);
void answer_requests(struct image *image, const char *cmdline,
    const struct module *modules, unsigned count, uint32_t rsdp,
    const struct screen *screen);

/* start.S */
[[gnu::noreturn]] void enter_kernel(uint64_t entry, uint64_t stack);
extern char loader_start[], loader_end[];
extern char ap_start[], ap_end[], ap_stacks[];

static inline uint64_t direct(const volatile void *p)
{
	return hhdm + (uintptr_t)p;
}

static inline void out8(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void out16(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint16_t in16(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void out32(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint32_t in32(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint64_t tsc(void)
{
	uint64_t v;

	__asm__ volatile("rdtsc" : "=A"(v));
	return v;
}
