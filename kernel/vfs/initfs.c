/* kernel/vfs/initfs.c -- the boot archive as a read-only scheme. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmo.h"
#include "kernel/vfs/cpio.h"
#include "kernel/vfs/vfs.h"
#include "kernel/vfs/walk_text.h"

/*
 * Boot makes one small entry per file, linked into a tree and a hash table;
 * nodes are made when a name is looked up, and go when the name cache lets
 * them go: entry->node is a weak pointer. Contents are pager-backed objects
 * filled from the archive, so that what nobody reads is never copied.
 */
enum { BUCKETS = 1024, LINK_BUCKETS = 64, INITFS_MAGIC = 0x858458f6 };

struct entry {
	struct entry *parent;
	struct entry *children, *last_child; /* in the archive's order */
	struct entry *sibling;
	struct entry *hash_next;
	struct entry *link_next; /* chain of files with several links */
	struct entry *same;      /* a further link: the file it stands for */
	const char *name;        /* in the archive, not terminated */
	const uint8_t *header;   /* NULL: a folder that was only implied */
	const uint8_t *data;
	uint64_t size;
	uint64_t hash;
	struct node *node; /* weak, atomic */
	uint32_t name_len;
	uint32_t number; /* inode number and readdir cookie */
	uint32_t mode;
	uint32_t ino; /* in the archive */
	uint32_t nlink;
};

struct initfs {
	struct entry root;
	struct entry *buckets[BUCKETS];
	struct entry *links[LINK_BUCKETS];
	struct slab_cache *cache;
	uint32_t count;
	uint64_t bytes;
	/* The folder of the last entry: archives come folder by folder. */
	struct entry *last_dir;
	const char *last_path;
	size_t last_len;
};

static const struct node_ops initfs_ops;

static struct entry **bucket(
    struct initfs *fs, const struct entry *dir, uint64_t hash)
{
	return &fs->buckets[(hash + dir->number * 0x9e3779b9u) % BUCKETS];
}

static struct entry *find(
    struct initfs *fs, const struct entry *dir, const char *name, size_t len)
{
	uint64_t hash = name_hash(name, len);
	struct entry *e = *bucket(fs, dir, hash);

	while (e && (e->hash != hash || e->parent != dir ||
	                e->name_len != len || memcmp(e->name, name, len) != 0))
		e = e->hash_next;
	return e;
}

static struct entry *add(
    struct initfs *fs, struct entry *dir, const char *name, size_t len)
{
	struct entry *e = slab_alloc(fs->cache), **b;

	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->parent = dir;
	e->name = name;
	e->name_len = (uint32_t)len;
	e->hash = name_hash(name, len);
	e->number = ++fs->count;
	e->mode = NODE_DIR | 0755;
	e->nlink = 1;
	b = bucket(fs, dir, e->hash);
	e->hash_next = *b;
	*b = e;
	if (dir->last_child)
		dir->last_child->sibling = e;
	else
		dir->children = e;
	dir->last_child = e;
	return e;
}

/* The folder at path, folders on the way made if missing; NULL: cannot be. */
static struct entry *folder(struct initfs *fs, const char *path, size_t len)
{
	struct entry *dir = &fs->root, *e;
	const char *end = path + len, *p = path, *q;

	if (fs->last_dir && len == fs->last_len &&
	    memcmp(path, fs->last_path, len) == 0)
		return fs->last_dir;
	while (p < end) {
		q = memchr(p, '/', (size_t)(end - p));
		if (!q)
			q = end;
		if (q > p && !(q == p + 1 && *p == '.')) {
			if (q - p > NAME_TEXT_MAX)
				return NULL;
			e = find(fs, dir, p, (size_t)(q - p));
			if (!e)
				e = add(fs, dir, p, (size_t)(q - p));
			if (!e || (e->mode & NODE_TYPE) != NODE_DIR)
				return NULL;
			dir = e;
		}
		p = q + 1;
	}
	fs->last_dir = dir;
	fs->last_path = path;
	fs->last_len = len;
	return dir;
}

