/* kernel/mm/vmalloc.c -- large virtual ranges of the kernel, guarded. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/vmalloc.h"
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/core/thread.h"
#include "kernel/mm/kasan.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vmarea.h"

/*
 * A range is reserved (vmarea.c), filled with frames in blocks as large as
 * there are, and mapped. vfree only puts it on a list; when PURGE_FRAMES wait
 * there, all are unmapped: neighbours in one call, hence one shootdown, and
 * only then do frames and addresses become free. So no CPU ever finds a stale
 * translation to a frame that has a new owner.
 *
 * Stacks are kept mapped: a few per CPU, touched with preemption disabled, and
 * a common store, because threads are freed on another CPU than they start.
 * Stacks are freed by the RCU thread, which can wait for a shootdown.
 */
enum {
	VMALLOC_SIZE_SHIFT = 39,
	PURGE_FRAMES = 128,
	STACKS_CPU = 4,
	STACKS_COMMON = 32,
	BLOCK_ORDER = 4, /* largest block tried */
};

static struct lock lazy_lock = LOCK_INIT(RANK_VMALLOC);
static struct area *lazy_areas GUARDED_BY(&lazy_lock);
static uint64_t lazy_frames GUARDED_BY(&lazy_lock);
static _Atomic uint64_t mapped_frames;

struct stack_cache {
	uint32_t count;
	void *tops[STACKS_CPU];
};
static PERCPU_DEFINE(struct stack_cache, stack_cache);
static struct lock stacks_lock = LOCK_INIT(RANK_VMALLOC);
static void *stacks[STACKS_COMMON] GUARDED_BY(&stacks_lock);
static unsigned stacks_count GUARDED_BY(&stacks_lock);

/* A block of at most `left` frames, split into single ones. */
static struct page *block_alloc(uint64_t left, unsigned *order)
{
	struct page *p;

	*order = BLOCK_ORDER;
	while (1ul << *order > left)
		--*order;
	for (; *order > 0; --*order) {
		/* Atomic: small blocks are as good, no need to reclaim. */
		p = page_alloc(*order, ALLOC_ATOMIC, NULL);
		if (!p)
			continue;
		page_split(p, *order);
		return p;
	}
	return page_alloc(0, 0, NULL);
}

/* Chain the frames behind [at, end) through their records. */
static struct page *frames_collect(vaddr_t at, vaddr_t end, struct page *chain)
{
	for (; at < end; at += PAGE_SIZE) {
		struct page *p;
		paddr_t pa;

		if (!mmu_kwalk(at, &pa, NULL))
			continue;
		p = phys_to_page(pa);
		p->raw[0] = (uintptr_t)chain;
		chain = p;
	}
	return chain;
}

static uint64_t frames_free(struct page *chain)
{
	uint64_t n = 0;

	while (chain) {
		struct page *p = chain;

		chain = (struct page *)p->raw[0];
		page_put(p);
		n++;
	}
	atomic_fetch_sub(&mapped_frames, n);
	return n;
}

/* Map fresh frames at [at, end); undone when they do not suffice. */
static enum err range_fill(vaddr_t start, vaddr_t end)
{
	vaddr_t at = start;
	struct page *chain;

	while (at < end) {
		unsigned order;
		struct page *p = block_alloc((end - at) >> PAGE_SHIFT, &order);

		if (!p)
			break;
		if (mmu_kmap(at, page_to_phys(p), PAGE_SIZE << order,
		        KMAP_WRITE) != OK) {
			for (unsigned i = 0; i < 1u << order; i++)
				page_put(p + i);
			break;
		}
		atomic_fetch_add(&mapped_frames, 1ul << order);
		at += PAGE_SIZE << order;
	}
	if (at == end)
		return OK;
	if (at == start)
		return E_NOMEM;
	chain = frames_collect(start, at, NULL);
	mmu_kunmap(start, at - start);
	frames_free(chain);
	return E_NOMEM;
}

static struct area *range_create(size_t n, enum area_kind kind)
{
	struct area *a;

	n = ALIGN_UP(n, PAGE_SIZE);
	a = area_take(n, PAGE_SIZE, 0, kind);
	if (!a && vmalloc_purge(0))
		a = area_take(n, PAGE_SIZE, 0, kind);
	if (!a)
		return NULL;
	if (range_fill(area_first(a), a->end) == OK &&
	    kasan_vmalloc(area_first(a), n) == OK)
		return a;
	a = area_detach((void *)area_first(a), kind);
	area_give(a);
	return NULL;
}

void *vmalloc(size_t n)
{
	struct area *a;

	if (n == 0 || n > SIZE_MAX - PAGE_SIZE)
		return NULL;
	a = range_create(n, AREA_VMALLOC);
	if (!a)
		return NULL;
	kasan_unpoison((void *)area_first(a), n);
	return (void *)area_first(a);
}

void *vzalloc(size_t n)
{
	void *p = vmalloc(n);

	return p ? memset(p, 0, n) : NULL;
}

/* By address, so that neighbours are unmapped together. */
static struct area *sort_areas(struct area *list)
{
	struct area *sorted = NULL;

	while (list) {
		struct area *a = list, **at = &sorted;

		list = a->next;
		while (*at && (*at)->start < a->start)
			at = &(*at)->next;
		a->next = *at;
		*at = a;
	}
	return sorted;
}

