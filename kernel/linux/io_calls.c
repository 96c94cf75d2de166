/* kernel/linux/io_calls.c -- positioned and vectored I/O, sync, advice. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/io_calls.h"
#include "kernel/sys/sys_io.h"
#include "kernel/object/pipe.h"
#include "kernel/vfs/file.h"

enum rwf_flags { /* of preadv2 and pwritev2 */
	RWF_HIPRI = 1,
	RWF_DSYNC = 2,
	RWF_SYNC = 4,
	RWF_NOWAIT = 8,
	RWF_APPEND = 16,
};

/* Hold fd for I/O at a position. E_SPIPE where there are none. */
static enum err hold_positioned(
    int fd, uint32_t right, int64_t off, struct held *h)
{
	enum err e;

	if (off < 0)
		return E_INVAL;
	e = desc_hold(fd, right, h);
	if (e != OK)
		return e;
	if (!h->obj->ops->seek)
		e = E_SPIPE;
	else if (!(h->rights & RIGHT_SEEK))
		e = E_ACCES;
	if (e != OK)
		desc_release(h);
	return e;
}

long sys_pread64(int fd, struct uptr buf, size_t n, int64_t off)
{
	struct held h;
	struct uio u;
	enum err e;
	long r = E_INVAL;

	e = hold_positioned(fd, RIGHT_READ, off, &h);
	if (e != OK)
		return e;
	if ((int64_t)n >= 0) {
		u = uio_user(buf, MIN(n, (size_t)IO_BYTES_MAX));
		r = io_read(h.obj, &u, off);
	}
	desc_release(&h);
	return r;
}

long sys_pwrite64(int fd, struct uptr buf, size_t n, int64_t off)
{
	struct held h;
	struct uio u;
	enum err e;
	long r = E_INVAL;

	e = hold_positioned(fd, RIGHT_WRITE, off, &h);
	if (e != OK)
		return e;
	if ((int64_t)n >= 0) {
		u = uio_user(buf, MIN(n, (size_t)IO_BYTES_MAX));
		r = io_write(h.obj, &u, off);
	}
	desc_release(&h);
	return r;
}

/* Write what is dirty of the object to where it lives. E_INVAL: no file. */
static enum err object_sync(struct object *o)
{
	struct file *f = file_of(o);
	struct scheme *s;

	if (!f)
		return E_INVAL;
	s = f->node->scheme;
	return s->ops && s->ops->sync ? s->ops->sync(s) : OK;
}

static long vectored(int fd, struct uptr vec, uint64_t count, int64_t off,
    unsigned flags, bool write)
{
	uint32_t right = write ? RIGHT_WRITE : RIGHT_READ;
	struct io_vecs v;
	struct held h;
	enum err e;
	long r;

	if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT |
	                (write ? RWF_APPEND : 0u)))
		return E_OPNOTSUPP;
	if (off == OFF_OWN)
		e = desc_hold(fd, right, &h);
	else
		e = hold_positioned(fd, right, off, &h);
	if (e != OK)
		return e;
	r = io_vecs_import(&v, vec, count);
	if (r == OK) {
		v.uio.flags = (flags & RWF_NOWAIT ? UIO_NOWAIT : 0u) |
		              (flags & RWF_APPEND ? UIO_APPEND : 0u);
		r = write ? io_write(h.obj, &v.uio, off)
		          : io_read(h.obj, &v.uio, off);
		io_vecs_free(&v);
	}
	if (r > 0 && write && (flags & (RWF_DSYNC | RWF_SYNC))) {
		e = object_sync(h.obj);
		if (e != OK)
			r = e;
	}
	desc_release(&h);
	return r;
}

long sys_preadv(int fd, struct uptr vec, uint64_t count, int64_t off)
{
	return off < 0 ? E_INVAL : vectored(fd, vec, count, off, 0, false);
}

long sys_pwritev(int fd, struct uptr vec, uint64_t count, int64_t off)
{
	return off < 0 ? E_INVAL : vectored(fd, vec, count, off, 0, true);
}

/* off_high is what 32-bit callers need; -1 is the file's own position. */
long sys_preadv2(int fd, struct uptr vec, uint64_t count, int64_t off,
    uint64_t off_high, unsigned flags)
{
	(void)off_high;
	return vectored(fd, vec, count, off, flags, false);
}

long sys_pwritev2(int fd, struct uptr vec, uint64_t count, int64_t off,
    uint64_t off_high, unsigned flags)
{
	(void)off_high;
	return vectored(fd, vec, count, off, flags, true);
}

long sys_fsync(int fd)
{
	struct held h;
	enum err e = desc_hold(fd, 0, &h);

	if (e != OK)
		return e;
	e = object_sync(h.obj);
	desc_release(&h);
	return e;
}

/* Metadata is written with the data: the same call. */
long sys_fdatasync(int fd)
{
	return sys_fsync(fd);
}

long sys_sync_file_range(int fd, int64_t off, int64_t n, unsigned flags)
{
	enum { WAIT_BEFORE = 1, WRITE = 2, WAIT_AFTER = 4 };
	struct held h;
	enum err e = desc_hold(fd, 0, &h);

	if (e != OK)
		return e;
	if (flags & ~(unsigned)(WAIT_BEFORE | WRITE | WAIT_AFTER) || off < 0 ||
	    n < 0 || off > INT64_MAX - n)
		e = E_INVAL;
	else if (!file_of(h.obj))
		e = E_SPIPE;
	else if (flags)
		e = object_sync(h.obj);
	desc_release(&h);
	return e;
}

/*
 * Advice that cannot be wrong to ignore: what is read is in memory already, or
 * comes at first use.
 */
long sys_fadvise64(int fd, int64_t off, int64_t n, int advice)
{
	enum { ADVICE_LAST = 5 }; /* POSIX_FADV_NOREUSE */
	struct held h;
	enum err e = desc_hold(fd, 0, &h);

	(void)off;
	if (e != OK)
		return e;
	if (!file_of(h.obj))
		e = object_is_pipe(h.obj) ? E_SPIPE : OK;
	else if (n < 0 || advice < 0 || advice > ADVICE_LAST)
		e = E_INVAL;
	desc_release(&h);
	return e;
}