static struct entry **link_bucket(struct initfs *fs, uint32_t ino)
{
	return &fs->links[ino % LINK_BUCKETS];
}

/* e is one of several links: find the file, or become it. */
static void join_links(struct initfs *fs, struct entry *e)
{
	struct entry **b = link_bucket(fs, e->ino), *f;

	for (f = *b; f && (f->ino != e->ino || f == e); f = f->link_next)
		;
	if (!f) {
		e->link_next = *b;
		*b = e;
		return;
	}
	e->same = f;
	f->nlink++;
	if (e->size) { /* the data comes with the last link */
		f->data = e->data;
		f->size = e->size;
		f->header = e->header;
	}
}

static void place(struct initfs *fs, const struct cpio_entry *c)
{
	const char *name = c->name + c->name_len;
	struct entry *dir, *e;
	size_t len;

	if (c->name_len == 0) {
		fs->root.header = c->header;
		fs->root.mode = NODE_DIR | (c->mode & 07777);
		return;
	}
	while (name > c->name && name[-1] != '/')
		name--;
	len = (size_t)(c->name + c->name_len - name);
	if (len > NAME_TEXT_MAX)
		return;
	dir = folder(
	    fs, c->name, name > c->name ? (size_t)(name - 1 - c->name) : 0);
	if (!dir)
		return;
	e = find(fs, dir, name, len);
	if (e && (e->children || e->link_next || e->same || e->nlink > 1) &&
	    (c->mode & NODE_TYPE) != NODE_DIR)
		return; /* cannot be replaced */
	if (!e && !(e = add(fs, dir, name, len)))
		return;
	e->header = c->header;
	e->mode = c->mode;
	e->data = c->data;
	e->size = c->size;
	e->ino = c->ino;
	fs->bytes += c->size;
	if (c->nlink > 1 && (c->mode & NODE_TYPE) == NODE_REG)
		join_links(fs, e);
}

static bool known_type(uint32_t mode)
{
	switch (mode & NODE_TYPE) {
	case NODE_DIR:
	case NODE_REG:
	case NODE_LNK:
	case NODE_CHR:
	case NODE_BLK:
	case NODE_FIFO:
	case NODE_SOCK:
		return true;
	default:
		return false;
	}
}

static void node_fill(struct node *n, const struct entry *e)
{
	struct cpio_attr a = {0};
	struct entry *c;

	n->priv = (void *)e;
	n->flags = NODE_RDONLY | NODE_NOATIME;
	n->nlink = e->nlink;
	n->size = e->size;
	if (e->header && cpio_attributes(e->header, &a) == OK) {
		n->uid = a.uid;
		n->gid = a.gid;
		n->rdev = (a.rdev_minor & 0xff) | (a.rdev_major & 0xfff) << 8 |
		          (uint64_t)(a.rdev_minor & 0xfff00) << 12;
	}
	n->atime = n->mtime = n->ctime = n->btime =
	    (struct ktime){.sec = a.mtime};
	if (node_type(n) == NODE_DIR) {
		n->size = 0;
		n->nlink = 2;
		for (c = e->children; c; c = c->sibling)
			if ((c->mode & NODE_TYPE) == NODE_DIR)
				n->nlink++;
	}
}

/* The node of e, made if there is none now. Gives a reference. */
static enum err node_of(struct scheme *s, struct entry *e, struct node **out)
{
	struct node *n, *seen;
	enum err err;

