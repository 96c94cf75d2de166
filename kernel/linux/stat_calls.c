/* kernel/linux/stat_calls.c -- stat, statx, access, statfs. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/stat_calls.h"
#include "abi/linux/stat.h"
#include "kernel/core/string.h"
#include "kernel/linux/at.h"
#include "kernel/object/process.h"
#include "kernel/sys/sys_open.h"

enum {
	STAT_FLAGS = LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_NO_AUTOMOUNT |
	             LINUX_AT_EMPTY_PATH,
	ST_RDONLY = 1,
	ST_VALID = 0x20,
	ST_RELATIME = 0x1000,
};

/* Is path ""? Then AT_EMPTY_PATH means dirfd, whatever kind it is. */
static bool is_empty(struct uptr path)
{
	char c;

	return copy_from_user(&c, path, 1) == OK && c == '\0';
}

/* *mount_id: 0 when the descriptor has no place. */
static enum err stat_at(int dirfd, struct uptr path, unsigned flags,
    struct kstat *st, uint32_t *mount_id)
{
	struct path p;
	enum err e;

	*mount_id = 0;
	if ((flags & LINUX_AT_EMPTY_PATH) && dirfd != FD_CWD && is_empty(path))
		return stat_descriptor(dirfd, st);
	e = at_walk(dirfd, path, flags, &p);
	if (e != OK)
		return e;
	node_stat(path_node(&p), st);
	*mount_id = p.mount->id;
	path_put(&p);
	return OK;
}

long sys_newfstatat(
    int dirfd, struct uptr path, struct uptr buf, unsigned flags)
{
	struct kstat st;
	uint32_t id;
	enum err e;

	if (flags & ~(unsigned)STAT_FLAGS)
		return E_INVAL;
	e = stat_at(dirfd, path, flags, &st, &id);
	return e == OK ? stat_copy_out(&st, buf) : e;
}

long sys_stat(struct uptr path, struct uptr buf)
{
	return sys_newfstatat(FD_CWD, path, buf, 0);
}

long sys_lstat(struct uptr path, struct uptr buf)
{
	return sys_newfstatat(FD_CWD, path, buf, LINUX_AT_SYMLINK_NOFOLLOW);
}

static struct linux_statx_time statx_time(struct ktime t)
{
	return (struct linux_statx_time){.sec = t.sec, .nsec = t.nsec};
}

static uint32_t major_of(uint64_t dev)
{
	return dev >> 8 & 0xfff;
}

static uint32_t minor_of(uint64_t dev)
{
	return (uint32_t)((dev & 0xff) | (dev >> 12 & 0xfff00));
}

long sys_statx(
    int dirfd, struct uptr path, unsigned flags, unsigned mask, struct uptr buf)
{
	struct linux_statx out = {0};
	struct kstat st;
	uint32_t id;
	enum err e;

	if ((flags & ~(unsigned)(STAT_FLAGS | LINUX_AT_STATX_SYNC)) ||
	    (flags & LINUX_AT_STATX_SYNC) == LINUX_AT_STATX_SYNC ||
	    (mask & 1u << 31))
		return E_INVAL;
	e = stat_at(dirfd, path, flags, &st, &id);
	if (e != OK)
		return e;
	out.mask = LINUX_STATX_BASIC | LINUX_STATX_BTIME;
	if (id)
		out.mask |= LINUX_STATX_MNT_ID;
	out.blksize = (uint32_t)st.blksize;
	out.nlink = (uint32_t)st.nlink;
	out.uid = st.uid;
	out.gid = st.gid;
	out.mode = (uint16_t)st.mode;
	out.ino = st.ino;
	out.size = st.size;
	out.blocks = st.blocks;
	out.atime = statx_time(st.atime);
	out.btime = statx_time(st.btime);
	out.ctime = statx_time(st.ctime);
	out.mtime = statx_time(st.mtime);
	out.rdev_major = major_of(st.rdev);
	out.rdev_minor = minor_of(st.rdev);
	out.dev_major = major_of(st.dev);
	out.dev_minor = minor_of(st.dev);
	out.mnt_id = id;
	return copy_to_user(buf, &out, sizeof(out));
}

