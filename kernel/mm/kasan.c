/* kernel/mm/kasan.c -- runtime of the kernel address sanitizer. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/kasan.h"
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/arch/x86_64/sections.h"
#include "kernel/core/mutex.h"
#include "kernel/core/panic.h"
#include "kernel/mm/zone.h"

/*
 * One shadow byte says of 8 bytes of kernel memory: 0 all may be touched, 1-7
 * only the first so many, above 0x80 none, and why. It lies at SHADOW_BASE +
 * (address >> 3). Shadow exists for RAM in the direct map, for the image, and
 * for the lower part of vmalloc's range, as far as it was ever used; other
 * addresses are not checked, the MMU does that.
 *
 * The compiler calls us before each access. Nothing here, nor anything that
 * the check calls, is itself instrumented.
 */
#define SHADOW_BASE 0xdffffc0000000000ul
enum {
	SHADOW_SHIFT = 3,
	GRANULE = 8,
	VMALLOC_EARLY = 16 << 20, /* shadow made at boot */
};

static bool kasan_on;
static vaddr_t vmalloc_shadowed = KERNEL_VMALLOC_BASE; /* up to here */
static struct mutex vmalloc_lock;                      /* growth of the above */

static int8_t *shadow_of(vaddr_t a)
{
	return (int8_t *)(SHADOW_BASE + (a >> SHADOW_SHIFT));
}

/* True when [a, a + n) has shadow; the ends are in one region. */
static bool has_shadow(vaddr_t a)
{
	uint64_t frame = (a - hhdm_base) >> PAGE_SHIFT;

	if (a >= hhdm_base && frame < page_count)
		return zone_block_is_ready(frame / BLOCK_FRAMES);
	if (a >= KERNEL_VMALLOC_BASE &&
	    a < __atomic_load_n(&vmalloc_shadowed, __ATOMIC_ACQUIRE))
		return true;
	return a >= (vaddr_t)kernel_start && a < (vaddr_t)kernel_end;
}

static void fill(vaddr_t a, size_t n, uint8_t v)
{
	uint8_t *s = (uint8_t *)shadow_of(a);
	uint8_t *end = (uint8_t *)shadow_of(a + n);

	/* By hand: memset would check itself, and us. */
	while (s < end && ((uintptr_t)s & 7))
		*s++ = v;
	for (; s + 8 <= end; s += 8)
		*(uint64_t *)s = v * 0x0101010101010101ul;
	while (s < end)
		*s++ = v;
}

void kasan_poison(const void *p, size_t n, uint8_t why)
{
	vaddr_t a = ALIGN_UP((vaddr_t)p, (vaddr_t)GRANULE);
	vaddr_t end = ALIGN_DOWN((vaddr_t)p + n, (vaddr_t)GRANULE);

	if (kasan_on && a < end && has_shadow(a))
		fill(a, end - a, why);
}

void kasan_unpoison(const void *p, size_t n)
{
	vaddr_t a = (vaddr_t)p;

	if (!kasan_on || !has_shadow(a))
		return;
	fill(a, ALIGN_DOWN(n, (size_t)GRANULE), 0);
	if (n % GRANULE)
		*shadow_of(a + n) = (int8_t)(n % GRANULE);
}

static const char *why_text(uint8_t v)
{
	switch (v) {
	case KASAN_FREE_PAGE:
		return "freed frame";
	case KASAN_FREE_OBJECT:
		return "freed object";
	case KASAN_REDZONE:
		return "red zone";
	default:
		return v < GRANULE ? "past the end" : "unknown";
	}
}

static noreturn_fn void complain(
    vaddr_t a, vaddr_t bad, size_t n, bool write, void *from)
{
	uint8_t v = (uint8_t)*shadow_of(bad);

	kasan_on = false;
	panic("kasan: %s of %lu bytes at %p, from %p: byte %lu is %s (%02x)",
	    write ? "write" : "read", (unsigned long)n, (void *)a, from,
	    (unsigned long)(bad - a), why_text(v), v);
}

/* The first byte of [a, a + n) that may not be touched; 0: none. */
static inline vaddr_t first_bad(vaddr_t a, size_t n)
{
	vaddr_t end = a + n;

	while (a < end) {
		int8_t v = *shadow_of(a);
		vaddr_t next = ALIGN_DOWN(a, (vaddr_t)GRANULE) + GRANULE;
		vaddr_t last = MIN(next, end) - 1;

		if (v != 0 && (int8_t)(last & (GRANULE - 1)) >= v) {
			if (v > 0)
				a = MAX(a, next - GRANULE + (vaddr_t)v);
			return a;
		}
		a = next;
	}
	return 0;
}

