/* kernel/vfs/node.c -- nodes and schemes: lifetime, attributes, permission. */
/* SPDX-License-Identifier: MIT */
#include "kernel/vfs/node.h"
#include "kernel/core/clock.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmo.h"
#include "kernel/object/process.h"
#include "kernel/vfs/name.h"
#include "kernel/vfs/vfs.h"

static struct slab_cache *node_cache;
static _Atomic uint32_t next_dev = 1;
static _Atomic uint64_t live;
static struct scheme_type *types;
static struct lock types_lock = LOCK_INIT(RANK_OBJECT);

void nodes_init(void)
{
	node_cache = slab_create("node", sizeof(struct node), CACHE_LINE);
}

uint64_t nodes_live(void)
{
	return live;
}

enum err scheme_alloc(
    const char *type, const struct scheme_ops *ops, struct scheme **out)
{
	struct scheme *s = kzalloc(sizeof(*s));

	if (!s)
		return E_NOMEM;
	s->refs = 1;
	s->ops = ops;
	s->dev = atomic_fetch_add(&next_dev, 1);
	kstrlcpy(s->type, type, sizeof(s->type));
	mutex_init(&s->rename_lock, RANK_RENAME);
	*out = s;
	return OK;
}

struct scheme *scheme_get(struct scheme *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

/*
 * Nodes hold their scheme and the scheme its root, so scheme->root counts no
 * reference to the scheme (node_root_adopt): the last put from outside finds
 * the root and its name still there and lets them go.
 */
void scheme_put(struct scheme *s)
{
	struct node *root = s->root;

	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	atomic_store_explicit(&s->refs, 2, memory_order_relaxed); /* ours */
	s->root = NULL;
	if (s->root_name) {
		name_drop_cached(s->root_name);
		name_put(s->root_name);
	}
	if (root)
		node_put(root); /* drops one of the two */
	if (s->ops && s->ops->release)
		s->ops->release(s);
	kfree(s);
}

void scheme_mounted(struct scheme *s)
{
	atomic_fetch_add(&s->mounts, 1);
}

void scheme_unmounted(struct scheme *s)
{
	if (atomic_fetch_sub(&s->mounts, 1) != 1 || !s->ops ||
	    !s->ops->shutdown)
		return;
	if (s->root_name)
		name_drop_cached(s->root_name);
	s->ops->shutdown(s);
}

void scheme_set_root(struct scheme *s, struct node *root)
{
	s->root = root;
	/* Its reference to the scheme would be a cycle. */
	atomic_fetch_sub_explicit(&s->refs, 1, memory_order_relaxed);
}

void scheme_register(struct scheme_type *t)
{
	lock_take(&types_lock);
	t->next = types;
	rcu_store(types, t); /* never removed: readers need no lock */
	lock_drop(&types_lock);
}

struct scheme_type *scheme_type_find(const char *name)
{
	struct scheme_type *t;

	for (t = rcu_load(types); t; t = t->next)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

void scheme_type_for_each(
    void (*fn)(const struct scheme_type *t, void *arg), void *arg)
{
	struct scheme_type *t;

	for (t = rcu_load(types); t; t = t->next)
		fn(t, arg);
}

struct ktime ktime_now(void)
{
	nsec_t now = clock_wall();

	return (struct ktime){
	    (int64_t)(now / NSEC_PER_SEC), (uint32_t)(now % NSEC_PER_SEC)};
}

enum err node_alloc(struct scheme *s, const struct node_ops *ops, uint32_t mode,
    uint64_t ino, struct node **out)
{
	struct node *n = slab_alloc(node_cache);

	if (!n)
		return E_NOMEM;
	memset(n, 0, sizeof(*n));
	atomic_store_explicit(&n->refs, 1, memory_order_relaxed);
	atomic_store_explicit(&n->nlink, 1, memory_order_relaxed);
	n->ops = ops;
	n->scheme = scheme_get(s);
	n->ino = ino;
	n->mode = mode;
	n->atime = n->mtime = n->ctime = n->btime = ktime_now();
	mutex_init(&n->lock, RANK_NODE);
	rwlock_init(&n->dir_lock, RANK_DIR);
	list_init(&n->locks);
	atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
	*out = n;
	return OK;
}

static void node_free_rcu(struct rcu_head *h)
{
	slab_free(node_cache, container_of(h, struct node, rcu));
}

void node_free(struct node *n)
{
	KASSERT(list_empty(&n->locks));
	if (n->vmo)
		vmo_put(n->vmo);
	scheme_put(n->scheme);
	atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
	/* A walk without references may still look at its mode. */
	rcu_call(&n->rcu, node_free_rcu);
}

void node_put(struct node *n)
{
	if (!n ||
	    atomic_fetch_sub_explicit(&n->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (n->ops->release)
		n->ops->release(n);
	else
		node_free(n);
}

bool node_tryget(struct node *n)
{
	uint32_t r = atomic_load_explicit(&n->refs, memory_order_relaxed);

	while (r != 0)
		if (atomic_compare_exchange_weak_explicit(&n->refs, &r, r + 1,
		        memory_order_acquire, memory_order_relaxed))
			return true;
	return false;
}

void node_stat(struct node *n, struct kstat *out)
{
	out->dev = (n->scheme->dev & 0xff) | (uint64_t)(n->scheme->dev & ~0xffu)
	                                         << 12;
	out->ino = n->ino;
	out->nlink = n->nlink;
	out->rdev = n->rdev;
	out->size = n->size;
	out->blksize = PAGE_SIZE;
	out->blocks = n->vmo ? vmo_resident(n->vmo) * (PAGE_SIZE / 512) : 0;
	out->mode = n->mode;
	out->uid = n->uid;
	out->gid = n->gid;
	out->atime = n->atime;
	out->mtime = n->mtime;
	out->ctime = n->ctime;
	out->btime = n->btime;
	if (n->ops->getattr && n->ops->getattr(n, out) != OK)
		return; /* what the node knows is the best there is */
}

static enum err access_check(
    struct node *n, unsigned want, unsigned have, bool privileged)
{
	if ((want & ~have & 7) == 0)
		return OK;
	if (!privileged)
		return E_ACCES;
	/* Privileged: all but executing what nobody may execute. */
	if ((want & 1) && node_type(n) != NODE_DIR && !(n->mode & 0111))
		return E_ACCES;
	return OK;
}

enum err node_access(struct node *n, unsigned want)
{
	const struct cred *c = cred_current();
	unsigned have = n->mode;

	if (c->fsuid == n->uid)
		have >>= 6;
	else if (cred_in_group(c, n->gid))
		have >>= 3;
	if (likely((want & ~have & 7) == 0))
		return OK;
	return access_check(n, want, have, cred_privileged());
}

enum err node_access_as(
    struct node *n, unsigned want, uint32_t uid, uint32_t gid)
{
	unsigned have = n->mode;

	if (uid == n->uid)
		have >>= 6;
	else if (gid == n->gid || cred_in_group(cred_current(), n->gid))
		have >>= 3;
	return access_check(n, want, have, uid == 0);
}

enum err node_owner_check(const struct node *n)
{
	if (cred_current()->fsuid == n->uid || cred_privileged())
		return OK;
	return E_PERM;
}

void node_touch(struct node *n, unsigned which)
{
	struct ktime now = ktime_now();

	if (which & SET_ATIME)
		n->atime = now;
	if (which & SET_MTIME) {
		n->mtime = now;
		n->ctime = now;
	}
}

void node_touch_change(struct node *n)
{
	n->ctime = ktime_now();
}

enum err node_contents(struct node *n)
{
	enum err e = OK;

	if (rcu_load(n->vmo))
		return OK;
	if (!n->ops->contents)
		return E_INVAL;
	mutex_take(&n->lock);
	if (!n->vmo)
		e = n->ops->contents(n);
	mutex_drop(&n->lock);
	return e;
}
