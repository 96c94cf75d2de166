/* kernel/linux/ioctl_calls.c -- ioctl: what is the same for all, then the object. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/linux/ioctl_calls.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/desc.h"
#include "kernel/vfs/file.h"

enum ioctl_generic {
	FIONCLEX = 0x5450,
	FIOCLEX = 0x5451,
	FIONBIO = 0x5421,
	FIOASYNC = 0x5452,
};

/* Set or clear an O_* flag as the user's int says. */
static long flag_ioctl(struct object *o, uint32_t flag, struct uptr arg)
{
	uint32_t on, oflags = o->oflags;
	enum err e = user_read_u32(arg, &on);

	if (e != OK)
		return e;
	oflags = on ? oflags | flag : oflags & ~flag;
	if (o->ops->set_flags)
		return o->ops->set_flags(o, oflags);
	o->oflags = oflags;
	return 0;
}

static long held_ioctl(struct held *h, uint32_t cmd, uint64_t arg)
{
	struct object *o = h->obj;

	if (cmd == FIONBIO)
		return flag_ioctl(o, O_NONBLOCK, (struct uptr){arg});
	if (cmd == FIOASYNC)
		return flag_ioctl(o, O_ASYNC, (struct uptr){arg});
	if (!o->ops->ioctl)
		return E_NOTTY;
	if (!(h->rights & RIGHT_IOCTL))
		return E_ACCES;
	return o->ops->ioctl(o, cmd, arg);
}

long sys_ioctl(int fd, uint32_t cmd, uint64_t arg)
{
	struct held h;
	enum err e;
	long r;

	if (cmd == FIOCLEX)
		return desc_set_flags(fd, DESC_CLOEXEC);
	if (cmd == FIONCLEX)
		return desc_set_flags(fd, 0);
	e = desc_hold(fd, 0, &h);
	if (e != OK)
		return e;
	r = held_ioctl(&h, cmd, arg);
	desc_release(&h);
	return r;
}
