/* kernel/mm/page.c -- frames: the CPUs' caches, charging, the slow way. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/zone.h"
#include "kernel/core/clock.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/core/wait.h"
#include "kernel/mm/drain.h"
#include "kernel/mm/kasan.h"
#include "kernel/mm/oom.h"
#include "kernel/object/silo.h"

#ifdef HOSTED
bool kalloc_should_fail(void);
#else
#define kalloc_should_fail() false
#endif

/*
 * Each CPU keeps a stack of free frames and touches it with preemption
 * disabled only: no lock, no atomic. That is why hard interrupt handlers must
 * not allocate or free. Frames move between it and the zones in batches.
 *
 * The quota is charged before a frame is taken and given back after it is
 * free, so that the count never lags behind what is in use.
 */
enum { CACHE_MAX = 64, CACHE_BATCH = 32, OOM_ROUNDS = 200, OOM_ORDER = 3 };

struct frame_cache {
	uint32_t count;
	struct page *pages[CACHE_MAX];
};
static PERCPU_DEFINE(struct frame_cache, frame_cache);

struct page_events page_events;

static void fill_zero(void *p, size_t bytes)
{
	size_t words = bytes / 8;

	__asm__ volatile("rep stosq"
	    : "+D"(p), "+c"(words)
	    : "a"(0ul)
	    : "memory");
}

/* The frame's contents and record, as the caller asked. */
static inline struct page *page_prepare(
    struct page *p, unsigned order, unsigned flags, struct silo *silo)
{
	uint64_t word =
	    1 | (uint64_t)(PAGE_KERNEL | order << PAGE_ORDER_SHIFT) << 32 |
	    (uint64_t)(silo ? silo->index : 0) << 48;

	/* One store: refs, flags and silo are the record's first word. */
	__builtin_memcpy(p, &word, sizeof(word));
	kasan_unpoison(page_to_virt(p), PAGE_SIZE << order);
	if (flags & ALLOC_ZERO)
		fill_zero(page_to_virt(p), PAGE_SIZE << order);
	return p;
}

/* Who is to die may use the reserve: that is what it is for. */
static bool dies(void)
{
	struct thread *t = thread_current();

	return t &&
	       atomic_load_explicit(&t->work, memory_order_relaxed) & WORK_KILL;
}

/* From the zones, the upper one first; order 0 fills the CPU's cache too. */
static struct page *take_from_zones(unsigned order, unsigned flags)
{
	struct page *got[CACHE_BATCH];
	unsigned want = order || flags & ALLOC_DMA32 ? 1 : CACHE_BATCH;
	int zone = flags & ALLOC_DMA32 ? ZONE_DMA32 : ZONE_NORMAL;
	unsigned n = 0;

	for (; zone >= 0 && n == 0; zone--) {
		uint64_t keep = zone_min((enum zone_id)zone);

		if (flags & ALLOC_RESERVE || dies())
			keep = 0;
		else if (flags & ALLOC_ATOMIC)
			keep /= 2;
		n = zone_take((enum zone_id)zone, order, keep, got, want);
		/* Near the end of a zone even one frame is good. */
		if (n == 0)
			continue;
	}
	if (n == 0)
		return NULL;
	if (n > 1) {
		struct frame_cache *c;
		unsigned i = 1;

		preempt_disable();
		c = percpu_ptr(frame_cache);
		page_events.refills++;
		for (; i < n && c->count < CACHE_MAX; i++) {
			got[i]->flags = PAGE_PCP;
			c->pages[c->count++] = got[i];
		}
		preempt_enable();
		if (i < n)
			zone_give(got + i, n - i, 0);
	}
	return got[0];
}

static bool may_sleep(unsigned flags)
{
	return !(flags & ALLOC_ATOMIC) && preempt_count == 0;
}

/*
 * There is nothing left: reclaim, then have somebody killed and wait until
 * his memory comes back. Gives up after OOM_ROUNDS: the victim may wait for
 * something that our caller holds. Nobody dies for a large block: memory may be
 * free, but in pieces.
 */
static struct page *take_or_reclaim(unsigned order, unsigned flags)
{
	struct page *p = NULL;

