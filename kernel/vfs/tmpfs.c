/* kernel/vfs/tmpfs.c -- files in memory: a complete POSIX scheme. */
/* SPDX-License-Identifier: MIT */
#include "kernel/vfs/tmpfs.h"
#include "kernel/core/string.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmo.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/tmpfs_dir.h"
#include "kernel/vfs/vfs.h"

/*
 * A directory's priv is a struct tmpfs_dir, a link's its text, a regular
 * file's the number of pages that were counted for it. Entries hold a
 * reference to their node; the cycle through the scheme ends at shutdown, when
 * the last mount is gone.
 *
 * Pages are counted lazily: before each write, truncate and stat, the
 * difference to what the memory object holds now is added to the scheme's use,
 * so that a fault in a mapping needs no hook.
 */
enum { TMPFS_MAGIC = 0x01021994, ENTRY_SIZE = 20 };

struct tmpfs_dir {
	struct tmpdir index;
	struct node *next; /* shutdown's work list */
};

static struct tmpfs *fs_of(const struct node *n)
{
	return n->scheme->priv;
}

static struct tmpfs_dir *dir_of(const struct node *n)
{
	return n->priv;
}

static void changed(struct node *d)
{
	d->size = (uint64_t)dir_of(d)->index.live * ENTRY_SIZE;
	node_touch(d, SET_MTIME);
}

/* Bring the scheme's use up to date with n's pages. node->lock or last ref. */
static void account(struct node *n)
{
	uint64_t now = n->vmo ? vmo_resident(n->vmo) : 0;
	uint64_t was = (uintptr_t)n->priv;

	if (now != was) {
		atomic_fetch_add_explicit(
		    &fs_of(n)->pages, now - was, memory_order_relaxed);
		n->priv = (void *)now;
	}
}

static enum err tmpfs_lookup(
    struct node *d, const char *name, size_t len, struct node **out)
{
	struct tmpdir_entry *e = tmpdir_find(&dir_of(d)->index, name, len);

	if (!e)
		return E_NOENT;
	*out = node_get(e->node);
	return OK;
}

static enum err private_data(struct node *n, const struct newnode *how)
{
	struct tmpfs_dir *dir;

	if (node_type(n) == NODE_DIR) {
		dir = kmalloc(sizeof(*dir));
		if (!dir)
			return E_NOMEM;
		tmpdir_init(&dir->index);
		n->priv = dir;
		n->nlink = 2;
	} else if (node_type(n) == NODE_LNK) {
		n->priv = kstrdup(how->target);
		if (!n->priv)
			return E_NOMEM;
		n->size = strlen(how->target);
	}
	return OK;
}

static enum err node_make(
    struct scheme *s, const struct newnode *how, struct node **out)
{
	struct tmpfs *fs = s->priv;
	struct node *n;
	enum err e;

	if (atomic_fetch_add(&fs->nodes, 1) >= fs->nodes_max) {
		atomic_fetch_sub(&fs->nodes, 1);
		return E_NOSPC;
	}
	e = node_alloc(s, &tmpfs_ops, how->mode,
	    atomic_fetch_add(&fs->next_ino, 1) + 1, &n);
	if (e != OK) {
		atomic_fetch_sub(&fs->nodes, 1);
		return e;
	}
	n->uid = how->uid;
	n->gid = how->gid;
	n->rdev = how->rdev;
	e = private_data(n, how);
	if (e != OK) {
		node_put(n);
		return e;
	}
	*out = n;
	return OK;
}

static enum err tmpfs_create_node(struct node *d, const char *name, size_t len,
    const struct newnode *how, struct node **out)
{
	struct node *n;
	enum err e = node_make(d->scheme, how, &n);

	if (e != OK)
		return e;
	e = tmpdir_insert(&dir_of(d)->index, name, len, n);
	if (e != OK) {
		node_put(n);
		return e;
	}
	if (node_type(n) == NODE_DIR)
		d->nlink++;
	changed(d);
	*out = node_get(n);
	return OK;
}

static enum err tmpfs_unnamed(struct node *d, uint32_t mode, struct node **out)
{
	struct newnode how = {.mode = mode};
	enum err e = node_make(d->scheme, &how, out);

	if (e == OK)
		(*out)->nlink = 0;
	return e;
}

static enum err tmpfs_link(
    struct node *d, const char *name, size_t len, struct node *n)
{
	enum err e;

