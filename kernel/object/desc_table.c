/* kernel/object/desc_table.c -- whole tables: growth, copies, closing many. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/desc_table.h"
#include "kernel/object/slotmap.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmalloc.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"

/*
 * The silo is charged for descriptors in batches of DESC_CHARGE, given back
 * when the table goes. Locks and look-ups: see desc.c.
 */
enum { DESC_CHARGE = 16, DESC_KMALLOC_MAX = 4096 };

static struct slab_cache *table_cache;

static void array_init(struct desc_array *a, uint32_t size, uint64_t *used)
{
	a->size = size;
	a->words = (size + SLOTMAP_BITS - 1) / SLOTMAP_BITS;
	a->used = used;
	memset(desc_slots(a), 0, size * sizeof(struct desc_slot));
	memset(used, 0, a->words * sizeof(*used));
	if (size % SLOTMAP_BITS)
		used[a->words - 1] = ~0ull << (size % SLOTMAP_BITS);
}

static size_t array_bytes(uint32_t size)
{
	return sizeof(struct desc_array) + size * sizeof(struct desc_slot) +
	       size / 8;
}

/* size is a multiple of SLOTMAP_BITS. */
static struct desc_array *array_alloc(uint32_t size)
{
	size_t n = array_bytes(size);
	struct desc_array *a = n > DESC_KMALLOC_MAX ? vmalloc(n) : kmalloc(n);

	if (a)
		array_init(a, size, (uint64_t *)&desc_slots(a)[size]);
	return a;
}

static void array_free(struct desc_array *a)
{
	if (array_bytes(a->size) > DESC_KMALLOC_MAX)
		vfree(a);
	else
		kfree(a);
}

static void array_free_rcu(struct rcu_head *h)
{
	array_free(container_of(h, struct desc_array, rcu));
}

static struct desc_table *table_alloc(struct silo *silo, uint32_t size)
{
	struct desc_table *t;

	if (!table_cache) /* the first table is made by the boot CPU alone */
		table_cache =
		    slab_create("desc_table", sizeof(struct desc_table), 64);
	t = slab_alloc(table_cache);
	if (!t)
		return NULL;
	atomic_init(&t->refs, 1);
	lock_init(&t->lock, RANK_DESC);
	t->hint = t->count = t->charged = 0;
	t->silo = silo;
	silo_pin(silo);
	t->array = &t->first;
	if (size > DESC_FIRST) {
		t->array = array_alloc(size);
		if (!t->array) {
			silo_unpin(silo);
			slab_free(table_cache, t);
			return NULL;
		}
	} else {
		array_init(&t->first, DESC_FIRST, t->first_used);
	}
	return t;
}

static void table_free(struct desc_table *t)
{
	silo_uncharge(t->silo, SILO_DESCRIPTORS, t->charged);
	silo_unpin(t->silo);
	if (t->array != &t->first)
		array_free(t->array);
	slab_free(table_cache, t);
}

enum err desc_table_create_for(struct silo *silo, struct desc_table **out)
{
	*out = table_alloc(silo, DESC_FIRST);
	return *out ? OK : E_NOMEM;
}

enum err desc_table_create(struct desc_table **out)
{
	return desc_table_create_for(silo_current(), out);
}

/* Charge for `more` further descriptors, a batch ahead if the quota allows. */
enum err desc_table_charge(struct desc_table *t, uint32_t more)
{
	uint32_t need = t->count + more;
	uint32_t n;
	enum err e;

	if (likely(need <= t->charged))
		return OK;
	n = need - t->charged;
	if (silo_charge(t->silo, SILO_DESCRIPTORS, n + DESC_CHARGE) == OK) {
		t->charged += n + DESC_CHARGE;
		return OK;
	}
	e = silo_charge(t->silo, SILO_DESCRIPTORS, n);
	if (e == OK)
		t->charged += n;
	return e;
}

/*
 * Make room for slot `fd`. Drops and retakes the lock to allocate; whoever was
 * faster wins.
 */
enum err desc_table_grow(struct desc_table *t, unsigned fd)
{
	struct desc_array *a = t->array, *n;
	uint32_t size = MAX(a->size * 2, 128u);

