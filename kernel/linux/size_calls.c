/* kernel/linux/size_calls.c -- file sizes, and copies between descriptors. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/linux/size_calls.h"
#include "kernel/object/pipe.h"
#include "kernel/object/process.h"
#include "kernel/object/signal.h"
#include "kernel/mm/slab.h"
#include "kernel/sys/sys_io.h"
#include "kernel/vfs/file.h"

/*
 * sendfile, copy_file_range and splice all are one loop: read a piece into a
 * kernel buffer, write it, until n bytes, the end, or a short write. A source
 * with positions is read at its own and moved on by what was written, so a
 * short write loses nothing. A pipe cannot be read twice: what came from it is
 * written whole.
 */
enum { COPY_PIECE = 16384 };

long sys_ftruncate(int fd, int64_t size)
{
	struct held h;
	struct file *f;
	enum err e;

	if (size < 0)
		return E_INVAL;
	e = desc_hold(fd, 0, &h);
	if (e != OK)
		return e;
	f = file_of(h.obj);
	/* Linux says EINVAL, not EBADF, for what is not open to write. */
	if (!f || !(h.rights & RIGHT_WRITE))
		e = E_INVAL;
	else
		e = file_truncate(f, (uint64_t)size);
	desc_release(&h);
	return e;
}

long sys_fallocate(int fd, int mode, int64_t off, int64_t n)
{
	struct held h;
	struct file *f;
	enum err e;

	if (off < 0 || n <= 0)
		return E_INVAL;
	e = desc_hold(fd, RIGHT_WRITE, &h);
	if (e != OK)
		return e;
	f = file_of(h.obj);
	if (off > INT64_MAX - n)
		e = E_FBIG;
	else if (!f)
		e = object_is_pipe(h.obj) ? E_SPIPE : E_NODEV;
	else
		e = file_fallocate(
		    f, (unsigned)mode, (uint64_t)off, (uint64_t)n);
	desc_release(&h);
	return e;
}

/* One side of a copy. */
struct side {
	struct held h;
	struct uptr uoff; /* where the user keeps the position, or null */
	int64_t off;      /* OFF_OWN, or the position now */
	size_t want;      /* bytes to copy, of the call */
	unsigned flags;   /* UIO_* */
};

static enum err side_hold(
    struct side *s, int fd, uint32_t right, struct uptr uoff)
{
	uint64_t off = 0;
	enum err e;

	s->uoff = uoff;
	s->off = OFF_OWN;
	s->flags = 0;
	if (!uptr_null(uoff)) {
		e = user_read_u64(uoff, &off);
		if (e != OK)
			return e;
		if ((int64_t)off < 0)
			return E_INVAL;
		s->off = (int64_t)off;
	}
	e = desc_hold(fd, right, &s->h);
	if (e != OK)
		return e;
	if (!uptr_null(uoff) && !s->h.obj->ops->seek) {
		desc_release(&s->h);
		return E_SPIPE;
	}
	return OK;
}

static enum err side_release(struct side *s, enum err e)
{
	if (e == OK && !uptr_null(s->uoff))
		e = user_write_u64(s->uoff, (uint64_t)s->off);
	desc_release(&s->h);
	return e;
}

/* Write n bytes; a side that cannot be read again gets it all or fails. */
static long write_piece(struct side *to, char *buf, size_t n, bool all)
{
	size_t done = 0;
	long r;

	do {
		struct uio u = uio_kernel(buf + done, n - done);

		u.flags = to->flags;
		r = io_write(to->h.obj, &u, to->off);
		if (r <= 0)
			break;
		done += (size_t)r;
		if (to->off != OFF_OWN)
			to->off += r;
	} while (all && done < n);
	return done ? (long)done : r;
}

/* Where the source stands, when it can be read at positions. */
static int64_t side_position(struct side *s)
{
	const struct object_ops *ops = s->h.obj->ops;

	if (s->off != OFF_OWN || !ops->seek)
		return s->off;
	return ops->seek(s->h.obj, 0, 1);
}

