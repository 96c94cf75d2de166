/* kernel/vfs/file_dir.c -- listing a directory into user memory. */
/* SPDX-License-Identifier: MIT */
#include "abi/linux/dirent.h"
#include "kernel/core/string.h"
#include "kernel/mm/usercopy.h"
#include "kernel/vfs/file.h"
#include "kernel/vfs/mount.h"

/*
 * The position of a directory is a cookie: 0 at the start, 1 behind ".", 2
 * behind "..", then 2 + the scheme's own cookie of the last entry given.
 * Records are put together in a chunk and copied out when it is full.
 */
enum { CHUNK = 1024, DOTS = 2 };

struct listing {
	struct dir_sink sink; /* first */
	struct uptr to;
	size_t room;   /* bytes that still fit in user memory */
	size_t copied; /* bytes in user memory */
	size_t fill;   /* bytes in chunk */
	size_t last;   /* where the last record starts in chunk */
	uint64_t next; /* position behind the last record */
	enum err e;
	bool old;
	char chunk[CHUNK] aligned_to(8);
};

static bool flush(struct listing *l)
{
	enum err e = copy_to_user(l->to, l->chunk, l->fill);

	if (e != OK) {
		l->e = e;
		return false;
	}
	l->to = uptr_add(l->to, l->fill);
	l->copied += l->fill;
	l->fill = 0;
	return true;
}

/* Both layouts: 8 ino, 8 offset, 2 length; then 1 type, or type at the end. */
static bool put_record(struct dir_sink *sink, const char *name, size_t len,
    uint64_t ino, uint32_t type_bits, uint64_t next)
{
	struct listing *l = (struct listing *)sink;
	size_t head = l->old ? DIRENT_NAME_OFFSET : DIRENT64_NAME_OFFSET;
	size_t n = ALIGN_UP(head + len + 1 + l->old, 8ul);
	char *r;

	if (n > l->room) {
		if (!l->copied && !l->fill)
			l->e = E_INVAL; /* not even one record fits */
		return false;
	}
	if (l->fill + n > CHUNK && !flush(l))
		return false;
	r = l->chunk + l->fill;
	((uint64_t *)r)[n / 8 - 1] = 0; /* padding; may be the header */
	((uint64_t *)r)[n / 8 - 2] = 0;
	((uint64_t *)r)[0] = ino;
	((uint64_t *)r)[1] = next;
	*(uint16_t *)(r + 16) = (uint16_t)n;
	if (l->old)
		r[n - 1] = (char)(type_bits >> 12);
	else
		r[18] = (char)(type_bits >> 12);
	memcpy(r + head, name, len);
	l->fill += n;
	l->room -= n;
	l->next = next;
	return true;
}

/* What the scheme emits: its cookies start behind the dots. */
static bool put_entry(struct dir_sink *sink, const char *name, size_t len,
    uint64_t ino, uint32_t type_bits, uint64_t next)
{
	return put_record(sink, name, len, ino, type_bits, next + DOTS);
}

/* Inode number of "..", which may lie in another mount. */
static uint64_t parent_ino(const struct path *p)
{
	const struct mount *m = p->mount;
	const struct name *n = p->name;
	uint64_t ino;

	rcu_read_enter();
	while (n == m->root && m->parent) {
		n = m->point;
		m = m->parent;
	}
	if (n->parent && n != m->root)
		n = n->parent;
	ino = n->node->ino;
	rcu_read_exit();
	return ino;
}

static enum err list_locked(struct file *f, struct listing *l)
{
	struct node *d = f->node;

	if (!d->nlink)
		return OK; /* removed: it has no entries, not even dots */
	if (l->next == 0 && !put_record(&l->sink, ".", 1, d->ino, NODE_DIR, 1))
		return OK;
	if (l->next == 1 && !put_record(&l->sink, "..", 2, parent_ino(&f->path),
	                        NODE_DIR, DOTS))
		return OK;
	if (!d->ops->readdir)
		return OK;
	return d->ops->readdir(d, l->next - DOTS, &l->sink);
}

long file_getdents(struct file *f, struct uptr buf, size_t n, bool old)
{
	struct node *d = f->node;
	struct listing l;
	enum err e;

	if (node_type(d) != NODE_DIR)
		return E_NOTDIR;
	l.sink.emit = put_entry;
	l.to = buf;
	l.room = MIN(n, (size_t)INT32_MAX);
	l.copied = l.fill = 0;
	l.e = OK;
	l.old = old;
	mutex_take(&f->pos_lock);
	l.next = (uint64_t)f->pos;
	mutex_drop(&f->pos_lock);
	rwlock_read(&d->dir_lock);
	e = list_locked(f, &l);
	rwlock_read_drop(&d->dir_lock);
	if (l.fill && !flush(&l))
		return l.e;
	if (!l.copied && (l.e != OK || e != OK))
		return l.e != OK ? l.e : e;
	mutex_take(&f->pos_lock);
	f->pos = (int64_t)l.next;
	mutex_drop(&f->pos_lock);
	if (f->atime && l.copied)
		node_touch(d, SET_ATIME);
	return (long)l.copied;
}
