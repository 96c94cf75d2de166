/* tests/host/vfs_shim.h -- a process with a root tmpfs, in a program. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "shim.h"
#include "kernel/mm/usercopy.h"
#include "kernel/vfs/file.h"
#include "kernel/vfs/fs_context.h"

/*
 * Links the router, tmpfs and the calls on paths against plain memory: user
 * addresses are the program's own, memory objects are arrays, descriptors a
 * small table. vfs_start makes a namespace with a tmpfs at "/" and a process
 * in it; vfs_stop takes it all away and checks that nothing is left.
 */
void vfs_start(void);
void vfs_stop(void);

/* Who the process is now. */
void vfs_become(uint32_t uid, uint32_t gid);

static inline struct uptr user(const void *p)
{
	return (struct uptr){(uintptr_t)p};
}

/* Close all descriptors from first on. */
void vfs_close(int fd);
struct object *vfs_object(int fd);
