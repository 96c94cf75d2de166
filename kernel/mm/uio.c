/* kernel/mm/uio.c -- transfers: moving bytes between the kernel and a uio. */
/* SPDX-License-Identifier: MIT */
#include "kernel/core/string.h"
#include "kernel/mm/usercopy.h"

/* Step over what was moved; empty segments are skipped. */
static void uio_advance(struct uio *u, size_t n)
{
	u->left -= n;
	if (u->kernel)
		u->kernel = (char *)u->kernel + n;
	u->base.addr += n;
	u->seg -= n;
	while (u->seg == 0 && u->next_count > 0) {
		u->base = u->next->base;
		u->seg = MIN((size_t)u->next->len, u->left);
		u->next++;
		u->next_count--;
	}
}

enum uio_direction { UIO_TO, UIO_FROM, UIO_ZERO };

/* One piece of a segment; returns the bytes that were not moved. */
static size_t uio_piece(
    struct uio *u, void *buf, size_t n, enum uio_direction how)
{
	if (u->kernel) {
		if (how == UIO_TO)
			memcpy(u->kernel, buf, n);
		else if (how == UIO_FROM)
			memcpy(buf, u->kernel, n);
		else
			memset(u->kernel, 0, n);
		return 0;
	}
	if (how == UIO_TO)
		return copy_to_user_some(u->base, buf, n);
	if (how == UIO_FROM)
		return copy_from_user_some(buf, u->base, n);
	return clear_user(u->base, n) == OK ? 0 : n;
}

static size_t uio_move(
    struct uio *u, void *buf, size_t n, enum uio_direction how)
{
	size_t done = 0;

	n = MIN(n, u->left);
	/* A first segment may be empty: uio made from a vector. */
	if (u->seg == 0 && !u->kernel)
		uio_advance(u, 0);
	while (done < n) {
		size_t part = MIN(n - done, u->seg), left;

		if (part == 0)
			break;
		left = uio_piece(u, buf ? (char *)buf + done : NULL, part, how);
		uio_advance(u, part - left);
		done += part - left;
		if (left)
			break;
	}
	return done;
}

/* The usual case: one user segment that holds all of n. */
static inline bool uio_is_plain(const struct uio *u, size_t n)
{
	return !u->kernel && u->next_count == 0 && n <= u->seg;
}

static inline size_t uio_plain_done(struct uio *u, size_t done)
{
	u->base.addr += done;
	u->seg -= done;
	u->left -= done;
	return done;
}

size_t uio_copy_to(struct uio *u, const void *src, size_t n)
{
	if (likely(uio_is_plain(u, n)))
		return uio_plain_done(
		    u, n - copy_to_user_some(u->base, src, n));
	/* UIO_TO only reads from it. */
	return uio_move(u, (void *)(uintptr_t)src, n, UIO_TO);
}

size_t uio_copy_from(struct uio *u, void *dst, size_t n)
{
	if (likely(uio_is_plain(u, n)))
		return uio_plain_done(
		    u, n - copy_from_user_some(dst, u->base, n));
	return uio_move(u, dst, n, UIO_FROM);
}

size_t uio_zero(struct uio *u, size_t n)
{
	if (likely(uio_is_plain(u, n)) && clear_user(u->base, n) == OK)
		return uio_plain_done(u, n);
	return uio_move(u, NULL, n, UIO_ZERO);
}
