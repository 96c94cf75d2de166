/* kernel/linux/usage_calls.h -- what was used: getrusage, times. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_getrusage(int who, struct uptr out);
long sys_times(struct uptr out);
