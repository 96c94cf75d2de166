/* kernel/vfs/view.c -- unveil: the part of the names that a process sees. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/view.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/restrict.h"

/*
 * A view is a list of path texts as seen from the root of the namespace, each
 * with rights. The longest one that a path begins with decides. Texts, not
 * nodes: a file that is removed and made again is still the same path, and a
 * bind mount shows another one.
 *
 * A view that a process can see does not change: unveil replaces it by a longer
 * copy. Readers hold it by RCU. Two threads of a process that unveil at the
 * same moment may lose one of both paths, which only narrows.
 *
 * Links are followed wherever the walk may be; what they lead to is then looked
 * for here. So a walk says E_NOENT for what is hidden as for what is not there.
 */
struct view_path {
	uint32_t rights;
	uint32_t len; /* of text; 0: the root */
	char *text;   /* belongs to this view */
};

struct view {
	_Atomic uint32_t refs;
	bool locked; /* const, as all */
	uint32_t count;
	struct rcu_head rcu;
	struct view_path paths[];
};

static void view_free(struct view *v)
{
	for (uint32_t i = 0; i < v->count; i++)
		kfree(v->paths[i].text);
	kfree(v);
}

static void view_free_rcu(struct rcu_head *h)
{
	view_free(container_of(h, struct view, rcu));
}

void view_put(struct view *v)
{
	if (v && atomic_fetch_sub(&v->refs, 1) == 1)
		rcu_call(&v->rcu, view_free_rcu);
}

static enum err path_set(
    struct view_path *p, const char *text, size_t len, uint32_t rights)
{
	p->text = kmalloc(len + 1);
	if (!p->text)
		return E_NOMEM;
	memcpy(p->text, text, len);
	p->text[len] = '\0';
	p->len = (uint32_t)len;
	p->rights = rights;
	return OK;
}

/* A copy of old (NULL: empty) with room for one path more. */
static enum err copy(const struct view *old, bool locked, struct view **out)
{
	uint32_t n = old ? old->count : 0;
	struct view *v = kzalloc(sizeof(*v) + (n + 1) * sizeof(v->paths[0]));

	if (!v)
		return E_NOMEM;
	atomic_init(&v->refs, 1);
	v->locked = locked || (old && old->locked);
	for (; v->count < n; v->count++) {
		const struct view_path *p = &old->paths[v->count];

		if (path_set(&v->paths[v->count], p->text, p->len, p->rights) !=
		    OK) {
			view_free(v);
			return E_NOMEM;
		}
	}
	*out = v;
	return OK;
}

/* Is the first of these texts the second or above it? Roots have length 0. */
static bool above(const char *a, size_t alen, const char *b, size_t blen)
{
	return alen <= blen && memcmp(a, b, alen) == 0 &&
	       (alen == blen || b[alen] == '/');
}

/* Rights at text, or -1 when it lies outside. *through: above a path. */
static int look(
    const struct view *v, const char *text, size_t len, bool *through)
{
	const struct view_path *best = NULL;

	*through = false;
	for (uint32_t i = 0; i < v->count; i++) {
		const struct view_path *p = &v->paths[i];

		if (above(p->text, p->len, text, len) &&
		    (!best || p->len > best->len))
			best = p;
		if (above(text, len, p->text, p->len))
			*through = true;
	}
	return best ? (int)best->rights : -1;
}

/*
 * Text of a place, or of its entry c: *text is the caller's to kfree, NULL for
 * what has no path (a file without a name that the process holds already).
 */
static enum err text_of(
    const struct path *at, const struct component *c, char **text, size_t *len)
{
	size_t room = PATH_TEXT_MAX + NAME_TEXT_MAX + 2;
	char *buf = kmalloc(room);
	bool reachable;
	long n;

	*text = NULL;
	if (!buf)
		return E_NOMEM;
	n = path_text_from(at, NULL, buf, PATH_TEXT_MAX, &reachable);
	if (n < 0 || !reachable) {
		kfree(buf);
		/* In no directory and no mount's root: it has no path. */
		if (n >= 0 && !at->name->parent && at->name != at->mount->root)
			return OK;
		return n < 0 ? (enum err)n : E_NOENT;
	}
	if (n == 1)
		n = 0; /* "/" */
	if (c && c->len && c->len <= NAME_TEXT_MAX) {
		buf[n++] = '/';
		memcpy(buf + n, c->text, c->len);
		n += (long)c->len;
	}
	*text = buf;
	*len = (size_t)n;
	return OK;
}

