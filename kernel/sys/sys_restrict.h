/* kernel/sys/sys_restrict.h -- native calls: giving things up for good. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* Keep these rights of a descriptor. E_ACCES: not a subset; E_BADF. */
long sys_cap_limit(int fd, uint32_t rights);
/* Keep these mode bits. E_PERM: not a subset. */
long sys_pledge(uint32_t mode);
/*
 * From the first call on only unveiled paths exist, with these rights (enum
 * unveil_rights). What the last component names need not exist. Both 0: lock.
 * E_PERM: wider than what is seen; E_NOENT, E_INVAL, E_NOSPC, E_NOMEM.
 */
long sys_unveil(struct uptr path, uint32_t rights);
/* From now on: no names, only descriptors. */
long sys_sandbox_enter(void);
