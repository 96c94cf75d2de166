/* kernel/linux/attr_calls.c -- chmod, chown, truncate, utimes. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/linux/attr_calls.h"
#include "kernel/linux/at.h"
#include "kernel/object/process.h"
#include "kernel/vfs/change.h"
#include "kernel/vfs/file.h"

enum { SETGID = 02000 };
#define ID_KEEP UINT32_MAX

static enum err set_mode(const struct path *p, uint32_t mode)
{
	struct setattr a = {.mask = SET_MODE, .mode = mode & 07777};
	struct node *n = path_node(p);
	enum err e = node_owner_check(n);

	if (e != OK)
		return e;
	if (node_type(n) == NODE_LNK)
		return E_OPNOTSUPP;
	if (!cred_in_group(cred_current(), n->gid) && !cred_privileged())
		a.mode &= ~(uint32_t)SETGID;
	return change_attr(p, &a);
}

long sys_fchmodat2(int dirfd, struct uptr path, uint32_t mode, unsigned flags)
{
	struct path p;
	enum err e;

	if (flags &
	    ~(unsigned)(LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH))
		return E_INVAL;
	e = at_walk(dirfd, path, flags, &p);
	if (e == OK) {
		e = set_mode(&p, mode);
		path_put(&p);
	}
	return e;
}

long sys_fchmodat(int dirfd, struct uptr path, uint32_t mode)
{
	return sys_fchmodat2(dirfd, path, mode, 0);
}

long sys_chmod(struct uptr path, uint32_t mode)
{
	return sys_fchmodat2(FD_CWD, path, mode, 0);
}

long sys_fchmod(int fd, uint32_t mode)
{
	struct path p;
	enum err e = fd_place(fd, false, &p);

	if (e == OK) {
		e = set_mode(&p, mode);
		path_put(&p);
	}
	return e;
}

/* The owner may give his file to another of his groups; root may all. */
static enum err set_owner(const struct path *p, uint32_t uid, uint32_t gid)
{
	struct setattr a = {.uid = uid, .gid = gid};
	const struct cred *c = cred_current();
	struct node *n = path_node(p);

	if (uid != ID_KEEP)
		a.mask |= SET_UID;
	if (gid != ID_KEEP)
		a.mask |= SET_GID;
	if (!cred_privileged()) {
		if (uid != ID_KEEP && (uid != n->uid || c->fsuid != n->uid))
			return E_PERM;
		if (gid != ID_KEEP &&
		    (c->fsuid != n->uid ||
		        (gid != n->gid && !cred_in_group(c, gid))))
			return E_PERM;
	}
	return change_attr(p, &a);
}

long sys_fchownat(
    int dirfd, struct uptr path, uint32_t uid, uint32_t gid, unsigned flags)
{
	struct path p;
	enum err e;

	if (flags &
	    ~(unsigned)(LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH))
		return E_INVAL;
	e = at_walk(dirfd, path, flags, &p);
	if (e == OK) {
		e = set_owner(&p, uid, gid);
		path_put(&p);
	}
	return e;
}

long sys_chown(struct uptr path, uint32_t uid, uint32_t gid)
{
	return sys_fchownat(FD_CWD, path, uid, gid, 0);
}

