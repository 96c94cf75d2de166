/* kernel/linux/stat_calls.h -- stat, statx, access, statfs. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_stat(struct uptr path, struct uptr buf);
long sys_lstat(struct uptr path, struct uptr buf);
long sys_newfstatat(
    int dirfd, struct uptr path, struct uptr buf, unsigned flags);
long sys_statx(int dirfd, struct uptr path, unsigned flags, unsigned mask,
    struct uptr buf);
long sys_access(struct uptr path, unsigned mode);
long sys_faccessat(int dirfd, struct uptr path, unsigned mode);
long sys_faccessat2(int dirfd, struct uptr path, unsigned mode, unsigned flags);
long sys_statfs(struct uptr path, struct uptr buf);
long sys_fstatfs(int fd, struct uptr buf);
long sys_sync(void);
long sys_syncfs(int fd);
