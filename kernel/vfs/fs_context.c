/* kernel/vfs/fs_context.c -- cwd, root and umask of a process. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/fs_context.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/process.h"

void path_get(const struct path *p)
{
	mount_get(p->mount);
	name_get(p->name);
}

void path_put(struct path *p)
{
	if (p->name)
		name_put(p->name);
	if (p->mount)
		mount_put(p->mount);
	*p = (struct path){0};
}

struct node *path_node(const struct path *p)
{
	return p->name->node;
}

enum err fs_context_create(const struct path *root, struct fs_context **out)
{
	struct fs_context *f = kzalloc(sizeof(*f));

	if (!f)
		return E_NOMEM;
	f->refs = 1;
	lock_init(&f->lock, RANK_OBJECT);
	f->umask = 022;
	f->root = *root;
	f->cwd = *root;
	path_get(root);
	path_get(root);
	*out = f;
	return OK;
}

enum err fs_context_copy(struct fs_context *f, struct fs_context **out)
{
	struct fs_context *n = kzalloc(sizeof(*n));

	if (!n)
		return E_NOMEM;
	n->refs = 1;
	lock_init(&n->lock, RANK_OBJECT);
	lock_take(&f->lock);
	n->root = f->root;
	n->cwd = f->cwd;
	n->umask = f->umask;
	path_get(&n->root);
	path_get(&n->cwd);
	lock_drop(&f->lock);
	*out = n;
	return OK;
}

struct fs_context *fs_context_get(struct fs_context *f)
{
	atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
	return f;
}

void fs_context_put(struct fs_context *f)
{
	if (!f ||
	    atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) != 1)
		return;
	path_put(&f->root);
	path_put(&f->cwd);
	kfree(f);
}

void fs_context_read(struct fs_context *f, struct path *root, struct path *cwd)
{
	lock_take(&f->lock);
	*root = f->root;
	path_get(root);
	if (cwd) {
		*cwd = f->cwd;
		path_get(cwd);
	}
	lock_drop(&f->lock);
}

/* Replace *slot by p, taking p's references; readers see the sequence. */
static void fs_context_set(
    struct fs_context *f, struct path *slot, struct path *p)
{
	struct path old;

	lock_take(&f->lock);
	atomic_fetch_add(&f->seq, 1);
	old = *slot;
	*slot = *p;
	atomic_fetch_add(&f->seq, 1);
	lock_drop(&f->lock);
	*p = (struct path){0};
	path_put(&old);
}

void fs_context_set_cwd(struct fs_context *f, struct path *p)
{
	fs_context_set(f, &f->cwd, p);
}

void fs_context_set_root(struct fs_context *f, struct path *p)
{
	fs_context_set(f, &f->root, p);
}

/* The mount of `to` that is a copy of p's; p when there is none. */
static void path_translate(struct path *p, struct namespace *to)
{
	uint32_t id = 0;
	struct mount *m;

	while ((m = namespace_next(to, &id)) != NULL) {
		if (m->origin == p->mount->origin) {
			mount_put(p->mount);
			p->mount = m;
			return;
		}
		mount_put(m);
	}
}

void fs_context_move(struct fs_context *f, struct namespace *to)
{
	struct path root, cwd;

	fs_context_read(f, &root, &cwd);
	path_translate(&root, to);
	path_translate(&cwd, to);
	fs_context_set(f, &f->root, &root);
	fs_context_set(f, &f->cwd, &cwd);
}
