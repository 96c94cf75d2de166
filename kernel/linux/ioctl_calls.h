/* kernel/linux/ioctl_calls.h -- ioctl. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* ioctl(2): FIONBIO, FIOASYNC, FIO(N)CLEX, else the object's. E_NOTTY. */
long sys_ioctl(int fd, uint32_t cmd, uint64_t arg);
