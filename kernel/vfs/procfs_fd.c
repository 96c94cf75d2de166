/* kernel/vfs/procfs_fd.c -- /proc/PID/fd and fdinfo. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/procfs.h"
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/object/desc.h"
#include "kernel/object/pipe.h"
#include "kernel/vfs/file.h"
#include "kernel/vfs/vfs.h"

/*
 * An entry of fd/ leads to the place that the descriptor was opened by. A pipe
 * has none: there the link leads to a nameless node whose opening gives the
 * same end once more, at most with the descriptor's rights, so that
 * /dev/stdin works behind a pipe.
 */
enum { INO_FD = 1u << 30, DESCRIBE_MAX = 512 };

/* The object behind the node's descriptor; gives a reference. */
static enum err object_of(
    const struct proc_ref *r, struct object **out, uint32_t *rights)
{
	struct desc_table *t;
	int fd = r->fd;
	bool found;

	if (!proc_may_inspect(r->process))
		return E_ACCES;
	t = process_descs(r->process);
	if (!t)
		return E_NOENT;
	found = desc_next(t, &fd, out, rights);
	desc_table_put(t);
	if (found && fd == r->fd)
		return OK;
	if (found)
		object_put(*out);
	return E_NOENT;
}

/* Opening the nameless node of a pipe: its end again. */
static enum err again_open(struct node *n, uint32_t oflags, struct object **out)
{
	struct object *o = n->priv;
	uint32_t have = o->oflags & O_ACCMODE, want = oflags & O_ACCMODE;

	if (want != have && have != O_RDWR)
		return E_ACCES;
	*out = object_get(o);
	return OK;
}

static void again_release(struct node *n)
{
	object_put(n->priv);
	node_free(n);
}

static const struct node_ops again_ops = {
    .open = again_open,
    .release = again_release,
};

static enum err follow_again(
    struct node *link, struct object *o, struct path *out)
{
	struct node *n;
	enum err e;

	e = node_alloc(
	    link->scheme, &again_ops, NODE_FIFO | 0600, link->ino, &n);
	if (e != OK)
		return e;
	n->uid = link->uid;
	n->gid = link->gid;
	n->priv = object_get(o);
	e = mount_internal(link->scheme, &out->mount);
	if (e == OK) {
		e = name_detached("pipe", n, &out->name);
		if (e == OK)
			return OK;
		mount_put(out->mount);
	}
	node_put(n);
	out->mount = NULL;
	return e;
}

static enum err fd_follow(struct node *n, struct path *out)
{
	struct object *o;
	uint32_t rights;
	enum err e = object_of(n->priv, &o, &rights);
	const struct path *p;

	if (e != OK)
		return e;
	p = object_path(o);
	if (p) {
		*out = *p;
		path_get(out);
	} else if (object_is_pipe(o)) {
		e = follow_again(n, o, out);
	} else {
		e = E_NXIO;
	}
	object_put(o);
	return e;
}

static long fd_readlink(struct node *n, char *buf, size_t size)
{
	struct object *o;
	uint32_t rights;
	enum err e = object_of(n->priv, &o, &rights);
	const struct path *p;
	char text[64];
	long len;

	if (e != OK)
		return e;
	p = object_path(o);
	if (p) {
		len = path_text(p, buf, size);
	} else {
		struct kstat st = {0};

		if (o->ops->stat && o->ops->stat(o, &st) == OK)
			len = ksnprintf(text, sizeof(text), "%s:[%lu]",
			    o->ops->kind, (unsigned long)st.ino);
		else
			len = ksnprintf(text, sizeof(text), "anon_inode:[%s]",
			    o->ops->kind);
		len = MIN(len, (long)size);
		memcpy(buf, text, (size_t)len);
	}
	object_put(o);
	return len;
}

static enum err fdinfo_show(const struct proc_ref *r, struct text_out *t)
{
	struct object *o;
	uint32_t rights;
	enum err e = object_of(r, &o, &rights);
	char more[DESCRIBE_MAX];
	struct file *f;

	if (e != OK)
		return e;
	f = file_of(o);
	text_add(t, "pos:\t%ld\nflags:\t0%o\nrights:\t0x%x\n",
	    f ? (long)f->pos : 0, o->oflags, rights);
	if (o->ops->describe)
		text_bytes(t, more, o->ops->describe(o, more, sizeof(more)));
	object_put(o);
	return OK;
}

static long fdinfo_read(struct node *n, struct uio *u, int64_t off)
{
	(void)off;
	return TEXT_READ(u, fdinfo_show(n->priv, &text_));
}

static const struct node_ops fd_link_ops = {
    .readlink = fd_readlink,
    .follow = fd_follow,
    .release = proc_release,
};
static const struct node_ops fdinfo_file_ops = {
    .read = fdinfo_read,
    .release = proc_release,
};

static uint64_t fd_ino(const struct proc_ref *r, int fd, bool info)
{
	return (uint64_t)r->process->pid << 32 | INO_FD | (uint32_t)fd << 1 |
	       info;
}

static enum err lookup(struct node *dir, const char *name, size_t len,
    bool info, struct node **out)
{
	struct proc_ref r = *(struct proc_ref *)dir->priv;
	struct object *o;
	uint32_t fd, rights, mode;
	enum err e;

	if (!proc_parse_id(name, len, &fd))
		return E_NOENT;
	r.fd = (int)fd;
	e = object_of(&r, &o, &rights);
	if (e != OK)
		return e;
	object_put(o);
	mode = NODE_REG | 0400;
	if (!info) {
		mode = NODE_LNK;
		mode |= rights & RIGHT_READ ? 0500 : 0;
		mode |= rights & RIGHT_WRITE ? 0300 : 0;
	}
	return proc_node(dir->scheme, &r, fd_ino(&r, r.fd, info), mode,
	    info ? &fdinfo_file_ops : &fd_link_ops, out);
}

static enum err fd_lookup(
    struct node *dir, const char *name, size_t len, struct node **out)
{
	return lookup(dir, name, len, false, out);
}

static enum err fdinfo_lookup(
    struct node *dir, const char *name, size_t len, struct node **out)
{
	return lookup(dir, name, len, true, out);
}

static enum err list(
    struct node *dir, uint64_t cookie, struct dir_sink *sink, bool info)
{
	const struct proc_ref *r = dir->priv;
	struct desc_table *t;
	struct object *o;
	uint32_t rights;
	int fd = (int)cookie;

	if (!proc_may_inspect(r->process))
		return E_ACCES;
	t = process_descs(r->process);
	if (!t)
		return OK; /* dead: none is open */
	for (; desc_next(t, &fd, &o, &rights); fd++) {
		char name[12];
		int n = ksnprintf(name, sizeof(name), "%d", fd);

		object_put(o);
		if (!sink->emit(sink, name, (size_t)n, fd_ino(r, fd, info),
		        info ? NODE_REG : NODE_LNK, (uint64_t)fd + 1))
			break;
	}
	desc_table_put(t);
	return OK;
}

static enum err fd_readdir(
    struct node *dir, uint64_t cookie, struct dir_sink *sink)
{
	return list(dir, cookie, sink, false);
}

static enum err fdinfo_readdir(
    struct node *dir, uint64_t cookie, struct dir_sink *sink)
{
	return list(dir, cookie, sink, true);
}

const struct node_ops proc_fd_ops = {
    .lookup = fd_lookup,
    .readdir = fd_readdir,
    .release = proc_release,
};
const struct node_ops proc_fdinfo_ops = {
    .lookup = fdinfo_lookup,
    .readdir = fdinfo_readdir,
    .release = proc_release,
};
