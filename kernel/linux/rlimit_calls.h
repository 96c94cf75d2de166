/* kernel/linux/rlimit_calls.h -- resource limits. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_getrlimit(uint32_t id, struct uptr out);
long sys_setrlimit(uint32_t id, struct uptr in);
long sys_prlimit64(int pid, uint32_t id, struct uptr in, struct uptr out);