static long copy_loop(struct side *from, struct side *to, size_t n, char *buf)
{
	bool seeks = from->h.obj->ops->seek;
	bool own = from->off == OFF_OWN;
	int64_t pos = side_position(from);
	size_t done = 0;
	long r = 0, w;

	if (seeks && pos < 0)
		return (long)pos;
	while (done < n) {
		struct uio u = uio_kernel(buf, MIN(n - done, COPY_PIECE));

		/* Once something moved, a source that waits ends the call. */
		u.flags = from->flags | (done && !seeks ? UIO_NOWAIT : 0u);
		r = io_read(from->h.obj, &u, seeks ? pos : OFF_OWN);
		if (r <= 0)
			break;
		w = write_piece(to, buf, (size_t)r, !seeks);
		if (w <= 0) {
			r = w;
			break;
		}
		done += (size_t)w;
		pos += w;
		if (w < r || signal_pending())
			break;
	}
	if (seeks && own && done)
		(void)from->h.obj->ops->seek(from->h.obj, pos, 0);
	else if (seeks)
		from->off = own ? from->off : pos;
	return done ? (long)done : r;
}

static long copy_between(struct side *from, struct side *to, size_t n)
{
	char *buf;
	long r;

	if ((int64_t)n < 0)
		return E_INVAL;
	n = MIN(n, (size_t)IO_BYTES_MAX);
	if (n == 0)
		return 0;
	buf = kmalloc(COPY_PIECE);
	if (!buf)
		return E_NOMEM;
	r = copy_loop(from, to, n, buf);
	kfree(buf);
	return r;
}

/* Hold both, copy when `allowed` agrees, release both. */
static long copy_calls(int in_fd, struct uptr in_off, int out_fd,
    struct uptr out_off, size_t n, unsigned io_flags,
    enum err (*allowed)(struct side *from, struct side *to))
{
	struct side from, to;
	enum err e, e2;
	long r;

	e = side_hold(&from, in_fd, RIGHT_READ, in_off);
	if (e != OK)
		return e;
	e = side_hold(&to, out_fd, RIGHT_WRITE, out_off);
	if (e != OK) {
		desc_release(&from.h);
		return e;
	}
	from.flags = to.flags = io_flags;
	from.want = to.want = n;
	e = allowed(&from, &to);
	r = e == OK ? copy_between(&from, &to, n) : (long)e;
	e = side_release(&from, r > 0 ? OK : E_AGAIN);
	e2 = side_release(&to, r > 0 ? OK : E_AGAIN);
	if (r > 0 && (e != OK || e2 != OK))
		return E_FAULT;
	return r;
}

static enum err sendfile_allowed(struct side *from, struct side *to)
{
	(void)to;
	return from->h.obj->ops->seek ? OK : E_INVAL;
}

long sys_sendfile(int out_fd, int in_fd, struct uptr off, size_t n)
{
	return copy_calls(
	    in_fd, off, out_fd, (struct uptr){0}, n, 0, sendfile_allowed);
}

/* The two ranges share bytes of one file. */
static bool overlap(struct side *from, struct side *to)
{
	int64_t a = side_position(from), b = side_position(to);
	int64_t distance = a < b ? b - a : a - b;

	return a >= 0 && b >= 0 && (uint64_t)distance < from->want;
}

static enum err files_only(struct side *from, struct side *to)
{
	struct file *in = file_of(from->h.obj), *out = file_of(to->h.obj);

	if (!in || !out)
		return E_INVAL;
	if (node_type(in->node) == NODE_DIR || node_type(out->node) == NODE_DIR)
		return E_ISDIR;
	if (node_type(in->node) != NODE_REG || node_type(out->node) != NODE_REG)
		return E_INVAL;
	if (to->h.obj->oflags & O_APPEND)
		return E_BADF;
	return in->node == out->node && overlap(from, to) ? E_INVAL : OK;
}

long sys_copy_file_range(int in_fd, struct uptr in_off, int out_fd,
    struct uptr out_off, size_t n, unsigned flags)
{
	if (flags)
		return E_INVAL;
	return copy_calls(in_fd, in_off, out_fd, out_off, n, 0, files_only);
}

static enum err one_is_pipe(struct side *from, struct side *to)
{
	if (!object_is_pipe(from->h.obj) && !object_is_pipe(to->h.obj))
		return E_INVAL;
	return OK;
}

long sys_splice(int in_fd, struct uptr in_off, int out_fd, struct uptr out_off,
    size_t n, unsigned flags)
{
	enum { MOVE = 1, NONBLOCK = 2, MORE = 4, GIFT = 8 };

	if (flags & ~(unsigned)(MOVE | NONBLOCK | MORE | GIFT))
		return E_INVAL;
	return copy_calls(in_fd, in_off, out_fd, out_off, n,
	    flags & NONBLOCK ? UIO_NOWAIT : 0, one_is_pipe);
}
