/* kernel/linux/attr_calls.h -- chmod, chown, truncate, utimes. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_chmod(struct uptr path, uint32_t mode);
long sys_fchmod(int fd, uint32_t mode);
long sys_fchmodat(int dirfd, struct uptr path, uint32_t mode);
long sys_fchmodat2(int dirfd, struct uptr path, uint32_t mode, unsigned flags);
long sys_chown(struct uptr path, uint32_t uid, uint32_t gid);
long sys_lchown(struct uptr path, uint32_t uid, uint32_t gid);
long sys_fchown(int fd, uint32_t uid, uint32_t gid);
long sys_fchownat(
    int dirfd, struct uptr path, uint32_t uid, uint32_t gid, unsigned flags);
long sys_truncate(struct uptr path, int64_t size);
long sys_utime(struct uptr path, struct uptr times);
long sys_utimes(struct uptr path, struct uptr times);
long sys_futimesat(int dirfd, struct uptr path, struct uptr times);
long sys_utimensat(
    int dirfd, struct uptr path, struct uptr times, unsigned flags);
