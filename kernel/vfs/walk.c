/* kernel/vfs/walk.c -- the walk from path text to a place in a namespace. */
/* SPDX-License-Identifier: MIT */
#include "kernel/vfs/walk.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/desc.h"
#include "kernel/object/restrict.h"
#include "kernel/vfs/file.h"
#include "kernel/vfs/view.h"

/*
 * Two walks that mean the same. The fast one runs under RCU over cached names,
 * mounts and attributes, counts nothing and takes no lock; it holds when
 * names_seq did not change meanwhile. Whatever it cannot do (a name that is
 * not cached, a symbolic link, a rename or mount at the same time) it leaves to
 * the other one, which counts references and asks the schemes.
 */
enum fast { FAST_DONE = 0, FAST_SLOW = 1 }; /* below zero: an error */

enum {
	WALK_SPECIAL = WALK_NOXDEV | WALK_NOSYMLINKS | WALK_BENEATH |
	               WALK_IN_ROOT | WALK_NOMAGIC,
};

enum err user_path_get(struct user_path *p, struct uptr u)
{
	enum err e = strncpy_from_user(p->small, u, USER_PATH_SMALL, NULL);

	p->text = p->small;
	if (likely(e != E_NAMETOOLONG))
		return e;
	p->text = kmalloc(PATH_TEXT_MAX + PATH_SLACK);
	if (!p->text)
		return E_NOMEM;
	e = strncpy_from_user(p->text, u, PATH_TEXT_MAX, NULL);
	if (e != OK)
		kfree(p->text);
	return e;
}

void user_path_put(struct user_path *p)
{
	if (p->text != p->small)
		kfree(p->text);
}

static inline enum err search_check(struct node *dir)
{
	if ((dir->mode & (NODE_TYPE | 0111)) == (NODE_DIR | 0111))
		return OK; /* everybody may */
	if (node_type(dir) != NODE_DIR)
		return E_NOTDIR;
	return node_access(dir, 1);
}

/* ".." without references: stop at root, climb over mounts. */
static void fast_up(const struct path *root, struct path *at)
{
	struct mount *m = at->mount;
	struct name *n = at->name;

	for (;;) {
		if (m == root->mount && n == root->name)
			break;
		if (n != m->root) {
			if (n->parent)
				n = n->parent;
			break;
		}
		if (!m->parent)
			break;
		n = m->point;
		m = m->parent;
	}
	at->mount = m;
	at->name = n;
}

static inline void fast_cross(struct path *at)
{
	struct mount *m;

	while (at->name->mounted) {
		m = mount_find(at->mount, at->name);
		if (!m)
			break;
		at->mount = m;
		at->name = m->root;
	}
}

static int fast_steps(
    struct walk *w, const struct path *root, struct path *at, const char *p)
{
	struct component c;
	const char *rest;
	struct node *node;
	bool slash = false;
	enum err e;

	for (p = skip_slashes(p); *p; p = rest) {
		node = rcu_load(at->name->node);
		if (!node)
			return FAST_SLOW;
		e = search_check(node);
		if (e != OK)
			return e;
		component_scan(p, &c);
		rest = skip_slashes(p + c.len);
		slash = rest != p + c.len;
		if (!*rest && (w->flags & WALK_PARENT)) {
			w->last = c;
			w->slash = slash;
			return FAST_DONE;
		}
		if (c.text[0] == '.' && c.len <= 2) {
			if (component_is_dotdot(&c))
				fast_up(root, at);
			if (c.len == 1 || component_is_dotdot(&c)) {
				fast_cross(at);
				continue;
			}
		}
		at->name = name_find(at->name, &c);
		if (!at->name)
			return FAST_SLOW;
		if (!at->name->used)
			at->name->used = 1;
		fast_cross(at);
		node = rcu_load(at->name->node);
		if (!node)
			return E_NOENT;
		if (node_type(node) == NODE_LNK &&
		    (slash || !(w->flags & WALK_NOFOLLOW)))
			return FAST_SLOW;
	}
	if (slash || (w->flags & WALK_DIRECTORY)) {
		node = rcu_load(at->name->node);
		if (!node)
			return FAST_SLOW;
		if (node_type(node) != NODE_DIR)
			return E_NOTDIR;
	}
	w->slash = slash;
	return FAST_DONE;
}

