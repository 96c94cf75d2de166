/* kernel/linux/timerfd_calls.h -- timerfd. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* timerfd_create(2). */
long sys_timerfd_create(int clock, int flags);
/* timerfd_settime(2). */
long sys_timerfd_settime(int fd, int flags, struct uptr new, struct uptr old);
/* timerfd_gettime(2). */
long sys_timerfd_gettime(int fd, struct uptr out);
