/* kernel/vfs/mount.h -- mounts: schemes placed in a namespace. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/vfs/name.h"
#include "kernel/vfs/path.h"

/* Flags of mount(2); those of MOUNT_KEPT stay with the mount. */
enum mount_flags {
	MOUNT_RDONLY = 1,
	MOUNT_NOSUID = 2,
	MOUNT_NODEV = 4,
	MOUNT_NOEXEC = 8,
	MOUNT_REMOUNT = 32,
	MOUNT_NOATIME = 1024,
	MOUNT_NODIRATIME = 2048,
	MOUNT_BIND = 4096,
	MOUNT_MOVE = 8192,
	MOUNT_REC = 16384,
	MOUNT_SILENT = 32768,
	MOUNT_PROPAGATION = 0x1e0000, /* unbindable, private, slave, shared */
	MOUNT_RELATIME = 1 << 21,
	MOUNT_STRICTATIME = 1 << 24,
	/* Inherited by a silo: it stays, and its limits stay with all binds. */
	MOUNT_LOCKED = 1 << 29,
	MOUNT_LIMITED = 1 << 30,
	MOUNT_LIMITS = MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOEXEC,
	MOUNT_KEPT = MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOEXEC |
	             MOUNT_NOATIME | MOUNT_NODIRATIME | MOUNT_STRICTATIME,
};

/*
 * One place where a (part of a) scheme is seen. parent, point and root are
 * fixed while it is attached; the table that finds a mount by (parent, point)
 * is read under RCU with names_seq. refs: one for the namespace while it is
 * attached, child mounts, paths.
 */
struct mount {
	_Atomic uint32_t refs;
	_Atomic uint32_t flags;  /* enum mount_flags, MOUNT_KEPT ones */
	struct mount *next;      /* hash chain; RCU, names_seq's lock */
	struct mount *parent;    /* NULL: root of the namespace, or detached */
	struct name *point;      /* what it covers in parent; counted */
	struct name *root;       /* what is seen there; counted */
	struct scheme *scheme;   /* const; counted */
	struct namespace *ns;    /* weak; NULL when detached */
	struct list link;        /* in ns, in the order of mounting */
	struct mount *copied_to; /* during namespace_copy and fs_context_move */
	uint64_t origin; /* of a copy: number of the first of its kind */
	uint32_t id;     /* const: mountinfo */
	char source[64];
	struct rcu_head rcu;
};

struct namespace
{
	_Atomic uint32_t refs;
	struct mutex lock; /* RANK_NAMESPACE: changes of the table */
	struct list mounts GUARDED_BY(&lock);
	struct mount *root;
};

static inline struct mount *mount_get(struct mount *m)
{
	atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}
/* A reference unless the last one went. */
bool mount_tryget(struct mount *m);
void mount_put(struct mount *m); /* may sleep */

/* The mount that covers `point` in `parent`, or NULL. Under RCU, uncounted. */
struct mount *mount_find(struct mount *parent, const struct name *point);

/* Nothing may be changed through it. */
static inline bool mount_rdonly(const struct mount *m)
{
	return (m->flags & MOUNT_RDONLY) || m->scheme->rdonly;
}

/*
 * Change the kept flags of a mount (MS_REMOUNT): E_INVAL when not a root. What
 * an inherited mount or its bind forbids stays forbidden: E_PERM.
 */
enum err mount_reflag(const struct path *at, unsigned flags);

/* Move the mount whose root is `what` to `where`. E_INVAL, E_LOOP, E_PERM. */
enum err mount_move(const struct path *where, const struct path *what);

/* Bind with all mounts below (MS_REC). */
enum err mount_bind_flags(
    const struct path *where, const struct path *what, bool recursive);

/* Make fs's root and cwd of its old namespace those of `to`. */
void fs_context_move(struct fs_context *fs, struct namespace *to);

/* What ns has now is the ceiling of what its processes will see. */
void namespace_lock(struct namespace *ns);

/* A new namespace with s at its root. */
enum err namespace_create(
    struct scheme *s, const char *source, struct namespace **out);

/* The first mount of ns whose number is above *id; gives a reference. */
struct mount *namespace_next(struct namespace *ns, uint32_t *id);
struct namespace *namespace_current(void);
