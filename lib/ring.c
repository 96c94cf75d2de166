/* lib/ring.c -- rings: bulk between two programs that need no trust. */
/* SPDX-License-Identifier: MIT */
#include "lib/ring.h"
#include <string.h>
#include "lib/event.h"

/*
 * Invariant, of memory that only we can write: in each lane
 * 0 <= sent - received <= count. What the other end says is let in by
 * lane_look alone, which keeps the invariant or breaks the ring; all places in
 * the item arrays come from our own counts, masked. Items are copied out once,
 * and whoever uses them checks the copy.
 */

/* Offset of an end's items; sizes are in bounds. */
static size_t items_at(uint32_t item_size, uint32_t count, unsigned queue)
{
	size_t bytes = (size_t)item_size * count;

	return RING_DATA + queue * ((bytes + 63) & ~(size_t)63);
}

size_t ring_bytes(uint32_t item_size, uint32_t count)
{
	if (item_size == 0 || item_size > RING_ITEM_MAX || count == 0 ||
	    count > RING_COUNT_MAX || (count & (count - 1)))
		return 0;
	return items_at(item_size, count, 2);
}

enum err ring_format(
    void *base, size_t size, uint32_t item_size, uint32_t count)
{
	struct ring_header *h = base;
	size_t need = ring_bytes(item_size, count);

	if (need == 0 || need > size)
		return E_INVAL;
	h->magic = RING_MAGIC;
	h->version = RING_VERSION;
	h->item_size = item_size;
	h->count = count;
	return OK;
}

enum err ring_attach(
    struct ring *r, void *base, size_t size, unsigned end, int wait, int signal)
{
	struct ring_header *h = base;
	volatile uint32_t *words = base; /* read once: they may change */
	uint32_t item_size, count;
	size_t need;

	if (size < RING_DATA || words[0] != RING_MAGIC ||
	    words[1] != RING_VERSION)
		return E_PROTO;
	item_size = words[2];
	count = words[3];
	need = ring_bytes(item_size, count);
	if (need == 0 || need > size || end > 1)
		return E_PROTO;
	*r = (struct ring){.item_size = item_size,
	    .count = count,
	    .wait = wait,
	    .signal = signal};
	r->send.shared = &h->queues[end];
	r->send.items = (uint8_t *)base + items_at(item_size, count, end);
	r->receive.shared = &h->queues[!end];
	r->receive.items = (uint8_t *)base + items_at(item_size, count, !end);
	return OK;
}

/*
 * The other end's count is `now`: it may only have gone on from what we saw,
 * and by `most` at the most.
 */
static bool lane_look(struct ring_lane *l, uint32_t now, uint32_t most)
{
	if (now - l->theirs > most)
		return false;
	l->theirs = now;
	return true;
}

/* Items that may be sent at least; looks at the other end's count if < want. */
static bool room(struct ring *r, uint32_t want, uint32_t *out)
{
	struct ring_lane *l = &r->send;
	uint32_t used = l->mine - l->theirs;

	if (r->count - used < want) {
		/* Acquire: it has copied the items that we overwrite. */
		if (!lane_look(l,
		        atomic_load_explicit(
		            &l->shared->head, memory_order_acquire),
		        used))
			return false;
		used = l->mine - l->theirs;
	}
	*out = r->count - used;
	return true;
}

/* Items that may be received, the same way. */
static bool waiting(struct ring *r, uint32_t want, uint32_t *out)
{
	struct ring_lane *l = &r->receive;
	uint32_t have = l->theirs - l->mine;

	if (have < want) {
		/* Acquire: the items were written before. */
		if (!lane_look(l,
		        atomic_load_explicit(
		            &l->shared->tail, memory_order_acquire),
		        r->count - have))
			return false;
		have = l->theirs - l->mine;
	}
	*out = have;
	return true;
}

/* After our count moved: the other end, if it said that it sleeps. */
static void wake(struct ring *r, _Atomic uint32_t *sleeps, uint64_t bit)
{
	/* Full barrier: our count is out before we look. */
	atomic_thread_fence(memory_order_seq_cst);
	if (__builtin_expect(
	        atomic_load_explicit(sleeps, memory_order_relaxed) == 0, 1))
		return;
	if (atomic_exchange(sleeps, 0))
		(void)event_signal(r->signal, bit); /* its loss if refused */
}

