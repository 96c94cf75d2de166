/* kernel/vfs/mount.c -- the mount table: find, attach, bind, detach, copy. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/mount.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/process.h"
#include "kernel/vfs/vfs.h"

/*
 * Mounts hang in one hash table keyed by (parent mount, covered name). Changes
 * hold the namespace's lock, and inside it the names_seq lock, so that a walk
 * without references notices. A name that is covered anywhere says so in
 * name->mounted, so that ordinary names cost no look-up here.
 */
enum { BUCKETS = 64, MOUNTS_MAX = 1024 };

static struct mount *buckets[BUCKETS];
static _Atomic uint32_t next_id;

static struct mount **bucket_of(const struct mount *m, const struct name *n)
{
	uintptr_t h = ((uintptr_t)m >> 6) + ((uintptr_t)n >> 6);

	return &buckets[(h ^ h >> 6) % BUCKETS];
}

struct mount *mount_find(struct mount *parent, const struct name *point)
{
	struct mount *m = rcu_load(*bucket_of(parent, point));

	while (m && (m->parent != parent || m->point != point))
		m = rcu_load(m->next);
	return m;
}

bool mount_tryget(struct mount *m)
{
	uint32_t r = atomic_load_explicit(&m->refs, memory_order_relaxed);

	while (r != 0)
		if (atomic_compare_exchange_weak_explicit(&m->refs, &r, r + 1,
		        memory_order_acquire, memory_order_relaxed))
			return true;
	return false;
}

static void mount_free_rcu(struct rcu_head *h)
{
	kfree(container_of(h, struct mount, rcu));
}

void mount_put(struct mount *m)
{
	struct mount *parent;

	while (m && atomic_fetch_sub_explicit(
	                &m->refs, 1, memory_order_acq_rel) == 1) {
		parent = m->parent;
		if (m->point)
			name_put(m->point);
		name_put(m->root);
		scheme_unmounted(m->scheme);
		scheme_put(m->scheme);
		rcu_call(&m->rcu, mount_free_rcu);
		m = parent;
	}
}

/* A mount of the tree below `root`, attached nowhere. One reference. */
static enum err mount_alloc(struct scheme *s, struct name *root, unsigned flags,
    const char *source, struct mount **out)
{
	struct mount *m = kzalloc(sizeof(*m));

	if (!m)
		return E_NOMEM;
	m->refs = 1;
	m->flags = flags & (MOUNT_KEPT | MOUNT_LOCKED | MOUNT_LIMITED);
	m->scheme = scheme_get(s);
	scheme_mounted(s);
	m->root = name_get(root);
	m->id = atomic_fetch_add(&next_id, 1) + 1;
	m->origin = m->id;
	list_init(&m->link);
	kstrlcpy(m->source, source ? source : "none", sizeof(m->source));
	*out = m;
	return OK;
}

enum err mount_internal(struct scheme *s, struct mount **out)
{
	struct name *root;
	enum err e = name_root(s, &root);

	if (e != OK)
		return e;
	e = mount_alloc(s, root, 0, s->type, out);
	name_put(root);
	return e;
}

/* Attach m at (parent, point); takes the caller's reference to m. */
static void attach(struct namespace *ns, struct mount *m, struct mount *parent,
    struct name *point)
{
	struct mount **b = bucket_of(parent, point);

	m->parent = mount_get(parent);
	m->point = name_get(point);
	m->ns = ns;
	names_write_begin();
	atomic_fetch_add(&point->mounted, 1);
	m->next = *b;
	rcu_store(*b, m);
	list_push_back(&ns->mounts, &m->link);
	names_write_end();
}

/* Out of the table; the names_seq lock is held. parent and point stay. */
static void unhash(struct mount *m)
{
	struct mount **link = bucket_of(m->parent, m->point);

	while (*link != m)
		link = &(*link)->next;
	rcu_store(*link, m->next);
	atomic_fetch_sub(&m->point->mounted, 1);
}

static unsigned mounts_count(struct namespace *ns)
{
	struct mount *m;
	unsigned n = 0;

	list_for_each(m, &ns->mounts, link) n++;
	return n;
}

struct namespace *namespace_current(void)
{
	return process_current()->namespace;
}

/* Check where a mount shall go and attach it. Takes m's reference on OK. */
static enum err mount_attach(const struct path *where, struct mount *m)
{
	struct namespace *ns = where->mount->ns;
	bool dir = node_type(path_node(where)) == NODE_DIR;
	enum err e = E_INVAL;

	if (!ns)
		return E_INVAL;
	if (dir != (node_type(m->root->node) == NODE_DIR))
		return E_NOTDIR;
	mutex_take(&ns->lock);
	if (where->mount->ns != ns || where->name->unlinked)
		e = E_NOENT;
	else if (mounts_count(ns) >= MOUNTS_MAX)
		e = E_NOSPC;
	else
		e = OK;
	if (e == OK)
		attach(ns, m, where->mount, where->name);
	mutex_drop(&ns->lock);
	return e;
}

