/* kernel/vfs/file_open.c -- opening: flags, permission, creation. */
/* SPDX-License-Identifier: MIT */
#include "kernel/core/string.h"
#include "kernel/object/process.h"
#include "kernel/vfs/change.h"
#include "kernel/vfs/file.h"
#include "kernel/vfs/vfs.h"
#include "kernel/vfs/view.h"

/* What O_* asks of node_access. */
static unsigned access_wanted(uint32_t oflags)
{
	static const uint8_t want[4] = {4, 2, 6, 6};

	return want[oflags & O_ACCMODE] | (oflags & O_TRUNC ? 2 : 0);
}

/* The same in rights of a view. */
static uint32_t view_wanted(uint32_t oflags)
{
	unsigned want = access_wanted(oflags);

	return (want & 4 ? UNVEIL_READ : 0u) | (want & 2 ? UNVEIL_WRITE : 0u);
}

/* Count a writer; E_TXTBSY while the file is executed. */
static enum err writer_get(struct node *n)
{
	int32_t w = atomic_load_explicit(&n->writers, memory_order_relaxed);

	do {
		if (w < 0)
			return E_TXTBSY;
	} while (!atomic_compare_exchange_weak(&n->writers, &w, w + 1));
	return OK;
}

static enum err type_check(
    const struct path *p, const struct node *n, uint32_t oflags)
{
	bool write = access_wanted(oflags) & 2;
	uint32_t flags = p->mount->flags;

	switch (node_type(n)) {
	case NODE_LNK:
		return E_LOOP;
	case NODE_DIR:
		if (write || (oflags & O_CREAT))
			return E_ISDIR;
		break;
	case NODE_REG:
		if (write && mount_rdonly(p->mount) && !n->ops->write)
			return E_ROFS;
		break;
	case NODE_CHR:
	case NODE_BLK:
		if (flags & MOUNT_NODEV)
			return E_ACCES;
		break;
	case NODE_SOCK:
		return E_NXIO;
	default:
		break;
	}
	if ((oflags & O_DIRECTORY) && node_type(n) != NODE_DIR)
		return E_NOTDIR;
	return OK;
}

/* Does reading through this mount update atime? */
static bool wants_atime(
    const struct path *p, const struct node *n, uint32_t oflags)
{
	return !(oflags & (O_NOATIME | O_PATH)) && !(n->flags & NODE_NOATIME) &&
	       !(p->mount->flags & (MOUNT_NOATIME | MOUNT_RDONLY)) &&
	       !p->mount->scheme->rdonly;
}

/* The object itself, all checks done. p's references are copied. */
static enum err make_object(
    const struct path *p, struct node *n, uint32_t oflags, struct object **out)
{
	struct file *f;
	enum err e;

	if (n->ops->open && !(oflags & O_PATH)) {
		e = n->ops->open(n, oflags, out);
		if (e != OK || (*out)->ops->release != file_release)
			return e;
		f = (struct file *)*out;
	} else if (node_type(n) == NODE_FIFO && !(oflags & O_PATH)) {
		return pipe_fifo_open(n, oflags & ~O_NOCTTY, out);
	} else if ((node_type(n) == NODE_CHR || node_type(n) == NODE_BLK) &&
	           !(oflags & O_PATH)) {
		return device_open(n, oflags, p, out);
	} else {
		e = file_new(n, oflags, &file_ops, &f);
		if (e != OK)
			return e;
	}
	f->path = *p;
	path_get(p);
	f->atime = wants_atime(p, n, oflags);
	*out = &f->object;
	return OK;
}

/* A terminal has to see O_NOCTTY; file_new drops it. */
enum { KEPT_FLAGS = ~(uint32_t)(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC) };

/* Open p; fresh: it was just made by this call, whatever its mode says. */
static enum err open_place(
    const struct path *p, uint32_t oflags, bool fresh, struct object **out)
{
	struct node *n = path_node(p);
	struct setattr trunc = {.mask = SET_SIZE};
	bool writer = false;
	enum err e = OK;

	if (unlikely(oflags & O_PATH)) {
		if ((oflags & O_DIRECTORY) && node_type(n) != NODE_DIR)
			return E_NOTDIR;
		return make_object(p, n, oflags, out);
	}
	e = view_need(p, NULL, view_wanted(oflags));
	if (e == OK)
		e = type_check(p, n, oflags);
	if (e == OK && !fresh)
		e = node_access(n, access_wanted(oflags));
	if (e == OK && unlikely(oflags & O_NOATIME))
		e = node_owner_check(n);
	if (e != OK)
		return e;
	if (node_type(n) == NODE_REG && (access_wanted(oflags) & 2)) {
		e = writer_get(n);
		writer = e == OK;
	}
	if (e == OK && (oflags & O_TRUNC) && !fresh && writer && !n->ops->write)
		e = change_attr(p, &trunc);
	if (e == OK)
		e = make_object(p, n, oflags & KEPT_FLAGS, out);
	if (writer && (e != OK || (*out)->ops != &file_ops))
		atomic_fetch_sub(&n->writers, 1);
	else if (writer)
		((struct file *)*out)->writer = true;
	return e;
}

