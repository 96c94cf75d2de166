/* kernel/vfs/path.h -- namespaces, mounts, and the walk from text to node. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/vfs/node.h"

struct mount;
struct name; /* an entry of the name cache: parent, text, node */
struct namespace;

/* A place: a name within a mount. Both hold references. */
struct path {
	struct mount *mount;
	struct name *name;
};

void path_get(const struct path *p);
void path_put(struct path *p);                /* clears it; empty is fine */
struct node *path_node(const struct path *p); /* borrowed */

/* cwd, root and umask: shared by CLONE_FS. */
struct fs_context {
	_Atomic uint32_t refs;
	struct lock lock; /* RANK_OBJECT: root and cwd */
	_Atomic uint32_t
	    seq; /* odd while root or cwd change: lock-free reads */
	struct path root;
	struct path cwd;
	uint32_t umask;
};
enum err fs_context_copy(struct fs_context *f, struct fs_context **out);
struct fs_context *fs_context_get(struct fs_context *f);
void fs_context_put(struct fs_context *f);

enum { PATH_TEXT_MAX = 4096, NAME_TEXT_MAX = 255, SYMLINKS_MAX = 40 };

enum walk_flags {
	WALK_NOFOLLOW = 1,  /* do not follow a symlink at the end */
	WALK_PARENT = 2,    /* stop at the parent; last component returned */
	WALK_DIRECTORY = 4, /* the result must be a directory */
	WALK_EMPTY = 8,     /* AT_EMPTY_PATH: "" means dirfd itself */
	WALK_NOXDEV = 16,
	WALK_NOSYMLINKS = 32,
	WALK_BENEATH = 64,
	WALK_IN_ROOT = 128,
	WALK_NOMAGIC = 256,
	WALK_UNVEIL = 512, /* unveil itself sees what is hidden */
};

/* Where relative paths start: AT_FDCWD or a descriptor. */
enum { FD_CWD = -100 };

/*
 * Walk user text `upath` from dirfd (FD_CWD) to *out (references given).
 * Checks search permission on each directory. With WALK_PARENT, *last gets the
 * final component ("." and ".." and "" refused with E_INVAL/E_EXIST by callers)
 * and out its directory; trailing_slash says that text followed.
 */
struct last_name {
	char text[NAME_TEXT_MAX + 1];
	size_t len;
	bool trailing_slash;
};
enum err path_walk_user(int dirfd, struct uptr upath, unsigned flags,
    struct path *out, struct last_name *last);
/* The same with kernel text (exec's interpreter, init, symlinks). */
enum err path_walk(int dirfd, const char *text, unsigned flags,
    struct path *out, struct last_name *last);

/* Text of a path as seen from the process's root; returns its length. */
long path_text(const struct path *p, char *buf, size_t size);

/* Namespaces: a table of mounts; children inherit a copy or share it. */
enum err namespace_copy(struct namespace *ns, struct namespace **out);
struct namespace *namespace_get(struct namespace *ns);
void namespace_put(struct namespace *ns);
enum err mount_at(const struct path *where, struct scheme *s, unsigned flags,
    const char *source);
enum err mount_bind(const struct path *where, const struct path *what);
enum err mount_remove(const struct path *where, bool lazy);
/* For /proc/mounts: text of the current namespace's mounts. */
size_t mount_describe(char *buf, size_t size, bool mountinfo);

/* Boot: initfs at "/", the boot silo's namespace, a first fs_context. */
void vfs_init(void);
struct fs_context *fs_context_boot(void);
