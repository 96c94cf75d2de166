/* kernel/vfs/node.h -- nodes and schemes: what the router resolves names to. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/mutex.h"
#include "kernel/object/object.h"

/*
 * A scheme is a named tree of nodes served by the kernel itself (initfs,
 * tmpfs, dev, proc, sys) or, later, by a strate through a port. The router
 * knows nothing else: tmpfs is a scheme like any other. Names and attributes
 * are cached in the router (name.h), pages in node->vmo.
 */
struct node;
struct name;
struct scheme;
struct path;

struct ktime {
	int64_t sec;
	uint32_t nsec;
};

/* File types in mode, as Linux's S_IF*. */
enum node_type_bits {
	NODE_TYPE = 0170000,
	NODE_FIFO = 0010000,
	NODE_CHR = 0020000,
	NODE_DIR = 0040000,
	NODE_BLK = 0060000,
	NODE_REG = 0100000,
	NODE_LNK = 0120000,
	NODE_SOCK = 0140000,
};

/* Attributes as stat reports them. */
struct kstat {
	uint64_t dev, ino, nlink, rdev, size, blksize, blocks;
	uint32_t mode, uid, gid;
	struct ktime atime, mtime, ctime, btime;
};

enum setattr_mask {
	SET_MODE = 1,
	SET_UID = 2,
	SET_GID = 4,
	SET_SIZE = 8,
	SET_ATIME = 16,
	SET_MTIME = 32,
};
struct setattr {
	uint32_t mask, mode, uid, gid;
	uint64_t size;
	struct ktime atime, mtime;
};

/* Arguments of a new node. */
struct newnode {
	uint32_t mode; /* type and permissions, umask applied */
	uint32_t uid, gid;
	uint64_t rdev;
	const char *target; /* NODE_LNK */
};

/* readdir calls emit per entry; false from emit ends the listing. */
struct dir_sink {
	bool (*emit)(struct dir_sink *s, const char *name, size_t len,
	    uint64_t ino, uint32_t type_bits, uint64_t next_cookie);
};

/*
 * Verbs of a scheme, after 9P2000.L. The router holds dir->dir_lock: shared
 * for lookup and readdir, exclusive for what changes the directory. Names are
 * not empty, not "." or "..", at most 255 bytes, without '/', and need not be
 * terminated. NULL: the verb gives E_PERM (changes: E_ROFS if the scheme is
 * read only).
 */
struct node_ops {
	/* Gives a reference. E_NOENT. */
	enum err (*lookup)(
	    struct node *dir, const char *name, size_t len, struct node **out);
	enum err (*create)(struct node *dir, const char *name, size_t len,
	    const struct newnode *how, struct node **out);
	/* A regular file without a name (O_TMPFILE), nlink 0. */
	enum err (*unnamed)(struct node *dir, uint32_t mode, struct node **out);
	enum err (*link)(
	    struct node *dir, const char *name, size_t len, struct node *n);
	/* node is what name resolves to; the directory must be empty. */
	enum err (*unlink)(
	    struct node *dir, const char *name, size_t len, struct node *n);
	enum err (*rmdir)(
	    struct node *dir, const char *name, size_t len, struct node *n);
	/* victim: what newname resolves to now, or NULL. exchange: swap. */
	enum err (*rename)(struct node *dir, const char *name, size_t len,
	    struct node *n, struct node *newdir, const char *newname,
	    size_t newlen, struct node *victim, bool exchange);
	/* Emit entries after *cookie (0: start; "." and ".." are the router's) */
	enum err (*readdir)(
	    struct node *dir, uint64_t cookie, struct dir_sink *sink);
	/* Target text into buf; returns its length. */
	long (*readlink)(struct node *n, char *buf, size_t size);
	/* A magic link (/proc/self/fd/N, exe): gives the path itself. */
	enum err (*follow)(struct node *n, struct path *out);
	/* Check nothing (the router did), store, also truncate. */
	enum err (*setattr)(struct node *n, const struct setattr *a);
	/* Fill what is not kept in the node; NULL: node fields are the truth */
	enum err (*getattr)(struct node *n, struct kstat *out);
	/*
	 * Give an object of another kind (device, pipe) instead of a file;
	 * NULL: the router makes a file over vmo, or over read/write.
	 */
	enum err (*open)(struct node *n, uint32_t oflags, struct object **out);
	/*
	 * Contents that are no VMO: text made on demand (proc, sys). With
	 * NODE_SEQ, read is called with a kernel buffer and off 0: it writes
	 * the whole text, cut at the buffer's end (a full buffer makes the
	 * router come again with a larger one).
	 */
	long (*read)(struct node *n, struct uio *u, int64_t off);
	long (*write)(struct node *n, struct uio *u, int64_t off);
	/* Make node->vmo of a regular file; node->lock is held. May be NULL. */
	enum err (*contents)(struct node *n);
	/*
	 * Bytes [off, off+len) are about to be written: E_NOSPC. node->lock is
	 * held. NULL: there is always room.
	 */
	enum err (*reserve)(struct node *n, uint64_t off, uint64_t len);
	/* The last reference is gone: free private data, then node_free(). */
	void (*release)(struct node *n);
};

