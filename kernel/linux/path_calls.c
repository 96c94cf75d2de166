/* kernel/linux/path_calls.c -- open, mkdir, unlink, rename, link, ... */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/path_calls.h"
#include "kernel/core/string.h"
#include "kernel/linux/at.h"
#include "kernel/mm/slab.h"
#include "kernel/object/process.h"
#include "kernel/sys/sys_open.h"
#include "kernel/vfs/change.h"
#include "kernel/vfs/file.h"

long sys_open(struct uptr path, uint32_t flags, uint32_t mode)
{
	return open_and_install(FD_CWD, path, flags, mode, 0);
}

long sys_creat(struct uptr path, uint32_t mode)
{
	return open_and_install(
	    FD_CWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode, 0);
}

/* RESOLVE_* as walk flags. */
static unsigned resolve_flags(uint64_t resolve)
{
	unsigned f = 0;

	if (resolve & LINUX_RESOLVE_NO_XDEV)
		f |= WALK_NOXDEV;
	if (resolve & LINUX_RESOLVE_NO_MAGICLINKS)
		f |= WALK_NOMAGIC;
	if (resolve & LINUX_RESOLVE_NO_SYMLINKS)
		f |= WALK_NOSYMLINKS;
	if (resolve & LINUX_RESOLVE_BENEATH)
		f |= WALK_BENEATH;
	if (resolve & LINUX_RESOLVE_IN_ROOT)
		f |= WALK_IN_ROOT;
	return f;
}

long sys_openat2(int dirfd, struct uptr path, struct uptr uhow, size_t size)
{
	struct linux_open_how how;
	enum err e;

	if (size < sizeof(how))
		return E_INVAL;
	if (size > sizeof(how))
		return E_2BIG; /* a newer structure than we know */
	e = copy_from_user(&how, uhow, sizeof(how));
	if (e != OK)
		return e;
	/* Unlike open, it refuses what it does not know. */
	if ((how.flags >> 23) || (how.mode & ~07777ull) || how.resolve > 31 ||
	    (how.mode && !(how.flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))))
		return E_INVAL;
	if ((how.resolve & LINUX_RESOLVE_BENEATH) &&
	    (how.resolve & LINUX_RESOLVE_IN_ROOT))
		return E_INVAL;
	return open_and_install(dirfd, path, (uint32_t)how.flags,
	    (uint32_t)how.mode, resolve_flags(how.resolve));
}

/* Is the last component one that cannot be made: "/", ".", ".."? */
static bool no_name(const struct walk *w)
{
	return !w->last.len || component_is_dot(&w->last) ||
	       component_is_dotdot(&w->last);
}

/* "new/", of what is no directory: exists, or cannot be. */
static enum err slash_creation(struct walk *w)
{
	struct name *n;
	enum err e = name_lookup(w->at.name, &w->last, &n);

	if (e != OK)
		return e;
	e = n->node ? E_EXIST : E_NOENT;
	name_put(n);
	return e;
}

static enum err make(int dirfd, struct uptr path, struct newnode *how)
{
	struct at_parent p;
	enum err e = at_parent(dirfd, path, &p);

	if (e != OK)
		return e;
	if (no_name(&p.w))
		e = E_EXIST;
	else if (p.w.slash && (how->mode & NODE_TYPE) != NODE_DIR)
		e = slash_creation(&p.w);
	else
		e = change_create(&p.w.at, &p.w.last, how, NULL);
	at_parent_end(&p);
	return e;
}

long sys_mkdirat(int dirfd, struct uptr path, uint32_t mode)
{
	struct newnode how = {.mode = NODE_DIR | umask_apply(mode & 01777)};

	return make(dirfd, path, &how);
}

long sys_mkdir(struct uptr path, uint32_t mode)
{
	return sys_mkdirat(FD_CWD, path, mode);
}

long sys_mknodat(int dirfd, struct uptr path, uint32_t mode, uint32_t dev)
{
	struct newnode how = {
	    .mode = (mode & NODE_TYPE) | umask_apply(mode & 07777)};

	switch (mode & NODE_TYPE) {
	case 0:
		how.mode |= NODE_REG;
		break;
	case NODE_REG:
	case NODE_FIFO:
	case NODE_SOCK:
		break;
	case NODE_CHR:
	case NODE_BLK:
		if (!cred_privileged())
			return E_PERM;
		how.rdev = dev;
		break;
	case NODE_DIR:
		return E_PERM;
	default:
		return E_INVAL;
	}
	return make(dirfd, path, &how);
}

long sys_mknod(struct uptr path, uint32_t mode, uint32_t dev)
{
	return sys_mknodat(FD_CWD, path, mode, dev);
}

long sys_symlinkat(struct uptr target, int dirfd, struct uptr path)
{
	struct newnode how = {.mode = NODE_LNK | 0777};
	struct user_path text;
	enum err e = user_path_get(&text, target);

	if (e != OK)
		return e;
	how.target = text.text;
	e = *text.text ? make(dirfd, path, &how) : E_NOENT;
	user_path_put(&text);
	return e;
}

