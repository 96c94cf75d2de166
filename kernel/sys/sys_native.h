/* kernel/sys/sys_native.h -- native calls that belong to no object. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* Does nothing: what a system call costs by itself. */
long sys_native_null(void);
