/* kernel/sys/sys_restrict.c -- native calls: giving things up for good. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/sys/sys_restrict.h"
#include "kernel/object/desc.h"
#include "kernel/object/restrict.h"
#include "kernel/vfs/view.h"

long sys_cap_limit(int fd, uint32_t rights)
{
	return desc_limit(fd, rights);
}

long sys_pledge(uint32_t mode)
{
	return restrict_pledge(mode);
}

/* What is there, or in the directory that is there the name that is not. */
static enum err unveil_text(const char *text, uint32_t rights)
{
	bool locked = view_locked(process_current());
	unsigned flags = locked ? 0 : WALK_UNVEIL;
	struct walk w = {.dirfd = FD_CWD, .text = text, .flags = flags};
	enum err e = walk_run(&w);

	if (e == E_NOENT) {
		w = (struct walk){.dirfd = FD_CWD,
		    .text = text,
		    .flags = flags | WALK_PARENT};
		e = walk_run(&w);
	}
	/* It may be there, but not for us, and so it stays. */
	if (e == E_NOENT && locked)
		return E_PERM;
	if (e != OK)
		return e;
	if (component_is_dot(&w.last) || component_is_dotdot(&w.last) ||
	    w.last.len > NAME_TEXT_MAX)
		e = E_INVAL;
	else
		e = view_add(&w.at, w.last.len ? &w.last : NULL, rights);
	path_put(&w.at);
	walk_end(&w);
	return e;
}

long sys_unveil(struct uptr path, uint32_t rights)
{
	struct user_path up;
	enum err e;

	if (process_sandboxed(process_current()))
		return E_PERM;
	if (uptr_null(path) && !rights)
		return view_lock();
	if (rights & ~(uint32_t)UNVEIL_ALL)
		return E_INVAL;
	e = user_path_get(&up, path);
	if (e != OK)
		return e;
	e = unveil_text(up.text, rights);
	user_path_put(&up);
	return e;
}

long sys_sandbox_enter(void)
{
	restrict_sandbox();
	return OK;
}
