/* kernel/sys/sys_io.c -- system calls: reading, writing, seeking. */
/* SPDX-License-Identifier: MIT */
#include "kernel/sys/sys_io.h"
#include "kernel/object/desc_table.h"
#include "kernel/mm/slab.h"

long io_read(struct object *o, struct uio *u, int64_t off)
{
	struct process *p = process_current();
	long r;

	if (unlikely(!o->ops->read))
		return E_INVAL;
	r = o->ops->read(o, u, off);
	atomic_fetch_add_explicit(&p->syscr, 1, memory_order_relaxed);
	if (r > 0)
		atomic_fetch_add_explicit(
		    &p->rchar, (uint64_t)r, memory_order_relaxed);
	return r;
}

long io_write(struct object *o, struct uio *u, int64_t off)
{
	struct process *p = process_current();
	long r;

	if (unlikely(!o->ops->write))
		return E_INVAL;
	r = o->ops->write(o, u, off);
	atomic_fetch_add_explicit(&p->syscw, 1, memory_order_relaxed);
	if (r > 0)
		atomic_fetch_add_explicit(
		    &p->wchar, (uint64_t)r, memory_order_relaxed);
	return r;
}

long sys_read(int fd, struct uptr buf, size_t n)
{
	struct held h;
	struct uio u;
	enum err e;
	long r;

	e = desc_hold_fast(fd, RIGHT_READ, &h);
	if (unlikely(e != OK))
		return e;
	r = E_INVAL;
	if (likely((int64_t)n >= 0)) {
		u = uio_user(buf, MIN(n, (size_t)IO_BYTES_MAX));
		r = io_read(h.obj, &u, OFF_OWN);
	}
	desc_release(&h);
	return r;
}

long sys_write(int fd, struct uptr buf, size_t n)
{
	struct held h;
	struct uio u;
	enum err e;
	long r;

	e = desc_hold_fast(fd, RIGHT_WRITE, &h);
	if (unlikely(e != OK))
		return e;
	r = E_INVAL;
	if (likely((int64_t)n >= 0)) {
		u = uio_user(buf, MIN(n, (size_t)IO_BYTES_MAX));
		r = io_write(h.obj, &u, OFF_OWN);
	}
	desc_release(&h);
	return r;
}

/* Check the segments and cut their sum to IO_BYTES_MAX. */
static enum err vecs_check(struct user_vec *v, unsigned count, size_t *total)
{
	size_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		if ((int64_t)v[i].len < 0)
			return E_INVAL;
		if (!user_range_ok(v[i].base, v[i].len))
			return E_FAULT;
		v[i].len = MIN(v[i].len, (uint64_t)IO_BYTES_MAX - sum);
		sum += v[i].len;
	}
	*total = sum;
	return OK;
}

enum err io_vecs_import(struct io_vecs *v, struct uptr uvec, uint64_t count)
{
	struct user_vec *vec = v->inline_vecs;
	size_t total;
	enum err e;

	v->heap = NULL;
	v->uio = (struct uio){0};
	if (count > IO_VECS_MAX)
		return E_INVAL;
	if (count > IO_VECS_INLINE) {
		vec = v->heap = kmalloc(count * sizeof(*vec));
		if (!vec)
			return E_NOMEM;
	}
	e = copy_from_user(vec, uvec, count * sizeof(*vec));
	if (e == OK)
		e = vecs_check(vec, (unsigned)count, &total);
	if (e != OK) {
		io_vecs_free(v);
		return e;
	}
	if (count) {
		v->uio.base = vec[0].base;
		v->uio.seg = vec[0].len;
		v->uio.left = total;
		v->uio.next = vec + 1;
		v->uio.next_count = (unsigned)count - 1;
	}
	return OK;
}

void io_vecs_free(struct io_vecs *v)
{
	kfree(v->heap);
	v->heap = NULL;
}

long sys_readv(int fd, struct uptr vec, uint64_t count)
{
	struct io_vecs v;
	struct held h;
	enum err e;
	long r;

	e = desc_hold_fast(fd, RIGHT_READ, &h);
	if (e != OK)
		return e;
	r = io_vecs_import(&v, vec, count);
	if (r == OK) {
		r = io_read(h.obj, &v.uio, OFF_OWN);
		io_vecs_free(&v);
	}
	desc_release(&h);
	return r;
}

long sys_writev(int fd, struct uptr vec, uint64_t count)
{
	struct io_vecs v;
	struct held h;
	enum err e;
	long r;

	e = desc_hold_fast(fd, RIGHT_WRITE, &h);
	if (e != OK)
		return e;
	r = io_vecs_import(&v, vec, count);
	if (r == OK) {
		r = io_write(h.obj, &v.uio, OFF_OWN);
		io_vecs_free(&v);
	}
	desc_release(&h);
	return r;
}

long sys_lseek(int fd, int64_t off, unsigned whence)
{
	struct held h;
	enum err e;
	long r;

	e = desc_hold_fast(fd, 0, &h);
	if (e != OK)
		return e;
	if (!h.obj->ops->seek)
		r = E_SPIPE; /* before rights: pipes have no RIGHT_SEEK */
	else if (!(h.rights & RIGHT_SEEK))
		r = E_ACCES;
	else
		r = h.obj->ops->seek(h.obj, off, (int)whence);
	desc_release(&h);
	return r;
}
