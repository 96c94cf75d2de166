/* kernel/linux/path_calls.h -- open, mkdir, unlink, rename, link, ... */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_open(struct uptr path, uint32_t flags, uint32_t mode);
long sys_creat(struct uptr path, uint32_t mode);
long sys_openat2(int dirfd, struct uptr path, struct uptr how, size_t size);
long sys_mkdir(struct uptr path, uint32_t mode);
long sys_mkdirat(int dirfd, struct uptr path, uint32_t mode);
long sys_mknod(struct uptr path, uint32_t mode, uint32_t dev);
long sys_mknodat(int dirfd, struct uptr path, uint32_t mode, uint32_t dev);
long sys_symlink(struct uptr target, struct uptr path);
long sys_symlinkat(struct uptr target, int dirfd, struct uptr path);
long sys_link(struct uptr from, struct uptr to);
long sys_linkat(
    int fromfd, struct uptr from, int tofd, struct uptr to, unsigned flags);
long sys_unlink(struct uptr path);
long sys_rmdir(struct uptr path);
long sys_unlinkat(int dirfd, struct uptr path, unsigned flags);
long sys_rename(struct uptr from, struct uptr to);
long sys_renameat(int fromfd, struct uptr from, int tofd, struct uptr to);
long sys_renameat2(
    int fromfd, struct uptr from, int tofd, struct uptr to, unsigned flags);
long sys_readlink(struct uptr path, struct uptr buf, int size);
long sys_readlinkat(int dirfd, struct uptr path, struct uptr buf, int size);
