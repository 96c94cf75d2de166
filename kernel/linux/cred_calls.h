/* kernel/linux/cred_calls.h -- user and group ids, capability sets. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_getuid(void);
long sys_geteuid(void);
long sys_getgid(void);
long sys_getegid(void);
long sys_getresuid(struct uptr r, struct uptr e, struct uptr s);
long sys_getresgid(struct uptr r, struct uptr e, struct uptr s);
long sys_setuid(uint32_t uid);
long sys_setgid(uint32_t gid);
long sys_setreuid(uint32_t ruid, uint32_t euid);
long sys_setregid(uint32_t rgid, uint32_t egid);
long sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid);
long sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid);
long sys_setfsuid(uint32_t uid);
long sys_setfsgid(uint32_t gid);
long sys_getgroups(int size, struct uptr list);
long sys_setgroups(int size, struct uptr list);
long sys_capget(struct uptr header, struct uptr data);
long sys_capset(struct uptr header, struct uptr data);
