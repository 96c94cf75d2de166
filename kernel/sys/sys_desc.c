/* kernel/sys/sys_desc.c -- system calls on descriptors: close, dup, fcntl. */
/* SPDX-License-Identifier: MIT */
#include "kernel/sys/sys_desc.h"
#include "kernel/object/pipe.h"
#include "kernel/object/process.h"
#include "kernel/vfs/file.h"
#include "kernel/vfs/locks.h"

enum fcntl_command { /* Linux's */
	F_DUPFD = 0,
	F_GETFD = 1,
	F_SETFD = 2,
	F_GETFL = 3,
	F_SETFL = 4,
	F_GETLK = 5,
	F_SETLK = 6,
	F_SETLKW = 7,
	F_OFD_GETLK = 36,
	F_OFD_SETLK = 37,
	F_OFD_SETLKW = 38,
	F_DUPFD_CLOEXEC = 1030,
	F_SETPIPE_SZ = 1031,
	F_GETPIPE_SZ = 1032,
};

enum { FD_CLOEXEC = 1 };

/* What F_SETFL changes; the rest of its argument is ignored. */
#define SETFL_MASK \
	((uint32_t)(O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME))
/* What only open itself used, so that F_GETFL does not show it. */
#define OPEN_ONLY \
	((uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC))

long sys_close(int fd)
{
	return desc_close(fd);
}

long sys_dup(int fd)
{
	int to;
	enum err e = desc_dup(fd, 0, 0, &to);

	return e == OK ? to : e;
}

static long dup_from(int fd, uint64_t min, unsigned flags)
{
	int to;
	enum err e;

	/* An int in Linux's interface; what it cannot hold is too large. */
	e = desc_dup(fd, min > INT32_MAX ? -1 : (int)min, flags, &to);
	return e == OK ? to : e;
}

static long get_fd_flags(int fd)
{
	unsigned flags;
	enum err e = desc_get_flags(fd, &flags);

	return e == OK ? (long)(flags & FD_CLOEXEC) : e;
}

static long set_status_flags(struct object *o, uint64_t arg)
{
	uint32_t oflags = o->oflags;

	oflags = (oflags & ~SETFL_MASK) | ((uint32_t)arg & SETFL_MASK);
	if (o->ops->set_flags)
		return o->ops->set_flags(o, oflags);
	o->oflags = oflags;
	return 0;
}

/*
 * A record lock was set. Another thread may have closed fd meanwhile, before
 * the lock was there to be dropped: then it is dropped here.
 */
static long lock_check(int fd, struct held *h)
{
	struct object *o = h->obj;
	struct held now;
	bool same;

	if (!h->counted) /* nobody else closes */
		return 0;
	if (desc_hold(fd, 0, &now) == OK) {
		same = now.obj == o;
		desc_release(&now);
		if (same)
			return 0;
	}
	o->ops->flush(o, process_current()->descs);
	return E_BADF;
}

/* The commands that concern the open object, not the descriptor. */
static long object_fcntl(struct held *h, unsigned cmd, uint64_t arg)
{
	struct object *o = h->obj;

	switch (cmd) {
	case F_GETFL:
		return o->oflags & ~OPEN_ONLY;
	case F_SETFL:
		return o->oflags & O_PATH ? E_BADF : set_status_flags(o, arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return file_lock_fcntl(o, cmd, (struct uptr){arg});
	case F_GETPIPE_SZ:
		return pipe_get_size(o);
	case F_SETPIPE_SZ:
		return pipe_set_size(o, (size_t)arg);
	default:
		return E_INVAL;
	}
}

long sys_fcntl(int fd, unsigned cmd, uint64_t arg)
{
	struct held h;
	enum err e;
	long r;

	switch (cmd) {
	case F_DUPFD:
		return dup_from(fd, arg, 0);
	case F_DUPFD_CLOEXEC:
		return dup_from(fd, arg, DESC_CLOEXEC);
	case F_GETFD:
		return get_fd_flags(fd);
	case F_SETFD:
		return desc_set_flags(fd, arg & FD_CLOEXEC ? DESC_CLOEXEC : 0);
	default:
		break;
	}
	e = desc_hold(fd, 0, &h);
	if (e != OK)
		return e;
	r = object_fcntl(&h, cmd, arg);
	if (r == 0 && (cmd == F_SETLK || cmd == F_SETLKW))
		r = lock_check(fd, &h);
	desc_release(&h);
	return r;
}
