/* kernel/sys/sys_time.h -- handlers: clocks and sleeping. See their man 2. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_clock_gettime(int clock, struct uptr out);
long sys_clock_getres(int clock, struct uptr out);
long sys_clock_settime(int clock, struct uptr in);
long sys_gettimeofday(struct uptr tv, struct uptr tz);
long sys_settimeofday(struct uptr tv, struct uptr tz);
long sys_time(struct uptr out);
long sys_nanosleep(struct uptr req, struct uptr rem);
long sys_clock_nanosleep(
    int clock, int flags, struct uptr req, struct uptr rem);
