/* kernel/vfs/cpio.h -- reading cpio archives (newc), hostile ones too. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* Pure: also built and fuzzed on the host. */
struct cpio {
	const uint8_t *base;
	size_t size;
	size_t at; /* offset of the next entry */
};

/* What the walk over an archive gives; pointers go into the archive. */
struct cpio_entry {
	const uint8_t *header;
	const char *name; /* cleaned: no "./", no leading or trailing slash */
	size_t name_len;  /* 0: the root */
	const uint8_t *data;
	uint64_t size;
	uint32_t ino, mode, nlink;
};

/* The fields that only a node needs. */
struct cpio_attr {
	uint32_t uid, gid, mtime, dev_major, dev_minor, rdev_major, rdev_minor;
};

/*
 * The next entry. E_NODATA at the end, E_ILSEQ when the archive is broken at
 * cpio->at. An entry whose name holds "..", or is no proper path, is skipped.
 * Archives may follow one another (padded with zeroes).
 */
enum err cpio_next(struct cpio *c, struct cpio_entry *out);

/* header: as cpio_next gave it. E_ILSEQ. */
enum err cpio_attributes(const uint8_t *header, struct cpio_attr *out);

/* Eight hexadecimal digits. False when they are not. */
bool cpio_hex(const uint8_t *s, uint32_t *out);