/* Count what the fast walk found; false: it is on its way out. */
static bool fast_take(struct path *at, uint32_t seq)
{
	struct node *node = rcu_load(at->name->node);

	if (!node || !name_tryget(at->name))
		return false;
	if (rcu_load(at->name->node) == node && mount_tryget(at->mount)) {
		if (names_seq_same(seq))
			return true;
		/* Not the last one, or its table would not have had it. */
		rcu_read_exit();
		mount_put(at->mount);
		name_put(at->name);
		rcu_read_enter();
		return false;
	}
	rcu_read_exit();
	name_put(at->name);
	rcu_read_enter();
	return false;
}

/* True when *result holds; false: walk slowly. */
static bool walk_fast(
    struct walk *w, const struct path *start, enum err *result)
{
	struct fs_context *fs = process_current()->fs;
	struct path root, at;
	bool done = false;
	uint32_t seq;
	int r;

	rcu_read_enter();
	seq = names_seq_read();
	if (unlikely((seq & 1) || !fs_context_peek(fs, &root, &at)))
		goto out;
	if (*w->text == '/')
		at = root;
	else if (start)
		at = *start;
	r = fast_steps(w, &root, &at, w->text);
	if (r == FAST_SLOW)
		goto out;
	if (r == FAST_DONE) {
		done = fast_take(&at, seq);
		w->at = at;
		*result = OK;
	} else {
		done = names_seq_same(seq);
		*result = (enum err)r;
	}
out:
	rcu_read_exit();
	return done;
}

void path_cross_mounts(struct path *at)
{
	struct mount *m;
	uint32_t seq;

	while (at->name->mounted) {
		do {
			rcu_read_enter();
			seq = names_seq_read() & ~1u;
			m = mount_find(at->mount, at->name);
			if (m && !mount_tryget(m))
				m = NULL;
			rcu_read_exit();
			if (names_seq_same(seq))
				break;
			if (m)
				mount_put(m);
		} while (true);
		if (!m)
			return;
		name_get(m->root);
		path_put(at);
		*at = (struct path){m, m->root};
	}
}

/* ".." with references. E_XDEV when w's flags forbid the step. */
static enum err slow_up(
    struct walk *w, const struct path *root, struct path *at)
{
	struct path up;
	uint32_t seq;
	bool ok;

	if ((w->flags & WALK_BENEATH) && at->name == root->name &&
	    at->mount == root->mount)
		return E_XDEV;
	do {
		up = *at;
		rcu_read_enter();
		seq = names_seq_read() & ~1u;
		fast_up(root, &up);
		ok = name_tryget(up.name);
		if (ok && !mount_tryget(up.mount)) {
			rcu_read_exit();
			name_put(up.name);
			continue;
		}
		rcu_read_exit();
		if (ok && names_seq_same(seq))
			break;
		if (ok)
			path_put(&up);
	} while (true);
	if (up.mount != at->mount && (w->flags & WALK_NOXDEV)) {
		path_put(&up);
		return E_XDEV;
	}
	path_put(at);
	*at = up;
	return OK;
}

/* Put link's target in front of `rest`; the text to go on with. */
static enum err link_text(
    struct walk *w, struct node *n, const char *rest, const char **out)
{
	char *buf;
	long len;

	if (!n->ops->readlink)
		return E_INVAL;
	buf = kmalloc(PATH_TEXT_MAX + PATH_SLACK);
	if (!buf)
		return E_NOMEM;
	len = n->ops->readlink(n, buf, PATH_TEXT_MAX);
	if (len <= 0 || !path_splice(buf, PATH_TEXT_MAX, (size_t)len, rest)) {
		kfree(buf);
		return len < 0    ? (enum err)len
		       : len == 0 ? E_NOENT
		                  : E_NAMETOOLONG;
	}
	if (!(n->flags & NODE_NOATIME))
		node_touch(n, SET_ATIME);
	kfree(w->buf);
	w->buf = buf;
	*out = buf;
	return OK;
}

/*
 * Follow the link at (dir's mount, link): dir stays, or becomes the root or
 * the place of a magic link. *p: text to go on with.
 */
