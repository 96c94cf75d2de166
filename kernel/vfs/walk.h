/* kernel/vfs/walk.h -- one walk from text to a place, and user path text. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/mm/usercopy.h"
#include "kernel/vfs/fs_context.h"

/* Path text copied from user memory: in place when short. */
enum { USER_PATH_SMALL = 192 };
struct user_path {
	char *text; /* PATH_SLACK bytes follow */
	char small[USER_PATH_SMALL + PATH_SLACK];
};
enum err user_path_get(struct user_path *p, struct uptr u);
void user_path_put(struct user_path *p);

/*
 * A walk. The caller sets the first group; walk_run gives `at` (references,
 * the caller's to put) and, with WALK_PARENT, the last component, whose text
 * lives until walk_end. last.len is 0 when the path has none ("/").
 */
struct walk {
	int dirfd;                /* FD_CWD, or a descriptor */
	const char *text;         /* PATH_SLACK readable bytes follow its end */
	unsigned flags;           /* enum walk_flags */
	const struct path *start; /* instead of dirfd, or NULL */

	struct path at;
	struct component last;
	bool slash; /* a slash followed the last component */

	unsigned links; /* symbolic links followed so far */
	char *buf;      /* text after a symbolic link was put in */
};
enum err walk_run(struct walk *w);
void walk_end(struct walk *w); /* not after an error */

/*
 * Replace w->at (the directory) by what its symbolic link `link` leads to: the
 * walk goes on with the link's text (and the flags it has). Puts link. For
 * opens that may create: the last component turned out to be a link.
 */
enum err walk_into_link(struct walk *w, struct name *link);

/* Go over to the mounts that cover *at. */
void path_cross_mounts(struct path *at);

/*
 * Text of p as seen from root, in buf; returns its length or E_NAMETOOLONG.
 * *reachable: root was met on the way up.
 */
long path_text_from(const struct path *p, const struct path *root, char *buf,
    size_t size, bool *reachable);
