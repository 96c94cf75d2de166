/* kernel/linux/mount_calls.c -- mount, umount2. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/linux/mount_calls.h"
#include "kernel/linux/at.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/restrict.h"

enum { MAGIC = 0xc0ed0000u, TYPE_MAX = 32, SOURCE_MAX = 64 };

/* A string that may be absent (NULL pointer: ""), cut at no limit. */
static enum err text_from_user(char *dst, struct uptr u, size_t size)
{
	dst[0] = '\0';
	return uptr_null(u) ? OK : strncpy_from_user(dst, u, size, NULL);
}

static enum err mount_new(const struct path *at, struct uptr usource,
    struct uptr utype, unsigned flags, struct uptr udata)
{
	char type[TYPE_MAX], source[SOURCE_MAX], *data;
	struct scheme_type *t;
	struct scheme *s;
	enum err e = text_from_user(type, utype, sizeof(type));

	if (e == OK)
		e = text_from_user(source, usource, sizeof(source));
	if (e != OK)
		return e;
	t = scheme_type_find(type);
	if (!t)
		return E_NODEV;
	/* An application's silo has what it was given, and memory of its own. */
	if (!cred_system() && strcmp(type, "tmpfs") != 0 &&
	    strcmp(type, "proc") != 0)
		return E_PERM;
	data = kmalloc(PAGE_SIZE);
	if (!data)
		return E_NOMEM;
	e = text_from_user(data, udata, PAGE_SIZE);
	if (e == OK)
		e = t->create(source, data, &s);
	kfree(data);
	if (e != OK)
		return e;
	e = mount_at(at, s, flags, source);
	scheme_put(s);
	return e;
}

/* What is seen can be moved by nobody whose view of it is restricted. */
static bool may_mount(void)
{
	return cred_privileged() && !process_restricted(process_current());
}

/* MS_BIND and MS_MOVE take another path. */
static enum err mount_other(
    const struct path *at, struct uptr usource, unsigned flags)
{
	struct path what;
	enum err e = at_follow(usource, &what);

	if (e != OK)
		return e;
	if (flags & MOUNT_BIND)
		e = mount_bind_flags(at, &what, flags & MOUNT_REC);
	else
		e = mount_move(at, &what);
	path_put(&what);
	return e;
}

long sys_mount(struct uptr source, struct uptr target, struct uptr type,
    uint64_t flags, struct uptr data)
{
	struct path at;
	enum err e;

	if (!may_mount())
		return E_PERM;
	if ((flags & 0xffff0000u) == MAGIC) /* very old programs */
		flags &= 0xffff;
	e = at_follow(target, &at);
	if (e != OK)
		return e;
	if (flags & MOUNT_REMOUNT)
		e = mount_reflag(&at, (unsigned)flags);
	else if (flags & (MOUNT_BIND | MOUNT_MOVE))
		e = mount_other(&at, source, (unsigned)flags);
	else if (flags & MOUNT_PROPAGATION)
		e = OK; /* every mount is private: nothing to change */
	else
		e = mount_new(&at, source, type, (unsigned)flags, data);
	path_put(&at);
	return e;
}

long sys_umount2(struct uptr target, unsigned flags)
{
	struct path at;
	enum err e;

	if (flags & ~(unsigned)(LINUX_MNT_FORCE | LINUX_MNT_DETACH |
	                        LINUX_UMOUNT_NOFOLLOW))
		return E_INVAL;
	if (!may_mount())
		return E_PERM;
	e = at_walk(FD_CWD, target,
	    flags & LINUX_UMOUNT_NOFOLLOW ? LINUX_AT_SYMLINK_NOFOLLOW : 0, &at);
	if (e != OK)
		return e;
	e = mount_remove(&at, flags & LINUX_MNT_DETACH);
	path_put(&at);
	return e;
}
