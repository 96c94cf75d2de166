/* kernel/vfs/name_internal.h -- what name.c and name_move.c share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/vfs/name.h"

/* Guards n's list of children. */
struct lock *name_child_lock(const struct name *n);

/* Put n in the table under its present parent and hash; counts it. */
void name_hash_in(struct name *n);

/*
 * Take n out of the table; true when it was in. Keeps the table's count. When
 * a rename moves n meanwhile, the chain does not have it: look again.
 */
bool name_hash_out(struct name *n);

/* May dir's names be kept in the table? */
bool name_caches(const struct name *dir);

/* Find in the table and count a reference; NULL: not cached. */
struct name *name_find_get(struct name *dir, const struct component *c);
