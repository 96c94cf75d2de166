/* kernel/linux/at.c -- what the calls on paths share. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/at.h"
#include "kernel/vfs/file.h"

enum err at_walk(
    int dirfd, struct uptr path, unsigned at_flags, struct path *out)
{
	struct user_path up;
	struct walk w = {.dirfd = dirfd};
	enum err e = user_path_get(&up, path);

	if (e != OK)
		return e;
	if (at_flags & LINUX_AT_SYMLINK_NOFOLLOW)
		w.flags |= WALK_NOFOLLOW;
	if (at_flags & LINUX_AT_EMPTY_PATH)
		w.flags |= WALK_EMPTY;
	w.text = up.text;
	e = walk_run(&w);
	if (e == OK) {
		*out = w.at;
		walk_end(&w);
	}
	user_path_put(&up);
	return e;
}

enum err fd_place(int fd, bool even_opath, struct path *out)
{
	const struct path *p;
	struct held h;
	enum err e = desc_hold(fd, 0, &h);

	if (e != OK)
		return e;
	p = object_path(h.obj);
	if ((h.obj->oflags & O_PATH) && !even_opath) {
		e = E_BADF;
	} else if (!p) {
		e = E_INVAL;
	} else {
		*out = *p;
		path_get(out);
	}
	desc_release(&h);
	return e;
}

enum err at_parent(int dirfd, struct uptr path, struct at_parent *p)
{
	enum err e = user_path_get(&p->text, path);

	if (e != OK)
		return e;
	p->w = (struct walk){
	    .dirfd = dirfd, .flags = WALK_PARENT, .text = p->text.text};
	e = walk_run(&p->w);
	if (e != OK)
		user_path_put(&p->text);
	return e;
}

void at_parent_end(struct at_parent *p)
{
	path_put(&p->w.at);
	walk_end(&p->w);
	user_path_put(&p->text);
}
