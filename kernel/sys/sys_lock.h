/* kernel/sys/sys_lock.h -- file locks by fcntl and flock. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/desc.h"

/*
 * F_GETLK, F_SETLK(W) with the user's struct flock. ofd: the lock belongs to
 * the open file, not to the process. E_BADF for what is no file or not open
 * for it, E_INVAL, E_FAULT, E_AGAIN, E_DEADLK, E_RESTARTSYS.
 */
long lock_fcntl_test(struct held *h, struct uptr ulock, bool ofd);
long lock_fcntl_set(struct held *h, struct uptr ulock, bool ofd, bool wait);
