/* kernel/vfs/tmpfs_mount.c -- making a tmpfs: options, limits, kernel use. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/vfs/path.h"
#include "kernel/vfs/tmpfs.h"
#include "kernel/vfs/vfs.h"

static void tmpfs_scheme_release(struct scheme *s)
{
	kfree(s->priv);
}

const struct scheme_ops tmpfs_scheme_ops = {
    .statfs = tmpfs_statfs,
    .shutdown = tmpfs_shutdown,
    .release = tmpfs_scheme_release,
};

/* A number in octal (mode=). */
static bool parse_octal(const char *s, const char *end, uint32_t *out)
{
	uint32_t v = 0;

	if (s == end || end - s > 5)
		return false;
	for (; s < end; s++) {
		if (*s < '0' || *s > '7')
			return false;
		v = v * 8 + (uint32_t)(*s - '0');
	}
	*out = v & 07777;
	return true;
}

/* "64m", "10%" (of `whole`), "4096"; in bytes. */
static bool parse_size(
    const char *s, const char *end, uint64_t whole, uint64_t *out)
{
	const char *stop;
	uint64_t v;
	unsigned shift = 0;

	if (s == end || *s < '0' || *s > '9')
		return false;
	v = kstrtou64(s, &stop);
	if (stop + 1 == end && *stop == '%') {
		*out = whole / 100 * MIN(v, 100ull);
		return true;
	}
	if (stop + 1 == end) {
		switch (*stop | 0x20) {
		case 'k':
			shift = 10;
			break;
		case 'm':
			shift = 20;
			break;
		case 'g':
			shift = 30;
			break;
		default:
			return false;
		}
	} else if (stop != end) {
		return false;
	}
	if (v > UINT64_MAX >> (shift + 1))
		return false;
	*out = v << shift;
	return true;
}

static bool key_is(const char *s, const char *eq, const char *key)
{
	size_t n = strlen(key);

	return (size_t)(eq - s) == n && memcmp(s, key, n) == 0;
}

/* One "key=value" from s to end. */
static enum err option(
    struct tmpfs *fs, struct newnode *root, const char *s, const char *end)
{
	const char *eq = memchr(s, '=', (size_t)(end - s));
	uint64_t ram = page_managed_count() << PAGE_SHIFT, v;
	uint32_t mode;

	if (!eq)
		return OK; /* "rw", "noatime": flags are mount(2)'s affair */
	if (key_is(s, eq, "mode")) {
		if (!parse_octal(eq + 1, end, &mode))
			return E_INVAL;
		root->mode = NODE_DIR | mode;
		return OK;
	}
	if (!parse_size(eq + 1, end, ram, &v))
		return E_INVAL;
	if (key_is(s, eq, "size"))
		fs->pages_max = v ? PAGES(v) : INT64_MAX;
	else if (key_is(s, eq, "nr_blocks"))
		fs->pages_max = v ? v : INT64_MAX;
	else if (key_is(s, eq, "nr_inodes"))
		fs->nodes_max = v ? v : INT64_MAX;
	else if (key_is(s, eq, "uid"))
		root->uid = (uint32_t)v;
	else if (key_is(s, eq, "gid"))
		root->gid = (uint32_t)v;
	else
		return E_INVAL;
	return OK;
}

static enum err parse_options(
    struct tmpfs *fs, struct newnode *root, const char *text)
{
	const char *end;
	enum err e;

	while (text && *text) {
		end = strchr(text, ',');
		if (!end)
			end = text + strlen(text);
		e = option(fs, root, text, end);
		if (e != OK)
			return e;
		text = *end ? end + 1 : end;
	}
	return OK;
}

enum err tmpfs_create_type(
    const char *type, const char *options, struct scheme **out)
{
	struct newnode root = {.mode = NODE_DIR | 01777};
	struct tmpfs *fs = kzalloc(sizeof(*fs));
	struct scheme *s;
	enum err e;

	if (!fs)
		return E_NOMEM;
	fs->pages_max = fs->nodes_max = page_managed_count() / 2;
	e = parse_options(fs, &root, options);
	if (e == OK)
		e = scheme_alloc(type, &tmpfs_scheme_ops, &s);
	if (e != OK) {
		kfree(fs);
		return e;
	}
	s->priv = fs;
	e = tmpfs_make_root(s, &root);
	if (e != OK) {
		scheme_put(s);
		return e;
	}
	*out = s;
	return OK;
}

enum err tmpfs_create(
    const char *source, const char *options, struct scheme **out)
{
	(void)source; /* only shown in /proc/mounts */
	return tmpfs_create_type("tmpfs", options, out);
}

enum err tmpfs_add(struct scheme *s, struct node *d, const char *name,
    const struct newnode *how)
{
	size_t len = strlen(name);
	struct node *n;
	enum err e;

	if (!d)
		d = s->root;
	rwlock_write(&d->dir_lock);
	e = d->ops->lookup(d, name, len, &n);
	if (e == E_NOENT)
		e = d->ops->create(d, name, len, how, &n);
	else if (e == OK)
		e = E_EXIST;
	rwlock_write_drop(&d->dir_lock);
	if (e == OK || e == E_EXIST)
		node_put(n);
	if (e == OK)
		name_invalidate(d, name, len);
	return e;
}

static struct scheme *kernel_scheme;
static struct mount *kernel_mount;
static struct scheme_type tmpfs_type = {
    .name = "tmpfs", .create = tmpfs_create};
static struct scheme_type ramfs_type = {
    .name = "ramfs", .create = tmpfs_create};

enum err tmpfs_unnamed_kernel(struct node **out, struct mount **mount)
{
	*mount = kernel_mount;
	return tmpfs_ops.unnamed(kernel_scheme->root, NODE_REG | 0600, out);
}

void tmpfs_init(void)
{
	enum err e;

	scheme_register(&tmpfs_type);
	scheme_register(&ramfs_type);
	e = tmpfs_create("kernel", "nr_inodes=0,size=0", &kernel_scheme);
	if (e == OK)
		e = mount_internal(kernel_scheme, &kernel_mount);
	if (e != OK)
		panic("tmpfs: no memory for the kernel's own");
}
