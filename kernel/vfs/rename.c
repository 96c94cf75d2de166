/* kernel/vfs/rename.c -- rename: locks, checks, replace and exchange. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/process.h"
#include "kernel/vfs/change.h"
#include "kernel/vfs/view.h"

/*
 * Order of locks: the scheme's rename_lock when two directories are involved
 * (the tree keeps its shape, so "is an ancestor" stays true); then the two
 * directories, an ancestor first, unrelated ones by address (nobody else takes
 * two unrelated directories); then what moves and what is replaced, if they
 * are directories that are not yet locked.
 */
enum { STICKY = 01000 };

struct rename {
	struct path dir[2]; /* from, to */
	struct component c[2];
	bool slash[2];        /* one followed: it is meant to be a directory */
	struct name *name[2]; /* what stands there; may be negative */
	struct node *locked[4];
	unsigned lock_count;
	unsigned flags;
};

NO_LOCK_CHECK static void dir_lock(struct rename *r, struct node *d)
{
	unsigned i;

	for (i = 0; i < r->lock_count; i++)
		if (r->locked[i] == d)
			return;
	/* Ordered as the essay says. */
	rwlock_write_nested(&d->dir_lock);
	r->locked[r->lock_count++] = d;
}

NO_LOCK_CHECK static void unlock_all(struct rename *r)
{
	while (r->lock_count)
		rwlock_write_drop(&r->locked[--r->lock_count]->dir_lock);
}

static void lock_parents(struct rename *r)
{
	struct name *a = r->dir[0].name, *b = r->dir[1].name;
	bool b_first;

	if (name_is_ancestor(a, b))
		b_first = false;
	else if (name_is_ancestor(b, a))
		b_first = true;
	else
		b_first = (uintptr_t)b->node < (uintptr_t)a->node;
	dir_lock(r, b_first ? b->node : a->node);
	dir_lock(r, b_first ? a->node : b->node);
}

/* Lock what moves, if directories: by address, an ancestor first. */
static void lock_children(struct rename *r)
{
	struct node *a = r->name[0]->node, *b = r->name[1]->node;

	if (a && node_type(a) != NODE_DIR)
		a = NULL;
	if (b && node_type(b) != NODE_DIR)
		b = NULL;
	if (a && b && (uintptr_t)b < (uintptr_t)a) {
		dir_lock(r, b);
		dir_lock(r, a);
		return;
	}
	if (a)
		dir_lock(r, a);
	if (b)
		dir_lock(r, b);
}

static enum err side_check(struct rename *r, unsigned i)
{
	struct node *d = path_node(&r->dir[i]), *n = r->name[i]->node;
	uint32_t uid = cred_current()->fsuid;
	enum err e;

	if (!d->nlink)
		return E_NOENT;
	if (mount_rdonly(r->dir[i].mount))
		return E_ROFS;
	e = node_access(d, 3);
	if (e != OK || !n)
		return e;
	if ((d->mode & STICKY) && uid != n->uid && uid != d->uid &&
	    !cred_privileged())
		return E_PERM;
	if (r->name[i]->mounted)
		return E_BUSY;
	/* A directory that gets a new ".." is itself changed. */
	if (node_type(n) == NODE_DIR && r->dir[0].name != r->dir[1].name &&
	    (i == 0 || (r->flags & RENAME_EXCHANGE)))
		return node_access(n, 2);
	return OK;
}

/* Types and shape, with both names known. */
static enum err pair_check(struct rename *r)
{
	struct node *a = r->name[0]->node, *b = r->name[1]->node;
	bool exchange = r->flags & RENAME_EXCHANGE;

	if (!a)
		return E_NOENT;
	if (b && (r->flags & RENAME_NOREPLACE))
		return E_EXIST;
	if (!b && exchange)
		return E_NOENT;
	if (exchange && node_type(b) != NODE_DIR && r->slash[1])
		return E_NOTDIR;
	if (node_type(a) != NODE_DIR &&
	    (r->slash[0] || (!exchange && r->slash[1])))
		return E_NOTDIR;
	if (name_is_ancestor(r->name[0], r->dir[1].name))
		return E_INVAL;
	if (b && name_is_ancestor(r->name[1], r->dir[0].name))
		return exchange ? E_INVAL : E_NOTEMPTY;
	if (b && !exchange && node_type(a) == NODE_DIR &&
	    node_type(b) != NODE_DIR)
		return E_NOTDIR;
	if (b && !exchange && node_type(a) != NODE_DIR &&
	    node_type(b) == NODE_DIR)
		return E_ISDIR;
	return OK;
}