enum err mount_at(const struct path *where, struct scheme *s, unsigned flags,
    const char *source)
{
	struct name *root;
	struct mount *m;
	enum err e;

	e = name_root(s, &root);
	if (e != OK)
		return e;
	e = mount_alloc(s, root, flags & MOUNT_KEPT, source, &m);
	name_put(root);
	if (e != OK)
		return e;
	e = mount_attach(where, m);
	if (e != OK)
		mount_put(m);
	return e;
}

/* Is m at or below `top` in the mount tree? */
static bool mount_below(const struct mount *m, const struct mount *top)
{
	for (; m; m = m->parent)
		if (m == top)
			return true;
	return false;
}

/* Copy the mounts below `what` to the same places below the bind m. */
static enum err bind_submounts(
    struct namespace *ns, const struct path *what, struct mount *m)
{
	struct mount *s, *last, *c;
	enum err e;

	if (list_empty(&ns->mounts))
		return OK;
	list_for_each(s, &ns->mounts, link) s->copied_to = NULL;
	what->mount->copied_to = m;
	last = list_last(&ns->mounts, struct mount, link);
	for (s = list_first(&ns->mounts, struct mount, link);;
	    s = list_first(&s->link, struct mount, link)) {
		if (s != m && s->parent && s->parent->copied_to &&
		    s->parent != m && !mount_below(s, m) &&
		    (s->parent != what->mount ||
		        name_is_ancestor(what->name, s->point))) {
			e = mount_alloc(
			    s->scheme, s->root, s->flags, s->source, &c);
			if (e != OK)
				return e;
			s->copied_to = c;
			attach(ns, c, s->parent->copied_to, s->point);
		}
		if (s == last)
			return OK;
	}
}

/* Would `what` without the mounts below it show what a locked one hides? */
static bool covers_locked(struct namespace *ns, const struct path *what)
{
	bool covers = false;
	struct mount *m;

	if (!ns)
		return false;
	mutex_take(&ns->lock);
	list_for_each(m, &ns->mounts, link)
	{
		if ((m->flags & MOUNT_LOCKED) && m->parent == what->mount &&
		    name_is_ancestor(what->name, m->point))
			covers = true;
	}
	mutex_drop(&ns->lock);
	return covers;
}

void namespace_lock(struct namespace *ns)
{
	struct mount *m;

	mutex_take(&ns->lock);
	list_for_each(m, &ns->mounts, link)
	    atomic_fetch_or(&m->flags, MOUNT_LOCKED | MOUNT_LIMITED);
	mutex_drop(&ns->lock);
}

enum err mount_bind_flags(
    const struct path *where, const struct path *what, bool recursive)
{
	struct namespace *ns = where->mount->ns;
	struct mount *m;
	enum err e;

	if (!recursive && covers_locked(ns, what))
		return E_PERM;
	e = mount_alloc(what->mount->scheme, what->name,
	    what->mount->flags & ~(uint32_t)MOUNT_LOCKED, what->mount->source,
	    &m);
	if (e != OK)
		return e;
	e = mount_attach(where, m);
	if (e != OK) {
		mount_put(m);
		return e;
	}
	if (recursive && what->mount->ns == ns) {
		mutex_take(&ns->lock);
		e = bind_submounts(ns, what, m);
		mutex_drop(&ns->lock);
	}
	return e;
}

enum err mount_bind(const struct path *where, const struct path *what)
{
	return mount_bind_flags(where, what, false);
}

enum err mount_reflag(const struct path *at, unsigned flags)
{
	uint32_t old = atomic_load(&at->mount->flags);

	if (at->name != at->mount->root)
		return E_INVAL;
	if ((old & MOUNT_LIMITED) && (old & MOUNT_LIMITS & ~flags))
		return E_PERM;
	atomic_store(&at->mount->flags,
	    (flags & MOUNT_KEPT) | (old & (MOUNT_LOCKED | MOUNT_LIMITED)));
	return OK;
}

enum err mount_move(const struct path *where, const struct path *what)
{
	struct mount *m = what->mount, *old_parent;
	struct namespace *ns = m->ns;
	struct name *old_point;
	struct mount **b;

	if (what->name != m->root || !ns || where->mount->ns != ns)
		return E_INVAL;
	if (m->flags & MOUNT_LOCKED)
		return E_PERM;
	if (node_type(path_node(where)) != node_type(path_node(what)))
		return E_NOTDIR;
	mutex_take(&ns->lock);
	if (!m->parent || m->ns != ns || mount_below(where->mount, m)) {
		mutex_drop(&ns->lock);
		return m->parent ? E_LOOP : E_INVAL;
	}
	old_parent = m->parent;
	old_point = m->point;
	names_write_begin();
	unhash(m);
	m->parent = mount_get(where->mount);
	m->point = name_get(where->name);
	b = bucket_of(m->parent, m->point);
	atomic_fetch_add(&m->point->mounted, 1);
	m->next = *b;
	rcu_store(*b, m);
	names_write_end();
	mutex_drop(&ns->lock);
	name_put(old_point);
	mount_put(old_parent);
	return OK;
}

