/* kernel/vfs/change.c -- changes of names and attributes, all checks made. */
/* SPDX-License-Identifier: MIT */
#include "kernel/vfs/change.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/vmo.h"
#include "kernel/object/process.h"
#include "kernel/vfs/vfs.h"
#include "kernel/vfs/view.h"

/*
 * Every change takes the directory's lock exclusively, looks the name up again
 * under it, checks, asks the scheme, and then makes the name cache agree.
 */
enum { STICKY = 01000, SETGID = 02000, SETUID = 04000, GROUP_X = 010 };

uint32_t umask_apply(uint32_t mode)
{
	return mode & ~process_current()->fs->umask;
}

/* What a missing verb means. */
static enum err no_verb(const struct node *dir)
{
	return dir->scheme->rdonly ? E_ROFS : E_PERM;
}

/* May entries of dir be made or removed? */
static enum err dir_write_check(const struct path *dir)
{
	struct node *d = path_node(dir);

	if (!d->nlink)
		return E_NOENT;
	if (mount_rdonly(dir->mount))
		return E_ROFS;
	return node_access(d, 3);
}

/* In a sticky directory only owners remove. */
static enum err sticky_check(const struct node *d, const struct node *n)
{
	uint32_t uid = cred_current()->fsuid;

	if (!(d->mode & STICKY) || uid == n->uid || uid == d->uid ||
	    cred_privileged())
		return OK;
	return E_PERM;
}

static enum err component_check(const struct component *c)
{
	if (c->len > NAME_TEXT_MAX)
		return E_NAMETOOLONG;
	return OK;
}

/* Owner and group of a new node, set-group-id directories respected. */
static void newnode_owner(const struct node *d, struct newnode *how)
{
	const struct cred *cred = cred_current();

	how->uid = cred->fsuid;
	how->gid = cred->fsgid;
	if (d->mode & SETGID) {
		how->gid = d->gid;
		if ((how->mode & NODE_TYPE) == NODE_DIR)
			how->mode |= SETGID;
		else if ((how->mode & (SETGID | GROUP_X)) ==
		             (SETGID | GROUP_X) &&
		         !cred_in_group(cred, d->gid) && !cred_privileged())
			how->mode &= ~(uint32_t)SETGID;
	}
}

/* The name c of dir, which must be free. The directory is locked. */
static enum err free_name_locked(
    const struct path *dir, const struct component *c, struct name **out)
{
	enum err e;

	if (!path_node(dir)->nlink)
		return E_NOENT;
	e = name_lookup_locked(dir->name, c, out);
	if (e != OK)
		return e;
	if ((*out)->node) {
		name_put(*out);
		return E_EXIST;
	}
	e = dir_write_check(dir);
	if (e != OK)
		name_put(*out);
	return e;
}

enum err change_create(const struct path *dir, const struct component *c,
    struct newnode *how, struct name **out)
{
	struct node *d = path_node(dir), *n;
	struct name *name;
	enum err e = component_check(c);

	if (e == OK)
		e = view_need(dir, c, UNVEIL_CREATE);
	if (e != OK)
		return e;
	rwlock_write(&d->dir_lock);
	e = free_name_locked(dir, c, &name);
	if (e != OK)
		goto unlock;
	e = no_verb(d);
	if (d->ops->create) {
		newnode_owner(d, how);
		e = d->ops->create(d, c->text, c->len, how, &n);
	}
	if (e == OK)
		name_set_positive(name, n);
	if (e == OK && out)
		*out = name;
	else
		name_put(name);
unlock:
	rwlock_write_drop(&d->dir_lock);
	return e;
}

enum err change_link(
    const struct path *dir, const struct component *c, const struct path *what)
{
	struct node *d = path_node(dir), *n = path_node(what);
	struct name *name;
	enum err e = component_check(c);

	if (e == OK)
		e = view_need(dir, c, UNVEIL_CREATE);
	if (e == OK)
		e = view_move(what, NULL, dir, c);
	if (e != OK)
		return e;
	rwlock_write(&d->dir_lock);
	e = free_name_locked(dir, c, &name);
	if (e != OK)
		goto unlock;
	if (dir->mount != what->mount)
		e = E_XDEV;
	else if (node_type(n) == NODE_DIR || !d->ops->link)
		e = no_verb(d);
	else
		e = d->ops->link(d, c->text, c->len, n);
	if (e == OK)
		name_set_positive(name, node_get(n));
	name_put(name);
unlock:
	rwlock_write_drop(&d->dir_lock);
	return e;
}

