/* kernel/linux/size_calls.h -- file sizes, and copies between descriptors. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_ftruncate(int fd, int64_t size);
long sys_fallocate(int fd, int mode, int64_t off, int64_t n);
long sys_sendfile(int out_fd, int in_fd, struct uptr off, size_t n);
long sys_copy_file_range(int in_fd, struct uptr in_off, int out_fd,
    struct uptr out_off, size_t n, unsigned flags);
long sys_splice(int in_fd, struct uptr in_off, int out_fd, struct uptr out_off,
    size_t n, unsigned flags);