long sys_faccessat2(int dirfd, struct uptr path, unsigned mode, unsigned flags)
{
	const struct cred *c = cred_current();
	struct path p;
	struct node *n;
	enum err e;

	if ((mode & ~7u) ||
	    (flags & ~(unsigned)(LINUX_AT_EACCESS | LINUX_AT_SYMLINK_NOFOLLOW |
	                         LINUX_AT_EMPTY_PATH)))
		return E_INVAL;
	e = at_walk(dirfd, path, flags & ~(unsigned)LINUX_AT_EACCESS, &p);
	if (e != OK)
		return e;
	n = path_node(&p);
	if ((mode & 2) && mount_rdonly(p.mount) &&
	    (node_type(n) == NODE_REG || node_type(n) == NODE_DIR ||
	        node_type(n) == NODE_LNK))
		e = E_ROFS;
	else if ((mode & 1) && node_type(n) == NODE_REG &&
	         (p.mount->flags & MOUNT_NOEXEC))
		e = E_ACCES;
	else if ((flags & LINUX_AT_EACCESS) ||
	         (c->uid == c->fsuid && c->gid == c->fsgid))
		e = node_access(n, mode);
	else
		e = node_access_as(n, mode, c->uid, c->gid);
	path_put(&p);
	return e;
}

long sys_faccessat(int dirfd, struct uptr path, unsigned mode)
{
	return sys_faccessat2(dirfd, path, mode, 0);
}

long sys_access(struct uptr path, unsigned mode)
{
	return sys_faccessat2(FD_CWD, path, mode, 0);
}

static long statfs_out(const struct path *p, struct uptr buf)
{
	struct scheme *s = p->mount->scheme;
	struct scheme_stat st = {
	    .block_size = PAGE_SIZE, .name_max = NAME_TEXT_MAX};
	struct linux_statfs out = {0};
	enum err e;

	if (s->ops && s->ops->statfs && (e = s->ops->statfs(s, &st)) != OK)
		return e;
	out.type = st.type;
	out.bsize = out.frsize = st.block_size;
	out.blocks = st.blocks;
	out.bfree = out.bavail = st.free;
	out.files = st.files;
	out.ffree = st.files_free;
	out.fsid[0] = (int32_t)s->dev;
	out.namelen = st.name_max;
	out.flags = ST_VALID;
	if (mount_rdonly(p->mount))
		out.flags |= ST_RDONLY;
	out.flags |= p->mount->flags & (MOUNT_NOSUID | MOUNT_NODEV |
	                                   MOUNT_NOEXEC | MOUNT_NOATIME);
	if (!(p->mount->flags & (MOUNT_NOATIME | MOUNT_STRICTATIME)))
		out.flags |= ST_RELATIME;
	return copy_to_user(buf, &out, sizeof(out));
}

long sys_statfs(struct uptr path, struct uptr buf)
{
	struct path p;
	enum err e = at_follow(path, &p);
	long r;

	if (e != OK)
		return e;
	r = statfs_out(&p, buf);
	path_put(&p);
	return r;
}

long sys_fstatfs(int fd, struct uptr buf)
{
	struct path p;
	enum err e = fd_place(fd, true, &p);
	long r;

	if (e != OK)
		return e;
	r = statfs_out(&p, buf);
	path_put(&p);
	return r;
}

static enum err scheme_sync(struct scheme *s)
{
	return s->ops && s->ops->sync ? s->ops->sync(s) : OK;
}

long sys_sync(void)
{
	struct mount *m;
	uint32_t id = 0;

	while ((m = namespace_next(namespace_current(), &id)) != NULL) {
		(void)!scheme_sync(m->scheme); /* sync(2) tells nobody */
		mount_put(m);
	}
	return 0;
}

long sys_syncfs(int fd)
{
	struct path p;
	enum err e = fd_place(fd, false, &p);

	if (e != OK)
		return e == E_INVAL ? OK : e; /* a pipe has nothing to write */
	e = scheme_sync(p.mount->scheme);
	path_put(&p);
	return e;
}