	while (size <= fd)
		size *= 2;
	if (size > DESC_MAX)
		return E_MFILE;
	lock_drop(&t->lock);
	n = array_alloc(size);
	lock_take(&t->lock);
	if (!n)
		return E_NOMEM;
	a = t->array;
	if (a->size > fd) {
		array_free(n);
		return OK;
	}
	memcpy(
	    desc_slots(n), desc_slots(a), a->size * sizeof(struct desc_slot));
	memcpy(n->used, a->used, a->words * sizeof(a->used[0]));
	if (a->size % SLOTMAP_BITS) /* the bits past its end */
		n->used[a->words - 1] &= ~(~0ull << (a->size % SLOTMAP_BITS));
	rcu_store(t->array, n);
	if (a != &t->first)
		rcu_call(&a->rcu, array_free_rcu);
	return OK;
}

enum err desc_table_insert(
    struct desc_table *t, unsigned fd, struct grant *g, uint32_t rights)
{
	enum err e = OK;

	lock_take(&t->lock);
	if (fd >= t->array->size)
		e = fd < DESC_MAX ? desc_table_grow(t, fd) : E_BADF;
	if (e == OK && desc_slots(t->array)[fd].grant)
		e = E_EXIST;
	if (e == OK)
		e = desc_table_charge(t, 1);
	if (e == OK)
		desc_slot_fill(t, fd, g, rights, 0);
	lock_drop(&t->lock);
	if (e != OK)
		grant_put(g);
	return e;
}

static void looking_wait(struct desc_table *t, struct grant *g)
    REQUIRES(&t -> lock)
{
	if (desc_table_private(t, process_current()))
		return;
	/* Partner: the exchange in desc_hold_counted. */
	atomic_thread_fence(memory_order_seq_cst);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		struct grant **p = percpu_of(desc_looking, cpu);

		while (__atomic_load_n(p, __ATOMIC_ACQUIRE) == g)
			__builtin_ia32_pause();
	}
}

/* Fill the free slot fd; takes over the reference to g. */
void desc_slot_fill(struct desc_table *t, unsigned fd, struct grant *g,
    uint32_t rights, unsigned flags)
{
	struct desc_array *a = t->array;
	struct desc_slot *s = &desc_slots(a)[fd];

	slotmap_set(a->used, fd);
	if (t->hint == fd)
		t->hint = fd + 1;
	t->count++;
	s->flags = flags;
	s->rights = rights & g->rights;
	/* Release: whoever sees the grant sees the rights. */
	__atomic_store_n(&s->grant, g, __ATOMIC_RELEASE);
}

/* Empty the used slot fd; gives its reference back to the caller. */
struct grant *desc_slot_empty(struct desc_table *t, unsigned fd)
{
	struct desc_array *a = t->array;
	struct grant *g = desc_slots(a)[fd].grant;

	__atomic_store_n(&desc_slots(a)[fd].grant, NULL, __ATOMIC_RELEASE);
	slotmap_clear(a->used, fd);
	if (fd < t->hint)
		t->hint = fd;
	t->count--;
	looking_wait(t, g);
	return g;
}

/* Drop what a slot of t held, telling the object. May sleep. */
void desc_grant_close(const struct desc_table *t, struct grant *g)
{
	struct object *o = g->object;

	if (o->ops->flush)
		o->ops->flush(o, t);
	grant_put(g);
}

