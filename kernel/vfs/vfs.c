/* kernel/vfs/vfs.c -- boot: the root from the archive, /dev and /scheme. */
/* SPDX-License-Identifier: MIT */
#include "kernel/vfs/vfs.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/page.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/fs_context.h"

static struct fs_context *boot_context;

struct fs_context *fs_context_boot(void)
{
	return boot_context;
}

/* One bucket of the name table per 32 frames, within bounds. */
static unsigned names_log2(void)
{
	uint64_t want = page_managed_count() / 32;
	unsigned log2 = 10;

	while (log2 < 16 && (1ull << log2) < want)
		log2++;
	return log2;
}

/* The boot archive; without one, an empty tmpfs: init will not be found. */
static struct scheme *root_scheme(void)
{
	const struct boot_module *m = &boot_info.modules[0];
	struct scheme *s;
	enum err e;

	if (boot_info.module_count == 0) {
		klog(LOG_ERR, "vfs", "no boot archive: the root is empty");
		e = tmpfs_create("root", NULL, &s);
	} else {
		e = initfs_create(phys_to_virt(m->base), m->size, &s);
	}
	if (e != OK)
		panic("vfs: cannot make the root: %s", err_name(e));
	return s;
}

/* Mount a scheme on /NAME, before there is a process that could walk. */
static void mount_early(
    struct namespace *ns, const char *name, const char *type)
{
	char text[16 + PATH_SLACK];
	struct scheme_type *t = scheme_type_find(type);
	struct path at = {.mount = ns->root};
	struct component c;
	struct scheme *s;
	enum err e;

	kstrlcpy(text, name, 16);
	component_scan(text, &c);
	e = name_lookup(ns->root->root, &c, &at.name);
	if (e == OK && !at.name->node) {
		name_put(at.name);
		e = E_NOENT;
	}
	if (e == OK) {
		e = t ? t->create(type, NULL, &s) : E_NODEV;
		if (e == OK) {
			e = mount_at(&at, s, 0, type);
			scheme_put(s);
		}
		name_put(at.name);
	}
	if (e != OK)
		klog(LOG_WARN, "vfs", "cannot mount %s on /%s: %s", type, name,
		    err_name(e));
}

void vfs_init(void)
{
	struct namespace *ns;
	struct scheme *root;
	struct path top;

	names_init(names_log2());
	nodes_init();
	files_init();
	locks_init();
	tmpfs_init();
	devfs_init();
	schemefs_init();
	procfs_init();
	sysfs_init();
	root = root_scheme();
	if (namespace_create(root, "boot", &ns) != OK)
		panic("vfs: no memory for the first namespace");
	scheme_put(root);
	silo_boot.namespace = ns;
	top = (struct path){ns->root, ns->root->root};
	if (fs_context_create(&top, &boot_context) != OK)
		panic("vfs: no memory for the first context");
	mount_early(ns, "dev", "devtmpfs");
	mount_early(ns, "scheme", "scheme");
}
