/* kernel/vfs/devfs.h -- device nodes and the drivers behind their numbers. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/vfs/node.h"

/* Linux's encoding of a device number, as mknod and stat have it. */
static inline uint64_t dev_make(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | (major & 0xfff) << 8 |
	       (uint64_t)(minor & 0xfff00) << 12;
}

/*
 * Add /dev/NAME (one folder deep at most: "pts/0"), of mode (type and
 * permissions), and the function that opens every node of that type and
 * number, wherever it lies. name NULL: only the function. open makes the
 * object (file_new helps) and is never called without permission. May be
 * called before vfs_init. E_NOMEM, E_EXIST.
 */
enum err dev_register(const char *name, uint32_t mode, uint64_t rdev,
    enum err (*open)(struct node *, uint32_t, struct object **));

/* Take /dev/NAME away again; open files stay. */
void dev_unregister(const char *name);
