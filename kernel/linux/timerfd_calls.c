/* kernel/linux/timerfd_calls.c -- timerfd. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/timerfd_calls.h"
#include "kernel/object/desc.h"
#include "kernel/object/timerfd.h"
#include "kernel/sys/timespec.h"
#include "kernel/vfs/file.h"

enum clock_number { /* Linux's */
	CLOCK_REALTIME = 0,
	CLOCK_MONOTONIC = 1,
	CLOCK_BOOTTIME = 7, /* we never suspend: the same */
	CLOCK_REALTIME_ALARM = 8,
	CLOCK_BOOTTIME_ALARM = 9,
};

long sys_timerfd_create(int clock, int flags)
{
	struct object *o;
	enum err e;
	int fd;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return E_INVAL;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
	    clock != CLOCK_BOOTTIME && clock != CLOCK_REALTIME_ALARM &&
	    clock != CLOCK_BOOTTIME_ALARM)
		return E_INVAL;
	e = timerfd_create(
	    clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM, clock,
	    (uint32_t)flags & O_NONBLOCK, &o);
	if (e != OK)
		return e;
	e = desc_install(
	    o, RIGHTS_ALL, flags & O_CLOEXEC ? DESC_CLOEXEC : 0, 0, &fd);
	if (e == OK)
		return fd;
	object_put(o);
	return e;
}

/* A struct itimerspec: interval, then value. */
static enum err setting_read(struct uptr p, struct timerfd_setting *s)
{
	enum err e = timespec_read(p, &s->interval);

	return e == OK ? timespec_read(
	                     uptr_add(p, sizeof(struct timespec64)), &s->value)
	               : e;
}

static enum err setting_write(struct uptr p, const struct timerfd_setting *s)
{
	enum err e = timespec_write(p, s->interval);

	return e == OK ? timespec_write(
	                     uptr_add(p, sizeof(struct timespec64)), s->value)
	               : e;
}

long sys_timerfd_settime(int fd, int flags, struct uptr new, struct uptr old)
{
	struct timerfd_setting s, was;
	struct held h;
	enum err e;

	if (flags & ~(TIMERFD_ABSOLUTE | TIMERFD_CANCEL_ON_SET))
		return E_INVAL;
	e = setting_read(new, &s);
	if (e == OK)
		e = desc_hold(fd, 0, &h);
	if (e != OK)
		return e;
	e = timerfd_set(h.obj, (unsigned)flags, &s, &was);
	desc_release(&h);
	if (e == OK && !uptr_null(old))
		e = setting_write(old, &was);
	return e;
}

long sys_timerfd_gettime(int fd, struct uptr out)
{
	struct timerfd_setting s;
	struct held h;
	enum err e = desc_hold(fd, 0, &h);

	if (e != OK)
		return e;
	e = timerfd_get(h.obj, &s);
	desc_release(&h);
	return e == OK ? setting_write(out, &s) : e;
}
