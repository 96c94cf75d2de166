/* abi/linux/flock.h -- the argument of fcntl's record locks. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/base.h"

struct linux_flock {
	int16_t type; /* LINUX_F_RDLCK ... */
	int16_t whence;
	int64_t start;
	int64_t len; /* 0: to the end; negative: before start */
	int32_t pid;
};
static_assert(sizeof(struct linux_flock) == 32, "as on Linux");
static_assert(offsetof(struct linux_flock, start) == 8, "as on Linux");

enum linux_lock_type { LINUX_F_RDLCK, LINUX_F_WRLCK, LINUX_F_UNLCK };