/* The common size gets a copy in line. */
static inline void copy_items(
    uint8_t *to, const uint8_t *from, uint32_t n, uint32_t size)
{
	if (__builtin_expect(size == 64, 1)) {
		for (; n; n--, to += 64, from += 64)
			memcpy(to, from, 64);
	} else {
		memcpy(to, from, (size_t)n * size);
	}
}

/* How many of n items from place `at` on lie before the array's end. */
static uint32_t before_end(const struct ring *r, uint32_t at, uint32_t n)
{
	uint32_t left = r->count - (at & (r->count - 1));

	return n < left ? n : left;
}

static uint8_t *place(
    const struct ring *r, const struct ring_lane *l, uint32_t k)
{
	return l->items + (size_t)(k & (r->count - 1)) * r->item_size;
}

long ring_send(struct ring *r, const void *items, uint32_t n)
{
	struct ring_lane *l = &r->send;
	const uint8_t *from = items;
	uint32_t free, first;

	if (r->broken || !room(r, n, &free)) {
		r->broken = true;
		return E_PROTO;
	}
	n = n < free ? n : free;
	if (n == 0)
		return 0;
	first = before_end(r, l->mine, n);
	copy_items(place(r, l, l->mine), from, first, r->item_size);
	if (first < n)
		copy_items(l->items, from + (size_t)first * r->item_size,
		    n - first, r->item_size);
	l->mine += n;
	/* Release: the items are there when the count is seen. */
	atomic_store_explicit(&l->shared->tail, l->mine, memory_order_release);
	wake(r, &l->shared->receiver_sleeps, RING_ITEMS);
	return n;
}

long ring_receive(struct ring *r, void *items, uint32_t n)
{
	struct ring_lane *l = &r->receive;
	uint8_t *to = items;
	uint32_t have, first;

	if (r->broken || !waiting(r, n, &have)) {
		r->broken = true;
		return E_PROTO;
	}
	n = n < have ? n : have;
	if (n == 0)
		return 0;
	first = before_end(r, l->mine, n);
	copy_items(to, place(r, l, l->mine), first, r->item_size);
	if (first < n)
		copy_items(to + (size_t)first * r->item_size, l->items,
		    n - first, r->item_size);
	/* The copies are made here, once: nobody reads the items again. */
	__asm__ volatile("" ::: "memory");
	l->mine += n;
	/* Release: the items are copied when the room is seen. */
	atomic_store_explicit(&l->shared->head, l->mine, memory_order_release);
	wake(r, &l->shared->sender_sleeps, RING_ROOM);
	return n;
}

/* Is there what is waited for? Looks at the other end's counts. */
static bool ready(struct ring *r, unsigned what, bool *out)
{
	uint32_t n = 0, m = 0;

	if (what & RING_ITEMS && !waiting(r, 1, &n))
		return false;
	if (what & RING_ROOM && !room(r, 1, &m))
		return false;
	*out = n || m;
	return true;
}

static void say_asleep(struct ring *r, unsigned what, uint32_t asleep)
{
	if (what & RING_ITEMS)
		atomic_store(&r->receive.shared->receiver_sleeps, asleep);
	if (what & RING_ROOM)
		atomic_store(&r->send.shared->sender_sleeps, asleep);
}

enum err ring_wait(struct ring *r, unsigned what, uint64_t deadline)
{
	uint64_t bits = 0;
	enum err e = OK;
	bool is_ready = false;

	for (;;) {
		/* seq_cst: said before the last look. */
		if (!r->gone)
			say_asleep(r, what, 1);
		if (r->broken || !ready(r, what, &is_ready)) {
			r->broken = true;
			e = E_PROTO;
		}
		if (e != OK || is_ready || r->gone)
			break;
		e = (enum err)event_wait(
		    r->wait, what | RING_GONE, deadline, 0, &bits);
		if (e == OK && bits & RING_GONE)
			r->gone = true;
		else if (e != OK)
			break;
	}
	say_asleep(r, what, 0);
	if (e == OK && !is_ready)
		e = E_CONNRESET;
	return e;
}