static enum err slow_link(struct walk *w, const struct path *root,
    struct path *dir, struct node *n, const char **p)
{
	struct path to = {0};
	enum err e;

	if (w->flags & WALK_NOSYMLINKS)
		return E_LOOP;
	if (++w->links > SYMLINKS_MAX)
		return E_LOOP;
	if (n->ops->follow) {
		if (w->flags & (WALK_NOMAGIC | WALK_BENEATH | WALK_IN_ROOT))
			return E_LOOP;
		e = n->ops->follow(n, &to);
		if (e != OK)
			return e;
		path_put(dir);
		*dir = to;
		return OK;
	}
	e = link_text(w, n, *p, p);
	if (e != OK)
		return e;
	if (**p == '/') {
		if (w->flags & WALK_BENEATH)
			return E_XDEV;
		path_put(dir);
		*dir = *root;
		path_get(dir);
	}
	return OK;
}

/* Resolve one ordinary component; *at becomes it, or follows it. */
static enum err slow_step(struct walk *w, const struct path *root,
    struct path *at, const struct component *c, const char **p)
{
	const char *end = *p;
	struct path next;
	struct node *n;
	enum err e;

	e = name_lookup(at->name, c, &next.name);
	if (e != OK)
		return e;
	if (!next.name->node) {
		name_put(next.name);
		return E_NOENT;
	}
	next.mount = mount_get(at->mount);
	path_cross_mounts(&next);
	n = path_node(&next);
	if ((w->flags & WALK_NOXDEV) && next.mount != at->mount)
		e = E_XDEV;
	else if (node_type(n) != NODE_LNK ||
	         (!*end && (w->flags & WALK_NOFOLLOW))) {
		path_put(at);
		*at = next;
		return OK;
	} else {
		e = slow_link(w, root, at, n, p);
	}
	path_put(&next);
	return e;
}

/* Walk p from *at, which is replaced; on an error it still is a place. */
static enum err slow_steps(
    struct walk *w, const struct path *root, struct path *at, const char *p)
{
	struct component c;
	const char *rest;
	enum err e;

	w->slash = false;
	w->last.len = 0;
	for (p = skip_slashes(p); *p; p = skip_slashes(p)) {
		e = search_check(path_node(at));
		if (e != OK)
			return e;
		component_scan(p, &c);
		rest = skip_slashes(p + c.len);
		w->slash = rest != p + c.len;
		if (!*rest && (w->flags & WALK_PARENT)) {
			w->last = c;
			return OK;
		}
		p += c.len;
		if (component_is_dot(&c)) {
			path_cross_mounts(at);
			continue;
		}
		if (component_is_dotdot(&c)) {
			e = slow_up(w, root, at);
			path_cross_mounts(at);
		} else {
			e = slow_step(w, root, at, &c, &p);
		}
		if (e == OK && !(w->flags & WALK_UNVEIL))
			e = view_reach(at, true);
		if (e != OK)
			return e;
	}
	if ((w->slash || (w->flags & WALK_DIRECTORY)) &&
	    node_type(path_node(at)) != NODE_DIR)
		return E_NOTDIR;
	return OK;
}

static enum err walk_slow(struct walk *w, const struct path *start)
{
	struct path root, cwd, at;
	enum err e;

	fs_context_read(process_current()->fs, &root, &cwd);
	at = *w->text == '/' ? root : start ? *start : cwd;
	if (*w->text == '/' && (w->flags & WALK_BENEATH)) {
		e = E_XDEV;
		goto put;
	}
	if (w->flags & (WALK_BENEATH | WALK_IN_ROOT)) {
		if (start)
			at = *start;
		else
			at = cwd;
		path_get(&at);
		path_put(&root);
		root = at;
	}
	path_get(&at);
	e = slow_steps(w, &root, &at, w->text);
	if (e == OK)
		w->at = at;
	else
		path_put(&at);
put:
	path_put(&root);
	path_put(&cwd);
	if (e != OK)
		walk_end(w);
	return e;
}

enum err walk_into_link(struct walk *w, struct name *link)
{
	const char *p = w->slash ? "/" : "";
	struct path root, at = w->at;
	enum err e;

