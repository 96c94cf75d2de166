/* kernel/mm/vmo_io.c -- reading and writing memory objects. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/vmo_impl.h"
#include "kernel/core/string.h"
#include "kernel/mm/usercopy.h"

/*
 * The page is pinned and no lock is held while user memory is touched: a fault
 * on the caller's buffer may then need any lock, this object's too.
 */
static size_t span_of(uint64_t off, size_t n)
{
	return MIN(n, PAGE_SIZE - (off & PAGE_MASK));
}

/* Clip n to the object; 0 when off lies past its end. */
static size_t clip(struct vmo *v, uint64_t off, size_t n)
{
	uint64_t size = vmo_pages(v);

	size =
	    size > UINT64_MAX >> PAGE_SHIFT ? UINT64_MAX : size << PAGE_SHIFT;
	return off >= size ? 0 : MIN(n, size - off);
}

static long vmo_move(
    struct vmo *v, uint64_t off, struct uio *uio, size_t n, bool write)
{
	size_t done = 0;
	enum err e = OK;

	n = clip(v, off, MIN(n, uio->left));
	n = MIN(n, (size_t)INT64_MAX);
	while (done < n) {
		size_t part = span_of(off, n - done), moved;
		struct page *p;
		char *at;

		e = vmo_page(v, off >> PAGE_SHIFT, write, &p);
		if (e != OK)
			break;
		at = (char *)page_to_virt(p) + (off & PAGE_MASK);
		moved = write ? uio_copy_from(uio, at, part)
		              : uio_copy_to(uio, at, part);
		page_put(p);
		done += moved;
		off += moved;
		if (moved < part) {
			e = E_FAULT;
			break;
		}
	}
	return done ? (long)done : (long)e;
}

long vmo_read(struct vmo *v, uint64_t off, struct uio *uio, size_t n)
{
	return vmo_move(v, off, uio, n, false);
}

long vmo_write(struct vmo *v, uint64_t off, struct uio *uio, size_t n)
{
	return vmo_move(v, off, uio, n, true);
}

static enum err vmo_move_kernel(
    struct vmo *v, uint64_t off, void *buf, size_t n, bool write)
{
	struct uio uio = uio_kernel(buf, n);
	long moved = vmo_move(v, off, &uio, n, write);

	if (moved < 0)
		return (enum err)moved;
	return (size_t)moved == n ? OK : E_FAULT;
}

enum err vmo_read_kernel(struct vmo *v, uint64_t off, void *buf, size_t n)
{
	return vmo_move_kernel(v, off, buf, n, false);
}

enum err vmo_write_kernel(
    struct vmo *v, uint64_t off, const void *buf, size_t n)
{
	/* The uio only reads from it: uio_copy_from. */
	return vmo_move_kernel(v, off, (void *)(uintptr_t)buf, n, true);
}

enum err vmo_zero(struct vmo *v, uint64_t off, uint64_t n)
{
	uint64_t end;

	n = clip(v, off, n);
	for (end = off + n; off < end;) {
		uint64_t index = vmo_next(v, off >> PAGE_SHIFT, true);
		struct page *p;
		size_t part;
		enum err e;

		if (index >= PAGES(end))
			break;
		off = MAX(off, index << PAGE_SHIFT);
		part = span_of(off, end - off);
		e = vmo_page(v, index, true, &p);
		if (e != OK)
			return e;
		memset((char *)page_to_virt(p) + (off & PAGE_MASK), 0, part);
		page_put(p);
		off += part;
	}
	return OK;
}

uint64_t vmo_next(struct vmo *v, uint64_t index, bool data)
{
	uint64_t pages = vmo_pages(v), at;

	if (index >= pages)
		return UINT64_MAX;
	/* What a pager has not read yet is data too. */
	if (v->kind == VMO_PAGER || v->parent)
		return data ? index : UINT64_MAX;
	lock_take(&v->lock);
	at = page_tree_next(&v->tree, index, data);
	lock_drop(&v->lock);
	return at < pages ? at : UINT64_MAX;
}

/* Write one page back, if it is dirty. */
static enum err clean_page(struct vmo *v, uint64_t index)
{
	struct page *p;
	enum err e = OK;
	bool dirty;

	lock_take(&v->lock);
	p = page_tree_find(&v->tree, index);
	dirty =
	    p && p->flags & PAGE_DIRTY && !(p->cache.vmo_flags & VMO_PAGE_BUSY);
	if (dirty) {
		page_get(p);
		/* Before it is written: what is stored later sets it again. */
		atomic_fetch_and_explicit(
		    &p->flags, (uint16_t)~PAGE_DIRTY, memory_order_relaxed);
	}
	lock_drop(&v->lock);
	if (!dirty)
		return OK;
	/* The next store through a mapping faults, and marks it dirty. */
	vmo_wrprotect(v, index, 1);
	e = v->ops->clean(v->pager, index, page_to_virt(p));
	if (e != OK)
		atomic_fetch_or_explicit(
		    &p->flags, PAGE_DIRTY, memory_order_relaxed);
	page_put(p);
	return e;
}

enum err vmo_clean(struct vmo *v, uint64_t first, uint64_t n)
{
	uint64_t at = first;

	if (v->kind != VMO_PAGER || !v->ops->clean)
		return OK;
	for (;; at++) {
		enum err e;

		lock_take(&v->lock);
		at = page_tree_next(&v->tree, at, true);
		lock_drop(&v->lock);
		if (at == UINT64_MAX || at - first >= n)
			return OK;
		e = clean_page(v, at);
		if (e != OK)
			return e;
	}
}
