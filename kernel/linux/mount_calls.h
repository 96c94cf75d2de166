/* kernel/linux/mount_calls.h -- mount, umount2. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_mount(struct uptr source, struct uptr target, struct uptr type,
    uint64_t flags, struct uptr data);
long sys_umount2(struct uptr target, unsigned flags);
