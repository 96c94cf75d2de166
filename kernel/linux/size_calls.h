/* kernel/linux/size_calls.h -- file sizes, and copies between descriptors. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* ftruncate(2). */
long sys_ftruncate(int fd, int64_t size);
/* fallocate(2). */
long sys_fallocate(int fd, int mode, int64_t off, int64_t n);
/* sendfile(2): from what has positions. E_INVAL. */
long sys_sendfile(int out_fd, int in_fd, struct uptr off, size_t n);
/* copy_file_range(2): regular files, no overlap. E_INVAL. */
long sys_copy_file_range(int in_fd, struct uptr in_off, int out_fd,
    struct uptr out_off, size_t n, unsigned flags);
/* splice(2), by copying: one side is a pipe. E_INVAL. */
long sys_splice(int in_fd, struct uptr in_off, int out_fd, struct uptr out_off,
    size_t n, unsigned flags);
