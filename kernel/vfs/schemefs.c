/* kernel/vfs/schemefs.c -- /scheme: the schemes of this namespace by name. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/object/process.h"
#include "kernel/vfs/vfs.h"

/*
 * A directory of links: each scheme mounted in the reader's namespace, named
 * by its type, and from the second of a type on by TYPE.N, N being the number
 * of its device. A link leads to the root of its first mount. Nothing is
 * cached: two processes may see different ones.
 */
enum { LINK_INO = 0x10000 };

struct entry {
	struct mount *mount; /* holds a reference */
	char name[32];
};

/* The first mount of each scheme whose number is above *id. */
static bool next_scheme(uint32_t *id, struct entry *out)
{
	struct namespace *ns = namespace_current();
	struct mount *m, *other;
	uint32_t i;
	bool first, alone;

	while ((m = namespace_next(ns, id)) != NULL) {
		first = alone = true;
		for (i = 0;
		    i < m->id - 1 && (other = namespace_next(ns, &i)) != NULL &&
		    other->id < m->id;
		    mount_put(other)) {
			if (other->scheme == m->scheme)
				first = false;
			else if (strcmp(other->scheme->type, m->scheme->type) ==
			         0)
				alone = false;
		}
		if (i >= m->id)
			mount_put(other);
		if (first) {
			out->mount = m;
			ksnprintf(out->name, sizeof(out->name),
			    alone ? "%s" : "%s.%u", m->scheme->type,
			    m->scheme->dev);
			return true;
		}
		mount_put(m);
	}
	return false;
}

static const struct node_ops link_ops;

static enum err scheme_lookup(
    struct node *d, const char *name, size_t len, struct node **out)
{
	struct entry e;
	uint32_t id = 0;
	bool found;

	while (next_scheme(&id, &e)) {
		found = strlen(e.name) == len && memcmp(e.name, name, len) == 0;
		mount_put(e.mount);
		if (found) {
			enum err err = node_alloc(d->scheme, &link_ops,
			    NODE_LNK | 0777, LINK_INO + id, out);

			if (err == OK)
				(*out)->priv = (void *)(uintptr_t)id;
			return err;
		}
	}
	return E_NOENT;
}

static enum err scheme_readdir(
    struct node *d, uint64_t cookie, struct dir_sink *sink)
{
	uint32_t id = (uint32_t)cookie;
	struct entry e;
	bool more = true;

	(void)d;
	while (more && next_scheme(&id, &e)) {
		more = sink->emit(
		    sink, e.name, strlen(e.name), LINK_INO + id, NODE_LNK, id);
		mount_put(e.mount);
	}
	return OK;
}

/* The mount of that number, if this namespace has it. */
static struct mount *link_mount(struct node *n)
{
	uint32_t want = (uint32_t)(uintptr_t)n->priv, id = want - 1;
	struct mount *m = namespace_next(namespace_current(), &id);

	if (m && id != want) {
		mount_put(m);
		m = NULL;
	}
	return m;
}

static enum err link_follow(struct node *n, struct path *out)
{
	struct mount *m = link_mount(n);

	if (!m)
		return E_NOENT;
	out->mount = m;
	out->name = name_get(m->root);
	return OK;
}

static long link_readlink(struct node *n, char *buf, size_t size)
{
	struct path p;
	enum err e = link_follow(n, &p);
	long len;

	if (e != OK)
		return e;
	len = path_text(&p, buf, size);
	path_put(&p);
	return len;
}

static const struct node_ops link_ops = {
    .readlink = link_readlink,
    .follow = link_follow,
};
static const struct node_ops dir_ops = {
    .lookup = scheme_lookup,
    .readdir = scheme_readdir,
};
static const struct scheme_ops scheme_ops = {0};

static struct scheme *schemes;

static enum err schemefs_create(
    const char *source, const char *options, struct scheme **out)
{
	(void)source;
	(void)options;
	*out = scheme_get(schemes);
	return OK;
}

static struct scheme_type type = {.name = "scheme", .create = schemefs_create};

void schemefs_init(void)
{
	struct node *root;

	if (scheme_alloc("scheme", &scheme_ops, &schemes) != OK ||
	    node_alloc(schemes, &dir_ops, NODE_DIR | 0555, 1, &root) != OK)
		panic("schemefs: no memory");
	root->flags = NODE_NOCACHE;
	root->nlink = 2;
	schemes->rdonly = true;
	scheme_set_root(schemes, root);
	scheme_register(&type);
}
