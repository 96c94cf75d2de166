/* kernel/linux/dir_calls.c -- getdents, getcwd, chdir, chroot, umask. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/dir_calls.h"
#include "kernel/linux/at.h"
#include "kernel/mm/slab.h"
#include "kernel/object/process.h"
#include "kernel/vfs/file.h"

static long list(int fd, struct uptr buf, size_t size, bool old)
{
	struct file *f;
	struct held h;
	enum err e = desc_hold(fd, RIGHT_READ, &h);
	long r;

	if (e != OK)
		return e;
	f = file_of(h.obj);
	r = f ? file_getdents(f, buf, size, old) : (long)E_NOTDIR;
	desc_release(&h);
	return r;
}

long sys_getdents(int fd, struct uptr buf, unsigned size)
{
	return list(fd, buf, size, true);
}

long sys_getdents64(int fd, struct uptr buf, unsigned size)
{
	return list(fd, buf, size, false);
}

/* The length with its terminator, as the system call gives it. */
long sys_getcwd(struct uptr buf, size_t size)
{
	static const char unreachable[] = "(unreachable)";
	const size_t prefix = sizeof(unreachable) - 1;
	struct path root, cwd;
	bool reachable;
	char *text;
	long len;

	text = kmalloc(prefix + PATH_TEXT_MAX);
	if (!text)
		return E_NOMEM;
	fs_context_read(process_current()->fs, &root, &cwd);
	len = path_text_from(
	    &cwd, &root, text + prefix, PATH_TEXT_MAX, &reachable);
	if (cwd.name->unlinked)
		len = E_NOENT;
	path_put(&root);
	path_put(&cwd);
	if (len >= 0) {
		char *start = text + prefix;

		if (!reachable) {
			start = text;
			__builtin_memcpy(text, unreachable, prefix);
			len += (long)prefix;
		}
		if ((size_t)len + 1 > size)
			len = E_RANGE;
		else if (copy_to_user(buf, start, (size_t)len + 1) != OK)
			len = E_FAULT;
		else
			len++;
	}
	kfree(text);
	return len;
}

/* May p be a working or root directory? */
static enum err dir_check(const struct path *p)
{
	struct node *n = path_node(p);

	if (node_type(n) != NODE_DIR)
		return E_NOTDIR;
	return node_access(n, 1);
}

long sys_chdir(struct uptr path)
{
	struct path p;
	enum err e = at_follow(path, &p);

	if (e != OK)
		return e;
	e = dir_check(&p);
	if (e == OK)
		fs_context_set_cwd(process_current()->fs, &p);
	path_put(&p);
	return e;
}

long sys_fchdir(int fd)
{
	struct path p;
	enum err e = fd_place(fd, true, &p);

	if (e != OK)
		return e == E_INVAL ? E_NOTDIR : e;
	e = dir_check(&p);
	if (e == OK)
		fs_context_set_cwd(process_current()->fs, &p);
	path_put(&p);
	return e;
}

long sys_chroot(struct uptr path)
{
	struct path p;
	enum err e = at_follow(path, &p);

	if (e != OK)
		return e;
	e = dir_check(&p);
	if (e == OK && !cred_privileged())
		e = E_PERM;
	if (e == OK)
		fs_context_set_root(process_current()->fs, &p);
	path_put(&p);
	return e;
}

long sys_umask(uint32_t mask)
{
	return __atomic_exchange_n(
	    &process_current()->fs->umask, mask & 0777, __ATOMIC_RELAXED);
}
