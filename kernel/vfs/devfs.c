/* kernel/vfs/devfs.c -- /dev: a tree in memory, and drivers by number. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/devfs.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/vfs/dev_mem.h"
#include "kernel/vfs/file.h"
#include "kernel/vfs/tmpfs.h"
#include "kernel/vfs/vfs.h"

/*
 * One tree for all who mount it, kept by a mount of its own. A device node of
 * any scheme is opened through the list of drivers; entries are never freed,
 * so that it is read without a lock.
 */
struct driver {
	struct driver *next;
	uint32_t type; /* NODE_CHR, NODE_BLK */
	uint32_t mode;
	uint64_t rdev;
	enum err (*open)(struct node *, uint32_t, struct object **);
	char name[32]; /* in /dev; may be empty */
};

static struct driver *drivers;
static struct lock drivers_lock = LOCK_INIT(RANK_OBJECT);
static struct scheme *devfs;

static struct node *subfolder(const char *name, const char **leaf)
{
	const char *slash = strchr(name, '/');
	struct node *root = devfs->root, *d;

	*leaf = name;
	if (!slash)
		return node_get(root);
	*leaf = slash + 1;
	if (root->ops->lookup(root, name, (size_t)(slash - name), &d) != OK)
		return NULL;
	return d;
}

static enum err add_node(const struct driver *d)
{
	struct newnode how = {.mode = d->mode, .rdev = d->rdev};
	const char *leaf;
	struct node *dir = subfolder(d->name, &leaf);
	enum err e;

	if (!dir)
		return E_NOENT;
	e = tmpfs_add(devfs, dir, leaf, &how);
	node_put(dir);
	return e;
}

enum err dev_register(const char *name, uint32_t mode, uint64_t rdev,
    enum err (*open)(struct node *, uint32_t, struct object **))
{
	struct driver *d = kzalloc(sizeof(*d));

	if (!d)
		return E_NOMEM;
	d->type = mode & NODE_TYPE;
	d->mode = mode;
	d->rdev = rdev;
	d->open = open;
	if (name)
		kstrlcpy(d->name, name, sizeof(d->name));
	lock_take(&drivers_lock);
	d->next = drivers;
	rcu_store(drivers, d);
	lock_drop(&drivers_lock);
	return devfs && name ? add_node(d) : OK;
}

void dev_unregister(const char *name)
{
	const char *leaf;
	struct node *dir = devfs ? subfolder(name, &leaf) : NULL, *n;
	size_t len;

	if (!dir)
		return;
	len = strlen(leaf);
	rwlock_write(&dir->dir_lock);
	if (dir->ops->lookup(dir, leaf, len, &n) == OK) {
		if (dir->ops->unlink(dir, leaf, len, n) == OK)
			name_invalidate(dir, leaf, len);
		node_put(n);
	}
	rwlock_write_drop(&dir->dir_lock);
	node_put(dir);
}

enum err device_open(
    struct node *n, uint32_t oflags, const struct path *p, struct object **out)
{
	struct driver *d = rcu_load(drivers);
	struct file *f;
	enum err e;

	while (d && (d->type != node_type(n) || d->rdev != n->rdev || !d->open))
		d = d->next;
	if (!d)
		return E_NXIO;
	e = d->open(n, oflags, out);
	if (e != OK || (*out)->ops->release != file_release)
		return e;
	f = (struct file *)*out;
	if (!f->path.name) {
		f->path = *p;
		path_get(p);
	}
	return OK;
}

static enum err devfs_create(
    const char *source, const char *options, struct scheme **out)
{
	(void)source;
	(void)options; /* there is only one: nothing to choose */
	*out = scheme_get(devfs);
	return OK;
}

static struct scheme_type dev_type = {.name = "dev", .create = devfs_create};
static struct scheme_type devtmpfs_type = {
    .name = "devtmpfs", .create = devfs_create};

static const struct newnode links[] = {
    {.mode = NODE_LNK | 0777, .target = "/proc/self/fd"},
    {.mode = NODE_LNK | 0777, .target = "/proc/self/fd/0"},
    {.mode = NODE_LNK | 0777, .target = "/proc/self/fd/1"},
    {.mode = NODE_LNK | 0777, .target = "/proc/self/fd/2"},
    {.mode = NODE_DIR | 01777},
    {.mode = NODE_DIR | 0755},
};
static const char *const link_names[] = {
    "fd", "stdin", "stdout", "stderr", "shm", "pts"};
static_assert(COUNT(links) == COUNT(link_names), "one name each");

static void report(const char *name, enum err e)
{
	if (e != OK)
		klog(LOG_ERR, "dev", "cannot add %s: %s", name, err_name(e));
}

void devfs_init(void)
{
	struct mount *keep;
	struct driver *d;
	unsigned i;

	if (tmpfs_create_type("devtmpfs", "mode=755,size=16m", &devfs) != OK ||
	    mount_internal(devfs, &keep) != OK)
		panic("devfs: no memory");
	for (i = 0; i < COUNT(links); i++)
		report(link_names[i],
		    tmpfs_add(devfs, NULL, link_names[i], &links[i]));
	for (d = drivers; d; d = d->next) /* who came before us */
		if (d->name[0])
			report(d->name, add_node(d));
	dev_mem_register();
	scheme_register(&dev_type);
	scheme_register(&devtmpfs_type);
}
