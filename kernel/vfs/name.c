/* kernel/vfs/name.c -- the name cache: look-up, insertion, removal, reclaim. */
/* SPDX-License-Identifier: MIT */
#include "kernel/vfs/name_internal.h"
#include "kernel/core/panic.h"
#include "kernel/core/random.h"
#include "kernel/core/string.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/vfs/vfs.h"

/*
 * A hash table keyed by (parent, text), with chains that readers follow under
 * RCU. Bucket locks guard the chains, child locks the lists of children; the
 * order is names_seq's lock, child lock, bucket lock.
 *
 * 1. A cached name's parent is alive: a child holds a reference to it.
 * 2. A name is in the table only if its parent is, or is a scheme's root.
 * 3. parent, text and hash of a live name change only between
 *    names_write_begin and _end, with both directories locked.
 * 4. A name changes between negative and positive only under its directory's
 *    lock, and to negative only while nobody else holds a reference.
 *
 * Reclaim walks the table like the hand of a clock: a name that was not looked
 * up since the last turn, and that only the table holds, goes.
 */
enum { LOCKS = 64 };

_Atomic uint32_t names_seq;
uint64_t name_hash_secret;

static struct lock seq_lock = LOCK_INIT(RANK_NAMES);
static struct lock child_locks[LOCKS];
static struct lock bucket_locks[LOCKS];
static struct name **buckets;
static unsigned bucket_shift;
static _Atomic uint64_t live;
static uint64_t live_max;
static _Atomic uint32_t clock_hand;
static struct slab_cache *name_cache;

NO_LOCK_CHECK void names_write_begin(void)
{
	lock_take(&seq_lock);
	atomic_store_explicit(&names_seq,
	    atomic_load_explicit(&names_seq, memory_order_relaxed) + 1,
	    memory_order_relaxed);
	/* Orders the odd value before every change (pairs: names_seq_same) */
	atomic_thread_fence(memory_order_seq_cst);
}

NO_LOCK_CHECK void names_write_end(void)
{
	atomic_fetch_add_explicit(&names_seq, 1, memory_order_release);
	lock_drop(&seq_lock);
}

static inline size_t bucket_of(const struct name *dir, uint64_t hash)
{
	return ((hash + ((uintptr_t)dir >> 4)) * 0x9e3779b97f4a7c15ull) >>
	       bucket_shift;
}

struct lock *name_child_lock(const struct name *n)
{
	return &child_locks[((uintptr_t)n >> 7) % LOCKS];
}

struct name *name_find(struct name *dir, const struct component *c)
{
	struct name *n = rcu_load(buckets[bucket_of(dir, c->hash)]);
	const struct name_text *t;

	for (; n; n = rcu_load(n->next)) {
		if (n->hash != c->hash || n->parent != dir)
			continue;
		t = rcu_load(n->text);
		if (t->len == c->len && component_equal(t->s, c->text, c->len))
			return n;
	}
	return NULL;
}

static void name_free_rcu(struct rcu_head *h)
{
	struct name *n = container_of(h, struct name, small.rcu);

	if (n->text != &n->small)
		kfree(n->text);
	slab_free(name_cache, n);
	atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
}

/* Give up what a dead name holds; returns its parent, to be put. */
static struct name *name_destroy(struct name *n)
{
	struct name *parent = n->parent;
	struct node *node = n->node;

	KASSERT(!n->hashed);
	if (parent) {
		lock_take(name_child_lock(parent));
		list_remove(&n->sibling);
		lock_drop(name_child_lock(parent));
	}
	if (node) {
		struct name *self = n;

		/* A weak pointer: only if it still is to us. */
		__atomic_compare_exchange_n(&node->dir_name, &self, NULL, false,
		    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
		node_put(node);
	}
	rcu_call(&n->small.rcu, name_free_rcu);
	return parent;
}

void name_put(struct name *n)
{
	while (n && atomic_fetch_sub_explicit(
	                &n->refs, 1, memory_order_acq_rel) == 1)
		n = name_destroy(n);
}

/* Text for a name: in place when it fits, else allocated. */
static bool name_set_text(struct name *n, const char *s, uint32_t len)
{
	struct name_text *t = &n->small;

	if (len > NAME_INLINE) {
		t = kmalloc(sizeof(*t) + ALIGN_UP(len, 8u));
		if (!t)
			return false;
	}
	t->len = len;
	if (len)
		memset(t->s + ALIGN_DOWN(len, 8u), 0, len % 8 ? 8 : 0);
	memcpy(t->s, s, len);
	n->text = t;
	return true;
}

/* A new name, not in the table, one reference. Takes node's reference. */
static struct name *name_alloc(
    struct name *dir, const char *s, uint32_t len, struct node *node)
{
	struct name *n;

