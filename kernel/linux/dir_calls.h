/* kernel/linux/dir_calls.h -- getdents, getcwd, chdir, chroot, umask. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_getdents(int fd, struct uptr buf, unsigned size);
long sys_getdents64(int fd, struct uptr buf, unsigned size);
long sys_getcwd(struct uptr buf, size_t size);
long sys_chdir(struct uptr path);
long sys_fchdir(int fd);
long sys_chroot(struct uptr path);
long sys_umask(uint32_t mask);
