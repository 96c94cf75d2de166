/* kernel/linux/xattr_calls.c -- extended attributes: no scheme keeps any. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/linux/xattr_calls.h"
#include "kernel/linux/at.h"

/*
 * As on a Linux filesystem without them: the file must exist, then every call
 * says E_OPNOTSUPP, which programs take for "none" without a word.
 */
static long by_path(struct uptr path, unsigned flags)
{
	struct path p;
	enum err e = at_walk(FD_CWD, path, flags, &p);

	if (e != OK)
		return e;
	path_put(&p);
	return E_OPNOTSUPP;
}

static long by_fd(int fd)
{
	struct held h;
	enum err e = desc_hold(fd, 0, &h);

	if (e != OK)
		return e;
	desc_release(&h);
	return E_OPNOTSUPP;
}

#define XATTR_CALLS(verb)                                        \
	long sys_##verb##xattr(struct uptr path)                 \
	{                                                        \
		return by_path(path, 0);                         \
	}                                                        \
	long sys_l##verb##xattr(struct uptr path)                \
	{                                                        \
		return by_path(path, LINUX_AT_SYMLINK_NOFOLLOW); \
	}                                                        \
	long sys_f##verb##xattr(int fd)                          \
	{                                                        \
		return by_fd(fd);                                \
	}

XATTR_CALLS(set)
XATTR_CALLS(get)
XATTR_CALLS(list)
XATTR_CALLS(remove)