	if (n->nlink >= 1u << 30)
		return E_MLINK;
	e = tmpdir_insert(&dir_of(d)->index, name, len, n);
	if (e != OK)
		return e;
	node_get(n);
	atomic_fetch_add(&n->nlink, 1);
	node_touch_change(n);
	changed(d);
	return OK;
}

static enum err tmpfs_unlink(
    struct node *d, const char *name, size_t len, struct node *n)
{
	struct tmpdir_entry *e = tmpdir_find(&dir_of(d)->index, name, len);

	if (!e || e->node != n)
		return E_NOENT;
	tmpdir_remove(&dir_of(d)->index, e);
	atomic_fetch_sub(&n->nlink, 1);
	n->ctime = ktime_now();
	changed(d);
	node_put(n);
	return OK;
}

static enum err tmpfs_rmdir(
    struct node *d, const char *name, size_t len, struct node *n)
{
	struct tmpdir_entry *e = tmpdir_find(&dir_of(d)->index, name, len);

	if (!e || e->node != n)
		return E_NOENT;
	if (dir_of(n)->index.live)
		return E_NOTEMPTY;
	tmpdir_remove(&dir_of(d)->index, e);
	n->nlink = 0;
	d->nlink--;
	node_touch_change(n);
	changed(d);
	node_put(n);
	return OK;
}

/* a of directory d and b of directory `to` change places. */
static void exchange(struct node *d, struct tmpdir_entry *a, struct node *to,
    struct tmpdir_entry *b)
{
	bool a_dir = node_type(a->node) == NODE_DIR;
	bool b_dir = node_type(b->node) == NODE_DIR;
	struct node *n = a->node;

	a->node = b->node;
	b->node = n;
	d->nlink += (uint32_t)b_dir - (uint32_t)a_dir;
	to->nlink += (uint32_t)a_dir - (uint32_t)b_dir;
}

/* b, the entry of victim, becomes n's. */
static enum err replace(struct node *n, struct node *to, struct tmpdir_entry *b,
    struct node *victim)
{
	if (node_type(victim) == NODE_DIR) {
		if (dir_of(victim)->index.live)
			return E_NOTEMPTY;
		victim->nlink = 0;
		to->nlink--;
	} else {
		atomic_fetch_sub(&victim->nlink, 1);
	}
	node_touch_change(victim);
	b->node = n;
	node_put(victim);
	return OK;
}

static enum err tmpfs_rename(struct node *d, const char *name, size_t len,
    struct node *n, struct node *to, const char *newname, size_t newlen,
    struct node *victim, bool exch)
{
	struct tmpdir_entry *a = tmpdir_find(&dir_of(d)->index, name, len);
	struct tmpdir_entry *b =
	    tmpdir_find(&dir_of(to)->index, newname, newlen);
	enum err e = OK;

	if (!a || a->node != n || (victim && (!b || b->node != victim)))
		return E_NOENT;
	if (exch) {
		exchange(d, a, to, b);
		node_touch_change(victim);
	} else {
		if (b)
			e = replace(n, to, b, victim);
		else
			e = tmpdir_insert(
			    &dir_of(to)->index, newname, newlen, n);
		if (e != OK)
			return e;
		tmpdir_remove(&dir_of(d)->index, a);
		if (node_type(n) == NODE_DIR) {
			d->nlink--;
			to->nlink++;
		}
	}
	node_touch_change(n);
	changed(d);
	changed(to);
	return OK;
}

static enum err tmpfs_readdir(
    struct node *d, uint64_t cookie, struct dir_sink *sink)
{
	struct tmpdir *index = &dir_of(d)->index;
	struct tmpdir_entry *e;

	for (e = tmpdir_next(index, cookie); e;
	    e = tmpdir_next(index, e->slot + 1ul))
		if (!sink->emit(sink, e->name, e->len, e->node->ino,
		        node_type(e->node), e->slot + 1ul))
			break;
	return OK;
}

static long tmpfs_readlink(struct node *n, char *buf, size_t size)
{
	size_t len = MIN(n->size, size);

	memcpy(buf, n->priv, len);
	return (long)len;
}

static enum err tmpfs_setattr(struct node *n, const struct setattr *a)
{
	enum err e = node_setattr_memory(n, a);

	if (a->mask & SET_SIZE)
		account(n);
	return e;
}