	for (;;) {
		rcu_read_enter();
		seen = rcu_load(e->node);
		n = seen && node_tryget(seen) ? seen : NULL;
		rcu_read_exit();
		if (n)
			break;
		err = node_alloc(s, &initfs_ops, e->mode, e->number + 1ul, &n);
		if (err != OK)
			return err;
		node_fill(n, e);
		/* A dying node, or none: it is ours if nobody was faster. */
		if (__atomic_compare_exchange_n(&e->node, &seen, n, false,
		        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			break;
		node_put(n);
	}
	*out = n;
	return OK;
}

static enum err initfs_lookup(
    struct node *d, const char *name, size_t len, struct node **out)
{
	struct entry *e = find(d->scheme->priv, d->priv, name, len);

	if (!e)
		return E_NOENT;
	return node_of(d->scheme, e->same ? e->same : e, out);
}

static enum err initfs_readdir(
    struct node *d, uint64_t cookie, struct dir_sink *sink)
{
	const struct entry *dir = d->priv, *e, *file;

	for (e = dir->children; e; e = e->sibling) {
		file = e->same ? e->same : e;
		if (e->number > cookie &&
		    !sink->emit(sink, e->name, e->name_len, file->number + 1ul,
		        file->mode & NODE_TYPE, e->number))
			break;
	}
	return OK;
}

static long initfs_readlink(struct node *n, char *buf, size_t size)
{
	const struct entry *e = n->priv;
	size_t len = MIN(e->size, size);

	memcpy(buf, e->data, len);
	return (long)len;
}

static enum err fill(void *pager, uint64_t index, void *page)
{
	const struct entry *e = pager;
	uint64_t off = index << PAGE_SHIFT;
	size_t n = off < e->size ? MIN(e->size - off, PAGE_SIZE) : 0;

	memcpy(page, e->data + off, n);
	if (n < PAGE_SIZE)
		memset((char *)page + n, 0, PAGE_SIZE - n);
	return OK;
}

static const struct vmo_pager_ops pager_ops = {.fill = fill};

static enum err initfs_contents(struct node *n)
{
	struct vmo *v;
	enum err e =
	    vmo_create_pager(NULL, &pager_ops, n->priv, PAGES(n->size), &v);

	if (e == OK)
		rcu_store(n->vmo, v);
	return e;
}

static enum err initfs_getattr(struct node *n, struct kstat *out)
{
	if (node_type(n) == NODE_REG)
		out->blocks = (n->size + 511) / 512;
	return OK;
}

static void initfs_release(struct node *n)
{
	struct entry *e = n->priv;
	struct node *self = n;

	if (e)
		__atomic_compare_exchange_n(&e->node, &self, NULL, false,
		    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	node_free(n);
}

static const struct node_ops initfs_ops = {
    .lookup = initfs_lookup,
    .readdir = initfs_readdir,
    .readlink = initfs_readlink,
    .contents = initfs_contents,
    .getattr = initfs_getattr,
    .release = initfs_release,
};

static enum err initfs_statfs(struct scheme *s, struct scheme_stat *out)
{
	struct initfs *fs = s->priv;

	*out = (struct scheme_stat){
	    .type = INITFS_MAGIC,
	    .block_size = PAGE_SIZE,
	    .blocks = PAGES(fs->bytes),
	    .files = fs->count + 1ul,
	    .name_max = NAME_TEXT_MAX,
	};
	return OK;
}

static const struct scheme_ops initfs_scheme_ops = {.statfs = initfs_statfs};

enum err initfs_create(const void *archive, size_t size, struct scheme **out)
{
	struct cpio c = {.base = archive, .size = size};
	struct initfs *fs = kzalloc(sizeof(*fs));
	struct cpio_entry e;
	struct scheme *s;
	struct node *root;
	enum err err;

	if (!fs)
		return E_NOMEM;
	fs->cache = slab_create("initfs", sizeof(struct entry), 8);
	fs->root.mode = NODE_DIR | 0755;
	fs->root.nlink = 1;
	while ((err = cpio_next(&c, &e)) == OK)
		if (known_type(e.mode))
			place(fs, &e);
	if (err != E_NODATA)
		klog(LOG_ERR, "initfs", "broken archive at offset %zu", c.at);
	err = scheme_alloc("initfs", &initfs_scheme_ops, &s);
	if (err != OK)
		return err;
	s->rdonly = true;
	s->priv = fs;
	err = node_of(s, &fs->root, &root);
	if (err != OK)
		return err;
	scheme_set_root(s, root);
	*out = s;
	return OK;
}
