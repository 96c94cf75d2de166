/* kernel/vfs/tmpfs.h -- files in memory, shared by tmpfs and devtmpfs. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/vfs/node.h"

struct tmpfs {
	_Atomic uint64_t pages; /* counted pages of all files */
	_Atomic uint64_t nodes;
	uint64_t pages_max, nodes_max; /* const */
	_Atomic uint64_t next_ino;
};

extern const struct node_ops tmpfs_ops;
extern const struct scheme_ops tmpfs_scheme_ops;

/* A scheme of the given type name, options as of mount(2). */
enum err tmpfs_create_type(
    const char *type, const char *options, struct scheme **out);

/*
 * Add a node from kernel code: name in the directory d (NULL: the root).
 * Gives no reference. E_EXIST.
 */
enum err tmpfs_add(struct scheme *s, struct node *d, const char *name,
    const struct newnode *how);

/* Verbs of the scheme; tmpfs.c. */
void tmpfs_shutdown(struct scheme *s);
enum err tmpfs_statfs(struct scheme *s, struct scheme_stat *out);
enum err tmpfs_make_root(struct scheme *s, const struct newnode *how);