struct desc_table *desc_table_get(struct desc_table *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

void desc_table_put(struct desc_table *t)
{
	struct desc_array *a;

	if (atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
		return;
	/* Ours alone now: nobody looks, no lock, and slots need no clearing. */
	a = t->array;
	for (long i = -1;
	    (i = slotmap_next(a->used, a->words, (unsigned)(i + 1))) >= 0 &&
	    (uint32_t)i < a->size;)
		desc_grant_close(t, desc_slots(a)[i].grant);
	table_free(t);
}

/* One above the highest used slot. */
static uint32_t table_end(const struct desc_array *a)
{
	uint32_t w = a->words;
	uint64_t last = a->used[w - 1];

	if (a->size % SLOTMAP_BITS)
		last &= ~(~0ull << (a->size % SLOTMAP_BITS));
	while (!last) {
		if (--w == 0)
			return 0;
		last = a->used[w - 1];
	}
	return w * SLOTMAP_BITS - (uint32_t)__builtin_clzll(last);
}

/* Fill the fresh table n with what t has; n is large enough. */
static void table_fill(struct desc_table *n, struct desc_table *t, uint32_t end)
    REQUIRES(&t -> lock)
{
	struct desc_array *from = t->array, *to = n->array;

	for (uint32_t i = 0; i < end; i++) {
		if (!desc_slots(from)[i].grant)
			continue;
		grant_get(desc_slots(from)[i].grant);
		desc_slots(to)[i] = desc_slots(from)[i];
		slotmap_set(to->used, i);
	}
	n->count = t->count;
	n->hint = MIN(t->hint, end);
}

enum err desc_table_copy(struct desc_table *t, struct desc_table **out)
{
	struct silo *silo = silo_current();
	struct desc_table *n;
	uint32_t end, size;
	enum err e;

	lock_take(&t->lock);
	for (;;) {
		end = table_end(t->array);
		lock_drop(&t->lock);
		size = end > DESC_FIRST ? ALIGN_UP(end, SLOTMAP_BITS) : end;
		n = table_alloc(silo, size);
		if (!n)
			return E_NOMEM;
		lock_take(&t->lock);
		end = table_end(t->array);
		if (end <= n->array->size)
			break;
		table_free(n); /* another thread opened more meanwhile */
	}
	e = desc_table_charge(n, t->count);
	if (e == OK)
		table_fill(n, t, end);
	lock_drop(&t->lock);
	if (e != OK) {
		table_free(n);
		return e;
	}
	*out = n;
	return OK;
}

enum err desc_table_unshare(struct desc_table **t)
{
	struct desc_table *old = *t, *n;
	enum err e;

	if (atomic_load(&old->refs) == 1)
		return OK;
	e = desc_table_copy(old, &n);
	if (e != OK)
		return e;
	*t = n;
	desc_table_put(old);
	return OK;
}

/*
 * Close, or mark, the used slots of [first, last]; with `marked` only those
 * that close on exec. The lock is dropped round each close.
 */
static void range_close(
    struct desc_table *t, uint32_t first, uint32_t last, bool marked)
{
	struct grant *g;
	uint32_t i;
	long next;

	lock_take(&t->lock);
	for (i = first; i <= last; i++) {
		struct desc_array *a = t->array;

		next = slotmap_next(a->used, a->words, i);
		if (next < 0 || (uint32_t)next >= a->size ||
		    (uint32_t)next > last)
			break;
		i = (uint32_t)next;
		if (marked && !(desc_slots(a)[i].flags & DESC_CLOEXEC))
			continue;
		g = desc_slot_empty(t, i);
		lock_drop(&t->lock);
		desc_grant_close(t, g);
		lock_take(&t->lock);
	}
	lock_drop(&t->lock);
}

void desc_close_on_exec(struct desc_table *t)
{
	range_close(t, 0, DESC_MAX, true);
}

enum err desc_close_range(unsigned first, unsigned last, bool cloexec_only)
{
	struct desc_table *t = process_current()->descs;
	struct desc_array *a;

	if (first > last)
		return E_INVAL;
	last = MIN(last, (unsigned)DESC_MAX);
	if (!cloexec_only) {
		range_close(t, first, last, false);
		return OK;
	}
	lock_take(&t->lock);
	a = t->array;
	for (unsigned i = first; i <= last && i < a->size; i++)
		if (desc_slots(a)[i].grant)
			desc_slots(a)[i].flags |= DESC_CLOEXEC;
	lock_drop(&t->lock);
	return OK;
}

bool desc_next(
    struct desc_table *t, int *fd, struct object **out, uint32_t *rights)
{
	struct desc_array *a;
	long i = -1;

	if (*fd < 0)
		return false;
	lock_take(&t->lock);
	a = t->array;
	i = slotmap_next(a->used, a->words, (unsigned)*fd);
	if (i >= 0 && (uint32_t)i < a->size) {
		*fd = (int)i;
		*out = object_get(desc_slots(a)[i].grant->object);
		*rights = desc_slots(a)[i].rights;
	} else {
		i = -1;
	}
	lock_drop(&t->lock);
	return i >= 0;
}

unsigned desc_count(struct desc_table *t)
{
	return __atomic_load_n(&t->count, __ATOMIC_RELAXED);
}
