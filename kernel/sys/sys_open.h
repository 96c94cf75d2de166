/* kernel/sys/sys_open.h -- openat, fstat: files by name for every silo. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct kstat;

long sys_openat(int dirfd, struct uptr path, uint32_t flags, uint32_t mode);
long sys_fstat(int fd, struct uptr buf);

/* Copy attributes out as Linux's struct stat. */
enum err stat_copy_out(const struct kstat *st, struct uptr buf);

/* What fstat of fd says. E_BADF. */
enum err stat_descriptor(int fd, struct kstat *out);

/* Open with extra walk flags and install; the descriptor or an error. */
long open_and_install(int dirfd, struct uptr path, uint32_t flags,
    uint32_t mode, unsigned walk_flags);
