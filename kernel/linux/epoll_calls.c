/* kernel/linux/epoll_calls.c -- epoll. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/epoll_calls.h"
#include "kernel/core/clock.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/desc_table.h"
#include "kernel/object/epoll.h"
#include "kernel/object/signal.h"
#include "kernel/sys/sys_poll.h"
#include "kernel/sys/timespec.h"
#include "kernel/vfs/file.h"

long sys_epoll_create1(int flags)
{
	struct object *o;
	enum err e;
	int fd;

	if (flags & ~O_CLOEXEC)
		return E_INVAL;
	e = epoll_create(&o);
	if (e != OK)
		return e;
	e = desc_install(
	    o, RIGHTS_ALL, flags & O_CLOEXEC ? DESC_CLOEXEC : 0, 0, &fd);
	if (e == OK)
		return fd;
	object_put(o);
	return e;
}

long sys_epoll_create(int size)
{
	return size <= 0 ? E_INVAL : sys_epoll_create1(0);
}

long sys_epoll_ctl(int epfd, int op, int fd, struct uptr event)
{
	struct epoll_event ev = {0, 0};
	struct held ep, target;
	enum err e = OK;

	if (op != EPOLL_DEL)
		e = copy_from_user(&ev, event, sizeof(ev));
	if (e == OK)
		e = desc_hold(epfd, 0, &ep);
	if (e != OK)
		return e;
	e = desc_hold(fd, RIGHT_WAIT, &target);
	if (e == OK) {
		if (op != EPOLL_ADD && op != EPOLL_DEL && op != EPOLL_MOD)
			e = E_INVAL;
		else
			e = epoll_control(ep.obj, (enum epoll_operation)op, fd,
			    target.obj, &ev);
		desc_release(&target);
	}
	desc_release(&ep);
	return e;
}

static inline long wait_for(
    int epfd, struct uptr events, int max, nsec_t deadline)
{
	struct held h;
	enum err e;
	long r;

	if (max <= 0 || max > (int)(INT32_MAX / sizeof(struct epoll_event)))
		return E_INVAL;
	if (!user_range_ok(events, (size_t)max * sizeof(struct epoll_event)))
		return E_FAULT;
	e = desc_hold_fast(epfd, 0, &h);
	if (unlikely(e != OK))
		return e;
	r = epoll_wait(h.obj, events, max, deadline);
	desc_release(&h);
	return r;
}

static inline nsec_t deadline_ms(int ms)
{
	if (ms < 0)
		return WAIT_FOREVER;
	return ms ? poll_deadline((uint64_t)ms * NSEC_PER_MSEC) : POLL_NO_WAIT;
}

long sys_epoll_wait(int epfd, struct uptr events, int max, int timeout_ms)
{
	return wait_for(epfd, events, max, deadline_ms(timeout_ms));
}

/* With the user's mask, if any, for the time of the call. */
static __attribute__((noinline)) long wait_masked(int epfd, struct uptr events,
    int max, nsec_t deadline, struct uptr mask, size_t mask_size)
{
	uint64_t set;
	enum err e;
	long r;

	if (uptr_null(mask))
		return wait_for(epfd, events, max, deadline);
	if (mask_size != sizeof(set))
		return E_INVAL;
	e = user_read_u64(mask, &set);
	if (e != OK)
		return e;
	signal_mask_temporary(set);
	r = wait_for(epfd, events, max, deadline);
	if (r != E_INTR)
		signal_mask_restore();
	return r;
}

long sys_epoll_pwait(int epfd, struct uptr events, int max, int timeout_ms,
    struct uptr mask, size_t mask_size)
{
	if (likely(uptr_null(mask) && timeout_ms <= 0))
		return wait_for(epfd, events, max,
		    timeout_ms ? WAIT_FOREVER : POLL_NO_WAIT);
	return wait_masked(
	    epfd, events, max, deadline_ms(timeout_ms), mask, mask_size);
}

long sys_epoll_pwait2(int epfd, struct uptr events, int max,
    struct uptr timeout, struct uptr mask, size_t mask_size)
{
	nsec_t deadline = WAIT_FOREVER, ns;
	enum err e;

	if (!uptr_null(timeout)) {
		e = timespec_read(timeout, &ns);
		if (e != OK)
			return e;
		deadline = poll_deadline(ns);
	}
	return wait_masked(epfd, events, max, deadline, mask, mask_size);
}
