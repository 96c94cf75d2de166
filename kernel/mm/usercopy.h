/* kernel/mm/usercopy.h -- the only way to user memory. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * All of these check the range, open SMAP, and survive faults: a lazy or
 * copy-on-write page is resolved (so they may sleep), a bad one is E_FAULT.
 * Not with a spinlock held or interrupts off.
 */
enum err copy_from_user(void *dst, struct uptr src, size_t n);
enum err copy_to_user(struct uptr dst, const void *src, size_t n);
enum err clear_user(struct uptr dst, size_t n);

/* Bytes NOT copied (0: all); for read and write, which report partial work. */
size_t copy_from_user_some(void *dst, struct uptr src, size_t n);
size_t copy_to_user_some(struct uptr dst, const void *src, size_t n);

/*
 * A string of at most size-1 bytes, terminated in dst. *len (may be NULL):
 * its length. E_NAMETOOLONG when there is no end within size, E_FAULT.
 */
enum err strncpy_from_user(
    char *dst, struct uptr src, size_t size, size_t *len);

/* Aligned words. */
enum err user_read_u32(struct uptr p, uint32_t *out);
enum err user_read_u64(struct uptr p, uint64_t *out);
enum err user_write_u32(struct uptr p, uint32_t v);
enum err user_write_u64(struct uptr p, uint64_t v);

/* Atomic compare and exchange; *old is what was there. */
enum err user_cmpxchg_u32(
    struct uptr p, uint32_t expect, uint32_t v, uint32_t *old);

/*
 * Atomic read without resolving faults (spinlock held): E_FAULT means take the
 * slow way and come again.
 */
enum err user_read_u32_nofault(struct uptr p, uint32_t *out);

/* Range check alone: within user space, no wrap. */
static inline bool user_range_ok(struct uptr p, size_t n)
{
	return p.addr <= 0x7ffffffff000ull && n <= 0x7ffffffff000ull - p.addr;
}

/* Trap handler: a fault at a copy instruction? Redirects regs->rip. */
struct regs;
bool usercopy_fixup(struct regs *regs);

/*
 * A transfer: one or more user segments, or one kernel buffer. read() fills
 * it, write() drains it. Advancing functions update it and `left`.
 */
struct uio {
	struct uptr base;            /* current segment */
	size_t seg;                  /* bytes left in it */
	size_t left;                 /* bytes left in all */
	void *kernel;                /* kernel buffer instead, or NULL */
	const struct user_vec *next; /* further segments (kernel copy) */
	unsigned next_count;
	unsigned flags; /* UIO_* */
};
struct user_vec { /* = struct iovec */
	struct uptr base;
	uint64_t len;
};
enum uio_flags { UIO_NOWAIT = 1, UIO_APPEND = 2 };

static inline struct uio uio_user(struct uptr base, size_t n)
{
	return (struct uio){.base = base, .seg = n, .left = n};
}
static inline struct uio uio_kernel(void *buf, size_t n)
{
	return (struct uio){.kernel = buf, .seg = n, .left = n};
}

/* Move n <= left bytes; returns bytes moved (short only on a bad address). */
size_t uio_copy_to(struct uio *u, const void *src, size_t n); /* read() */
size_t uio_copy_from(struct uio *u, void *dst, size_t n);     /* write() */
size_t uio_zero(struct uio *u, size_t n);                     /* read() */
