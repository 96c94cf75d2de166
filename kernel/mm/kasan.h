/* kernel/mm/kasan.h -- the address sanitizer's marks; nothing without it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* For functions that touch freed or guarded memory by design. */
#ifdef CONFIG_KASAN
#define NO_KASAN __attribute__((no_sanitize("kernel-address")))
/* After page_init and slab_init: map the shadow and begin to check. */
void kasan_init(void);
/* Memory that may not / may be touched; 8-byte granules, n as asked. */
void kasan_poison(const void *p, size_t n, uint8_t why);
void kasan_unpoison(const void *p, size_t n);
/* Panics with a report when a byte of [p, p+n) may not be touched. */
void kasan_check(const void *p, size_t n, bool write);
/* A new range of vmalloc: give it shadow. */
enum err kasan_vmalloc(vaddr_t at, size_t n);
#else
#define NO_KASAN
#define kasan_init()             ((void)0)
#define kasan_poison(p, n, why)  ((void)(p), (void)(n))
#define kasan_unpoison(p, n)     ((void)(p), (void)(n))
#define kasan_check(p, n, write) ((void)0)
#define kasan_vmalloc(at, n)     OK
#endif

/* Shadow values: what a poisoned byte belongs to. */
enum kasan_why {
	KASAN_FREE_PAGE = 0xff,
	KASAN_REDZONE = 0xfc,
	KASAN_FREE_OBJECT = 0xfb,
	KASAN_GUARD = 0xf8,
};