enum err file_open_path(
    const struct path *p, uint32_t oflags, struct object **out)
{
	return open_place(p, oflags, false, out);
}

/* Make the file that w's last component names, and open it. */
static enum err create_and_open(
    struct walk *w, uint32_t oflags, uint32_t mode, struct object **out)
{
	struct newnode how = {.mode = NODE_REG | umask_apply(mode & 07777)};
	struct path p = {.mount = w->at.mount};
	enum err e = change_create(&w->at, &w->last, &how, &p.name);

	if (e != OK)
		return e;
	e = open_place(&p, oflags, true, out);
	name_put(p.name);
	return e;
}

/* What stands at w's last component; a link is walked into (*again). */
static enum err open_existing(struct walk *w, struct name *name,
    uint32_t oflags, struct object **out, bool *again)
{
	struct path p = {mount_get(w->at.mount), name};
	struct node *n;
	enum err e;

	path_cross_mounts(&p);
	n = path_node(&p);
	*again = false;
	if (oflags & O_EXCL) {
		e = E_EXIST;
	} else if (node_type(n) == NODE_LNK && !(oflags & O_NOFOLLOW)) {
		*again = true;
		mount_put(p.mount);
		return walk_into_link(w, p.name);
	} else {
		e = open_place(&p, oflags, false, out);
	}
	path_put(&p);
	return e;
}

/* One round: open what is there, or create. *again: look at w once more. */
static enum err open_or_create(struct walk *w, uint32_t oflags, uint32_t mode,
    struct object **out, bool *again)
{
	struct name *name;
	enum err e;

	*again = false;
	if (!w->last.len && w->links) {
		/* Where a magic link led: there is nothing to make. */
		return open_place(
		    &w->at, oflags & ~(uint32_t)O_CREAT, false, out);
	}
	if (!w->last.len || component_is_dot(&w->last) ||
	    component_is_dotdot(&w->last))
		return oflags & O_EXCL ? E_EXIST : E_ISDIR;
	if (w->slash)
		return E_ISDIR;
	e = name_lookup(w->at.name, &w->last, &name);
	if (e != OK)
		return e;
	if (name->node)
		return open_existing(w, name, oflags, out, again);
	name_put(name);
	e = create_and_open(w, oflags, mode, out);
	*again = e == E_EXIST && !(oflags & O_EXCL); /* somebody was faster */
	return *again ? OK : e;
}

static enum err open_create(
    struct walk *w, uint32_t oflags, uint32_t mode, struct object **out)
{
	bool again;
	enum err e;

	w->flags |= WALK_PARENT;
	e = walk_run(w);
	if (e != OK)
		return e;
	do {
		e = open_or_create(w, oflags, mode, out, &again);
		if (e != OK && again)
			return e; /* walk_into_link cleaned up */
	} while (again);
	path_put(&w->at);
	walk_end(w);
	return e;
}

/* An unnamed file in the directory p. */
static enum err open_tmpfile(
    const struct path *p, uint32_t oflags, uint32_t mode, struct object **out)
{
	struct node *d = path_node(p), *n;
	struct path file = {.mount = p->mount};
	enum err e;

	if (!(access_wanted(oflags) & 2))
		return E_INVAL;
	e = mount_rdonly(p->mount) ? E_ROFS : node_access(d, 3);
	if (e == OK)
		e = view_need(p, NULL, UNVEIL_CREATE | UNVEIL_WRITE);
	if (e != OK)
		return e;
	if (!d->ops->unnamed)
		return E_OPNOTSUPP;
	e = d->ops->unnamed(d, NODE_REG | umask_apply(mode & 07777), &n);
	if (e != OK)
		return e;
	n->uid = cred_current()->fsuid;
	n->gid = cred_current()->fsgid;
	e = name_detached("#tmpfile", n, &file.name);
	if (e != OK) {
		node_put(n);
		return e;
	}
	oflags &= ~(uint32_t)O_TMPFILE;
	e = open_place(&file, oflags, true, out);
	name_put(file.name);
	return e;
}

