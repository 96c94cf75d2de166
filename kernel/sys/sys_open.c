/* kernel/sys/sys_open.c -- openat, fstat: files by name for every silo. */
/* SPDX-License-Identifier: MIT */
#include "kernel/sys/sys_open.h"
#include "abi/linux/stat.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/desc.h"
#include "kernel/vfs/file.h"

enum {
	OPEN_KNOWN = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC |
	             O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT |
	             O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME |
	             O_CLOEXEC | O_PATH | O_TMPFILE,
};

long open_and_install(int dirfd, struct uptr path, uint32_t flags,
    uint32_t mode, unsigned walk_flags)
{
	struct object *o;
	enum err e;
	int fd;

	flags &= OPEN_KNOWN; /* open(2) ignores what it does not know */
	e = file_open_user(dirfd, path, flags, mode, walk_flags, &o);
	if (e != OK)
		return e;
	e = desc_install(
	    o, RIGHTS_ALL, flags & O_CLOEXEC ? DESC_CLOEXEC : 0, 0, &fd);
	if (e != OK) {
		object_put(o);
		return e;
	}
	return fd;
}

long sys_openat(int dirfd, struct uptr path, uint32_t flags, uint32_t mode)
{
	return open_and_install(dirfd, path, flags, mode, 0);
}

enum err stat_copy_out(const struct kstat *st, struct uptr buf)
{
	struct linux_stat out = {
	    .dev = st->dev,
	    .ino = st->ino,
	    .nlink = st->nlink,
	    .mode = st->mode,
	    .uid = st->uid,
	    .gid = st->gid,
	    .rdev = st->rdev,
	    .size = (int64_t)st->size,
	    .blksize = (int64_t)st->blksize,
	    .blocks = (int64_t)st->blocks,
	    .atime = st->atime.sec,
	    .atime_nsec = st->atime.nsec,
	    .mtime = st->mtime.sec,
	    .mtime_nsec = st->mtime.nsec,
	    .ctime = st->ctime.sec,
	    .ctime_nsec = st->ctime.nsec,
	};

	return copy_to_user(buf, &out, sizeof(out));
}

enum err stat_descriptor(int fd, struct kstat *out)
{
	struct held h;
	enum err e = desc_hold(fd, 0, &h);

	if (e != OK)
		return e;
	*out = (struct kstat){.blksize = PAGE_SIZE};
	e = h.obj->ops->stat ? h.obj->ops->stat(h.obj, out) : OK;
	desc_release(&h);
	return e;
}

long sys_fstat(int fd, struct uptr buf)
{
	struct kstat st;
	enum err e = stat_descriptor(fd, &st);

	return e == OK ? stat_copy_out(&st, buf) : e;
}
