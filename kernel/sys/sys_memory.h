/* kernel/sys/sys_memory.h -- system calls: the address space. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_mmap(uint64_t at, uint64_t len, uint64_t prot, uint64_t flags, int fd,
    uint64_t off);
long sys_munmap(uint64_t at, uint64_t len);
long sys_mprotect(uint64_t at, uint64_t len, uint64_t prot);
long sys_mremap(uint64_t at, uint64_t old_len, uint64_t new_len, uint64_t flags,
    uint64_t new_at);
long sys_madvise(uint64_t at, uint64_t len, int advice);
long sys_brk(uint64_t end);
