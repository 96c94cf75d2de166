/* kernel/object/desc.c -- descriptor tables: small integers for grants. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/desc_table.h"
#include "kernel/object/slotmap.h"

/*
 * A slot holds one reference to a grant. Three kinds of access:
 *
 * Private: the table has one user and its process one thread. Nobody else can
 * change it, so a look-up is plain loads and takes no reference.
 *
 * Counted: other threads may close under us. The reader announces the grant
 * that it is about to count in a variable of its CPU (desc_looking) and looks
 * again whether slot and array are still what they were. Who empties a slot
 * does so first, then waits until no CPU announces that grant, and only then
 * drops the slot's reference. Both orders are full barriers, so either the
 * reader sees the slot emptied, or the closer sees the announcement:
 *
 *	reader: looking = g; fence; slot == g?	closer: slot = NULL; fence;
 *		count g; looking = NULL			wait for looking != g
 *
 * The closer waits with the lock held, hence while a reader announces g the
 * slot's rights cannot become another grant's either. Readers run with
 * preemption off, so the wait is some ten instructions of another CPU.
 *
 * /proc: takes the lock.
 *
 * Growth publishes a copy of the array; the old one is freed after a grace
 * period. Readers that announce check that the array is still the table's.
 */

/* The grant that this CPU is about to count. */
PERCPU_DEFINE(struct grant *, desc_looking);

static struct desc_table *table_current(void)
{
	return process_current()->descs;
}

enum err desc_hold_refused(uint32_t rights, uint32_t have)
{
	uint32_t lost = rights & ~have;

	return lost & (RIGHT_READ | RIGHT_WRITE) ? E_BADF : E_ACCES;
}

enum err desc_hold_counted(
    struct desc_table *t, int fd, uint32_t rights, struct held *out)
{
	enum err e = E_BADF;
	struct desc_array *a;
	struct desc_slot *s;
	struct grant *g, **looking;

	rcu_read_enter();
	looking = percpu_ptr(desc_looking);
again:
	a = rcu_load(t->array);
	s = desc_slot_at(a, (unsigned)fd);
	if (!s)
		goto out;
	g = __atomic_load_n(&s->grant, __ATOMIC_ACQUIRE);
	if (!g)
		goto out;
	(void)__atomic_exchange_n(looking, g, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&s->grant, __ATOMIC_SEQ_CST) != g ||
	    __atomic_load_n(&t->array, __ATOMIC_SEQ_CST) != a)
		goto again;
	if (atomic_load_explicit(&g->revoked, memory_order_acquire))
		goto out;
	out->rights = __atomic_load_n(&s->rights, __ATOMIC_RELAXED);
	if (rights & ~out->rights) {
		e = desc_hold_refused(rights, out->rights);
		goto out;
	}
	out->obj = object_get(g->object);
	out->counted = true;
	e = OK;
out:
	/* Release: the count above is visible before the announcement ends. */
	__atomic_store_n(looking, NULL, __ATOMIC_RELEASE);
	rcu_read_exit();
	return e;
}

enum err desc_hold(int fd, uint32_t rights, struct held *out)
{
	return desc_hold_fast(fd, rights, out);
}

/*
 * A free slot >= min and below limit, charged, not yet marked. The lock may
 * have been dropped meanwhile.
 */
static enum err slot_find(struct desc_table *t, unsigned min, uint64_t limit,
    unsigned *out) REQUIRES(&t -> lock)
{
	enum err e;
	long i;

	for (;;) {
		struct desc_array *a = t->array;

		i = slotmap_lowest(a->used, a->words, MAX(min, t->hint));
		if (i < 0)
			i = MAX(min, a->size);
		else if (min <= t->hint)
			t->hint = (uint32_t)i;
		if ((uint64_t)i >= limit)
			return E_MFILE;
		if (likely((uint32_t)i < a->size))
			break;
		e = desc_table_grow(t, (unsigned)i);
		if (e != OK)
			return e;
	}
	e = desc_table_charge(t, 1);
	if (e != OK)
		return e;
	*out = (unsigned)i;
	return OK;
}

static uint64_t table_limit(void)
{
	uint64_t cur = process_current()->rlimits[RL_NOFILE].cur;

	return MIN(cur, (uint64_t)DESC_MAX);
}

/* The used slot fd, or NULL. */
static struct desc_slot *slot_used(struct desc_table *t, int fd)
    REQUIRES(&t -> lock)
{
	struct desc_slot *s = desc_slot_at(t->array, (unsigned)fd);

	return s && s->grant ? s : NULL;
}

enum err desc_install_grant(
    struct grant *g, uint32_t rights, unsigned flags, int min, int *out)
{
	struct desc_table *t = table_current();
	uint64_t limit = table_limit();
	unsigned fd;
	enum err e;

