/* kernel/sys/sys_native.c -- native calls that belong to no object. */
/* SPDX-License-Identifier: MIT */
#include "kernel/sys/sys_native.h"

long sys_native_null(void)
{
	return OK;
}
