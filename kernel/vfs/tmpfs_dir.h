/* kernel/vfs/tmpfs_dir.h -- the index of a directory in memory. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct node;

/*
 * Entries sit in numbered slots that they never leave, so that a slot number
 * is a stable position for readdir under any change: an entry that stays is
 * listed exactly once. A hash table of slot numbers finds names. Pure, no
 * locking of its own; also built on the host.
 */
struct tmpdir_entry {
	struct node *node;
	uint32_t slot;
	uint32_t hash;
	uint32_t len;
	char name[];
};

struct tmpdir {
	struct tmpdir_entry **slots; /* or odd: number of next free << 1 | 1 */
	uint32_t *table;             /* slot + 1, or 0; open addressing */
	uint32_t capacity;           /* slots allocated */
	uint32_t end;                /* slots ever used */
	uint32_t free;               /* first free slot below end, or NONE */
	uint32_t live;
	uint32_t mask; /* table size - 1 */
};

/* Empty. */
void tmpdir_init(struct tmpdir *d);
/* Frees the index and the entries, not what they name. */
void tmpdir_free(struct tmpdir *d);

/* NULL: no such name. */
struct tmpdir_entry *tmpdir_find(
    const struct tmpdir *d, const char *name, size_t len);

/* The name must not be there. E_NOMEM. */
enum err tmpdir_insert(
    struct tmpdir *d, const char *name, size_t len, struct node *node);

/* Takes e out and frees it. */
void tmpdir_remove(struct tmpdir *d, struct tmpdir_entry *e);

/* First entry in slot `from` or a later one; NULL: none. */
struct tmpdir_entry *tmpdir_next(const struct tmpdir *d, uint64_t from);
