/* kernel/vfs/mount_text.c -- /proc/mounts and /proc/PID/mountinfo. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/process.h"
#include "kernel/vfs/walk.h"

struct text {
	char *buf;
	size_t size, len; /* len may pass size: what it would need */
};

static void put(struct text *t, const char *s, size_t n)
{
	if (t->len < t->size)
		memcpy(t->buf + t->len, s, MIN(n, t->size - t->len));
	t->len += n;
}

static void put_string(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

/* Blanks and the like as \ooo, because fields are separated by blanks. */
static void put_escaped(struct text *t, const char *s)
{
	char octal[8];

	for (; *s; s++) {
		if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\\') {
			ksnprintf(octal, sizeof(octal), "\\%03o",
			    (unsigned)(unsigned char)*s);
			put_string(t, octal);
		} else {
			put(t, s, 1);
		}
	}
}

static void put_flags(struct text *t, const struct mount *m)
{
	uint32_t f = m->flags;

	put_string(t, mount_rdonly(m) ? "ro" : "rw");
	if (f & MOUNT_NOSUID)
		put_string(t, ",nosuid");
	if (f & MOUNT_NODEV)
		put_string(t, ",nodev");
	if (f & MOUNT_NOEXEC)
		put_string(t, ",noexec");
	if (f & MOUNT_NOATIME)
		put_string(t, ",noatime");
	else if (!(f & MOUNT_STRICTATIME))
		put_string(t, ",relatime");
}

static void put_mountinfo(
    struct text *t, const struct mount *m, const char *point, char *scratch)
{
	struct path root = {(struct mount *)m, m->root};
	char head[64];
	bool reachable;

	ksnprintf(head, sizeof(head), "%u %u 0:%u ", m->id,
	    m->parent ? m->parent->id : m->id, m->scheme->dev);
	put_string(t, head);
	/* Its root within its scheme: only a bind has another than "/". */
	if (m->root->parent) {
		struct mount whole = {.root = NULL};

		root.mount = &whole;
		if (path_text_from(
		        &root, NULL, scratch, PATH_TEXT_MAX, &reachable) < 0)
			kstrlcpy(scratch, "/", PATH_TEXT_MAX);
		/* The scheme's root name is empty: it shows as a slash. */
		put_escaped(t, scratch + (scratch[1] == '/'));
	} else {
		put_string(t, "/");
	}
	put_string(t, " ");
	put_escaped(t, point);
	put_string(t, " ");
	put_flags(t, m);
	put_string(t, " - ");
	put_string(t, m->scheme->type);
	put_string(t, " ");
	put_escaped(t, m->source);
	put_string(t, m->scheme->rdonly ? " ro\n" : " rw\n");
}

static void put_mount(struct text *t, const struct mount *m, const char *point)
{
	put_escaped(t, m->source);
	put_string(t, " ");
	put_escaped(t, point);
	put_string(t, " ");
	put_string(t, m->scheme->type);
	put_string(t, " ");
	put_flags(t, m);
	put_string(t, " 0 0\n");
}

size_t mount_describe(char *buf, size_t size, bool mountinfo)
{
	struct text t = {.buf = buf, .size = size};
	char *point = kmalloc(PATH_TEXT_MAX * 2);
	struct path root, at;
	struct mount *m;
	uint32_t id = 0;
	bool reachable;

	if (!point)
		return 0;
	fs_context_read(process_current()->fs, &root, NULL);
	while ((m = namespace_next(namespace_current(), &id)) != NULL) {
		at = (struct path){m, m->root};
		if (path_text_from(
		        &at, &root, point, PATH_TEXT_MAX, &reachable) >= 0 &&
		    reachable) {
			if (mountinfo)
				put_mountinfo(
				    &t, m, point, point + PATH_TEXT_MAX);
			else
				put_mount(&t, m, point);
		}
		mount_put(m);
	}
	path_put(&root);
	kfree(point);
	return MIN(t.len, size);
}
