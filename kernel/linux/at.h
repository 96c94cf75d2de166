/* kernel/linux/at.h -- what the calls on paths share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/linux/fs.h"
#include "kernel/object/desc.h"
#include "kernel/vfs/walk.h"

/*
 * Walk to what (dirfd, path) names, AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH
 * heeded. Gives references.
 */
enum err at_walk(
    int dirfd, struct uptr path, unsigned at_flags, struct path *out);

/* The same, following links; path may not be empty. */
static inline enum err at_follow(struct uptr path, struct path *out)
{
	return at_walk(FD_CWD, path, 0, out);
}

/*
 * The place that descriptor fd was opened by, with references. E_BADF: none
 * such, or opened with O_PATH although not `even_opath`; E_INVAL: a pipe or
 * the like, which has no place.
 */
enum err fd_place(int fd, bool even_opath, struct path *out);

/*
 * Walk to the directory of the last component; E_EXIST (or for_removal's own
 * errors by the caller) is not decided here. Text stays until at_parent_end.
 */
struct at_parent {
	struct walk w;
	struct user_path text;
};
enum err at_parent(int dirfd, struct uptr path, struct at_parent *out);
void at_parent_end(struct at_parent *p);