enum node_flags {
	NODE_NOCACHE = 1, /* names below it are looked up each time */
	NODE_RDONLY = 2,
	NODE_SEQ = 4, /* read() makes text; size unknown (0) */
	NODE_NOATIME = 8,
};

/*
 * One file, directory, ... of a scheme. Attribute fields: read without lock
 * (each a single word), written under `lock`.
 */
struct node {
	_Atomic uint32_t refs;
	uint32_t flags;
	const struct node_ops *ops; /* const */
	struct scheme *scheme;      /* const; holds a reference */
	uint64_t ino;               /* const */
	uint32_t mode;
	uint32_t uid, gid;
	_Atomic uint32_t nlink;
	uint64_t rdev;
	_Atomic uint64_t size;
	struct ktime atime, mtime, ctime, btime;
	struct vmo *vmo;   /* contents of a regular file, made by the scheme */
	struct mutex lock; /* RANK_NODE: size, attributes, writes */
	struct rwlock dir_lock;  /* RANK_DIR: a directory's entries */
	_Atomic int32_t writers; /* open for writing, or <0: being executed */
	void *priv;              /* the scheme's */
	struct object *fifo;   /* NODE_FIFO: the pipe while open; node->lock */
	struct list locks;     /* flock and POSIX locks; locks.c */
	struct name *dir_name; /* a directory's name, weak; RCU; name.c */
	struct rcu_head rcu;
};

struct scheme_stat { /* statfs */
	uint64_t type, block_size, blocks, free, files, files_free;
	uint32_t name_max;
};

struct scheme_ops {
	enum err (*statfs)(struct scheme *s, struct scheme_stat *out);
	enum err (*sync)(struct scheme *s);
	/* The last mount is gone: drop the references that nodes are kept by */
	void (*shutdown)(struct scheme *s);
	/* The last node is gone too: free private data. */
	void (*release)(struct scheme *s);
};

struct scheme {
	_Atomic uint32_t refs;
	char type[16]; /* "tmpfs", "proc", ...: for mount and /proc/mounts */
	uint32_t dev;  /* st_dev */
	bool rdonly;
	const struct scheme_ops *ops;
	struct node *root;        /* holds a reference, dropped at release */
	struct name *root_name;   /* made by the first mount; name.c */
	_Atomic uint32_t mounts;  /* mounts of it */
	struct mutex rename_lock; /* RANK_RENAME */
	void *priv;
};

/* A kind of scheme that mount(2) can make ("tmpfs", "proc"). */
struct scheme_type {
	const char *name;
	/* Gives one reference. options: text of mount(2), may be NULL. */
	enum err (*create)(
	    const char *source, const char *options, struct scheme **out);
	struct scheme_type *next;
};
void scheme_register(struct scheme_type *t);

enum err scheme_alloc(
    const char *type, const struct scheme_ops *ops, struct scheme **out);
struct scheme *scheme_get(struct scheme *s);
void scheme_put(struct scheme *s);

/* A new node, refs = 1, times now, nlink = 1. Holds the scheme. */
enum err node_alloc(struct scheme *s, const struct node_ops *ops, uint32_t mode,
    uint64_t ino, struct node **out);
void node_free(struct node *n); /* from ops->release only */
static inline struct node *node_get(struct node *n)
{
	atomic_fetch_add_explicit(&n->refs, 1, memory_order_relaxed);
	return n;
}
void node_put(struct node *n); /* may sleep */

/* A reference unless the last one is already gone (weak pointers, RCU). */
bool node_tryget(struct node *n);
void node_stat(struct node *n, struct kstat *out);

static inline uint32_t node_type(const struct node *n)
{
	return n->mode & NODE_TYPE;
}

/* Permission check of the current process: E_ACCES. want: 4 r, 2 w, 1 x. */
enum err node_access(struct node *n, unsigned want);
/* The same for another user and group (access(2): the real ones). */
enum err node_access_as(
    struct node *n, unsigned want, uint32_t uid, uint32_t gid);
/* Set times to now: SET_ATIME | SET_MTIME (mtime sets ctime too). */
void node_touch(struct node *n, unsigned which);

/* ctime to now. */
void node_touch_change(struct node *n);

/* A wall-clock time as sec and nsec. */
struct ktime ktime_now(void);

/* Was the file's owner, or is privileged: may chmod, utimes, ...: E_PERM. */
enum err node_owner_check(const struct node *n);

/* Makes node->vmo if it is not there yet. Takes node->lock. */
enum err node_contents(struct node *n);

/* Find a type by name ("tmpfs"); NULL: there is none. */
struct scheme_type *scheme_type_find(const char *name);

/* For /proc/filesystems: visit each type. */
void scheme_type_for_each(
    void (*fn)(const struct scheme_type *t, void *arg), void *arg);

/*
 * The scheme tells the router that a name (or everything below dir, name NULL)
 * is no longer what the cache says.
 */
void name_invalidate(struct node *dir, const char *name, size_t len);
