/* kernel/linux/process_calls.h -- fork, exec, wait, groups, prctl. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_fork(void);
long sys_vfork(void);
long sys_clone3(struct uptr args, size_t size);
long sys_execve(struct uptr path, struct uptr argv, struct uptr envp);
long sys_execveat(
    int dirfd, struct uptr path, struct uptr argv, struct uptr envp, int flags);
long sys_wait4(int pid, struct uptr status, int options, struct uptr usage);
long sys_waitid(
    int which, int id, struct uptr info, int options, struct uptr usage);
long sys_getpid(void);
long sys_getppid(void);
long sys_getpgid(int pid);
long sys_setpgid(int pid, int pgid);
long sys_getpgrp(void);
long sys_getsid(int pid);
long sys_setsid(void);
long sys_get_robust_list(int pid, struct uptr head, struct uptr size);
long sys_prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
long sys_personality(uint32_t persona);