long sys_symlink(struct uptr target, struct uptr path)
{
	return sys_symlinkat(target, FD_CWD, path);
}

long sys_linkat(
    int fromfd, struct uptr from, int tofd, struct uptr to, unsigned flags)
{
	struct at_parent p;
	struct path what;
	enum err e;

	if (flags & ~(unsigned)(LINUX_AT_SYMLINK_FOLLOW | LINUX_AT_EMPTY_PATH))
		return E_INVAL;
	if (!(flags & LINUX_AT_SYMLINK_FOLLOW))
		flags |= LINUX_AT_SYMLINK_NOFOLLOW;
	e = at_walk(fromfd, from, flags, &what);
	if (e != OK)
		return e;
	e = at_parent(tofd, to, &p);
	if (e != OK)
		goto put;
	if (no_name(&p.w))
		e = E_EXIST;
	else if (!path_node(&what)->nlink && what.name->parent)
		e = E_NOENT; /* removed; an O_TMPFILE never had a name */
	else if (p.w.slash)
		e = slash_creation(&p.w);
	else
		e = change_link(&p.w.at, &p.w.last, &what);
	at_parent_end(&p);
put:
	path_put(&what);
	return e;
}

long sys_link(struct uptr from, struct uptr to)
{
	return sys_linkat(FD_CWD, from, FD_CWD, to, 0);
}

/* The errors that names which are none give. */
static enum err no_name_removal(const struct walk *w, bool directory)
{
	if (!directory)
		return E_ISDIR;
	if (component_is_dot(&w->last))
		return E_INVAL;
	return w->last.len ? E_NOTEMPTY : E_BUSY;
}

/* unlink("name/"): says what stands there, removes nothing. */
static enum err slash_removal(struct walk *w)
{
	struct name *n;
	enum err e = name_lookup(w->at.name, &w->last, &n);

	if (e != OK)
		return e;
	e = !n->node                         ? E_NOENT
	    : node_type(n->node) == NODE_DIR ? E_ISDIR
	                                     : E_NOTDIR;
	name_put(n);
	return e;
}

static enum err remove_name(int dirfd, struct uptr path, bool directory)
{
	struct at_parent p;
	enum err e = at_parent(dirfd, path, &p);

	if (e != OK)
		return e;
	if (no_name(&p.w))
		e = no_name_removal(&p.w, directory);
	else if (p.w.slash && !directory)
		e = slash_removal(&p.w);
	else
		e = change_remove(&p.w.at, &p.w.last, directory);
	at_parent_end(&p);
	return e;
}

long sys_unlink(struct uptr path)
{
	return remove_name(FD_CWD, path, false);
}

long sys_rmdir(struct uptr path)
{
	return remove_name(FD_CWD, path, true);
}

long sys_unlinkat(int dirfd, struct uptr path, unsigned flags)
{
	if (flags & ~(unsigned)LINUX_AT_REMOVEDIR)
		return E_INVAL;
	return remove_name(dirfd, path, flags & LINUX_AT_REMOVEDIR);
}

long sys_renameat2(
    int fromfd, struct uptr from, int tofd, struct uptr to, unsigned flags)
{
	struct at_parent a, b;
	enum err e;

	if ((flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE)) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return E_INVAL;
	e = at_parent(fromfd, from, &a);
	if (e != OK)
		return e;
	e = at_parent(tofd, to, &b);
	if (e == OK) {
		e = change_rename(&a.w, &b.w, flags);
		at_parent_end(&b);
	}
	at_parent_end(&a);
	return e;
}

long sys_renameat(int fromfd, struct uptr from, int tofd, struct uptr to)
{
	return sys_renameat2(fromfd, from, tofd, to, 0);
}

long sys_rename(struct uptr from, struct uptr to)
{
	return sys_renameat2(FD_CWD, from, FD_CWD, to, 0);
}

static long read_target(const struct path *p, struct uptr buf, size_t size)
{
	struct node *n = path_node(p);
	char *text;
	long len;

	if (node_type(n) != NODE_LNK || !n->ops->readlink)
		return E_INVAL;
	text = kmalloc(PATH_TEXT_MAX);
	if (!text)
		return E_NOMEM;
	len = n->ops->readlink(n, text, PATH_TEXT_MAX);
	if (len > 0) {
		len = MIN(len, (long)size);
		if (copy_to_user(buf, text, (size_t)len) != OK)
			len = E_FAULT;
	}
	kfree(text);
	return len;
}

long sys_readlinkat(int dirfd, struct uptr path, struct uptr buf, int size)
{
	struct path p;
	enum err e;
	long r;

	if (size <= 0)
		return E_INVAL;
	e = at_walk(
	    dirfd, path, LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH, &p);
	if (e != OK)
		return e;
	r = read_target(&p, buf, (size_t)size);
	path_put(&p);
	return r;
}

long sys_readlink(struct uptr path, struct uptr buf, int size)
{
	return sys_readlinkat(FD_CWD, path, buf, size);
}
