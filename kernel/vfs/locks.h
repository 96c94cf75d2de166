/* kernel/vfs/locks.h -- advisory locks: flock, POSIX, open-file-description. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct object;
struct file;
struct desc_table;

/*
 * fcntl's F_GETLK, F_SETLK, F_SETLKW (5, 6, 7) and F_OFD_GETLK, F_OFD_SETLK,
 * F_OFD_SETLKW (36, 37, 38); arg: struct flock in user memory. E_BADF when o
 * is not open in the mode the lock needs, E_INVAL when it cannot be locked,
 * E_AGAIN, E_DEADLK, E_INTR.
 */
long file_lock_fcntl(struct object *o, unsigned cmd, struct uptr arg);

/* flock(2): operation LOCK_SH 1, LOCK_EX 2, LOCK_UN 8, | LOCK_NB 4. */
long file_flock(struct object *o, int operation);

/*
 * A descriptor of f in table was closed: the table's POSIX locks on f's node
 * go. The end of a table closes all that it has.
 */
void file_locks_flush(struct file *f, const struct desc_table *table);

/* The last reference to f goes: its flock and OFD locks too. */
void file_locks_release(struct file *f);
