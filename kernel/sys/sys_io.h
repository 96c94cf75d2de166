/* kernel/sys/sys_io.h -- system calls: reading, writing, seeking. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/mm/usercopy.h"
#include "kernel/object/desc.h"

enum {
	IO_BYTES_MAX = 0x7ffff000, /* what one call moves at most */
	IO_VECS_MAX = 1024,
	IO_VECS_INLINE = 8,
};

/* Segments of one readv or writev, copied in. */
struct io_vecs {
	struct uio uio;
	struct user_vec *heap; /* NULL: inline_vecs */
	struct user_vec inline_vecs[IO_VECS_INLINE];
};

/*
 * Copy in and check a user's struct iovec array. io_vecs_free afterwards (also
 * when it failed it may be called). E_INVAL, E_FAULT, E_NOMEM.
 */
enum err io_vecs_import(struct io_vecs *v, struct uptr uvec, uint64_t count);
void io_vecs_free(struct io_vecs *v);

/* Call the object's method and count for /proc/PID/io. off: OFF_OWN or >= 0 */
long io_read(struct object *o, struct uio *u, int64_t off);
long io_write(struct object *o, struct uio *u, int64_t off);

/* read(2), write(2): at most IO_BYTES_MAX. */
long sys_read(int fd, struct uptr buf, size_t n);
/* See sys_read. */
long sys_write(int fd, struct uptr buf, size_t n);
/* readv(2), writev(2): at most IO_VECS_MAX segments. */
long sys_readv(int fd, struct uptr vec, uint64_t count);
/* See sys_readv. */
long sys_writev(int fd, struct uptr vec, uint64_t count);
/* lseek(2). E_SPIPE. */
long sys_lseek(int fd, int64_t off, unsigned whence);
