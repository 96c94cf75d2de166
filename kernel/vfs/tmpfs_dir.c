/* kernel/vfs/tmpfs_dir.c -- the index of a directory in memory. */
/* SPDX-License-Identifier: MIT */
#include "kernel/vfs/tmpfs_dir.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmalloc.h"
#include "kernel/vfs/walk_text.h"

/*
 * 1. slots[i] for i < end is an entry with entry->slot == i, or an odd word
 *    that chains the free slots.
 * 2. table has exactly `live` non-zero cells, and no zero cell lies between an
 *    entry's home (hash & mask) and its cell: removal moves later cells back.
 * 3. At most half of the table is used.
 */
enum { SLOTS_FIRST = 8, BIG = 32768 };
#define NONE     UINT32_MAX
#define SLOT_MAX (1u << 26)

static void *array_alloc(size_t n)
{
	return n > BIG ? vzalloc(n) : kzalloc(n);
}

static void array_free(void *p, size_t n)
{
	if (n > BIG)
		vfree(p);
	else
		kfree(p);
}

static bool slot_is_free(const struct tmpdir_entry *e)
{
	return (uintptr_t)e & 1;
}

void tmpdir_init(struct tmpdir *d)
{
	*d = (struct tmpdir){.free = NONE};
}

static void index_free(struct tmpdir *d)
{
	if (!d->capacity)
		return;
	array_free(d->slots, d->capacity * sizeof(*d->slots));
	array_free(d->table, (d->mask + 1ul) * sizeof(*d->table));
}

void tmpdir_free(struct tmpdir *d)
{
	uint32_t i;

	for (i = 0; i < d->end; i++)
		if (!slot_is_free(d->slots[i]))
			kfree(d->slots[i]);
	index_free(d);
	tmpdir_init(d);
}

struct tmpdir_entry *tmpdir_find(
    const struct tmpdir *d, const char *name, size_t len)
{
	uint32_t hash = (uint32_t)name_hash(name, len), i, cell;
	struct tmpdir_entry *e;

	if (!d->live)
		return NULL;
	for (i = hash & d->mask; (cell = d->table[i]) != 0;
	    i = (i + 1) & d->mask) {
		e = d->slots[cell - 1];
		if (e->hash == hash && e->len == len &&
		    memcmp(e->name, name, len) == 0)
			return e;
	}
	return NULL;
}

static void table_put(uint32_t *table, uint32_t mask, struct tmpdir_entry *e)
{
	uint32_t i = e->hash & mask;

	while (table[i])
		i = (i + 1) & mask;
	table[i] = e->slot + 1;
}

/* Room for one more entry. */
static enum err grow(struct tmpdir *d)
{
	uint32_t capacity = d->capacity ? d->capacity * 2 : SLOTS_FIRST;
	uint32_t mask = capacity * 2 - 1, i;
	struct tmpdir_entry **slots;
	uint32_t *table;

	if (capacity > SLOT_MAX)
		return E_NOSPC;
	slots = array_alloc(capacity * sizeof(*slots));
	table = array_alloc((mask + 1ul) * sizeof(*table));
	if (!slots || !table) {
		if (slots)
			array_free(slots, capacity * sizeof(*slots));
		if (table)
			array_free(table, (mask + 1ul) * sizeof(*table));
		return E_NOMEM;
	}
	for (i = 0; i < d->end; i++) {
		slots[i] = d->slots[i];
		if (!slot_is_free(slots[i]))
			table_put(table, mask, slots[i]);
	}
	index_free(d);
	d->slots = slots;
	d->table = table;
	d->capacity = capacity;
	d->mask = mask;
	return OK;
}

static uint32_t slot_take(struct tmpdir *d)
{
	uint32_t slot = d->free;

	if (slot == NONE)
		return d->end++;
	d->free = (uint32_t)((uintptr_t)d->slots[slot] >> 1);
	return slot;
}

enum err tmpdir_insert(
    struct tmpdir *d, const char *name, size_t len, struct node *node)
{
	struct tmpdir_entry *e;
	enum err err;

	if (d->free == NONE && d->end == d->capacity) {
		err = grow(d);
		if (err != OK)
			return err;
	}
	e = kmalloc(sizeof(*e) + len);
	if (!e)
		return E_NOMEM;
	e->node = node;
	e->hash = (uint32_t)name_hash(name, len);
	e->len = (uint32_t)len;
	memcpy(e->name, name, len);
	e->slot = slot_take(d);
	d->slots[e->slot] = e;
	table_put(d->table, d->mask, e);
	d->live++;
	return OK;
}

/* Empty cell i, then move back what probed past it. */
static void table_remove(struct tmpdir *d, uint32_t i)
{
	uint32_t j = i, home;

	for (;;) {
		d->table[i] = 0;
		do {
			j = (j + 1) & d->mask;
			if (!d->table[j])
				return;
			home = d->slots[d->table[j] - 1]->hash & d->mask;
			/* j's entry may move to i if its home is not in (i, j] */
		} while (((j - home) & d->mask) < ((j - i) & d->mask));
		d->table[i] = d->table[j];
		i = j;
	}
}

void tmpdir_remove(struct tmpdir *d, struct tmpdir_entry *e)
{
	uint32_t i = e->hash & d->mask;

	while (d->table[i] != e->slot + 1)
		i = (i + 1) & d->mask;
	table_remove(d, i);
	d->slots[e->slot] = (void *)((uintptr_t)d->free << 1 | 1);
	d->free = e->slot;
	kfree(e);
	if (--d->live == 0) {
		/* Start over, so that slot numbers stay small. */
		d->end = 0;
		d->free = NONE;
	}
}

struct tmpdir_entry *tmpdir_next(const struct tmpdir *d, uint64_t from)
{
	for (; from < d->end; from++)
		if (!slot_is_free(d->slots[from]))
			return d->slots[from];
	return NULL;
}