	if (atomic_load_explicit(&live, memory_order_relaxed) > live_max)
		(void)names_shrink(32); /* as many as there are is fine */
	n = slab_alloc(name_cache);
	if (!n)
		return NULL;
	memset(n, 0, offsetof(struct name, small));
	if (!name_set_text(n, s, len)) {
		slab_free(name_cache, n);
		return NULL;
	}
	atomic_store_explicit(&n->refs, 1, memory_order_relaxed);
	list_init(&n->children);
	list_init(&n->sibling);
	n->node = node;
	atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
	if (dir) {
		n->parent = name_get(dir);
		lock_take(name_child_lock(dir));
		list_push_back(&dir->children, &n->sibling);
		lock_drop(name_child_lock(dir));
	}
	return n;
}

/* Put n in the table under its present parent and hash; counts it. */
void name_hash_in(struct name *n)
{
	size_t b = bucket_of(n->parent, n->hash);
	struct lock *l = &bucket_locks[b % LOCKS];

	name_get(n);
	lock_take_nested(l); /* child and names_seq locks come first */
	n->next = buckets[b];
	n->hashed = 1;
	rcu_store(buckets[b], n);
	lock_drop(l);
}

/*
 * Take n out of the table; true when it was in. Keeps the table's count. When
 * a rename moves n meanwhile, the chain does not have it: look again.
 */
bool name_hash_out(struct name *n)
{
	bool was = false;

	while (n->hashed && !was) {
		size_t b = bucket_of(n->parent, n->hash);
		struct lock *l = &bucket_locks[b % LOCKS];
		struct name **link;

		lock_take_nested(l); /* child and names_seq locks come first */
		for (link = &buckets[b]; *link; link = &(*link)->next)
			if (*link == n)
				break;
		if (*link) {
			rcu_store(*link, n->next); /* n->next: for readers */
			n->hashed = 0;
			was = true;
		}
		lock_drop(l);
	}
	return was;
}

void name_unhash(struct name *n)
{
	if (n->parent && name_hash_out(n))
		name_put(n);
}

/* May dir's names be kept in the table? */
bool name_caches(const struct name *dir)
{
	return (dir->hashed || !dir->parent) &&
	       !(dir->node->flags & NODE_NOCACHE);
}

/* Find in the table and count a reference. */
struct name *name_find_get(struct name *dir, const struct component *c)
{
	struct name *n;

	rcu_read_enter();
	n = name_find(dir, c);
	if (n && !name_tryget(n))
		n = NULL;
	rcu_read_exit();
	if (n && !n->used)
		n->used = 1;
	return n;
}

/* Two that looked up at once: the first in the table wins. */
static struct name *name_insert(struct name *n, const struct component *c)
{
	struct name *dir = n->parent, *other;

	lock_take(name_child_lock(dir));
	rcu_read_enter();
	other = name_find(dir, c);
	if (other && !name_tryget(other))
		other = NULL; /* on its way out */
	rcu_read_exit();
	if (!other)
		name_hash_in(n);
	lock_drop(name_child_lock(dir));
	if (!other)
		return n;
	name_put(n);
	return other;
}

enum err name_lookup_locked(
    struct name *dir, const struct component *c, struct name **out)
{
	struct node *d = dir->node, *node = NULL;
	struct name *n;
	enum err e;

	n = name_find_get(dir, c);
	if (n)
		goto found;
	if (c->len > 255)
		return E_NAMETOOLONG;
	if (!d->ops->lookup)
		return E_NOENT;
	e = d->ops->lookup(d, c->text, c->len, &node);
	if (e != OK && e != E_NOENT)
		return e;
	if (e != OK)
		node = NULL;
	n = name_alloc(dir, c->text, c->len, node);
	if (!n) {
		if (node)
			node_put(node);
		return E_NOMEM;
	}
	n->hash = c->hash;
	if (node && node_type(node) == NODE_DIR)
		rcu_store(node->dir_name, n);
	if (name_caches(dir))
		n = name_insert(n, c);
found:
	*out = n;
	return OK;
}

enum err name_lookup(
    struct name *dir, const struct component *c, struct name **out)
{
	struct node *d = dir->node;
	enum err e;

	*out = name_find_get(dir, c);
	if (*out)
		return OK;
	rwlock_read(&d->dir_lock);
	e = d->nlink ? name_lookup_locked(dir, c, out) : E_NOENT;
	rwlock_read_drop(&d->dir_lock);
	return e;
}

enum err name_root(struct scheme *s, struct name **out)
{
	struct name *n = rcu_load(s->root_name), *none = NULL;

	if (!n) {
		n = name_alloc(NULL, "", 0, node_get(s->root));
		if (!n) {
			node_put(s->root);
			return E_NOMEM;
		}
		rcu_store(s->root->dir_name, n);
		if (!__atomic_compare_exchange_n(&s->root_name, &none, n, false,
		        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			name_put(n);
			n = none;
			rcu_store(s->root->dir_name, n);
		}
	}
	*out = name_get(n); /* the first reference is the scheme's */
	return OK;
}

enum err name_detached(const char *text, struct node *node, struct name **out)
{
	struct name *n =
	    name_alloc(NULL, text, (uint32_t)strnlen(text, 255), node);

	if (!n)
		return E_NOMEM;
	n->unlinked = 1;
	*out = n;
	return OK;
}

void name_set_positive(struct name *n, struct node *node)
{
	KASSERT(!n->node);
	if (node_type(node) == NODE_DIR)
		rcu_store(node->dir_name, n);
	rcu_store(n->node, node);
}

/* A cached child of n, with a reference, or NULL. */
static struct name *name_first_cached(struct name *n)
{
	struct name *c, *found = NULL;

