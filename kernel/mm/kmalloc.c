/* kernel/mm/kmalloc.c -- memory of any size: classes over slab caches. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/slab_impl.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"

/*
 * Sizes to SMALL_MAX find their class in a table of 16-byte steps, those to
 * CLASS_MAX in one of 512-byte steps; larger ones are blocks of frames. kfree
 * asks the frame's record what the pointer is.
 */
enum { CLASSES = 18, SMALL_MAX = 1024, CLASS_MAX = 8192 };

static const uint16_t class_sizes[CLASSES] = {16, 32, 48, 64, 96, 128, 192, 256,
    384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192};
static const char *const class_names[CLASSES] = {"kmalloc-16", "kmalloc-32",
    "kmalloc-48", "kmalloc-64", "kmalloc-96", "kmalloc-128", "kmalloc-192",
    "kmalloc-256", "kmalloc-384", "kmalloc-512", "kmalloc-768", "kmalloc-1k",
    "kmalloc-1.5k", "kmalloc-2k", "kmalloc-3k", "kmalloc-4k", "kmalloc-6k",
    "kmalloc-8k"};
static struct slab_cache *classes[CLASSES];
static uint8_t small_class[SMALL_MAX / 16 + 1];
static uint8_t large_class[CLASS_MAX / 512 + 1];

void kmalloc_init(void)
{
	for (unsigned i = 0; i < CLASSES; i++) {
		size_t size = class_sizes[i];
		/* A power of two is aligned to itself, up to a line. */
		size_t align =
		    size & (size - 1) ? 16 : MIN(size, (size_t)CACHE_LINE);

		classes[i] = slab_create(class_names[i], size, align);
	}
	for (unsigned i = 0, k = 0; i < COUNT(small_class); i++) {
		while (class_sizes[k] < i * 16)
			k++;
		small_class[i] = (uint8_t)k;
	}
	for (unsigned i = 0, k = 0; i < COUNT(large_class); i++) {
		while (class_sizes[k] < i * 512)
			k++;
		large_class[i] = (uint8_t)k;
	}
}

static inline struct slab_cache *class_for(size_t n)
{
	if (likely(n <= SMALL_MAX))
		return classes[small_class[(n + 15) / 16]];
	return classes[large_class[(n + 511) / 512]];
}

static void *alloc_frames(size_t n, unsigned flags)
{
	unsigned order = 0;
	struct page *p;

	while (order <= PAGE_ORDER_MAX && PAGE_SIZE << order < n)
		order++;
	if (order > PAGE_ORDER_MAX)
		return NULL;
	p = page_alloc(order, flags, NULL);
	return p ? page_to_virt(p) : NULL;
}

/* Bytes between n and the class's size are out of bounds for kasan. */
static inline void narrow(void *p, struct slab_cache *c, size_t n)
{
#ifdef CONFIG_KASAN
	if (!p)
		return;
	kasan_poison(p, c->size, KASAN_REDZONE);
	kasan_unpoison(p, n);
#else
	(void)p;
	(void)c;
	(void)n;
#endif
}

void *kmalloc(size_t n)
{
	struct slab_cache *c;
	void *p;

	if (unlikely(n > CLASS_MAX))
		return alloc_frames(n, 0);
	c = class_for(n);
	p = slab_alloc(c);
	narrow(p, c, n);
	return p;
}

void *kmalloc_atomic(size_t n)
{
	struct slab_cache *c;
	void *p;

	if (unlikely(n > CLASS_MAX))
		return alloc_frames(n, ALLOC_ATOMIC);
	c = class_for(n);
	p = slab_alloc_atomic(c);
	narrow(p, c, n);
	return p;
}

void *kzalloc(size_t n)
{
	void *p;

	if (unlikely(n > CLASS_MAX))
		return alloc_frames(n, ALLOC_ZERO);
	p = kmalloc(n);
	return likely(p) ? memset(p, 0, n) : NULL;
}

void kfree(void *p)
{
	struct page *page;
	unsigned use;

	if (!p)
		return;
	page = phys_to_page(virt_to_phys(p));
	use = page_use(page);
	if (likely(use == PAGE_SLAB)) {
		slab_free(page->slab.cache, p);
		return;
	}
	KASSERT(use == PAGE_KERNEL && ((uintptr_t)p & PAGE_MASK) == 0);
	page_free(page, page->flags >> PAGE_ORDER_SHIFT);
}

char *kstrdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = kmalloc(n);

	return p ? memcpy(p, s, n) : NULL;
}
