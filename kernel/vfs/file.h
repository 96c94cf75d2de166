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
	struct node *node;     /* const; = path's node at open */
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
