/* kernel/linux/pipe_calls.c -- calls that make or move descriptors. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/pipe_calls.h"
#include "kernel/object/desc.h"
#include "kernel/object/eventfd.h"
#include "kernel/object/pipe.h"
#include "kernel/object/process.h"
#include "kernel/mm/usercopy.h"
#include "kernel/vfs/file.h"
#include "kernel/vfs/locks.h"

static unsigned cloexec_of(unsigned flags)
{
	return flags & O_CLOEXEC ? DESC_CLOEXEC : 0;
}

/* Install o, or drop it. The number or an error. */
static long install_new(struct object *o, uint32_t rights, unsigned flags)
{
	int fd;
	enum err e = desc_install(o, rights, flags, 0, &fd);

	if (e == OK)
		return fd;
	object_put(o);
	return e;
}

long sys_pipe2(struct uptr ufds, unsigned flags)
{
	struct object *ends[2];
	long fd[2];
	int32_t out[2];
	enum err e;

	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return E_INVAL;
	e = pipe_create(flags, &ends[0], &ends[1]);
	if (e != OK)
		return e;
	fd[0] = install_new(ends[0], RIGHTS_ALL, cloexec_of(flags));
	if (fd[0] < 0) {
		object_put(ends[1]);
		return fd[0];
	}
	fd[1] = install_new(ends[1], RIGHTS_ALL, cloexec_of(flags));
	if (fd[1] < 0) {
		e = (enum err)fd[1];
		goto close_first;
	}
	out[0] = (int32_t)fd[0];
	out[1] = (int32_t)fd[1];
	e = copy_to_user(ufds, out, sizeof(out));
	if (e == OK)
		return 0;
	/* Another thread may have closed it already: not our error. */
	(void)!desc_close((int)fd[1]);
close_first:
	(void)!desc_close((int)fd[0]);
	return e;
}

long sys_pipe(struct uptr fds)
{
	return sys_pipe2(fds, 0);
}

long sys_eventfd2(unsigned initial, unsigned flags)
{
	struct object *o;
	enum err e;

	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK | EVENTFD_SEMAPHORE))
		return E_INVAL;
	e = eventfd_create(
	    initial, flags & EVENTFD_SEMAPHORE, flags & O_NONBLOCK, &o);
	if (e != OK)
		return e;
	return install_new(o, RIGHTS_ALL, cloexec_of(flags));
}

long sys_eventfd(unsigned initial)
{
	return sys_eventfd2(initial, 0);
}

/* Sealing, huge pages: not offered, so said. */
long sys_memfd_create(struct uptr uname, unsigned flags)
{
	enum { CLOEXEC = 1, NOEXEC_SEAL = 8, EXEC = 16, NAME_SIZE = 250 };
	char name[NAME_SIZE];
	struct file *f;
	enum err e;

	if (flags & ~(unsigned)(CLOEXEC | EXEC))
		return E_INVAL;
	e = strncpy_from_user(name, uname, sizeof(name), NULL);
	if (e == E_NAMETOOLONG)
		e = E_INVAL;
	if (e == OK)
		e = file_create_anon(name, O_RDWR | O_LARGEFILE, &f);
	if (e != OK)
		return e;
	return install_new(
	    &f->object, RIGHTS_ALL, flags & CLOEXEC ? DESC_CLOEXEC : 0);
}

long sys_dup2(int fd, int to)
{
	unsigned flags;
	enum err e;

	/* To itself: nothing, not even close-on-exec, changes. */
	if (fd == to)
		e = desc_get_flags(fd, &flags);
	else
		e = desc_dup_to(fd, to, 0);
	return e == OK ? to : e;
}

long sys_dup3(int fd, int to, unsigned flags)
{
	enum err e;

	if (flags & ~(unsigned)O_CLOEXEC || fd == to)
		return E_INVAL;
	e = desc_dup_to(fd, to, cloexec_of(flags));
	return e == OK ? to : e;
}

long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	enum { UNSHARE = 2, CLOEXEC = 4 };
	enum err e;

	if (flags & ~(unsigned)(UNSHARE | CLOEXEC) || first > last)
		return E_INVAL;
	if (flags & UNSHARE) {
		e = desc_table_unshare(&process_current()->descs);
		if (e != OK)
			return e;
	}
	return desc_close_range(first, last, flags & CLOEXEC);
}

long sys_flock(int fd, int operation)
{
	struct held h;
	enum err e = desc_hold(fd, 0, &h);
	long r;

	if (e != OK)
		return e;
	r = file_flock(h.obj, operation);
	desc_release(&h);
	return r;
}
