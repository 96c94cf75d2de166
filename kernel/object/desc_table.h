/* kernel/object/desc_table.h -- the layout of a table, for the hot look-ups. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/desc.h"
#include "kernel/object/process.h"

/* For desc.c, desc_table.c and the hot system calls; see desc.c's essay. */
enum { DESC_FIRST = 32 }; /* slots that come with the table */

struct desc_slot {
	struct grant *grant; /* NULL: free; holds a reference */
	uint32_t rights;     /* subset of grant->rights */
	uint32_t flags;      /* DESC_CLOEXEC; under the table's lock */
};
static_assert(sizeof(struct desc_slot) == 16, "one shift finds a slot");

struct desc_array {
	uint32_t size; /* slots */
	uint32_t words;
	uint64_t *used; /* the map of slots in use; bits past size are set */
	struct rcu_head rcu;
};
static_assert(sizeof(struct desc_array) % 16 == 0, "slots follow it");

/* The slots lie behind the head. */
static inline struct desc_slot *desc_slots(struct desc_array *a)
{
	return (struct desc_slot *)(a + 1);
}

struct desc_table {
	struct desc_array *array; /* RCU; replaced under lock */
	_Atomic uint32_t refs;
	struct lock lock;
	uint32_t hint;    /* no clear bit lies below this one */
	uint32_t count;   /* descriptors in use */
	uint32_t charged; /* descriptors charged to silo, >= count */
	struct silo *silo;
	uint64_t first_used[1];
	struct desc_array first; /* its slots are first_slots */
	struct desc_slot first_slots[DESC_FIRST];
};

/*
 * True when nobody but the calling thread can look into or change t: nothing
 * can then be closed under its feet.
 */
static inline bool desc_table_private(
    const struct desc_table *t, const struct process *p)
{
	return atomic_load_explicit(&t->refs, memory_order_relaxed) == 1 &&
	       p->thread_count == 1;
}

/*
 * The slot of fd in an array, or NULL when out of range. The index is masked
 * so that a mispredicted comparison reads slot 0 and nothing beyond.
 */
static inline struct desc_slot *desc_slot_at(struct desc_array *a, unsigned fd)
{
	uint64_t i = fd, mask;

	if (unlikely(fd >= a->size))
		return NULL;
	__asm__("cmp %2, %1; sbb %0, %0" /* all ones when i < size */
	    : "=r"(mask)
	    : "r"(i), "r"((uint64_t)a->size)
	    : "cc");
	return &desc_slots(a)[i & mask];
}

PERCPU_DECLARE(struct grant *, desc_looking);

/*
 * Make room for slot fd. May drop and retake the lock. E_MFILE, E_NOMEM.
 */
enum err desc_table_grow(struct desc_table *t, unsigned fd)
    REQUIRES(&t -> lock);

/* Charge for `more` further descriptors. E_MFILE. */
enum err desc_table_charge(struct desc_table *t, uint32_t more);

/* Fill the free slot fd; takes over the reference to g. */
void desc_slot_fill(struct desc_table *t, unsigned fd, struct grant *g,
    uint32_t rights, unsigned flags) REQUIRES(&t -> lock);

/*
 * Empty the used slot fd and give its reference to the caller; no look-up is
 * under way then that could still count it.
 */
struct grant *desc_slot_empty(struct desc_table *t, unsigned fd)
    REQUIRES(&t -> lock);

/* Drop what a slot of t held, telling the object. May sleep. */
void desc_grant_close(const struct desc_table *t, struct grant *g);

/* Look fd up in the current process, with a reference. See desc_hold. */
enum err desc_hold_counted(
    struct desc_table *t, int fd, uint32_t rights, struct held *out);

/* Why the rights of a descriptor do not do. */
enum err desc_hold_refused(uint32_t rights, uint32_t have);

/* desc_hold for the calls where every instruction counts. */
static inline enum err desc_hold_fast(int fd, uint32_t rights, struct held *out)
{
	struct process *p = process_current();
	struct desc_table *t = p->descs;
	struct desc_slot *s;
	struct grant *g;

	if (unlikely(!desc_table_private(t, p)))
		return desc_hold_counted(t, fd, rights, out);
	s = desc_slot_at(t->array, (unsigned)fd);
	if (unlikely(!s))
		return E_BADF;
	g = s->grant;
	if (unlikely(!g) ||
	    unlikely(atomic_load_explicit(&g->revoked, memory_order_relaxed)))
		return E_BADF;
	if (unlikely(rights & ~s->rights))
		return desc_hold_refused(rights, s->rights);
	out->obj = g->object;
	out->rights = s->rights;
	out->counted = false;
	return OK;
}
