/* lib/out.h -- buffered writing to a descriptor. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdarg.h>
#include <stddef.h>

enum { OUT_SIZE = 4096 };

/* A writer; static storage with only fd set is a valid empty one. */
struct out {
	int fd;
	int error; /* errno of the first failed write; later text is dropped */
	size_t len;
	char buf[OUT_SIZE];
};

/* Add n bytes.  Writes when the buffer is full; may block. */
void out_mem(struct out *o, const void *data, size_t n);
/* Add a string. */
void out_str(struct out *o, const char *s);
/* Add one byte. */
void out_char(struct out *o, char c);
/* Add n copies of one byte. */
void out_fill(struct out *o, char c, int n);
/* Add formatted text (fmt.h), at most 1023 bytes of it. */
[[gnu::format(printf, 2, 3)]] void out_fmt(struct out *o, const char *f, ...);
/* Write what is held.  0, or the errno of the first failure since the last
 * flush; the error is forgotten then. */
int out_flush(struct out *o);

/* Write all n bytes to fd, through EINTR and short writes.  0 or an errno. */
int write_all(int fd, const void *data, size_t n);
/* One formatted line, at most 1023 bytes, straight to fd in one write; safe in
 * a vfork child.  A failure has nowhere to be told and is ignored. */
[[gnu::format(printf, 2, 3)]] void fd_fmt(int fd, const char *f, ...);
