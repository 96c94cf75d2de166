/* kernel/vfs/procfs_tree.c -- fixed trees of text files, for proc and sysfs. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/procfs_tree.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/vfs.h"

/*
 * A node's priv is its entry, which lives for ever, so nodes carry nothing
 * that must be freed. Text is made when a file is read from its start
 * (file_seq.c): we get a kernel buffer and fill it.
 */
enum { STORE_MAX = 512 };

void text_add(struct text_out *t, const char *fmt, ...)
{
	size_t room = t->len < t->size ? t->size - t->len : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = kvsnprintf(room ? t->buf + t->len : NULL, room, fmt, ap);
	va_end(ap);
	t->len += n > 0 ? (size_t)n : 0;
}

void text_bytes(struct text_out *t, const void *p, size_t n)
{
	if (t->len < t->size)
		memcpy(t->buf + t->len, p, MIN(n, t->size - t->len));
	t->len += n;
}

void text_escaped(struct text_out *t, const char *s)
{
	for (; *s; s++) {
		if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\\')
			text_add(t, "\\%03o", (unsigned)(unsigned char)*s);
		else
			text_bytes(t, s, 1);
	}
}

uint64_t tree_number(struct tree_entry *list, uint64_t next)
{
	struct tree_entry *todo[32];
	unsigned n = 0;

	todo[n++] = list;
	while (n) {
		for (struct tree_entry *e = todo[--n]; e->name; e++) {
			e->ino = next++;
			if (!e->children)
				continue;
			KASSERT(n < COUNT(todo));
			todo[n++] = e->children;
		}
	}
	return next;
}

struct tree_entry *tree_find(
    struct tree_entry *list, const char *name, size_t len)
{
	for (; list->name; list++)
		if (strlen(list->name) == len &&
		    memcmp(list->name, name, len) == 0)
			return list;
	return NULL;
}

bool tree_emit(struct tree_entry *list, uint64_t cookie, struct dir_sink *sink)
{
	for (uint64_t i = 0; list[i].name; i++)
		if (i >= cookie &&
		    !sink->emit(sink, list[i].name, strlen(list[i].name),
		        list[i].ino, list[i].mode & NODE_TYPE, i + 1))
			return false;
	return true;
}

static enum err tree_lookup(
    struct node *dir, const char *name, size_t len, struct node **out)
{
	struct tree_entry *e = dir->priv;

	e = tree_find(e->children, name, len);
	return e ? tree_node(dir->scheme, e, out) : E_NOENT;
}

static enum err tree_readdir(
    struct node *dir, uint64_t cookie, struct dir_sink *sink)
{
	struct tree_entry *e = dir->priv;

	tree_emit(e->children, cookie, sink);
	return OK;
}

static enum err show(struct tree_entry *e, struct text_out *t)
{
	if (e->show)
		e->show(t);
	else if (e->show_one)
		e->show_one(t, e);
	else
		return E_ACCES; /* only written */
	return OK;
}

static long tree_read(struct node *n, struct uio *u, int64_t off)
{
	(void)off;
	return TEXT_READ(u, show(n->priv, &text_));
}

long tree_written(struct uio *u, char *buf, size_t max)
{
	size_t n = u->left;

	if (n > max)
		return E_INVAL;
	if (uio_copy_from(u, buf, n) != n)
		return E_FAULT;
	buf[n] = '\0';
	return (long)n;
}

static long tree_write(struct node *n, struct uio *u, int64_t off)
{
	struct tree_entry *e = n->priv;
	char text[STORE_MAX + 1];
	enum err err;
	long got;

	(void)off;
	/* These are the machine's settings. */
	if (LABEL_TIER(silo_current()->label) == TIER_USER)
		return E_PERM;
	if (!e->store)
		return E_ACCES;
	got = tree_written(u, text, STORE_MAX);
	if (got < 0)
		return got;
	err = e->store(text, (size_t)got);
	return err == OK ? got : (long)err;
}

enum err tree_number_in(const char *s, uint64_t max, uint64_t *out)
{
	const char *end;

	if (*s < '0' || *s > '9')
		return E_INVAL;
	*out = kstrtou64(s, &end);
	if (*end == '\n')
		end++;
	return *end || *out > max ? E_INVAL : OK;
}

static long tree_readlink(struct node *n, char *buf, size_t size)
{
	struct tree_entry *e = n->priv;
	struct text_out t = {buf, size, 0};
	enum err err = e->target(&t);

	return err != OK ? (long)err : (long)MIN(t.len, size);
}

/* Opening for writing truncates: there is nothing to truncate. */
static enum err tree_setattr(struct node *n, const struct setattr *a)
{
	(void)n;
	return a->mask & ~(uint32_t)(SET_SIZE | SET_ATIME | SET_MTIME) ? E_PERM
	                                                               : OK;
}

static const struct node_ops dir_ops = {
    .lookup = tree_lookup,
    .readdir = tree_readdir,
};
static const struct node_ops file_node_ops = {
    .read = tree_read,
    .write = tree_write,
    .setattr = tree_setattr,
};
static const struct node_ops link_ops = {.readlink = tree_readlink};

enum err tree_node(struct scheme *s, struct tree_entry *e, struct node **out)
{
	const struct node_ops *ops = e->ops;
	struct node *n;
	enum err err;

	if (!ops)
		ops = e->children ? &dir_ops
		      : e->target ? &link_ops
		                  : &file_node_ops;
	err = node_alloc(s, ops, e->mode, e->ino, &n);
	if (err != OK)
		return err;
	n->priv = e;
	if ((e->mode & NODE_TYPE) == NODE_REG)
		n->flags = NODE_SEQ;
	else if (e->ops)
		n->flags = NODE_NOCACHE;
	if ((e->mode & NODE_TYPE) == NODE_DIR)
		n->nlink = 2;
	*out = n;
	return OK;
}

struct scheme *tree_scheme(
    const char *type, const struct scheme_ops *ops, struct tree_entry *root)
{
	struct scheme *s;
	struct node *n;

	root->ino = 1;
	tree_number(root->children, 2);
	if (scheme_alloc(type, ops, &s) != OK || tree_node(s, root, &n) != OK)
		panic("%s: no memory", type);
	scheme_set_root(s, n);
	return s;
}
