/* kernel/sys/sys_silo.c -- native calls: silos. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/sys/sys_silo.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/audit.h"
#include "kernel/object/desc.h"
#include "kernel/object/restrict.h"
#include "kernel/object/silo_start.h"
#include "kernel/vfs/walk.h"

/* The silo behind fd, which the caller releases. */
static enum err silo_hold(
    int fd, uint32_t rights, struct held *h, struct silo **out)
{
	enum err e = desc_hold(fd, rights, h);

	if (e != OK)
		return e;
	*out = silo_of_object(h->obj);
	if (*out)
		return OK;
	desc_release(h);
	return E_INVAL;
}

/* Install a descriptor for s; takes the reference. */
static long install(struct silo *s, uint32_t rights)
{
	struct object *o;
	enum err e = silo_object_create(s, &o);
	int fd;

	if (e != OK) {
		silo_put(s);
		return e;
	}
	e = desc_install(o, rights, DESC_CLOEXEC, 0, &fd);
	if (e == OK)
		return fd;
	object_put(o);
	return e;
}

/* The control bits are the superuser's, the others the process's. */
static enum err create_check(const struct silo_config *c)
{
	uint32_t mode = mode_control() | (mode_current() & 077);

	if (process_restricted(process_current()))
		return E_PERM; /* a new silo would see more than we do */
	return silo_config_check(silo_current(), mode, c);
}

long sys_silo_create(struct uptr config)
{
	struct silo_config c;
	struct silo *s;
	enum err e = copy_from_user(&c, config, sizeof(c));

	if (e != OK)
		return e;
	e = create_check(&c);
	if (e == OK)
		e = silo_make(&c, &s);
	audit(AUDIT_SPAWN, e == OK ? s : NULL, e, c.mode);
	return e == OK ? install(s, RIGHTS_ALL) : (long)e;
}

/* The descriptors that the new process gets, counted. */
static enum err collect(
    const struct silo_fd *from, uint32_t n, struct launch_fd *to, uint32_t *got)
{
	for (*got = 0; *got < n; (*got)++) {
		const struct silo_fd *f = &from[*got];
		struct launch_fd *l = &to[*got];
		uint32_t have;
		enum err e;

		if (f->flags || f->to < 0 ||
		    (f->rights & ~(uint32_t)RIGHTS_ALL))
			return E_INVAL;
		e = desc_get_grant(
		    f->from, RIGHT_GRANT | f->rights, &l->grant, &have);
		if (e != OK)
			return e;
		l->rights = f->rights ? f->rights : have;
		l->to = (uint32_t)f->to;
	}
	return OK;
}

/* What a start copies in; on the heap for its size. */
struct start_args {
	struct silo_spawn how;
	struct silo_fd from[SILO_FDS_MAX];
	struct launch_fd fds[SILO_FDS_MAX];
	uint32_t fd_count;
};

static enum err start_read(struct start_args *a, struct uptr spawn)
{
	enum err e = copy_from_user(&a->how, spawn, sizeof(a->how));
	uint32_t n = a->how.fd_count;

	if (e != OK)
		return e;
	if (n > SILO_FDS_MAX || (a->how.flags & ~(uint32_t)SPAWN_ATTACH))
		return E_INVAL;
	e = copy_from_user(
	    a->from, (struct uptr){a->how.fds}, n * sizeof(a->from[0]));
	return e == OK ? collect(a->from, n, a->fds, &a->fd_count) : e;
}

static long start_in(struct silo *s, struct start_args *a)
{
	struct user_path path;
	long r = user_path_get(&path, (struct uptr){a->how.path});

	if (r != OK)
		return r;
	r = silo_launch(s, path.text, &a->how, a->fds);
	user_path_put(&path);
	return r;
}

long sys_silo_start(int fd, struct uptr spawn)
{
	struct start_args *a;
	struct silo *s;
	struct held h;
	long r = silo_hold(fd, RIGHT_MANAGE, &h, &s);

	if (r != OK)
		return r;
	a = kzalloc(sizeof(*a));
	r = a ? start_read(a, spawn) : E_NOMEM;
	if (r == OK)
		r = start_in(s, a);
	for (uint32_t i = 0; a && i < a->fd_count; i++)
		grant_put(a->fds[i].grant);
	kfree(a);
	desc_release(&h);
	return r;
}