static enum err open_text(
    struct walk *w, uint32_t oflags, uint32_t mode, struct object **out)
{
	bool tmpfile = (oflags & O_TMPFILE) == O_TMPFILE;
	enum err e;

	if (oflags & O_PATH)
		oflags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((oflags & O_CREAT) && (oflags & O_DIRECTORY))
		return E_INVAL;
	if ((oflags & O_CREAT) && !tmpfile)
		return open_create(w, oflags, mode, out);
	if (oflags & O_NOFOLLOW)
		w->flags |= WALK_NOFOLLOW;
	if (oflags & O_DIRECTORY)
		w->flags |= WALK_DIRECTORY;
	e = walk_run(w);
	if (e != OK)
		return e;
	if (tmpfile)
		e = open_tmpfile(&w->at, oflags, mode, out);
	else
		e = open_place(&w->at, oflags, false, out);
	path_put(&w->at);
	walk_end(w);
	return e;
}

enum err file_open_user(int dirfd, struct uptr upath, uint32_t oflags,
    uint32_t mode, unsigned walk_flags, struct object **out)
{
	struct user_path up;
	struct walk w = {.dirfd = dirfd, .flags = walk_flags};
	enum err e = user_path_get(&up, upath);

	if (e != OK)
		return e;
	w.text = up.text;
	e = open_text(&w, oflags, mode, out);
	user_path_put(&up);
	return e;
}

/* Kernel text of any length below PATH_TEXT_MAX, with slack behind it. */
static enum err text_copy(struct user_path *p, const char *text)
{
	size_t len = strnlen(text, PATH_TEXT_MAX);

	if (len >= USER_PATH_SMALL)
		return E_NAMETOOLONG;
	memcpy(p->small, text, len + 1);
	p->text = p->small;
	return OK;
}

enum err file_open(int dirfd, const char *text, uint32_t oflags, uint32_t mode,
    unsigned walk_flags, struct object **out)
{
	struct walk w = {.dirfd = dirfd, .flags = walk_flags};
	struct user_path up;
	struct path p;
	enum err e = text_copy(&up, text);

	if (e == OK) {
		w.text = up.text;
		return open_text(&w, oflags, mode, out);
	}
	if (oflags & O_CREAT)
		return e;
	e = path_walk(dirfd, text, walk_flags, &p, NULL);
	if (e != OK)
		return e;
	e = open_place(&p, oflags, false, out);
	path_put(&p);
	return e;
}

static enum err exec_place(const struct path *p, struct file **out)
{
	struct node *n = path_node(p);
	int32_t w;
	enum err e;

	if (node_type(n) != NODE_REG || (p->mount->flags & MOUNT_NOEXEC) ||
	    n->ops->read)
		return E_ACCES;
	e = view_need(p, NULL, UNVEIL_EXEC);
	if (e == OK)
		e = node_access(n, 1);
	if (e != OK)
		return e;
	w = atomic_load_explicit(&n->writers, memory_order_relaxed);
	do {
		if (w > 0)
			return E_TXTBSY;
	} while (!atomic_compare_exchange_weak(&n->writers, &w, w - 1));
	e = file_new(n, O_RDONLY, &file_ops, out);
	if (e != OK) {
		file_exec_done(n);
		return e;
	}
	(*out)->path = *p;
	path_get(p);
	(*out)->atime = wants_atime(p, n, O_RDONLY);
	return OK;
}

enum err file_open_exec(
    int dirfd, const char *text, unsigned walk_flags, struct file **out)
{
	struct path p;
	enum err e = path_walk(dirfd, text, walk_flags, &p, NULL);

	if (e != OK)
		return e;
	e = node_type(path_node(&p)) == NODE_LNK ? E_LOOP : exec_place(&p, out);
	path_put(&p);
	return e;
}

void file_exec_done(struct node *n)
{
	atomic_fetch_add(&n->writers, 1);
}

enum err file_create_anon(const char *name, uint32_t oflags, struct file **out)
{
	struct path p = {0};
	struct object *o;
	struct node *n;
	enum err e;

	e = tmpfs_unnamed_kernel(&n, &p.mount);
	if (e != OK)
		return e;
	e = name_detached(name, n, &p.name);
	if (e != OK) {
		node_put(n);
		return e;
	}
	e = open_place(&p, oflags, true, &o);
	name_put(p.name);
	if (e == OK)
		*out = (struct file *)o;
	return e;
}
