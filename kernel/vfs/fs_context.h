/* kernel/vfs/fs_context.h -- reading and changing cwd and root. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/vfs/mount.h"

/* A context with both at root. One reference. */
enum err fs_context_create(const struct path *root, struct fs_context **out);

/* Copies with references; cwd may be NULL. */
void fs_context_read(struct fs_context *f, struct path *root, struct path *cwd);

/* Replace cwd / root. Takes p's references and clears it. May sleep. */
void fs_context_set_cwd(struct fs_context *f, struct path *p);
void fs_context_set_root(struct fs_context *f, struct path *p);

/*
 * Root, and cwd if wanted, without locks or references, under RCU; true when
 * both were stable. The caller still checks names_seq at its end.
 */
static inline bool fs_context_peek(
    struct fs_context *f, struct path *root, struct path *cwd)
{
	uint32_t seq = atomic_load_explicit(&f->seq, memory_order_acquire);

	*root = f->root;
	*cwd = f->cwd;
	/* Orders the loads above before the second look. */
	atomic_thread_fence(memory_order_acquire);
	return !(seq & 1) &&
	       atomic_load_explicit(&f->seq, memory_order_relaxed) == seq;
}
