/* lib/out.c -- buffered writing to a descriptor. */
/* SPDX-License-Identifier: MIT */
#include "lib/out.h"
#include "lib/fmt.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 1024 };

int write_all(int fd, const void *data, size_t n)
{
	const char *at = data;

	while (n > 0) {
		ssize_t done = write(fd, at, n);

		if (done < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

static void out_drain(struct out *o)
{
	int e = 0;

	if (o->error == 0 && o->len > 0)
		e = write_all(o->fd, o->buf, o->len);
	if (e != 0)
		o->error = e;
	o->len = 0;
}

void out_mem(struct out *o, const void *data, size_t n)
{
	const char *at = data;

	while (n > 0) {
		size_t part = OUT_SIZE - o->len;

		if (part > n)
			part = n;
		memcpy(o->buf + o->len, at, part);
		o->len += part;
		at += part;
		n -= part;
		if (o->len == OUT_SIZE)
			out_drain(o);
	}
}

void out_str(struct out *o, const char *s)
{
	out_mem(o, s, strlen(s));
}

void out_char(struct out *o, char c)
{
	out_mem(o, &c, 1);
}

void out_fill(struct out *o, char c, int n)
{
	while (n-- > 0)
		out_char(o, c);
}

void out_fmt(struct out *o, const char *f, ...)
{
	char line[LINE_SIZE];
	va_list ap;
	size_t n;

	va_start(ap, f);
	n = fmt_v(line, sizeof(line), f, ap);
	va_end(ap);
	out_mem(o, line, n);
}

int out_flush(struct out *o)
{
	int e;

	out_drain(o);
	e = o->error;
	o->error = 0;
	return e;
}

void fd_fmt(int fd, const char *f, ...)
{
	char line[LINE_SIZE];
	va_list ap;
	size_t n;

	va_start(ap, f);
	n = fmt_v(line, sizeof(line), f, ap);
	va_end(ap);
	(void)write_all(fd, line, n);
}