	w->at = (struct path){0};
	fs_context_read(process_current()->fs, &root, NULL);
	e = slow_link(w, &root, &at, link->node, &p);
	name_put(link);
	e = e == OK ? view_reach(&at, true) : e;
	e = e == OK ? slow_steps(w, &root, &at, p) : e;
	path_put(&root);
	if (e == OK) {
		w->at = at;
	} else {
		path_put(&at);
		walk_end(w);
	}
	return e;
}

/* "": dirfd itself (WALK_EMPTY), of whatever type. */
static enum err walk_empty(struct walk *w, const struct path *start)
{
	struct path root;

	if (!(w->flags & WALK_EMPTY) || (w->flags & WALK_PARENT))
		return E_NOENT;
	if (start) {
		w->at = *start;
		path_get(&w->at);
		return OK;
	}
	fs_context_read(process_current()->fs, &root, &w->at);
	path_put(&root);
	return OK;
}

/* In a sandbox there are no names; with a view what it ends at must show. */
static enum err walk_restricted(struct walk *w, const struct path *start)
{
	enum err e;

	if (process_sandboxed(process_current()))
		return E_PERM;
	e = walk_slow(w, start);
	if (e != OK || (w->flags & WALK_PARENT))
		return e;
	e = view_reach(&w->at, false);
	if (e != OK) {
		path_put(&w->at);
		walk_end(w);
	}
	return e;
}

static enum err walk_go(struct walk *w, const struct path *start)
{
	enum err e = OK;

	if (unlikely(!*w->text))
		return walk_empty(w, start);
	if (process_restricted(process_current()) && !(w->flags & WALK_UNVEIL))
		return walk_restricted(w, start);
	if (unlikely(w->flags & WALK_SPECIAL) || !walk_fast(w, start, &e))
		e = walk_slow(w, start);
	return e;
}

enum err walk_run(struct walk *w)
{
	const struct path *start = w->start;
	struct held held;
	enum err e;

	w->buf = NULL;
	w->links = 0;
	w->last.len = 0;
	w->slash = false;
	w->at = (struct path){0};
	if (w->dirfd == FD_CWD || start ||
	    (*w->text == '/' && !(w->flags & WALK_IN_ROOT)))
		return walk_go(w, start);
	e = desc_hold(w->dirfd, 0, &held);
	if (e != OK)
		return e;
	start = object_path(held.obj);
	if (!start || (*w->text && node_type(path_node(start)) != NODE_DIR))
		e = E_NOTDIR;
	else
		e = walk_go(w, start);
	desc_release(&held);
	return e;
}

void walk_end(struct walk *w)
{
	kfree(w->buf);
	w->buf = NULL;
}

static enum err walk_out(
    struct walk *w, struct path *out, struct last_name *last)
{
	enum err e = walk_run(w);

	if (e != OK)
		return e;
	*out = w->at;
	if (last && w->last.len <= NAME_TEXT_MAX) {
		memcpy(last->text, w->last.text, w->last.len);
		last->text[w->last.len] = '\0';
		last->len = w->last.len;
		last->trailing_slash = w->slash;
	} else if (last) {
		path_put(out);
		e = E_NAMETOOLONG;
	}
	walk_end(w);
	return e;
}

enum err path_walk_user(int dirfd, struct uptr upath, unsigned flags,
    struct path *out, struct last_name *last)
{
	struct user_path up;
	struct walk w = {.dirfd = dirfd, .flags = flags};
	enum err e = user_path_get(&up, upath);

	if (e != OK)
		return e;
	w.text = up.text;
	e = walk_out(&w, out, last);
	user_path_put(&up);
	return e;
}

enum err path_walk(int dirfd, const char *text, unsigned flags,
    struct path *out, struct last_name *last)
{
	struct walk w = {.dirfd = dirfd, .flags = flags};
	size_t len = strnlen(text, PATH_TEXT_MAX);
	char *copy; /* with slack behind it */
	enum err e;

	if (len >= PATH_TEXT_MAX)
		return E_NAMETOOLONG;
	copy = kmalloc(len + 1 + PATH_SLACK);
	if (!copy)
		return E_NOMEM;
	memcpy(copy, text, len + 1);
	w.text = copy;
	e = walk_out(&w, out, last);
	kfree(copy);
	return e;
}
