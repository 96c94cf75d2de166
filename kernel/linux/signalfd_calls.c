/* kernel/linux/signalfd_calls.c -- signalfd. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/signalfd_calls.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/desc.h"
#include "kernel/object/signalfd.h"
#include "kernel/vfs/file.h"

static long make(uint64_t mask, int flags)
{
	struct object *o;
	int fd;
	enum err e = signalfd_create(mask, (uint32_t)flags & O_NONBLOCK, &o);

	if (e != OK)
		return e;
	e = desc_install(
	    o, RIGHTS_ALL, flags & O_CLOEXEC ? DESC_CLOEXEC : 0, 0, &fd);
	if (e == OK)
		return fd;
	object_put(o);
	return e;
}

long sys_signalfd4(int fd, struct uptr umask, size_t size, int flags)
{
	struct held h;
	uint64_t mask;
	enum err e;

	if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) || size != sizeof(mask))
		return E_INVAL;
	e = user_read_u64(umask, &mask);
	if (e != OK)
		return e;
	if (fd == -1)
		return make(mask, flags);
	e = desc_hold(fd, 0, &h);
	if (e != OK)
		return e;
	e = signalfd_set_mask(h.obj, mask);
	desc_release(&h);
	return e == OK ? fd : e;
}

long sys_signalfd(int fd, struct uptr mask, size_t size)
{
	return sys_signalfd4(fd, mask, size, 0);
}