static enum err tmpfs_getattr(struct node *n, struct kstat *out)
{
	if (node_type(n) == NODE_DIR)
		out->blocks = 0;
	return OK;
}

static enum err tmpfs_contents(struct node *n)
{
	struct vmo *v;
	enum err e = vmo_create_anon(silo_current(), PAGES(n->size), &v);

	if (e == OK)
		rcu_store(n->vmo, v);
	return e;
}

/* Pages of [first, first+count) that are not there yet. */
static uint64_t holes(struct node *n, uint64_t first, uint64_t count)
{
	uint64_t end = first + count, missing = 0, at = first, data;

	if (!n->vmo)
		return count;
	while (at < end) {
		at = vmo_next(n->vmo, at, false);
		if (at >= end)
			break;
		data = MIN(vmo_next(n->vmo, at, true), end);
		missing += data - at;
		at = data;
	}
	/* Behind the object's end nothing is there. */
	data = MAX(n->vmo ? vmo_pages(n->vmo) : 0, first);
	return data < end ? MAX(missing, end - data) : missing;
}

static enum err tmpfs_reserve(struct node *n, uint64_t off, uint64_t len)
{
	uint64_t first = off >> PAGE_SHIFT, count = PAGES(off + len) - first;
	struct tmpfs *fs = fs_of(n);
	uint64_t used;

	account(n);
	used = atomic_load_explicit(&fs->pages, memory_order_relaxed);
	if (likely(used + count <= fs->pages_max))
		return OK;
	return used + holes(n, first, count) <= fs->pages_max ? OK : E_NOSPC;
}

static void tmpfs_release(struct node *n)
{
	struct tmpfs *fs = fs_of(n);

	switch (node_type(n)) {
	case NODE_DIR:
		if (n->priv) {
			tmpdir_free(&dir_of(n)->index);
			kfree(n->priv);
		}
		break;
	case NODE_LNK:
		kfree(n->priv);
		break;
	case NODE_REG:
		atomic_fetch_sub_explicit(
		    &fs->pages, (uintptr_t)n->priv, memory_order_relaxed);
		break;
	default:
		break;
	}
	atomic_fetch_sub(&fs->nodes, 1);
	node_free(n);
}

const struct node_ops tmpfs_ops = {
    .lookup = tmpfs_lookup,
    .create = tmpfs_create_node,
    .unnamed = tmpfs_unnamed,
    .link = tmpfs_link,
    .unlink = tmpfs_unlink,
    .rmdir = tmpfs_rmdir,
    .rename = tmpfs_rename,
    .readdir = tmpfs_readdir,
    .readlink = tmpfs_readlink,
    .setattr = tmpfs_setattr,
    .getattr = tmpfs_getattr,
    .contents = tmpfs_contents,
    .reserve = tmpfs_reserve,
    .release = tmpfs_release,
};

/* Nothing is mounted, hence no directory is open: take the tree apart. */
void tmpfs_shutdown(struct scheme *s)
{
	struct node *work = s->root, *d, *n;
	struct tmpdir *index;
	struct tmpdir_entry *e;

	dir_of(work)->next = NULL;
	while ((d = work) != NULL) {
		work = dir_of(d)->next;
		index = &dir_of(d)->index;
		while ((e = tmpdir_next(index, 0)) != NULL) {
			n = e->node;
			tmpdir_remove(index, e);
			if (node_type(n) != NODE_DIR) {
				node_put(n);
				continue;
			}
			dir_of(n)->next = work;
			work = n;
		}
		if (d != s->root)
			node_put(d);
	}
}

enum err tmpfs_statfs(struct scheme *s, struct scheme_stat *out)
{
	struct tmpfs *fs = s->priv;
	uint64_t used = MIN(fs->pages, fs->pages_max);
	uint64_t nodes = MIN(fs->nodes, fs->nodes_max);

	*out = (struct scheme_stat){
	    .type = TMPFS_MAGIC,
	    .block_size = PAGE_SIZE,
	    .blocks = fs->pages_max,
	    .free = fs->pages_max - used,
	    .files = fs->nodes_max,
	    .files_free = fs->nodes_max - nodes,
	    .name_max = NAME_TEXT_MAX,
	};
	return OK;
}

enum err tmpfs_make_root(struct scheme *s, const struct newnode *how)
{
	struct node *root;
	enum err e = node_make(s, how, &root);

	if (e == OK)
		scheme_set_root(s, root);
	return e;
}
