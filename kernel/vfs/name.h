/* kernel/vfs/name.h -- the name cache: what names in directories resolve to. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/rcu.h"
#include "kernel/vfs/node.h"
#include "kernel/vfs/walk_text.h"

enum { NAME_INLINE = 40 };

/* Immutable text; s is padded with zeroes to whole words. */
struct name_text {
	struct rcu_head rcu;
	uint32_t len;
	uint32_t pad;
	char s[];
};

/*
 * A name in a directory: positive (node) or negative (NULL: looked up, not
 * there). refs counts users, child names, and one for being in the hash table;
 * 0 means dead, or frozen for a moment by name_set_negative(). While anybody
 * but the table and the one that changes the directory holds a reference, node
 * stays as it is. Freed through RCU.
 */
struct name {
	_Atomic uint32_t refs;
	_Atomic uint32_t mounted; /* mounts that cover it, in all namespaces */
	uint64_t hash;            /* of text */
	struct name *next;        /* bucket chain, RCU; bucket lock */
	struct name *parent;      /* holds a reference; NULL: a scheme's root */
	struct node *node;        /* RCU; holds a reference */
	struct name_text *text;   /* RCU; small, or allocated */
	struct list children;     /* lock of this name's children */
	struct list sibling;      /* lock of parent's children */
	_Atomic uint8_t hashed;   /* in the table: bucket lock */
	uint8_t unlinked;         /* was removed while in use */
	uint8_t used;             /* looked up since the clock's hand passed */
	struct name_text small;
};

/*
 * Even: names and mounts are at rest. A walk without references notes it
 * first, and its result counts only if it is the same at the end.
 */
extern _Atomic uint32_t names_seq;

static inline uint32_t names_seq_read(void)
{
	return atomic_load_explicit(&names_seq, memory_order_acquire);
}
static inline bool names_seq_same(uint32_t seq)
{
	/* Orders the walk's loads before this one. */
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&names_seq, memory_order_relaxed) == seq;
}

/* Make names_seq odd and even again; a spinlock of RANK_NAMES between. */
void names_write_begin(void);
void names_write_end(void);

/* Table, caches, reclaim. buckets: a power of two. */
void names_init(unsigned buckets_log2);

/* Look in the table only; under RCU, nothing is counted. NULL: not cached. */
struct name *name_find(struct name *dir, const struct component *c);

static inline struct name *name_get(struct name *n)
{
	atomic_fetch_add_explicit(&n->refs, 1, memory_order_relaxed);
	return n;
}
/* A reference unless n is dead or being changed. */
static inline bool name_tryget(struct name *n)
{
	uint32_t r = atomic_load_explicit(&n->refs, memory_order_relaxed);

	while (r != 0)
		if (atomic_compare_exchange_weak_explicit(&n->refs, &r, r + 1,
		        memory_order_acquire, memory_order_relaxed))
			return true;
	return false;
}
void name_put(struct name *n); /* may sleep */

/*
 * Resolve c in dir: from the table, else by asking the scheme. Gives a
 * reference to a name, negative (node NULL) when there is none. Takes the
 * directory's lock; the _locked form is called with it held (shared will do).
 */
enum err name_lookup(
    struct name *dir, const struct component *c, struct name **out);
enum err name_lookup_locked(
    struct name *dir, const struct component *c, struct name **out);

/* The name of a scheme's root, made at the first call. Gives a reference. */
enum err name_root(struct scheme *s, struct name **out);

/* A name outside the tree for an unnamed node. Takes the node's reference. */
enum err name_detached(const char *text, struct node *node, struct name **out);

/*
 * The rest: directory lock held exclusively, the caller holds a reference to
 * the name. Make a negative name positive; takes the node's reference.
 */
void name_set_positive(struct name *n, struct node *node);

/*
 * The name was removed. With no other user it turns negative and stays in the
 * table; else it leaves the table and keeps its node for those users.
 */
void name_set_negative(struct name *n);

/*
 * n moves to (dir, c); what stands there in the table leaves it. E_NOMEM
 * before anything changed. dir and n->parent are locked exclusively.
 */
enum err name_move(struct name *n, struct name *dir, const struct component *c);
/* a and b swap places. E_NOMEM before anything changed. */
enum err name_exchange(struct name *a, struct name *b);

/* Take n out of the table (no effect when it is out). */
void name_unhash(struct name *n);

/* Is a an ancestor of b, or b itself? Stable under the rename lock. */
bool name_is_ancestor(struct name *a, struct name *b);

/*
 * Some cached name of a node, with a reference, or NULL. Looks through the
 * whole table: for /proc only.
 */
struct name *name_of_node(const struct node *node);

/* Names in existence, for leak checks and /proc. */
uint64_t names_live(void);
/* Drop what nobody uses (leak tests). Returns names dropped. */
uint64_t names_shrink(uint64_t want);