	if (min < 0 || (min && (uint64_t)min >= limit))
		return E_INVAL;
	lock_take(&t->lock);
	e = slot_find(t, (unsigned)min, limit, &fd);
	if (e == OK) {
		desc_slot_fill(t, fd, g, rights, flags);
		*out = (int)fd;
	}
	lock_drop(&t->lock);
	return e;
}

enum err desc_install(
    struct object *obj, uint32_t rights, unsigned flags, int min, int *out)
{
	return desc_install_grant(&obj->root, rights, flags, min, out);
}

enum err desc_get_grant(
    int fd, uint32_t need, struct grant **out, uint32_t *rights)
{
	struct desc_table *t = table_current();
	struct desc_slot *s;
	enum err e = E_BADF;

	lock_take(&t->lock);
	s = slot_used(t, fd);
	if (s && !atomic_load(&s->grant->revoked)) {
		e = need & ~s->rights ? desc_hold_refused(need, s->rights) : OK;
		if (e == OK) {
			*out = grant_get(s->grant);
			*rights = s->rights;
		}
	}
	lock_drop(&t->lock);
	return e;
}

enum err desc_close(int fd)
{
	struct desc_table *t = table_current();
	struct grant *g = NULL;

	lock_take(&t->lock);
	if (slot_used(t, fd))
		g = desc_slot_empty(t, (unsigned)fd);
	lock_drop(&t->lock);
	if (!g)
		return E_BADF;
	desc_grant_close(t, g);
	return OK;
}

enum err desc_dup(int fd, int min, unsigned flags, int *out)
{
	struct desc_table *t = table_current();
	uint64_t limit = table_limit();
	struct desc_slot *s;
	struct grant *g;
	uint32_t rights;
	unsigned to;
	enum err e = E_BADF;

	lock_take(&t->lock);
	s = slot_used(t, fd);
	if (!s)
		goto drop;
	e = E_INVAL;
	if (min < 0 || (min && (uint64_t)min >= limit))
		goto drop;
	/* The lock may be dropped to grow: keep what fd is now. */
	g = grant_get(s->grant);
	rights = s->rights;
	e = slot_find(t, (unsigned)min, limit, &to);
	if (e == OK) {
		desc_slot_fill(t, to, g, rights, flags);
		*out = (int)to;
	}
	lock_drop(&t->lock);
	if (e != OK)
		grant_put(g);
	return e;
drop:
	lock_drop(&t->lock);
	return e;
}

enum err desc_dup_to(int fd, int to, unsigned flags)
{
	struct desc_table *t = table_current();
	struct grant *g, *old = NULL;
	struct desc_slot *s;
	uint32_t rights;
	enum err e;

	if (to < 0 || (uint64_t)to >= table_limit())
		return E_BADF;
	lock_take(&t->lock);
	s = slot_used(t, fd);
	if (!s) {
		lock_drop(&t->lock);
		return E_BADF;
	}
	g = grant_get(s->grant);
	rights = s->rights;
	e = OK;
	if ((unsigned)to >= t->array->size)
		e = desc_table_grow(t, (unsigned)to);
	if (e == OK && desc_slots(t->array)[to].grant)
		old = desc_slot_empty(t, (unsigned)to);
	if (e == OK)
		e = desc_table_charge(t, 1);
	if (e == OK)
		desc_slot_fill(t, (unsigned)to, g, rights, flags);
	lock_drop(&t->lock);
	if (e != OK)
		grant_put(g);
	if (old)
		desc_grant_close(t, old);
	return e;
}

enum err desc_get_flags(int fd, unsigned *flags)
{
	struct desc_table *t = table_current();
	struct desc_slot *s;

	lock_take(&t->lock);
	s = slot_used(t, fd);
	if (s)
		*flags = s->flags;
	lock_drop(&t->lock);
	return s ? OK : E_BADF;
}

enum err desc_set_flags(int fd, unsigned flags)
{
	struct desc_table *t = table_current();
	struct desc_slot *s;

	lock_take(&t->lock);
	s = slot_used(t, fd);
	if (s)
		s->flags = flags;
	lock_drop(&t->lock);
	return s ? OK : E_BADF;
}

enum err desc_limit(int fd, uint32_t rights)
{
	struct desc_table *t = table_current();
	struct desc_slot *s;
	enum err e = E_BADF;

	lock_take(&t->lock);
	s = slot_used(t, fd);
	if (s) {
		e = rights & ~s->rights ? E_ACCES : OK;
		if (e == OK)
			__atomic_store_n(&s->rights, rights, __ATOMIC_RELAXED);
	}
	lock_drop(&t->lock);
	return e;
}