	lock_take(name_child_lock(n));
	list_for_each(c, &n->children, sibling) if (c->hashed && name_tryget(c))
	{
		found = c;
		break;
	}
	lock_drop(name_child_lock(n));
	return found;
}

/*
 * Depth first, without recursion: go down while there is a cached child, take
 * the leaf out, go up to its parent, which its reference kept.
 */
void name_drop_cached(struct name *top)
{
	struct name *n = name_get(top), *next;

	for (;;) {
		next = name_first_cached(n);
		if (next) {
			name_put(n);
			n = next;
			continue;
		}
		if (n == top)
			break;
		name_unhash(n);
		next = name_get(n->parent);
		name_put(n);
		n = next;
	}
	name_put(n);
}

void name_set_negative(struct name *n)
{
	struct node *node = n->node;
	uint32_t alone = 2; /* the table and the caller */

	if (node_type(node) != NODE_DIR && n->hashed &&
	    atomic_compare_exchange_strong(&n->refs, &alone, 0)) {
		/* Frozen: who walks here now waits for the directory lock. */
		rcu_store(n->node, NULL);
		atomic_store_explicit(&n->refs, 2, memory_order_release);
		node_put(node);
		return;
	}
	n->unlinked = 1;
	name_unhash(n);
	if (node_type(node) == NODE_DIR)
		name_drop_cached(n);
}

bool name_is_ancestor(struct name *a, struct name *b)
{
	for (; b; b = b->parent)
		if (a == b)
			return true;
	return false;
}

struct name *name_of_node(const struct node *node)
{
	struct name *n;

	rcu_read_enter();
	for (uint64_t b = 0; b < 1ull << (64 - bucket_shift); b++)
		for (n = rcu_load(buckets[b]); n; n = rcu_load(n->next))
			if (rcu_load(n->node) == node && name_tryget(n)) {
				rcu_read_exit();
				return n;
			}
	rcu_read_exit();
	return NULL;
}

void name_invalidate(struct node *dir, const char *name, size_t len)
{
	char text[NAME_INLINE * 7 + PATH_SLACK];
	struct component c = {.text = text, .len = (uint32_t)len};
	struct name *d, *n;

	rcu_read_enter();
	d = rcu_load(dir->dir_name);
	if (d && !name_tryget(d))
		d = NULL;
	rcu_read_exit();
	if (!d)
		return;
	if (!name) {
		name_drop_cached(d);
	} else if (len <= 255) {
		memcpy(text, name, len);
		c.hash = name_hash(name, len);
		n = name_find_get(d, &c);
		if (n) {
			n->unlinked = 1;
			name_unhash(n);
			name_drop_cached(n);
			name_put(n);
		}
	}
	name_put(d);
}

/* Take the oldest idle name of bucket b out of the table; NULL: none. */
static struct name *bucket_evict(size_t b)
{
	struct lock *l = &bucket_locks[b % LOCKS];
	struct name **link, *n;
	uint32_t one;

	if (!buckets[b])
		return NULL;
	lock_take(l);
	for (link = &buckets[b]; (n = *link) != NULL; link = &n->next) {
		one = 1;
		if (n->used)
			n->used = 0;
		else if (atomic_compare_exchange_strong(&n->refs, &one, 0))
			break;
	}
	if (n) {
		rcu_store(*link, n->next);
		n->hashed = 0;
	}
	lock_drop(l);
	return n;
}

uint64_t names_shrink(uint64_t want)
{
	size_t count = 1ul << (64 - bucket_shift), i;
	uint64_t freed = 0;
	struct name *n;

	for (i = 0; i < count * 2 && freed < want; i++) {
		size_t b = atomic_fetch_add_explicit(
		               &clock_hand, 1, memory_order_relaxed) &
		           (count - 1);

		while ((n = bucket_evict(b)) != NULL) {
			name_put(name_destroy(n));
			freed++;
		}
	}
	return freed;
}

/* Frames: about a page per 20 names, with their nodes. */
static uint64_t names_reclaim(uint64_t want)
{
	(void)names_shrink(want * 20); /* what it freed shows in the slabs */
	return slab_shrink(want);
}

uint64_t names_live(void)
{
	return live;
}

void names_init(unsigned buckets_log2)
{
	size_t bytes = sizeof(*buckets) << buckets_log2;
	unsigned i;

	bucket_shift = 64 - buckets_log2;
	live_max = 2ul << buckets_log2;
	name_hash_secret = random_u64();
	name_cache = slab_create(
	    "name", sizeof(struct name) + NAME_INLINE, _Alignof(struct name));
	buckets = kzalloc(bytes);
	KASSERT(buckets);
	for (i = 0; i < LOCKS; i++) {
		lock_init(&child_locks[i], RANK_NAMES);
		lock_init(&bucket_locks[i], RANK_NAMES);
	}
	reclaim_register("names", names_reclaim);
}
