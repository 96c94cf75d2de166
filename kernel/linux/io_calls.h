/* kernel/linux/io_calls.h -- positioned and moved I/O, sync, sizes. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_pread64(int fd, struct uptr buf, size_t n, int64_t off);
long sys_pwrite64(int fd, struct uptr buf, size_t n, int64_t off);
long sys_preadv(int fd, struct uptr vec, uint64_t count, int64_t off);
long sys_pwritev(int fd, struct uptr vec, uint64_t count, int64_t off);
long sys_preadv2(int fd, struct uptr vec, uint64_t count, int64_t off,
    uint64_t off_high, unsigned flags);
long sys_pwritev2(int fd, struct uptr vec, uint64_t count, int64_t off,
    uint64_t off_high, unsigned flags);
long sys_fsync(int fd);
long sys_fdatasync(int fd);
long sys_sync_file_range(int fd, int64_t off, int64_t n, unsigned flags);
long sys_fadvise64(int fd, int64_t off, int64_t n, int advice);
