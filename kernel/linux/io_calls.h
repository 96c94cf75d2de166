/* kernel/linux/io_calls.h -- positioned and moved I/O, sync, sizes. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* pread(2), pwrite(2): at a position, the own one stays. E_SPIPE. */
long sys_pread64(int fd, struct uptr buf, size_t n, int64_t off);
/* See sys_pread64. */
long sys_pwrite64(int fd, struct uptr buf, size_t n, int64_t off);
/* preadv(2), pwritev(2). */
long sys_preadv(int fd, struct uptr vec, uint64_t count, int64_t off);
/* See sys_preadv. */
long sys_pwritev(int fd, struct uptr vec, uint64_t count, int64_t off);
/* preadv2(2), pwritev2(2): RWF_* flags; E_OPNOTSUPP for others. */
long sys_preadv2(int fd, struct uptr vec, uint64_t count, int64_t off,
    uint64_t off_high, unsigned flags);
/* See sys_preadv2. */
long sys_pwritev2(int fd, struct uptr vec, uint64_t count, int64_t off,
    uint64_t off_high, unsigned flags);
/* fsync(2): E_INVAL for what is no file. */
long sys_fsync(int fd);
/* fdatasync(2). */
long sys_fdatasync(int fd);
/* sync_file_range(2): the whole scheme is synced. E_SPIPE. */
long sys_sync_file_range(int fd, int64_t off, int64_t n, unsigned flags);
/* posix_fadvise(2): checked, then ignored. */
long sys_fadvise64(int fd, int64_t off, int64_t n, int advice);
