/* kernel/vfs/view.h -- unveil: the part of the names that a process sees. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/silo.h"
#include "kernel/object/process.h"
#include "kernel/vfs/walk.h"

struct view;

/* How many paths one view can have. */
enum { VIEW_PATHS_MAX = 64 };

/*
 * Add what `at` is, or its entry c when c is not NULL, with rights (enum
 * unveil_rights) to the current process's view. Below what is unveiled already
 * rights must be a subset of those there: E_PERM. A path that lies nowhere in
 * the view is added until the view is locked: E_PERM. E_NOSPC, E_NOMEM.
 */
enum err view_add(
    const struct path *at, const struct component *c, uint32_t rights);

/* Lock the current process's view: nothing that is hidden comes back. */
enum err view_lock(void);

/* p's view is locked; a process without one has none to lock. */
bool view_locked(const struct process *p);

/* For fork: a locked view of the same, in *out. NULL gives NULL. E_NOMEM. */
enum err view_copy(struct process *from, struct view **out);
void view_put(struct view *v); /* NULL is fine */

/*
 * Each of these is for a process with RESTRICT_VIEW and says OK without one.
 *
 * Does `at` exist: E_NOENT. through: on the way to something, a directory above
 * what is unveiled will do.
 */
enum err view_reach(const struct path *at, bool through);
/* Need these rights at `at`, or for its entry c. E_NOENT; E_ACCES. */
enum err view_need(
    const struct path *at, const struct component *c, uint32_t rights);
/*
 * A name moves or is linked from one place to another, which must not give
 * more rights over the same file. fc, tc: entries, or NULL. E_NOENT, E_ACCES.
 */
enum err view_move(const struct path *from, const struct component *fc,
    const struct path *to, const struct component *tc);
