/* kernel/vfs/file.h -- open files: an open file description over a node. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/vfs/path.h"

/* Linux's open flags. */
enum open_flags {
	O_RDONLY = 0,
	O_WRONLY = 1,
	O_RDWR = 2,
	O_ACCMODE = 3,
	O_CREAT = 0100,
	O_EXCL = 0200,
	O_NOCTTY = 0400,
	O_TRUNC = 01000,
	O_APPEND = 02000,
	O_NONBLOCK = 04000,
	O_DSYNC = 010000,
	O_ASYNC = 020000,
	O_DIRECT = 040000,
	O_LARGEFILE = 0100000,
	O_DIRECTORY = 0200000,
	O_NOFOLLOW = 0400000,
	O_NOATIME = 01000000,
	O_CLOEXEC = 02000000,
	O_SYNC = 04010000,
	O_PATH = 010000000,
	O_TMPFILE = 020200000,
};

struct file {
	struct object object; /* first */
	struct path path;
	struct node *node;     /* const; path's node, which keeps it */
	bool atime;            /* const: reading updates atime */
	bool writer;           /* const: counted in node->writers */
	_Atomic bool flocked;  /* may hold a flock or OFD lock */
	struct mutex pos_lock; /* RANK_FILE_POS */
	int64_t pos;
	uint64_t dir_cookie;
	void *priv; /* text snapshot of NODE_SEQ files */
	size_t priv_size;
};

extern const struct object_ops file_ops;
static inline struct file *file_of(struct object *o)
{
	return o->ops == &file_ops ? (struct file *)o : NULL;
}

/*
 * For a node's open verb that makes an object with methods of its own (a
 * device): a struct file with `ops`, whose release must be, or end in,
 * file_release. The router adds the path, so that /proc/PID/fd can show it;
 * ops->stat = file_stat then works too.
 */
enum err file_new(struct node *n, uint32_t oflags, const struct object_ops *ops,
    struct file **out);
void file_release(struct object *o);
/* object_ops.flush of what can be locked. */
void file_flush(struct object *o, const struct desc_table *table);
enum err file_stat(struct object *o, struct kstat *out);

/* Contents for [pos, pos+len), which is not empty. node->lock is held. */
enum err file_write_prepare(struct node *n, uint64_t pos, size_t len);

/* RLIMIT_FSIZE: E_FBIG, and the signal, when a file may not be that large. */
enum err file_size_check(uint64_t size);

/* Sets a regular file's size with all checks (ftruncate). */
enum err file_truncate(struct file *f, uint64_t size);

/*
 * fallocate(2): room for [off, off+len) (mode 0, FALLOC_FL_KEEP_SIZE 1), or a
 * hole there (2 with 1), or zeroes (16). E_OPNOTSUPP for other modes, E_NODEV
 * for what is no regular file, E_NOSPC.
 */
enum err file_fallocate(
    struct file *f, unsigned mode, uint64_t off, uint64_t len);

/*
 * Directory records into user memory; bytes, 0 at the end. old: getdents's
 * layout instead of getdents64's.
 */
long file_getdents(struct file *f, struct uptr buf, size_t n, bool old);

/*
 * Open by user path, creating as the flags say; gives an object (a file, or
 * what the node's open verb made). mode: before umask. All permission checks.
 */
enum err file_open_user(int dirfd, struct uptr upath, uint32_t oflags,
    uint32_t mode, unsigned walk_flags, struct object **out);
enum err file_open(int dirfd, const char *text, uint32_t oflags, uint32_t mode,
    unsigned walk_flags, struct object **out);
/* Open a node already walked to, permission checked against oflags. */
enum err file_open_path(
    const struct path *p, uint32_t oflags, struct object **out);

/*
 * For exec: a regular file with execute permission, not open for writing;
 * blocks writers (E_TXTBSY both ways) until file_exec_done.
 */
enum err file_open_exec(
    int dirfd, const char *text, unsigned walk_flags, struct file **out);
void file_exec_done(struct node *n);

/* Kernel reads of a file's contents; bytes read or an error. */
long file_read_kernel(struct file *f, uint64_t off, void *buf, size_t n);

/* The path an object was opened by, or NULL (pipes, sockets). */
const struct path *object_path(struct object *o);

/* An unnamed file over a fresh tmpfs node (memfd; shared anonymous). */
enum err file_create_anon(const char *name, uint32_t oflags, struct file **out);