long sys_lchown(struct uptr path, uint32_t uid, uint32_t gid)
{
	return sys_fchownat(FD_CWD, path, uid, gid, LINUX_AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(int fd, uint32_t uid, uint32_t gid)
{
	struct path p;
	enum err e = fd_place(fd, false, &p);

	if (e == OK) {
		e = set_owner(&p, uid, gid);
		path_put(&p);
	}
	return e;
}

long sys_truncate(struct uptr path, int64_t size)
{
	struct setattr a = {.mask = SET_SIZE, .size = (uint64_t)size};
	struct node *n;
	struct path p;
	enum err e = size < 0 ? E_INVAL : at_follow(path, &p);

	if (e != OK)
		return e;
	n = path_node(&p);
	if (node_type(n) == NODE_DIR)
		e = E_ISDIR;
	else if (node_type(n) != NODE_REG)
		e = E_INVAL;
	else if (mount_rdonly(p.mount))
		e = E_ROFS;
	else
		e = node_access(n, 2);
	if (e == OK && atomic_load(&n->writers) < 0)
		e = E_TXTBSY;
	if (e == OK && (uint64_t)size > n->size)
		e = file_size_check((uint64_t)size);
	if (e == OK)
		e = change_attr(&p, &a);
	path_put(&p);
	return e;
}

/* One time of utimensat; *now: it is to be the present. */
static enum err one_time(struct linux_timespec t, uint32_t bit,
    struct setattr *a, struct ktime *slot, bool *given)
{
	if (t.nsec == LINUX_UTIME_OMIT)
		return OK;
	a->mask |= bit;
	if (t.nsec == LINUX_UTIME_NOW) {
		*slot = ktime_now();
		return OK;
	}
	if (t.nsec < 0 || t.nsec >= (int64_t)NSEC_PER_SEC)
		return E_INVAL;
	*given = true;
	*slot = (struct ktime){t.sec, (uint32_t)t.nsec};
	return OK;
}

/* times: NULL means now, twice. */
static enum err set_times(
    const struct path *p, const struct linux_timespec times[2])
{
	static const struct linux_timespec now[2] = {
	    {0, LINUX_UTIME_NOW}, {0, LINUX_UTIME_NOW}};
	struct setattr a = {0};
	bool given = false;
	enum err e;

	if (!times)
		times = now;
	e = one_time(times[0], SET_ATIME, &a, &a.atime, &given);
	if (e == OK)
		e = one_time(times[1], SET_MTIME, &a, &a.mtime, &given);
	if (e != OK || !a.mask)
		return e;
	/* A chosen time, or only one of them, is for the owner. */
	if (node_owner_check(path_node(p)) != OK) {
		if (given || a.mask != (SET_ATIME | SET_MTIME))
			return E_PERM;
		e = node_access(path_node(p), 2);
	}
	return e == OK ? change_attr(p, &a) : e;
}

static enum err times_at(int dirfd, struct uptr path,
    const struct linux_timespec *times, unsigned flags)
{
	struct path p;
	enum err e;

	if (uptr_null(path)) /* futimens: the descriptor itself */
		e = fd_place(dirfd, false, &p);
	else
		e = at_walk(dirfd, path, flags, &p);
	if (e == OK) {
		e = set_times(&p, times);
		path_put(&p);
	}
	return e;
}

long sys_utimensat(
    int dirfd, struct uptr path, struct uptr utimes, unsigned flags)
{
	struct linux_timespec t[2];
	enum err e;

	if (flags &
	    ~(unsigned)(LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH))
		return E_INVAL;
	if (uptr_null(utimes))
		return times_at(dirfd, path, NULL, flags);
	e = copy_from_user(t, utimes, sizeof(t));
	return e == OK ? times_at(dirfd, path, t, flags) : e;
}

long sys_futimesat(int dirfd, struct uptr path, struct uptr utimes)
{
	struct linux_timespec t[2];
	struct linux_timeval v[2];
	unsigned i;
	enum err e;

	if (uptr_null(utimes))
		return times_at(dirfd, path, NULL, 0);
	e = copy_from_user(v, utimes, sizeof(v));
	if (e != OK)
		return e;
	for (i = 0; i < 2; i++) {
		if (v[i].usec < 0 || v[i].usec >= 1000000)
			return E_INVAL;
		t[i] = (struct linux_timespec){v[i].sec, v[i].usec * 1000};
	}
	return times_at(dirfd, path, t, 0);
}

long sys_utimes(struct uptr path, struct uptr times)
{
	return uptr_null(path) ? (long)E_FAULT
	                       : sys_futimesat(FD_CWD, path, times);
}

long sys_utime(struct uptr path, struct uptr utimes)
{
	struct linux_timespec t[2];
	int64_t sec[2];
	enum err e;

	if (uptr_null(path))
		return E_FAULT;
	if (uptr_null(utimes))
		return times_at(FD_CWD, path, NULL, 0);
	e = copy_from_user(sec, utimes, sizeof(sec));
	if (e != OK)
		return e;
	t[0] = (struct linux_timespec){sec[0], 0};
	t[1] = (struct linux_timespec){sec[1], 0};
	return times_at(FD_CWD, path, t, 0);
}
