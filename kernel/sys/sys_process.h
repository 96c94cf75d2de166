/* kernel/sys/sys_process.h -- system calls: threads, exit, scheduling. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_clone(uint64_t flags, uint64_t stack, struct uptr parent_tid,
    struct uptr child_tid, uint64_t tls);
long sys_exit(int code);
long sys_exit_group(int code);
long sys_gettid(void);
long sys_set_tid_address(struct uptr word);
long sys_set_robust_list(struct uptr head, size_t size);
long sys_arch_prctl(int code, uint64_t addr);
long sys_sched_yield(void);
long sys_restart_syscall(void);