static inline void check(vaddr_t a, size_t n, bool write, void *from)
{
	vaddr_t bad;

	if (!kasan_on || n == 0 || !has_shadow(a) || !has_shadow(a + n - 1))
		return;
	bad = first_bad(a, n);
	if (unlikely(bad))
		complain(a, bad, n, write, from);
}

void kasan_check(const void *p, size_t n, bool write)
{
	check((vaddr_t)p, n, write, __builtin_return_address(0));
}

/* What the compilers call. */
#define ACCESS(kind, size, write)                                   \
	void __asan_##kind##size(vaddr_t a);                        \
	void __asan_##kind##size(vaddr_t a)                         \
	{                                                           \
		check(a, size, write, __builtin_return_address(0)); \
	}                                                           \
	void __asan_##kind##size##_noabort(vaddr_t a);              \
	void __asan_##kind##size##_noabort(vaddr_t a)               \
	{                                                           \
		check(a, size, write, __builtin_return_address(0)); \
	}
#define ACCESS_N(kind, write)                                    \
	void __asan_##kind##N(vaddr_t a, size_t n);              \
	void __asan_##kind##N(vaddr_t a, size_t n)               \
	{                                                        \
		check(a, n, write, __builtin_return_address(0)); \
	}                                                        \
	void __asan_##kind##N_noabort(vaddr_t a, size_t n);      \
	void __asan_##kind##N_noabort(vaddr_t a, size_t n)       \
	{                                                        \
		check(a, n, write, __builtin_return_address(0)); \
	}
ACCESS(load, 1, false)
ACCESS(load, 2, false)
ACCESS(load, 4, false)
ACCESS(load, 8, false)
ACCESS(load, 16, false)
ACCESS(store, 1, true)
ACCESS(store, 2, true)
ACCESS(store, 4, true)
ACCESS(store, 8, true)
ACCESS(store, 16, true)
ACCESS_N(load, false)
ACCESS_N(store, true)

/* Frames with red zones would be unpoisoned here: there are none. */
void __asan_handle_no_return(void);
void __asan_handle_no_return(void)
{
}

/* Map zeroed shadow for [a, a + n), page by page. */
static enum err shadow_map(vaddr_t a, size_t n)
{
	vaddr_t s = ALIGN_DOWN((vaddr_t)shadow_of(a), PAGE_SIZE);
	vaddr_t end = ALIGN_UP((vaddr_t)shadow_of(a + n), PAGE_SIZE);

	for (; s < end; s += PAGE_SIZE) {
		struct page *p;
		paddr_t pa;

		if (mmu_kwalk(s, &pa, NULL))
			continue;
		p = page_alloc(0, ALLOC_ZERO, NULL);
		if (!p)
			return E_NOMEM;
		if (mmu_kmap(s, page_to_phys(p), PAGE_SIZE, KMAP_WRITE) != OK) {
			page_put(p);
			return E_NOMEM;
		}
	}
	return OK;
}

enum err kasan_vmalloc(vaddr_t at, size_t n)
{
	vaddr_t end = at + n;
	enum err e = OK;

	if (!kasan_on || end <= vmalloc_shadowed)
		return OK;
	mutex_take(&vmalloc_lock);
	if (end > vmalloc_shadowed) {
		/* Whole shadow pages: a page covers 32 KiB. */
		end = ALIGN_UP(end, PAGE_SIZE << SHADOW_SHIFT);
		e = shadow_map(vmalloc_shadowed, end - vmalloc_shadowed);
		if (e == OK)
			__atomic_store_n(
			    &vmalloc_shadowed, end, __ATOMIC_RELEASE);
	}
	mutex_drop(&vmalloc_lock);
	return e;
}

void kasan_init(void)
{
	const uint64_t block = (uint64_t)BLOCK_FRAMES << PAGE_SHIFT;
	enum err e = OK;

	mutex_init(&vmalloc_lock, RANK_MISC);
	for (uint64_t b = 0; b * BLOCK_FRAMES < page_count && e == OK; b++)
		if (zone_block_is_ready(b))
			e = shadow_map(hhdm_base + b * block, block);
	if (e == OK)
		e = shadow_map(
		    (vaddr_t)kernel_start, (size_t)(kernel_end - kernel_start));
	if (e == OK)
		e = shadow_map(KERNEL_VMALLOC_BASE, VMALLOC_EARLY);
	if (e != OK)
		panic("kasan: no memory for the shadow");
	vmalloc_shadowed = KERNEL_VMALLOC_BASE + VMALLOC_EARLY;
	kasan_on = true;
}