/* Rights at a place; -1: hidden. No path: all of them. */
static enum err rights_at(const struct path *at, const struct component *c,
    int *rights, bool *through)
{
	struct view *v;
	size_t len;
	char *text;
	enum err e = text_of(at, c, &text, &len);

	if (e != OK)
		return e;
	*rights = UNVEIL_ALL;
	*through = true;
	rcu_read_enter();
	v = rcu_load(process_current()->view);
	if (v && text)
		*rights = look(v, text, len, through);
	rcu_read_exit();
	kfree(text);
	return OK;
}

static bool unrestricted(void)
{
	return likely(!(process_current()->restricted & RESTRICT_VIEW));
}

enum err view_reach(const struct path *at, bool through)
{
	bool above_some;
	int rights;
	enum err e;

	if (unrestricted())
		return OK;
	e = rights_at(at, NULL, &rights, &above_some);
	if (e != OK)
		return e;
	return rights >= 0 || (through && above_some) ? OK : E_NOENT;
}

enum err view_need(
    const struct path *at, const struct component *c, uint32_t need)
{
	bool through;
	int rights;
	enum err e;

	if (unrestricted())
		return OK;
	e = rights_at(at, c, &rights, &through);
	if (e != OK)
		return e;
	if (rights < 0)
		return E_NOENT;
	return need & ~(uint32_t)rights ? E_ACCES : OK;
}

enum err view_move(const struct path *from, const struct component *fc,
    const struct path *to, const struct component *tc)
{
	bool through;
	int a, b;
	enum err e;

	if (unrestricted())
		return OK;
	e = rights_at(from, fc, &a, &through);
	if (e == OK)
		e = rights_at(to, tc, &b, &through);
	if (e != OK)
		return e;
	if (a < 0 || b < 0)
		return E_NOENT;
	return b & ~a ? E_ACCES : OK;
}

static void replace(struct process *p, struct view *v)
{
	struct view *old = p->view;

	rcu_store(p->view, v);
	p->restricted |= RESTRICT_VIEW;
	view_put(old);
}

/* May text get these rights on top of what the view has? */
static enum err may_add(
    const struct view *v, const char *text, size_t len, uint32_t rights)
{
	bool through;
	int have;

	if (!v)
		return OK;
	have = look(v, text, len, &through);
	if (have >= 0)
		return rights & ~(uint32_t)have ? E_PERM : OK;
	if (v->locked)
		return E_PERM;
	return v->count < VIEW_PATHS_MAX ? OK : E_NOSPC;
}

/* Put the path into v, a fresh copy: what lies below may not have more. */
static enum err put(
    struct view *v, const char *text, size_t len, uint32_t rights)
{
	enum err e;

	for (uint32_t i = 0; i < v->count; i++) {
		struct view_path *p = &v->paths[i];

		if (above(text, len, p->text, p->len) && p->len == len) {
			p->rights &= rights;
			return OK;
		}
	}
	if (v->count == VIEW_PATHS_MAX)
		return E_NOSPC;
	e = path_set(&v->paths[v->count], text, len, rights);
	if (e == OK)
		v->count++;
	return e;
}

enum err view_add(
    const struct path *at, const struct component *c, uint32_t rights)
{
	struct process *p = process_current();
	struct view *v;
	size_t len;
	char *text;
	enum err e = text_of(at, c, &text, &len);

	if (e != OK)
		return e;
	if (!text)
		return E_NOENT;
	e = may_add(p->view, text, len, rights);
	if (e == OK)
		e = copy(p->view, false, &v);
	if (e == OK) {
		e = put(v, text, len, rights);
		if (e == OK)
			replace(p, v);
		else
			view_free(v);
	}
	kfree(text);
	return e;
}

enum err view_lock(void)
{
	struct process *p = process_current();
	struct view *v;
	enum err e;

	if (p->view && p->view->locked)
		return OK;
	e = copy(p->view, true, &v);
	if (e == OK)
		replace(p, v);
	return e;
}

bool view_locked(const struct process *p)
{
	return p->view && p->view->locked;
}

enum err view_copy(struct process *from, struct view **out)
{
	struct view *v = from->view;

	*out = NULL;
	if (!v)
		return OK;
	if (!v->locked)
		return copy(v, true, out);
	atomic_fetch_add(&v->refs, 1);
	*out = v;
	return OK;
}
