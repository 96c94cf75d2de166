/* kernel/vfs/procfs_pid.c -- /proc/PID and /proc/PID/task/TID. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/procfs.h"
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/restrict.h"
#include "kernel/mm/usercopy.h"
#include "kernel/vfs/fs_context.h"
#include "kernel/vfs/vfs.h"

/*
 * A node holds its process, so that a number that is given out again does not
 * turn an open file into another process's. What can be learnt only by reading
 * a process's memory or walking its files asks proc_may_inspect() each time.
 *
 * Inode numbers: pid in the upper half, entry number in the lower; those of a
 * thread have bit 31, of a descriptor bit 30.
 */
enum { INO_THREAD = 1u << 31, STORE_MAX = 256 };

bool proc_may_inspect(struct process *p)
{
	const struct cred *me = cred_current();
	struct cred *c;
	bool same;

	if (p == process_current())
		return true;
	if (!process_subject(p))
		return false;
	if (cred_privileged())
		return true;
	c = process_cred(p);
	if (!c)
		return false;
	same = me->fsuid == c->uid && me->fsuid == c->euid &&
	       me->fsuid == c->suid && me->fsgid == c->gid &&
	       me->fsgid == c->egid && me->fsgid == c->sgid && p->dumpable;
	cred_put(c);
	return same;
}

static bool gone(const struct proc_ref *r)
{
	return r->process->state == PROC_REAPED ||
	       (r->thread && r->thread->state == THREAD_DEAD);
}

enum err proc_node(struct scheme *s, const struct proc_ref *r, uint64_t ino,
    uint32_t mode, const struct node_ops *ops, struct node **out)
{
	struct proc_ref *copy = kmalloc(sizeof(*copy));
	struct cred *c;
	struct node *n;
	enum err e;

	if (!copy)
		return E_NOMEM;
	e = node_alloc(s, ops, mode, ino, &n);
	if (e != OK) {
		kfree(copy);
		return e;
	}
	*copy = *r;
	process_get(copy->process);
	if (copy->thread)
		thread_get(copy->thread);
	n->priv = copy;
	n->flags = NODE_SEQ;
	if ((mode & NODE_TYPE) == NODE_DIR)
		n->flags = NODE_NOCACHE;
	c = process_cred(r->process);
	if (c) {
		n->uid = c->euid;
		n->gid = c->egid;
		cred_put(c);
	}
	*out = n;
	return OK;
}

void proc_release(struct node *n)
{
	struct proc_ref *r = n->priv;

	if (r->thread)
		thread_put(r->thread);
	process_put(r->process);
	kfree(r);
	node_free(n);
}

static enum err show(const struct proc_ref *r, struct text_out *t)
{
	if (gone(r))
		return E_SRCH;
	if (!r->entry->show)
		return E_ACCES;
	if (r->entry->private && !proc_may_inspect(r->process))
		return E_ACCES;
	return r->entry->show(r, t);
}

static long file_read(struct node *n, struct uio *u, int64_t off)
{
	(void)off;
	return TEXT_READ(u, show(n->priv, &text_));
}

static long file_write(struct node *n, struct uio *u, int64_t off)
{
	const struct proc_ref *r = n->priv;
	char text[STORE_MAX + 1];
	enum err e;
	long got;

	(void)off;
	if (!r->entry->store)
		return E_ACCES;
	got = tree_written(u, text, STORE_MAX);
	if (got < 0)
		return got;
	e = gone(r) ? E_SRCH : r->entry->store(r, text, (size_t)got);
	return e == OK ? got : (long)e;
}

static enum err file_setattr(struct node *n, const struct setattr *a)
{
	(void)n;
	return a->mask & (SET_MODE | SET_UID | SET_GID) ? E_PERM : OK;
}

static enum err link_follow(struct node *n, struct path *out)
{
	const struct proc_ref *r = n->priv;

