/* kernel/linux/signalfd_calls.h -- signalfd. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* signalfd(2), the old form. */
long sys_signalfd(int fd, struct uptr mask, size_t size);
/* signalfd(2): fd -1 makes one, else its mask is changed. */
long sys_signalfd4(int fd, struct uptr mask, size_t size, int flags);
