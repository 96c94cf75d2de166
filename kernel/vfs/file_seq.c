/* kernel/vfs/file_seq.c -- text files: a snapshot per open file. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/file_seq.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/mm/vmalloc.h"

/*
 * What /proc and /sys show is made when it is read first, and again when a
 * reader comes back to offset 0; further reads go on in the same text, so that
 * a program with a small buffer sees one moment. Text above a few pages lies
 * in vmalloc memory, because its size is not known before.
 */
enum { SEQ_FIRST = 4096, SEQ_MAX = 16 << 20 };

static void buffer_free(void *p, size_t size)
{
	if (size > SEQ_FIRST)
		vfree(p);
	else
		kfree(p);
}

static void *buffer_alloc(size_t size)
{
	return size > SEQ_FIRST ? vmalloc(size) : kmalloc(size);
}

/* priv holds the text behind its own capacity. */
struct snapshot {
	size_t capacity;
	char text[];
};

void file_seq_free(struct file *f)
{
	struct snapshot *s = f->priv;

	if (s)
		buffer_free(s, s->capacity);
	f->priv = NULL;
	f->priv_size = 0;
}

static enum err make(struct file *f, struct snapshot **out, size_t *length)
{
	size_t size;

	for (size = SEQ_FIRST; size <= SEQ_MAX; size *= 4) {
		size_t room = size - sizeof(struct snapshot);
		struct snapshot *s = buffer_alloc(size);
		struct uio u;
		long r;

		if (!s)
			return E_NOMEM;
		s->capacity = size;
		u = uio_kernel(s->text, room);
		r = f->node->ops->read(f->node, &u, 0);
		if (r >= 0 && (size_t)r < room) {
			*out = s;
			*length = (size_t)r;
			return OK;
		}
		buffer_free(s, size);
		if (r < 0)
			return (enum err)r;
	}
	return E_FBIG;
}

/* Made without the lock, because making it takes others. */
static enum err refresh(struct file *f)
{
	struct snapshot *s = NULL, *old;
	size_t length = 0;
	enum err e = make(f, &s, &length);

	if (e != OK)
		return e;
	mutex_take(&f->node->lock);
	old = f->priv;
	f->priv = s;
	f->priv_size = length;
	mutex_drop(&f->node->lock);
	if (old)
		buffer_free(old, old->capacity);
	return OK;
}

long file_seq_read(struct file *f, struct uio *u, uint64_t pos)
{
	struct snapshot *s;
	size_t n = 0, done = 0;
	enum err e;

	if ((!f->priv || pos == 0) && (e = refresh(f)) != OK)
		return e;
	/* pread comes without the position's lock: keep the text. */
	mutex_take(&f->node->lock);
	s = f->priv;
	if (pos < f->priv_size) {
		n = MIN(u->left, f->priv_size - pos);
		done = uio_copy_to(u, s->text + pos, n);
	}
	mutex_drop(&f->node->lock);
	return n && !done ? (long)E_FAULT : (long)done;
}
