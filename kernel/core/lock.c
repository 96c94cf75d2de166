/* kernel/core/lock.c -- spinlocks: the contended path and the checker. */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#ifndef HOSTED
#include "kernel/arch/x86_64/cpu.h"
#endif

/*
 * A lock is one byte, taken by an exchange. There is no queue: on an emulated
 * or overcommitted machine a fair lock hands itself to a CPU that does not
 * run. Critical sections are short by rule, so unfairness does not last.
 *
 * The checker (debug builds) keeps the held locks of each CPU in order and
 * panics on a lock taken twice or against enum lock_rank.
 */
PERCPU_DEFINE(uint32_t, preempt_count);
PERCPU_DEFINE(uint32_t, need_resched);

void lock_init(struct lock *l, enum lock_rank rank)
{
	*l = (struct lock){.rank = rank};
}

#ifndef HOSTED
enum { SPIN_LIMIT = 2000000000 };

NO_LOCK_CHECK void lock_spin(struct lock *l)
{
	uint64_t spins = 0;

	do {
		/* Read only while it is held: no exchange storm on the bus. */
		while (atomic_load_explicit(&l->held, memory_order_relaxed)) {
			cpu_pause();
			if (unlikely(++spins == SPIN_LIMIT))
				panic("lock of rank %u is never released",
				    l->rank);
		}
	} while (atomic_exchange_explicit(&l->held, 1, memory_order_acquire));
}
#endif

NO_LOCK_CHECK bool lock_try(struct lock *l)
{
	preempt_disable();
	if (atomic_exchange_explicit(&l->held, 1, memory_order_acquire)) {
		preempt_enable();
		return false;
	}
	lock_debug_taken(l, __builtin_return_address(0));
	return true;
}

#ifndef CONFIG_DEBUG

NO_LOCK_CHECK void lock_take_nested(struct lock *l)
{
	lock_take(l);
}

bool lock_held(const struct lock *l)
{
	return atomic_load_explicit(&l->held, memory_order_relaxed);
}

#else

enum { HELD_MAX = 16 };
struct held_locks {
	struct lock *lock[HELD_MAX];
	uint32_t count;
	uint32_t base; /* those below were held when the interrupt came */
};
PERCPU_DEFINE(struct held_locks, held_locks);

bool lock_held(const struct lock *l)
{
	return atomic_load_explicit(&l->held, memory_order_relaxed) &&
	       l->cpu == cpu_id();
}

/*
 * Interrupts are off inside: a handler that takes a lock between would see
 * the list half changed.
 */
static void check_take(struct lock *l, const void *site, bool nested)
{
	struct held_locks *h;
	irqflags_t f;

	if (panic_active)
		return;
	f = irq_save();
	h = percpu_ptr(held_locks);
	/*
	 * Our own list says it, not l->cpu and l->site: another CPU that takes
	 * l now writes those one after the other.
	 */
	for (uint32_t i = 0; i < h->count; i++)
		if (h->lock[i] == l)
			panic("lock of rank %u taken twice (first %p, now %p)",
			    l->rank, l->site, site);
	for (uint32_t i = h->base; i < h->count; i++) {
		unsigned rank = h->lock[i]->rank;

		if (rank > l->rank || (rank == l->rank && !nested))
			panic("lock order: rank %u (%p) under %u (%p)", l->rank,
			    site, rank, h->lock[i]->site);
	}
	irq_restore(f);
}

void lock_debug_take(struct lock *l, const void *site)
{
	check_take(l, site, false);
}

NO_LOCK_CHECK void lock_take_nested(struct lock *l)
{
	const void *site = __builtin_return_address(0);

	preempt_disable();
	check_take(l, site, true);
	if (atomic_exchange_explicit(&l->held, 1, memory_order_acquire))
		lock_spin(l);
	lock_debug_taken(l, site);
}

void lock_debug_taken(struct lock *l, const void *site)
{
	struct held_locks *h;
	irqflags_t f = irq_save();

	h = percpu_ptr(held_locks);
	l->cpu = (uint16_t)cpu_id();
	l->site = site;
	if (h->count == HELD_MAX && !panic_active)
		panic("more than %u locks held", HELD_MAX);
	if (h->count < HELD_MAX)
		h->lock[h->count++] = l;
	irq_restore(f);
}

void lock_debug_drop(struct lock *l)
{
	struct held_locks *h;
	irqflags_t f;
	uint32_t i;

	if (panic_active)
		return;
	f = irq_save();
	h = percpu_ptr(held_locks);
	if (!l->held || l->cpu != cpu_id())
		panic("lock of rank %u dropped but not held", l->rank);
	l->site = NULL;
	for (i = h->count; i > 0 && h->lock[i - 1] != l; i--)
		continue;
	if (i > 0) {
		for (; i < h->count; i++)
			h->lock[i - 1] = h->lock[i];
		h->count--;
	}
	irq_restore(f);
}

uint32_t lock_debug_irq_enter(void)
{
	uint32_t saved = held_locks.base;

	held_locks.base = held_locks.count;
	return saved;
}

void lock_debug_irq_exit(uint32_t saved)
{
	KASSERT(held_locks.count == held_locks.base || panic_active);
	held_locks.base = saved;
}
#endif