	for (unsigned round = 0; round < OOM_ROUNDS && !p; round++) {
		page_events.reclaims++;
		if (reclaim(MAX(64ul, 1ul << order)) == 0) {
			/* Nobody dies for what waits or lies idle. */
			drain_all();
			p = take_from_zones(order, flags);
			if (p || order > OOM_ORDER || !oom_kill())
				break;
			/* The victim needs the CPU, and time, to die. */
			if (sched_sleep_until(clock_now() + 5 * NSEC_PER_MSEC,
			        WAIT_KILL) != OK)
				break;
		}
		p = take_from_zones(order, flags);
	}
	return p;
}

enum { CHARGE_TRIES = 4 };

static struct page *page_alloc_slow(
    unsigned order, unsigned flags, struct silo *silo)
{
	int64_t n = 1l << order;
	struct page *p;

	KASSERT(order <= PAGE_ORDER_MAX);
	if (kalloc_should_fail())
		return NULL;
	/* A few tries: its shortage must not empty what others have cached. */
	for (unsigned tries = 0; silo_charge(silo, SILO_MEMORY, n) != OK;
	    tries++)
		if (!may_sleep(flags) || tries == CHARGE_TRIES ||
		    reclaim((uint64_t)n) == 0)
			return NULL;
	p = take_from_zones(order, flags);
	if (!p && may_sleep(flags))
		p = take_or_reclaim(order, flags);
	if (p)
		return page_prepare(p, order, flags, silo);
	page_events.failures++;
	silo_uncharge(silo, SILO_MEMORY, n);
	return NULL;
}

struct page *page_alloc(unsigned order, unsigned flags, struct silo *silo)
{
	struct page *p;
	uint32_t n;

	if (unlikely(order || flags & ALLOC_DMA32 || kalloc_should_fail() ||
	             silo_charge(silo, SILO_MEMORY, 1) != OK))
		return page_alloc_slow(order, flags, silo);
	preempt_disable();
	n = frame_cache.count;
	if (unlikely(n == 0)) {
		preempt_enable();
		silo_uncharge(silo, SILO_MEMORY, 1);
		return page_alloc_slow(order, flags, silo);
	}
	p = frame_cache.pages[n - 1];
	frame_cache.count = n - 1;
	preempt_enable();
	return page_prepare(p, 0, flags, silo);
}

/* Make room: the oldest batch goes back to the zones. */
static void cache_drain(struct frame_cache *c, unsigned n)
{
	page_events.drains++;
	n = MIN(n, c->count);
	zone_give(c->pages, n, 0);
	c->count -= n;
	memmove(c->pages, c->pages + n, c->count * sizeof(c->pages[0]));
}

void page_free(struct page *p, unsigned order)
{
	uint16_t silo = p->silo;
	uint32_t n;

	KASSERT_SLOW(page_use(p) != PAGE_FREE && page_use(p) != PAGE_PCP &&
	             page_use(p) != PAGE_RESERVED && page_use(p) != 0);
#ifdef CONFIG_DEBUG
	memset(page_to_virt(p), 0x6b, PAGE_SIZE << order);
#endif
	kasan_poison(page_to_virt(p), PAGE_SIZE << order, KASAN_FREE_PAGE);
	if (unlikely(order)) {
		zone_give(&p, 1, order);
		silo_uncharge_index(silo, SILO_MEMORY, 1l << order);
		return;
	}
	preempt_disable();
	n = frame_cache.count;
	if (unlikely(n == CACHE_MAX)) {
		cache_drain(percpu_ptr(frame_cache), CACHE_BATCH);
		n = CACHE_MAX - CACHE_BATCH;
	}
	p->flags = PAGE_PCP;
	frame_cache.pages[n] = p;
	frame_cache.count = n + 1;
	preempt_enable();
	silo_uncharge_index(silo, SILO_MEMORY, 1);
}

void page_split(struct page *p, unsigned order)
{
	uint64_t word;

	p->flags = PAGE_KERNEL;
	__builtin_memcpy(&word, p, sizeof(word));
	for (unsigned i = 1; i < 1u << order; i++)
		__builtin_memcpy(p + i, &word, sizeof(word));
}

void page_drain_local(void)
{
	preempt_disable();
	cache_drain(percpu_ptr(frame_cache), CACHE_MAX);
	preempt_enable();
}

static uint64_t cached_count(void)
{
	uint64_t n = 0;

	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		struct frame_cache *c = percpu_of(frame_cache, cpu);

		n += c->count;
	}
	return n;
}

uint64_t page_free_count(void)
{
	struct zone_stats a, b;

	page_zone_stats(ZONE_DMA32, &a);
	page_zone_stats(ZONE_NORMAL, &b);
	return a.free + b.free + cached_count();
}
