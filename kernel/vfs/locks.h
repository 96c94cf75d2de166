/* kernel/vfs/locks.h -- advisory locks: flock, POSIX, open-file-description. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct object;
struct file;

/*
 * fcntl's F_GETLK, F_SETLK, F_SETLKW (5, 6, 7) and F_OFD_GETLK, F_OFD_SETLK,
 * F_OFD_SETLKW (36, 37, 38); arg: struct flock in user memory. E_BADF when o
 * is no file or not open in the mode the lock needs, E_AGAIN, E_DEADLK, E_INTR.
 */
long file_lock_fcntl(struct object *o, unsigned cmd, struct uptr arg);

/* flock(2): operation LOCK_SH 1, LOCK_EX 2, LOCK_UN 8, | LOCK_NB 4. */
long file_flock(struct object *o, int operation);

/*
 * A descriptor of f was closed: the process's POSIX locks on its node go. Also
 * to be called for each open file when a process dies (desc_table_put's
 * closing does).
 */
void file_locks_flush(struct file *f);

/* The last reference to f goes: its flock and OFD locks too. */
void file_locks_release(struct file *f);
