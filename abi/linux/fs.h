/* abi/linux/fs.h -- flags and arguments of calls on paths. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/base.h"

enum linux_at_flags {
	LINUX_AT_SYMLINK_NOFOLLOW = 0x100,
	LINUX_AT_REMOVEDIR = 0x200,
	LINUX_AT_EACCESS = 0x200,
	LINUX_AT_SYMLINK_FOLLOW = 0x400,
	LINUX_AT_NO_AUTOMOUNT = 0x800,
	LINUX_AT_EMPTY_PATH = 0x1000,
	LINUX_AT_STATX_SYNC = 0x6000,
};

/* openat2 */
struct linux_open_how {
	uint64_t flags, mode, resolve;
};
static_assert(sizeof(struct linux_open_how) == 24, "as on Linux");

enum linux_resolve {
	LINUX_RESOLVE_NO_XDEV = 1,
	LINUX_RESOLVE_NO_MAGICLINKS = 2,
	LINUX_RESOLVE_NO_SYMLINKS = 4,
	LINUX_RESOLVE_BENEATH = 8,
	LINUX_RESOLVE_IN_ROOT = 16,
	LINUX_RESOLVE_CACHED = 32,
};

/* umount2 */
enum linux_umount_flags {
	LINUX_MNT_FORCE = 1,
	LINUX_MNT_DETACH = 2,
	LINUX_MNT_EXPIRE = 4,
	LINUX_UMOUNT_NOFOLLOW = 8,
};

struct linux_timespec {
	int64_t sec, nsec;
};
struct linux_timeval {
	int64_t sec, usec;
};
enum { LINUX_UTIME_NOW = 0x3fffffff, LINUX_UTIME_OMIT = 0x3ffffffe };
