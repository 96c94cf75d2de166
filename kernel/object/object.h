/* kernel/object/object.h -- what a descriptor can name, and grant nodes. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/rights.h"
#include "kernel/core/lock.h"
#include "kernel/core/list.h"
#include "kernel/core/rcu.h"

struct uio;
struct poll_table;
struct node;
struct vmo;
struct kstat;
struct object;
struct epoll_item;
struct desc_table;

/* "use the object's own position" for read and write. */
#define OFF_OWN (-1l)

/*
 * Methods of a kind of object; NULL means the call does not apply (the
 * system call then gives the errno that Linux gives: E_INVAL, E_NOTTY, ...).
 * All may sleep. The caller holds a reference (or the descriptor table alone).
 */
struct object_ops {
	const char *kind; /* "file", "pipe", "tty", "event", ... */
	uint32_t mode;    /* a holder needs one of these bits; 0: none */

	/* Last reference gone: free the memory. */
	void (*release)(struct object *o);

	/* A descriptor to it in table was closed (POSIX locks). May be NULL. */
	void (*flush)(struct object *o, const struct desc_table *table);

	/* Bytes moved, 0 at the end of file, or an error. off: OFF_OWN or pos */
	long (*read)(struct object *o, struct uio *u, int64_t off);
	long (*write)(struct object *o, struct uio *u, int64_t off);
	int64_t (*seek)(struct object *o, int64_t off, int whence);

	/* Ready events (POLLIN...); registers with pt unless pt is NULL. */
	uint32_t (*poll)(struct object *o, struct poll_table *pt);
	long (*ioctl)(struct object *o, uint32_t cmd, uint64_t arg);
	enum err (*stat)(struct object *o, struct kstat *out);

	/* The memory object to map; gives a reference. */
	enum err (*map)(
	    struct object *o, uint32_t prot, bool shared, struct vmo **out);

	/* What a mapping may ever allow, of enum prot; NULL: anything. */
	uint32_t (*map_limit)(struct object *o);

	/* O_NONBLOCK, O_APPEND... changed by F_SETFL; NULL: just stored. */
	enum err (*set_flags)(struct object *o, uint32_t oflags);

	/* Text for /proc/PID/fdinfo after pos and flags; returns length. */
	size_t (*describe)(struct object *o, char *buf, size_t size);
};

/*
 * A grant node: one link in the chain by which a capability was passed from
 * silo to silo. Descriptors of one silo share one node; a transfer to another
 * silo makes a child. A descriptor look-up tests `revoked`. The root node is
 * embedded in the object and its references are the object's: descriptors,
 * child nodes and kernel users.
 */
struct grant {
	_Atomic uint32_t refs;
	_Atomic bool revoked;  /* set once, never cleared */
	uint16_t granter;      /* const: index of the granter's silo, pinned */
	uint32_t rights;       /* const: upper bound for its descriptors */
	uint32_t granter_sid;  /* const */
	uint64_t badge;        /* const */
	struct object *object; /* const */
	struct grant *parent;  /* const; NULL: root; holds a reference */
	struct list children;  /* GUARDED_BY(root lock), RANK_GRANT */
	struct list sibling;
	struct silo *silo; /* const: holder, who is charged; pinned */
};

struct object {
	const struct object_ops *ops; /* const */
	_Atomic uint32_t oflags;      /* O_ACCMODE, O_APPEND, O_NONBLOCK... */
	struct lock grant_lock;       /* the derivation tree */
	struct grant root;
	struct epoll_item *watchers; /* epolls' watches; grant_lock */
	struct rcu_head rcu;         /* release may be deferred through it */
};

/* Called for an object with watchers, before its release. Set by epoll. */
extern void (*object_gone)(struct object *o);

/* The last reference is gone. */
void object_release(struct object *o);

/* A fresh object belongs to s, not to the silo that made it. */
void object_set_silo(struct object *o, struct silo *s);

/* May a silo or process of this mode hold o? E_PERM. */
static inline enum err object_admitted(const struct object *o, uint32_t mode)
{
	return o->ops->mode && !(o->ops->mode & mode) ? E_PERM : OK;
}

/* Initialise with one reference (the caller's), all of `rights`. */
void object_init(struct object *o, const struct object_ops *ops,
    uint32_t oflags, uint32_t rights);

static inline struct object *object_get(struct object *o)
{
	atomic_fetch_add_explicit(&o->root.refs, 1, memory_order_relaxed);
	return o;
}
/* Drop a reference; the last one calls ops->release. May sleep. */
void object_put(struct object *o);

struct grant *grant_get(struct grant *g);
void grant_put(struct grant *g);

/*
 * Derive a child for a transfer to `to`: rights is a subset of g's. E_ACCES,
 * E_NOMEM, E_PERM (revoked). Gives a reference.
 */
enum err grant_derive(struct grant *g, struct silo *to, uint32_t rights,
    uint64_t badge, struct grant **out);

/*
 * Revoke g and all that was derived from it: marked, then one grace period.
 * Every later look-up fails with E_BADF. May sleep.
 */
void grant_revoke(struct grant *g);