	if (gone(r))
		return E_NOENT;
	if (!proc_may_inspect(r->process))
		return E_ACCES;
	return r->entry->follow(r, out);
}

static long link_readlink(struct node *n, char *buf, size_t size)
{
	struct path p = {0};
	enum err e = link_follow(n, &p);
	long len;

	if (e != OK)
		return e;
	len = path_text(&p, buf, size);
	path_put(&p);
	return len;
}

static const struct node_ops file_node_ops = {
    .read = file_read,
    .write = file_write,
    .setattr = file_setattr,
    .release = proc_release,
};
static const struct node_ops link_ops = {
    .readlink = link_readlink,
    .follow = link_follow,
    .release = proc_release,
};

static enum err follow_fs(const struct proc_ref *r, struct path *out, bool cwd)
{
	struct fs_context *fs = process_fs(r->process);
	struct path root, here;

	if (!fs)
		return E_NOENT;
	fs_context_read(fs, &root, &here);
	fs_context_put(fs);
	*out = cwd ? here : root;
	path_put(cwd ? &root : &here);
	return OK;
}

static enum err follow_cwd(const struct proc_ref *r, struct path *out)
{
	return follow_fs(r, out, true);
}

static enum err follow_root(const struct proc_ref *r, struct path *out)
{
	return follow_fs(r, out, false);
}

/* Of the reader's namespace: they are the same until silos have their own. */
static enum err show_mounts(const struct proc_ref *r, struct text_out *t)
{
	(void)r;
	t->len = mount_describe(t->buf, t->size, false);
	return OK;
}

static enum err show_mountinfo(const struct proc_ref *r, struct text_out *t)
{
	(void)r;
	t->len = mount_describe(t->buf, t->size, true);
	return OK;
}

static const struct node_ops task_ops;

#define PROC_FILE(n, fn) {.name = (n), .mode = NODE_REG | 0444, .show = (fn)}
#define PROC_OWN(n, fn) \
	{.name = (n), .mode = NODE_REG | 0400, .show = (fn), .private = true}
#define PROC_LINK(n, fn) {.name = (n), .mode = NODE_LNK | 0777, .follow = (fn)}
const struct proc_entry proc_entries[] = {
    {.name = "task", .mode = NODE_DIR | 0555, .ops = &task_ops, .once = true},
    {.name = "fd", .mode = NODE_DIR | 0500, .ops = &proc_fd_ops},
    {.name = "fdinfo", .mode = NODE_DIR | 0500, .ops = &proc_fdinfo_ops},
    PROC_OWN("auxv", proc_show_auxv),
    PROC_FILE("cmdline", proc_show_cmdline),
    {.name = "comm",
        .mode = NODE_REG | 0644,
        .show = proc_show_comm,
        .store = proc_store_comm},
    PROC_LINK("cwd", follow_cwd),
    PROC_OWN("environ", proc_show_environ),
    PROC_LINK("exe", proc_follow_exe),
    PROC_OWN("io", proc_show_io),
    PROC_FILE("limits", proc_show_limits),
    {.name = "maps",
        .mode = NODE_REG | 0444,
        .show = proc_show_maps,
        .private = true},
    PROC_FILE("mountinfo", show_mountinfo),
    PROC_FILE("mounts", show_mounts),
    PROC_LINK("root", follow_root),
    {.name = "smaps",
        .mode = NODE_REG | 0444,
        .show = proc_show_smaps,
        .private = true},
    PROC_FILE("silo", proc_show_silo),
    PROC_FILE("stat", proc_show_stat),
    PROC_FILE("statm", proc_show_statm),
    PROC_FILE("status", proc_show_status),
    PROC_FILE("wchan", proc_show_wchan),
};

static uint64_t ino_of(const struct proc_ref *r, unsigned index)
{
	if (r->thread)
		return (uint64_t)r->thread->tid << 32 | INO_THREAD | index;
	return (uint64_t)r->process->pid << 32 | index;
}

