/* kernel/vfs/change.h -- changes of names and attributes, all checks made. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/vfs/walk.h"

/*
 * Make a node named c in dir: needs write and search permission, a mount that
 * may be changed, and that the name is free (E_EXIST). how: mode with the
 * umask applied; owner and group are filled in here. Gives a reference to the
 * name unless out is NULL.
 */
enum err change_create(const struct path *dir, const struct component *c,
    struct newnode *how, struct name **out);
enum err change_link(
    const struct path *dir, const struct component *c, const struct path *what);

/* directory: rmdir, else unlink. */
enum err change_remove(
    const struct path *dir, const struct component *c, bool directory);

enum rename_flags { RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2 };
/* from and to: walks with WALK_PARENT that ended well. */
enum err change_rename(struct walk *from, struct walk *to, unsigned flags);

/*
 * Set attributes: the mount and (for size) the type are checked here, who may
 * do it by the caller. Set-id bits fall on a change of owner.
 */
enum err change_attr(const struct path *p, struct setattr *a);

/* After a write by somebody not privileged. node->lock is held. */
void node_drop_setid(struct node *n);

/* Mode for a new file: permission bits less the umask. */
uint32_t umask_apply(uint32_t mode);
