/* kernel/vfs/file_size.c -- truncate, fallocate, and the limit of sizes. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/vmo.h"
#include "kernel/object/signal.h"
#include "kernel/vfs/change.h"
#include "kernel/vfs/file.h"

enum { SIGNAL_XFSZ = 25 };

enum err file_size_check(uint64_t size)
{
	struct ksiginfo info = {.signo = SIGNAL_XFSZ};

	if (size > INT64_MAX)
		return E_FBIG;
	if (size <= process_current()->rlimits[RL_FSIZE].cur)
		return OK;
	signal_send_thread(thread_current(), &info);
	return E_FBIG;
}

enum err file_truncate(struct file *f, uint64_t size)
{
	struct setattr a = {.mask = SET_SIZE, .size = size};

	if (node_type(f->node) != NODE_REG ||
	    (f->object.oflags & O_ACCMODE) == O_RDONLY)
		return E_INVAL;
	if (size > f->node->size) {
		enum err e = file_size_check(size);

		if (e != OK)
			return e;
	}
	return change_attr(&f->path, &a);
}

enum { KEEP_SIZE = 1, PUNCH_HOLE = 2, ZERO_RANGE = 16 };

/* Zero [off, end): whole pages are dropped, the rest is written. */
static enum err punch(struct node *n, uint64_t off, uint64_t end)
{
	uint64_t first = PAGES(off), last = end >> PAGE_SHIFT;
	enum err e;

	if (!n->vmo)
		return OK;
	if (first > last) /* within one page */
		return vmo_zero(n->vmo, off, end - off);
	e = vmo_zero(n->vmo, off, (first << PAGE_SHIFT) - off);
	if (e == OK)
		e = vmo_zero(n->vmo, last << PAGE_SHIFT, end & PAGE_MASK);
	if (e == OK && last > first)
		vmo_discard(n->vmo, first, last - first);
	return e;
}

/* Make every page of [off, end) present, so that writing cannot fail. */
static enum err populate(struct node *n, uint64_t off, uint64_t end)
{
	uint64_t i;
	struct page *p;
	enum err e;

	for (i = off >> PAGE_SHIFT; i < PAGES(end); i++) {
		if (signal_pending())
			return E_INTR;
		e = vmo_page(n->vmo, i, true, &p);
		if (e != OK)
			return e == E_NOMEM ? E_NOSPC : e;
		page_put(p);
	}
	return OK;
}

enum err file_fallocate(
    struct file *f, unsigned mode, uint64_t off, uint64_t len)
{
	struct node *n = f->node;
	uint64_t end = off + len;
	enum err e = OK;

	if (node_type(n) != NODE_REG || n->ops->write)
		return node_type(n) == NODE_DIR ? E_ISDIR : E_NODEV;
	if (end < off || end > INT64_MAX)
		return E_FBIG;
	if (end > n->size && (e = file_size_check(end)) != OK)
		return e;
	if (mode != 0 && mode != KEEP_SIZE && mode != ZERO_RANGE &&
	    mode != (KEEP_SIZE | PUNCH_HOLE) &&
	    mode != (KEEP_SIZE | ZERO_RANGE))
		return E_OPNOTSUPP;
	mutex_take(&n->lock);
	if (mode & (PUNCH_HOLE | ZERO_RANGE))
		e = punch(n, off, MIN(end, MAX(n->size, off)));
	if (e == OK && !(mode & PUNCH_HOLE)) {
		/* Behind the end nothing can be kept: only the file grows. */
		if (mode & KEEP_SIZE)
			end = MIN(end, MAX(n->size, off));
		e = end > off ? file_write_prepare(n, off, end - off) : OK;
		if (e == OK && !(mode & ZERO_RANGE) && end > off)
			e = populate(n, off, end);
		if (e == OK && end > n->size)
			n->size = end;
		if (n->vmo && PAGES(n->size) < vmo_pages(n->vmo))
			(void)vmo_resize(n->vmo, PAGES(n->size)); /* shrinks */
	}
	if (e == OK)
		node_touch(n, SET_MTIME);
	mutex_drop(&n->lock);
	return e;
}