/* May n, found as `name` in dir, be removed in the way asked? */
static enum err remove_check(
    const struct path *dir, const struct name *name, bool directory)
{
	const struct node *n = name->node;
	enum err e;

	if (!n)
		return E_NOENT;
	e = dir_write_check(dir);
	if (e != OK)
		return e;
	e = sticky_check(path_node(dir), n);
	if (e != OK)
		return e;
	if (directory && node_type(n) != NODE_DIR)
		return E_NOTDIR;
	if (!directory && node_type(n) == NODE_DIR)
		return E_ISDIR;
	return name->mounted ? E_BUSY : OK;
}

enum err change_remove(
    const struct path *dir, const struct component *c, bool directory)
{
	struct node *d = path_node(dir), *n;
	struct name *name;
	enum err e = component_check(c);

	if (e == OK)
		e = view_need(dir, c, UNVEIL_CREATE);
	if (e != OK)
		return e;
	rwlock_write(&d->dir_lock);
	e = name_lookup_locked(dir->name, c, &name);
	if (e != OK)
		goto unlock;
	n = name->node;
	e = remove_check(dir, name, directory);
	if (e != OK)
		goto put;
	if (directory) {
		/* Below d: the order of all is from parent to child. */
		rwlock_write_nested(&n->dir_lock);
		e = d->ops->rmdir ? d->ops->rmdir(d, c->text, c->len, n)
		                  : no_verb(d);
		rwlock_write_drop(&n->dir_lock);
	} else {
		e = d->ops->unlink ? d->ops->unlink(d, c->text, c->len, n)
		                   : no_verb(d);
	}
	if (e == OK)
		name_set_negative(name);
put:
	name_put(name);
unlock:
	rwlock_write_drop(&d->dir_lock);
	return e;
}

void node_drop_setid(struct node *n)
{
	if (cred_privileged())
		return;
	n->mode &= ~(uint32_t)SETUID;
	/* Without group execution the bit means mandatory locking. */
	if (n->mode & GROUP_X)
		n->mode &= ~(uint32_t)SETGID;
}

enum err change_attr(const struct path *p, struct setattr *a)
{
	struct node *n = path_node(p);
	enum err e = view_need(p, NULL, UNVEIL_WRITE);

	if (e != OK)
		return e;
	if (mount_rdonly(p->mount))
		return E_ROFS;
	if ((a->mask & SET_SIZE) && node_type(n) == NODE_DIR)
		return E_ISDIR;
	if ((a->mask & SET_SIZE) && node_type(n) != NODE_REG)
		return E_INVAL;
	if (!n->ops->setattr)
		return no_verb(n);
	mutex_take(&n->lock);
	if ((a->mask & (SET_UID | SET_GID)) && node_type(n) != NODE_DIR) {
		uint32_t drop = SETUID;

		if (n->mode & GROUP_X)
			drop |= SETGID;
		if (!(a->mask & SET_MODE))
			a->mode = n->mode;
		a->mode &= ~drop;
		a->mask |= SET_MODE;
	}
	e = n->ops->setattr(n, a);
	mutex_drop(&n->lock);
	return e;
}

/* Set the size of n's contents; node->lock is held. */
static enum err set_size(struct node *n, uint64_t size)
{
	uint64_t old = n->size;
	enum err e;

	if (size > INT64_MAX)
		return E_INVAL;
	if (!n->vmo && size && n->ops->contents &&
	    (e = n->ops->contents(n)) != OK)
		return e;
	if (n->vmo) {
		/* First the size: who reads now stops before what goes. */
		if (size < old)
			n->size = size;
		e = vmo_resize(n->vmo, PAGES(size));
		if (e != OK)
			return e;
		if (size & PAGE_MASK) {
			e = vmo_zero(
			    n->vmo, size, PAGE_SIZE - (size & PAGE_MASK));
			if (e != OK)
				return e;
		}
	}
	n->size = size;
	node_touch(n, SET_MTIME);
	if (n->mode & (SETUID | SETGID))
		node_drop_setid(n);
	return OK;
}

enum err node_setattr_memory(struct node *n, const struct setattr *a)
{
	enum err e;

	if (a->mask & SET_SIZE) {
		e = set_size(n, a->size);
		if (e != OK)
			return e;
	}
	if (a->mask & SET_MODE)
		n->mode = (n->mode & NODE_TYPE) | (a->mode & 07777);
	if (a->mask & SET_UID)
		n->uid = a->uid;
	if (a->mask & SET_GID)
		n->gid = a->gid;
	if (a->mask & SET_ATIME)
		n->atime = a->atime;
	if (a->mask & SET_MTIME)
		n->mtime = a->mtime;
	node_touch_change(n);
	return OK;
}