static enum err process_lookup(
    struct node *dir, const char *name, size_t len, struct node **out)
{
	struct proc_ref r = *(struct proc_ref *)dir->priv;

	if (gone(&r))
		return E_NOENT;
	for (unsigned i = 0; i < COUNT(proc_entries); i++) {
		const struct proc_entry *e = &proc_entries[i];
		const struct node_ops *ops = e->ops;

		if (strlen(e->name) != len || memcmp(e->name, name, len) != 0 ||
		    (r.thread && e->once))
			continue;
		if (!ops)
			ops = e->follow ? &link_ops : &file_node_ops;
		r.entry = e;
		return proc_node(
		    dir->scheme, &r, ino_of(&r, i + 1), e->mode, ops, out);
	}
	return E_NOENT;
}

static enum err process_readdir(
    struct node *dir, uint64_t cookie, struct dir_sink *sink)
{
	const struct proc_ref *r = dir->priv;

	if (gone(r))
		return E_NOENT;
	for (uint64_t i = cookie; i < COUNT(proc_entries); i++) {
		const struct proc_entry *e = &proc_entries[i];

		if (r->thread && e->once)
			continue;
		if (!sink->emit(sink, e->name, strlen(e->name),
		        ino_of(r, (unsigned)i + 1), e->mode & NODE_TYPE, i + 1))
			break;
	}
	return OK;
}

static const struct node_ops process_ops = {
    .lookup = process_lookup,
    .readdir = process_readdir,
    .release = proc_release,
};

bool proc_parse_id(const char *name, size_t len, uint32_t *out)
{
	uint32_t v = 0;

	if (len == 0 || len > 7 || (name[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(name[i] - '0');
	}
	*out = v;
	return true;
}

enum err proc_pid_node(
    struct scheme *s, const char *name, size_t len, struct node **out)
{
	struct proc_ref r = {0};
	struct thread *t;
	uint32_t id;
	enum err e;

	if (!proc_parse_id(name, len, &id))
		return E_NOENT;
	r.process = process_find(id);
	/* A thread's number works too, unlisted, as Linux has it. */
	if (!r.process && (t = thread_find(id))) {
		if (t->process)
			r.process = process_get(t->process);
		thread_put(t);
	}
	if (!r.process)
		return E_NOENT;
	e = proc_node(s, &r, ino_of(&r, 0), NODE_DIR | 0555, &process_ops, out);
	process_put(r.process);
	return e;
}

/* task/: one directory per living thread. */
static enum err task_lookup(
    struct node *dir, const char *name, size_t len, struct node **out)
{
	struct proc_ref r = *(struct proc_ref *)dir->priv;
	uint32_t tid;
	enum err e;

	if (!proc_parse_id(name, len, &tid))
		return E_NOENT;
	r.thread = thread_find(tid);
	if (!r.thread)
		return E_NOENT;
	e = r.thread->process != r.process
	        ? E_NOENT
	        : proc_node(dir->scheme, &r, ino_of(&r, 0), NODE_DIR | 0555,
	              &process_ops, out);
	thread_put(r.thread);
	return e;
}

static enum err task_readdir(
    struct node *dir, uint64_t cookie, struct dir_sink *sink)
{
	const struct proc_ref *r = dir->priv;
	uint32_t tid = (uint32_t)cookie;

	for (;; tid++) {
		struct thread *t = process_next_thread(r->process, &tid);
		char name[12];
		int n;

		if (!t)
			return OK;
		thread_put(t);
		n = ksnprintf(name, sizeof(name), "%u", tid);
		if (!sink->emit(sink, name, (size_t)n,
		        (uint64_t)tid << 32 | INO_THREAD, NODE_DIR,
		        (uint64_t)tid + 1))
			return OK;
	}
}

static const struct node_ops task_ops = {
    .lookup = task_lookup,
    .readdir = task_readdir,
    .release = proc_release,
};
