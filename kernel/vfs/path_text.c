/* kernel/vfs/path_text.c -- from a place back to its text. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/core/string.h"
#include "kernel/object/process.h"
#include "kernel/vfs/walk.h"

/* Write into a buffer from its end. */
struct backwards {
	char *start, *at;
	bool full;
};

static void put_name(struct backwards *b, const char *s, size_t n)
{
	if ((size_t)(b->at - b->start) < n + 1) {
		b->full = true;
		return;
	}
	b->at -= n;
	memcpy(b->at, s, n);
	*--b->at = '/';
}

/* Climb from p to root. Under RCU; the caller checks names_seq. */
static bool climb(
    const struct path *p, const struct path *root, struct backwards *b)
{
	const struct mount *m = p->mount;
	const struct name *n = p->name;
	const struct name_text *t;

	while (!b->full) {
		if (root && m == root->mount && n == root->name)
			return true;
		if (n == m->root) {
			if (!m->parent)
				return m->ns != NULL && !root;
			n = m->point;
			m = m->parent;
			continue;
		}
		t = rcu_load(n->text);
		put_name(b, t->s, t->len);
		if (!n->parent)
			return false;
		n = n->parent;
	}
	return false;
}

long path_text_from(const struct path *p, const struct path *root, char *buf,
    size_t size, bool *reachable)
{
	struct backwards b;
	size_t len;
	uint32_t seq;

	if (size < 2)
		return E_NAMETOOLONG;
	do {
		b = (struct backwards){buf, buf + size - 1, false};
		rcu_read_enter();
		seq = names_seq_read() & ~1u;
		*reachable = climb(p, root, &b);
		rcu_read_exit();
	} while (!names_seq_same(seq));
	if (b.full)
		return E_NAMETOOLONG;
	if (b.at == buf + size - 1)
		*--b.at = '/';
	len = (size_t)(buf + size - 1 - b.at);
	memmove(buf, b.at, len);
	buf[len] = '\0';
	return (long)len;
}

long path_text(const struct path *p, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	struct path root;
	bool reachable;
	long len;

	fs_context_read(process_current()->fs, &root, NULL);
	len = path_text_from(p, &root, buf, size, &reachable);
	path_put(&root);
	if (len >= 0 && p->name->unlinked) {
		if ((size_t)len + sizeof(deleted) > size)
			return E_NAMETOOLONG;
		memcpy(buf + len, deleted, sizeof(deleted));
		len += (long)sizeof(deleted) - 1;
	}
	return len;
}