/* Take m and all below it out of ns; their references go to `out`. */
static void detach_tree(
    struct namespace *ns, struct mount *top, struct list *out)
{
	struct mount *m, *tmp;

	/* Children come after parents: from the end, mark, then take out. */
	list_for_each_safe(m, tmp, &ns->mounts, link)
	{
		if (!mount_below(m, top))
			continue;
		names_write_begin();
		if (m->parent)
			unhash(m);
		m->ns = NULL;
		list_remove(&m->link);
		names_write_end();
		list_push_front(out, &m->link);
	}
}

/* Drop what detach_tree gave: children first. */
static void detached_put(struct list *l)
{
	struct mount *m, *tmp;

	list_for_each_safe(m, tmp, l, link)
	{
		list_remove(&m->link);
		mount_put(m);
	}
}

/*
 * A detached mount's refs: the namespace's and the caller's path. More means a
 * child, a working directory, an open file.
 */
enum err mount_remove(const struct path *where, bool lazy)
{
	struct mount *m = where->mount;
	struct namespace *ns = m->ns;
	struct list gone;
	enum err e = OK;

	list_init(&gone);
	if (where->name != m->root || !ns)
		return E_INVAL;
	if (m->flags & MOUNT_LOCKED)
		return E_PERM;
	mutex_take(&ns->lock);
	if (m->ns != ns || !m->parent) {
		e = m->ns == ns ? E_BUSY : E_INVAL;
		goto unlock;
	}
	if (!lazy) {
		names_write_begin();
		if (m->refs > 2)
			e = E_BUSY;
		names_write_end();
	}
	if (e == OK)
		detach_tree(ns, m, &gone);
unlock:
	mutex_drop(&ns->lock);
	detached_put(&gone);
	return e;
}

enum err namespace_create(
    struct scheme *s, const char *source, struct namespace **out)
{
	struct namespace *ns = kzalloc(sizeof(*ns));
	struct name *root;
	enum err e;

	if (!ns)
		return E_NOMEM;
	ns->refs = 1;
	mutex_init(&ns->lock, RANK_NAMESPACE);
	list_init(&ns->mounts);
	e = name_root(s, &root);
	if (e == OK) {
		e = mount_alloc(s, root, 0, source, &ns->root);
		name_put(root);
	}
	if (e != OK) {
		kfree(ns);
		return e;
	}
	ns->root->ns = ns;
	list_push_back(&ns->mounts, &ns->root->link);
	*out = ns;
	return OK;
}

struct namespace *namespace_get(struct namespace *ns)
{
	atomic_fetch_add_explicit(&ns->refs, 1, memory_order_relaxed);
	return ns;
}

void namespace_put(struct namespace *ns)
{
	struct list gone;

	if (!ns ||
	    atomic_fetch_sub_explicit(&ns->refs, 1, memory_order_acq_rel) != 1)
		return;
	list_init(&gone);
	mutex_take(&ns->lock);
	detach_tree(ns, ns->root, &gone);
	mutex_drop(&ns->lock);
	detached_put(&gone);
	kfree(ns);
}

/* Copy each mount of `from` (parents come first) into `to`. */
static enum err copy_mounts(struct namespace *from, struct namespace *to)
{
	struct mount *m, *c;
	enum err e;

	from->root->copied_to = to->root;
	list_for_each(m, &from->mounts, link)
	{
		if (m == from->root)
			continue;
		e = mount_alloc(m->scheme, m->root, m->flags, m->source, &c);
		if (e != OK)
			return e;
		c->origin = m->origin;
		m->copied_to = c;
		attach(to, c, m->parent->copied_to, m->point);
	}
	return OK;
}

enum err namespace_copy(struct namespace *ns, struct namespace **out)
{
	struct namespace *to;
	enum err e;

	e = namespace_create(ns->root->scheme, ns->root->source, &to);
	if (e != OK)
		return e;
	to->root->flags = (uint32_t)ns->root->flags;
	to->root->origin = ns->root->origin;
	mutex_take(&ns->lock);
	mutex_take_nested(&to->lock); /* nobody else knows it yet */
	e = copy_mounts(ns, to);
	mutex_drop(&to->lock);
	mutex_drop(&ns->lock);
	if (e != OK) {
		namespace_put(to);
		return e;
	}
	*out = to;
	return OK;
}

struct mount *namespace_next(struct namespace *ns, uint32_t *id)
{
	struct mount *m, *best = NULL;

	names_write_begin(); /* guards the list, too: no mutex */
	list_for_each(m, &ns->mounts,
	    link) if (m->id > *id && (!best || m->id < best->id)) best = m;
	if (best) {
		mount_get(best);
		*id = best->id;
	}
	names_write_end();
	return best;
}
