/* kernel/sys/sys_channel.c -- native calls on channels, semaphores, memory. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/sys/sys_channel.h"
#include "kernel/core/wait.h"
#include "kernel/ipc/channel.h"
#include "kernel/ipc/memobj.h"
#include "kernel/ipc/semaphore.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/desc.h"

/* Takes o, on errors too. */
static long install(struct object *o, uint32_t rights, uint32_t flags)
{
	int fd;
	enum err e = desc_install(
	    o, rights, flags & EVENT_CLOEXEC ? DESC_CLOEXEC : 0, 0, &fd);

	if (e == OK)
		return fd;
	object_put(o);
	return e;
}

/* What the user's deadline means to the kernel: 0 is only to look. */
static enum err deadline_of(uint64_t user, uint32_t flags, nsec_t *out)
{
	if (flags & ~(uint32_t)EVENT_NONBLOCK)
		return E_INVAL;
	*out = flags & EVENT_NONBLOCK ? 0 : MAX(user, (uint64_t)1);
	return OK;
}

long sys_channel_create(struct uptr uspec, struct uptr ufds)
{
	struct channel_spec spec;
	struct object *ends[2];
	int32_t fds[2];
	enum err e = copy_from_user(&spec, uspec, sizeof(spec));
	long r;

	if (e != OK)
		return e;
	if (spec.flags & ~(uint32_t)EVENT_CLOEXEC)
		return E_INVAL;
	e = channel_create(&spec, ends);
	if (e != OK)
		return e;
	r = install(ends[0], CHANNEL_SEND_RIGHTS, spec.flags);
	if (r < 0) {
		object_put(ends[1]);
		return r;
	}
	fds[0] = (int32_t)r;
	r = install(ends[1], CHANNEL_RECEIVE_RIGHTS, spec.flags);
	if (r < 0) {
		(void)desc_close(fds[0]); /* another thread may have, too */
		return r;
	}
	fds[1] = (int32_t)r;
	e = copy_to_user(ufds, fds, sizeof(fds));
	if (e != OK) {
		(void)desc_close(fds[0]);
		(void)desc_close(fds[1]);
	}
	return e;
}

long sys_channel_send(
    int fd, struct uptr message, uint64_t deadline, uint32_t flags)
{
	struct channel_message m;
	struct held h;
	nsec_t until;
	enum err e = deadline_of(deadline, flags, &until);

	if (e == OK)
		e = copy_from_user(&m, message, sizeof(m));
	if (e == OK)
		e = desc_hold(fd, RIGHT_WRITE, &h);
	if (e != OK)
		return e;
	e = channel_send(h.obj, &m, until);
	desc_release(&h);
	return e;
}

long sys_channel_receive(
    int fd, struct uptr message, uint64_t deadline, uint32_t flags)
{
	struct channel_message m;
	struct held h;
	nsec_t until;
	enum err e = deadline_of(deadline, flags, &until);

	if (e == OK)
		e = desc_hold(fd, RIGHT_READ, &h);
	if (e != OK)
		return e;
	e = channel_receive(h.obj, &m, until);
	desc_release(&h);
	if (e != OK)
		return e;
	e = copy_to_user(message, &m, sizeof(m));
	for (uint32_t i = 0; e != OK && i < m.count; i++)
		if (m.descs[i] >= 0)
			(void)desc_close(m.descs[i]); /* perhaps gone */
	return e;
}

long sys_semaphore_create(uint64_t initial, uint64_t limit, uint32_t flags)
{
	struct object *o;
	enum err e;

	if (flags & ~(uint32_t)EVENT_CLOEXEC)
		return E_INVAL;
	e = semaphore_create(initial, limit, &o);
	return e == OK ? install(o, SEMAPHORE_RIGHTS, flags) : e;
}

long sys_semaphore_post(int fd, uint64_t n)
{
	struct semaphore *s;
	struct held h;
	enum err e = desc_hold(fd, RIGHT_SIGNAL, &h);

	if (e != OK)
		return e;
	s = semaphore_of(h.obj);
	e = s ? semaphore_post(s, n) : E_INVAL;
	desc_release(&h);
	return e;
}

long sys_semaphore_wait(int fd, uint64_t deadline, uint32_t flags)
{
	struct semaphore *s;
	struct held h;
	nsec_t until;
	enum err e = deadline_of(deadline, flags, &until);

	if (e == OK)
		e = desc_hold(fd, RIGHT_WAIT, &h);
	if (e != OK)
		return e;
	s = semaphore_of(h.obj);
	e = s ? semaphore_wait(s, until) : E_INVAL;
	desc_release(&h);
	return e;
}

long sys_vmo_create(uint64_t size, uint32_t flags)
{
	struct object *o;
	enum err e;

	if (flags & ~(uint32_t)(VMO_CLOEXEC | VMO_SEALABLE))
		return E_INVAL;
	e = memobj_create(size, flags, &o);
	return e == OK ? install(o, MEMOBJ_RIGHTS, flags) : e;
}

long sys_vmo_seal_exec(int fd)
{
	struct held h;
	enum err e = desc_hold(fd, RIGHT_EXEC, &h);

	if (e != OK)
		return e;
	e = memobj_seal_exec(h.obj);
	desc_release(&h);
	return e;
}
