/* abi/linux/dirent.h -- records of getdents and getdents64. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/base.h"

struct linux_dirent64 {
	uint64_t ino;
	int64_t off; /* position behind this record */
	uint16_t reclen;
	uint8_t type;
	char name[];
};

/* The old call: the type is the record's last byte. */
struct linux_dirent {
	uint64_t ino;
	uint64_t off;
	uint16_t reclen;
	char name[];
};

enum { DIRENT64_NAME_OFFSET = 19, DIRENT_NAME_OFFSET = 18 };
static_assert(offsetof(struct linux_dirent64, name) == DIRENT64_NAME_OFFSET,
    "as on Linux");
static_assert(
    offsetof(struct linux_dirent, name) == DIRENT_NAME_OFFSET, "as on Linux");