static uint64_t purge_areas(struct area *list)
{
	struct page *chain = NULL;

	list = sort_areas(list);
	for (struct area *a = list; a;) {
		vaddr_t first = area_first(a), end;

		/* The next one's guard page is unmapped anyway. */
		do {
			chain = frames_collect(area_first(a), a->end, chain);
			end = a->end;
			a = a->next;
		} while (a && a->start == end);
		mmu_kunmap(first, end - first);
	}
	while (list) {
		struct area *a = list;

		list = a->next;
		area_give(a);
	}
	return frames_free(chain);
}

static void free_later(struct area *a)
{
	uint64_t n = (a->end - area_first(a)) >> PAGE_SHIFT;

	kasan_poison((void *)area_first(a), n << PAGE_SHIFT, KASAN_FREE_PAGE);
	lock_take(&lazy_lock);
	a->next = lazy_areas;
	lazy_areas = a;
	lazy_frames += n;
	lock_drop(&lazy_lock);
}

static uint64_t purge_lazy(uint64_t above)
{
	struct area *list = NULL;

	lock_take(&lazy_lock);
	if (lazy_frames > above) {
		list = lazy_areas;
		lazy_areas = NULL;
		lazy_frames = 0;
	}
	lock_drop(&lazy_lock);
	return list ? purge_areas(list) : 0;
}

void vfree(void *p)
{
	if (!p)
		return;
	KASSERT(((vaddr_t)p & PAGE_MASK) == 0);
	free_later(area_detach(p, AREA_VMALLOC));
	purge_lazy(PURGE_FRAMES);
}

void *kstack_alloc(void)
{
	void *top = NULL;
	struct area *a;

	preempt_disable();
	if (stack_cache.count)
		top = stack_cache.tops[--stack_cache.count];
	preempt_enable();
	if (top)
		return top;
	lock_take(&stacks_lock);
	if (stacks_count)
		top = stacks[--stacks_count];
	lock_drop(&stacks_lock);
	if (top)
		return top;
	a = range_create(KSTACK_SIZE, AREA_KSTACK);
	if (!a)
		return NULL;
	kasan_unpoison((void *)area_first(a), KSTACK_SIZE);
	return (void *)a->end;
}

static void stack_release(void *top)
{
	free_later(area_detach((char *)top - KSTACK_SIZE, AREA_KSTACK));
}

bool kstack_keep(void *top)
{
	bool kept = false;

	/* What a dead thread left poisoned is the next one's to use. */
	kasan_unpoison((char *)top - KSTACK_SIZE, KSTACK_SIZE);
	preempt_disable();
	if (stack_cache.count < STACKS_CPU) {
		stack_cache.tops[stack_cache.count++] = top;
		kept = true;
	}
	preempt_enable();
	return kept;
}

void kstack_free(void *top)
{
	bool kept = kstack_keep(top);

	if (kept)
		return;
	lock_take(&stacks_lock);
	if (stacks_count < STACKS_COMMON) {
		stacks[stacks_count++] = top;
		kept = true;
	}
	lock_drop(&stacks_lock);
	if (kept)
		return;
	stack_release(top);
	purge_lazy(PURGE_FRAMES);
}

/* Empty this CPU's and the common store of stacks. */
static void stacks_drain(void)
{
	void *tops[STACKS_CPU + STACKS_COMMON];
	unsigned n = 0;

	preempt_disable();
	while (stack_cache.count)
		tops[n++] = stack_cache.tops[--stack_cache.count];
	preempt_enable();
	lock_take(&stacks_lock);
	while (stacks_count)
		tops[n++] = stacks[--stacks_count];
	lock_drop(&stacks_lock);
	while (n)
		stack_release(tops[--n]);
}

uint64_t vmalloc_purge(uint64_t want)
{
	(void)want;
	stacks_drain();
	return purge_lazy(0);
}

bool vmalloc_guard_hit(vaddr_t va, const char **what)
{
	static const char *const names[] = {[AREA_VMALLOC] = "vmalloc area",
	    [AREA_KSTACK] = "kernel stack",
	    [AREA_IOREMAP] = "device mapping"};
	enum area_kind kind;
	bool guard;

	if (!area_find(va, &kind, &guard) || !guard)
		return false;
	*what = names[kind];
	return true;
}

void *ioremap(paddr_t base, size_t size, bool wc)
{
	paddr_t first = ALIGN_DOWN(base, PAGE_SIZE);
	uint64_t n = ALIGN_UP(base + size, PAGE_SIZE) - first;
	/* Congruent to the physical address: large pages then fit. */
	uint64_t align = n >= MIB(2) ? MIB(2) : PAGE_SIZE;
	struct area *a;

	if (size == 0 || base + size < base)
		return NULL;
	a = area_take(n, align, first & (align - 1), AREA_IOREMAP);
	if (!a)
		return NULL;
	if (mmu_kmap(area_first(a), first, n,
	        KMAP_WRITE | (wc ? KMAP_WC : KMAP_UNCACHED)) != OK ||
	    kasan_vmalloc(area_first(a), n) != OK) {
		iounmap((void *)area_first(a));
		return NULL;
	}
	kasan_unpoison((void *)area_first(a), n);
	return (char *)area_first(a) + (base - first);
}

void iounmap(void *p)
{
	struct area *a;

	if (!p)
		return;
	a = area_detach(p, AREA_IOREMAP);
	mmu_kunmap(area_first(a), a->end - area_first(a));
	area_give(a);
}

void vmalloc_init(void)
{
	area_init(KERNEL_VMALLOC_BASE, 1ul << VMALLOC_SIZE_SHIFT);
	reclaim_register_local("vmalloc", vmalloc_purge);
}

uint64_t vmalloc_used(void)
{
	return area_busy_bytes();
}

uint64_t vmalloc_mapped(void)
{
	return mapped_frames;
}
