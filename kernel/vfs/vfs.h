/* kernel/vfs/vfs.h -- what the files of this folder share: boot, root, tmpfs. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/vfs/mount.h"

/* Caches; called by vfs_init. */
void nodes_init(void);
void files_init(void);
void tmpfs_init(void);
void devfs_init(void);
void schemefs_init(void);
void locks_init(void);
void procfs_init(void);
void sysfs_init(void);

/* Live nodes, for leak checks. */
uint64_t nodes_live(void);

/*
 * root becomes the scheme's root (takes the caller's reference). The scheme's
 * own reference cycle with its root is cut here.
 */
void scheme_set_root(struct scheme *s, struct node *root);

/* A mount of s came / went; with the last one the scheme is shut down. */
void scheme_mounted(struct scheme *s);
void scheme_unmounted(struct scheme *s);

/* Take all cached names below n out of the table. name.c */
void name_drop_cached(struct name *n);

/* A read-only scheme over a cpio archive in memory that stays. initfs.c */
enum err initfs_create(const void *archive, size_t size, struct scheme **out);

/*
 * A new unnamed regular file of the kernel's own tmpfs (nlink 0) and the
 * mount that it belongs to (borrowed).
 */
enum err tmpfs_unnamed_kernel(struct node **out, struct mount **mount);
enum err tmpfs_create(
    const char *source, const char *options, struct scheme **out);

/*
 * Open a character or block device node of any scheme by its number, as
 * devices register in devfs: E_NXIO. p: where it was found.
 */
enum err device_open(
    struct node *n, uint32_t oflags, const struct path *p, struct object **out);

/* kernel/object/pipe.c: open a named pipe. */
enum err pipe_fifo_open(struct node *n, uint32_t oflags, struct object **out);

/* A mount that no namespace has, for files without a name. */
enum err mount_internal(struct scheme *s, struct mount **out);

/* Store attributes and truncate node->vmo: setattr for schemes in memory. */
enum err node_setattr_memory(struct node *n, const struct setattr *a);
