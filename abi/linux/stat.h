/* abi/linux/stat.h -- what stat, statx and statfs fill in. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/base.h"

struct linux_stat {
	uint64_t dev, ino, nlink;
	uint32_t mode, uid, gid, pad;
	uint64_t rdev;
	int64_t size, blksize, blocks;
	int64_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
	int64_t unused[3];
};
static_assert(sizeof(struct linux_stat) == 144, "as on Linux");
static_assert(offsetof(struct linux_stat, size) == 48, "as on Linux");

struct linux_statx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};
struct linux_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad1;
	uint64_t ino, size, blocks, attributes_mask;
	struct linux_statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint64_t spare[13];
};
static_assert(sizeof(struct linux_statx) == 256, "as on Linux");
static_assert(offsetof(struct linux_statx, mnt_id) == 144, "as on Linux");

enum {
	LINUX_STATX_BASIC = 0x7ff,
	LINUX_STATX_BTIME = 0x800,
	LINUX_STATX_MNT_ID = 0x1000
};

struct linux_statfs {
	uint64_t type, bsize, blocks, bfree, bavail, files, ffree;
	int32_t fsid[2];
	uint64_t namelen, frsize, flags, spare[4];
};
static_assert(sizeof(struct linux_statfs) == 120, "as on Linux");
