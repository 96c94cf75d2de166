/* kernel/linux/memory_calls.h -- mincore, msync, mlock, membarrier. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_mincore(uint64_t at, uint64_t len, struct uptr vec);
long sys_msync(uint64_t at, uint64_t len, int flags);
long sys_mlock(uint64_t at, uint64_t len);
long sys_munlock(uint64_t at, uint64_t len);
long sys_mlockall(int flags);
long sys_munlockall(void);
long sys_mlock2(uint64_t at, uint64_t len, int flags);
long sys_membarrier(int cmd, uint32_t flags, int cpu);
