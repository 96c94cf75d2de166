/* kernel/linux/sched_calls.h -- scheduling policy, niceness, affinity. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_sched_setparam(int pid, struct uptr param);
long sys_sched_getparam(int pid, struct uptr param);
long sys_sched_setscheduler(int pid, int policy, struct uptr param);
long sys_sched_getscheduler(int pid);
long sys_sched_get_priority_max(int policy);
long sys_sched_get_priority_min(int policy);
long sys_sched_rr_get_interval(int pid, struct uptr out);
long sys_sched_setaffinity(int pid, uint32_t size, struct uptr mask);
long sys_sched_getaffinity(int pid, uint32_t size, struct uptr mask);
long sys_sched_setattr(int pid, struct uptr attr, uint32_t flags);
long sys_sched_getattr(
    int pid, struct uptr attr, uint32_t size, uint32_t flags);
long sys_getpriority(int which, int who);
long sys_setpriority(int which, int who, int nice);
long sys_getcpu(struct uptr cpu, struct uptr node, struct uptr unused);