long sys_silo_control(int fd, uint32_t op)
{
	struct silo *s;
	struct held h;
	enum err e = silo_hold(
	    fd, op == SILO_DESTROY ? RIGHT_MANAGE : RIGHT_SIGNAL, &h, &s);

	if (e != OK)
		return e;
	e = silo_operate(s, (enum silo_op)op);
	audit(AUDIT_STOP, s, e, op);
	desc_release(&h);
	return e;
}

long sys_silo_rename(int fd, struct uptr name)
{
	char text[SILO_NAME_MAX] = {0};
	struct silo *s;
	struct held h;
	enum err e = strncpy_from_user(text, name, sizeof(text), NULL);

	if (e == OK)
		e = silo_hold(fd, RIGHT_MANAGE, &h, &s);
	if (e != OK)
		return e;
	e = silo_rename(s, text);
	desc_release(&h);
	return e;
}

long sys_silo_info(int fd, struct uptr out)
{
	struct silo *s = silo_current();
	struct held h = {0};
	struct silo_info info;
	enum err e = OK;

	if (fd != -1)
		e = silo_hold(fd, RIGHT_READ, &h, &s);
	if (e != OK)
		return e;
	silo_fill_info(s, &info);
	if (fd != -1)
		desc_release(&h);
	return copy_to_user(out, &info, sizeof(info));
}

long sys_silo_list(uint32_t after, struct uptr out, uint32_t n)
{
	uint32_t done = 0;

	if (!(mode_control() & MODE_LIST))
		return E_PERM;
	for (; done < n && after != UINT32_MAX; done++) {
		uint32_t sid = after + 1;
		struct silo *s = silo_next(&sid);

		if (!s)
			break;
		silo_put(s);
		if (user_write_u32((struct uptr){out.addr + 4ul * done}, sid) !=
		    OK)
			return done ? (long)done : (long)E_FAULT;
		after = sid;
	}
	return done;
}

/* The rights that a mode gives over a silo of that label. */
static uint32_t rights_over(uint32_t mode, const struct silo *s)
{
	uint32_t r = 0;

	if (mode & MODE_LIST)
		r |= RIGHT_READ | RIGHT_WAIT;
	/* Nobody manages who is more trusted than oneself. */
	if (LABEL_TIER(s->label) < LABEL_TIER(silo_current()->label))
		return r;
	if (mode & MODE_STOP)
		r |= RIGHT_SIGNAL;
	if (mode & MODE_SPAWN)
		r |= RIGHT_MANAGE;
	return r;
}

long sys_silo_open(uint32_t sid, uint32_t rights)
{
	uint32_t mode = mode_control();
	struct silo *s;

	if (!rights || (rights & ~(uint32_t)RIGHTS_ALL))
		return E_INVAL;
	if (process_sandboxed(process_current()))
		return E_PERM;
	s = mode & MODE_LIST ? silo_find(sid) : NULL;
	if (!s)
		return E_SRCH;
	if (rights & ~rights_over(mode, s)) {
		audit(AUDIT_MODE, s, E_PERM, rights);
		silo_put(s);
		return E_PERM;
	}
	return install(s, rights);
}

long sys_silo_narrow(int fd, uint32_t mode, uint32_t flow)
{
	struct silo *s;
	struct held h;
	enum err e = silo_hold(fd, RIGHT_MANAGE, &h, &s);

	if (e != OK)
		return e;
	if (s == &silo_boot)
		e = E_PERM;
	else
		silo_narrow(s, mode, flow);
	desc_release(&h);
	return e;
}

long sys_silo_quota(int fd, uint32_t quota, uint64_t value)
{
	struct silo *s;
	struct held h;
	int64_t limit = value > INT64_MAX ? INT64_MAX : (int64_t)value;
	enum err e = silo_hold(fd, RIGHT_MANAGE, &h, &s);

	if (e != OK)
		return e;
	if (quota >= QUOTAS || (value > INT64_MAX && value != QUOTA_NONE))
		e = E_INVAL;
	else if (limit > atomic_load(&silo_current()->limit[quota]) ||
	         s == silo_current())
		e = E_PERM;
	else
		silo_set_limit(s, (enum silo_resource)quota, limit);
	desc_release(&h);
	return e;
}