/* The scheme agreed: make the cache agree. */
static enum err rename_names(struct rename *r)
{
	struct name *victim = r->name[1];
	enum err e;

	if (r->flags & RENAME_EXCHANGE)
		return name_exchange(r->name[0], victim);
	e = name_move(r->name[0], r->dir[1].name, &r->c[1]);
	if (e == OK)
		return OK;
	/* No memory for the text: forget both, they will be looked up. */
	r->name[0]->unlinked = victim->unlinked = 1;
	name_unhash(r->name[0]);
	name_unhash(victim);
	return OK;
}

static enum err rename_locked(struct rename *r)
{
	struct node *d = path_node(&r->dir[0]), *to = path_node(&r->dir[1]);
	enum err e;

	e = pair_check(r);
	if (e == OK)
		e = side_check(r, 0);
	if (e == OK)
		e = side_check(r, 1);
	if (e != OK)
		return e;
	if (r->name[0]->node == r->name[1]->node)
		return OK; /* two links to one file: nothing to do */
	if (!d->ops->rename)
		return d->scheme->rdonly ? E_ROFS : E_PERM;
	lock_children(r);
	e = d->ops->rename(d, r->c[0].text, r->c[0].len, r->name[0]->node, to,
	    r->c[1].text, r->c[1].len, r->name[1]->node,
	    r->flags & RENAME_EXCHANGE);
	if (e != OK)
		return e;
	return rename_names(r);
}

static enum err rename_names_found(struct rename *r)
{
	enum err e;

	e = name_lookup_locked(r->dir[0].name, &r->c[0], &r->name[0]);
	if (e != OK)
		return e;
	e = name_lookup_locked(r->dir[1].name, &r->c[1], &r->name[1]);
	if (e == OK) {
		e = rename_locked(r);
		unlock_all(r);
		name_put(r->name[1]);
	}
	unlock_all(r);
	name_put(r->name[0]);
	return e;
}

/* Names that can be renamed at all. */
static enum err last_check(struct walk *from, struct walk *to, unsigned flags)
{
	if (!from->last.len || component_is_dot(&from->last) ||
	    component_is_dotdot(&from->last))
		return E_BUSY;
	if (!to->last.len || component_is_dot(&to->last) ||
	    component_is_dotdot(&to->last))
		return flags & RENAME_NOREPLACE ? E_EXIST : E_BUSY;
	if (from->last.len > NAME_TEXT_MAX || to->last.len > NAME_TEXT_MAX)
		return E_NAMETOOLONG;
	return OK;
}

static enum err view_check(const struct rename *r)
{
	enum err e = OK;

	for (unsigned i = 0; i < 2 && e == OK; i++)
		e = view_need(&r->dir[i], &r->c[i], UNVEIL_CREATE);
	if (e == OK)
		e = view_move(&r->dir[0], &r->c[0], &r->dir[1], &r->c[1]);
	if (e == OK && (r->flags & RENAME_EXCHANGE))
		e = view_move(&r->dir[1], &r->c[1], &r->dir[0], &r->c[0]);
	return e;
}

enum err change_rename(struct walk *from, struct walk *to, unsigned flags)
{
	struct rename r = {.dir = {from->at, to->at},
	    .c = {from->last, to->last},
	    .slash = {from->slash, to->slash},
	    .flags = flags};
	struct scheme *s = from->at.mount->scheme;
	enum err e = last_check(from, to, flags);

	if (e == OK)
		e = view_check(&r);
	if (e != OK)
		return e;
	if (from->at.mount != to->at.mount)
		return E_XDEV;
	mutex_take(&s->rename_lock);
	lock_parents(&r);
	e = rename_names_found(&r);
	unlock_all(&r);
	mutex_drop(&s->rename_lock);
	return e;
}
