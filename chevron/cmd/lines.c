/* chevron/cmd/lines.c -- reading a descriptor line by line. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/lines.h"
#include "chevron/cmd/cmd.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void lines_begin(struct lines *l, int fd)
{
	l->fd = fd;
	l->error = 0;
	l->from = l->to = 0;
	if (l->buf == NULL) {
		l->cap = LINES_BUFFER;
		l->buf = xmalloc(l->cap + 1);
	}
}

void lines_free(struct lines *l)
{
	free(l->buf);
	l->buf = NULL;
}

/* Read more behind what is there; false at the end. */
static bool fill(struct lines *l)
{
	ssize_t n;

	if (l->from > 0) {
		memmove(l->buf, l->buf + l->from, l->to - l->from);
		l->to -= l->from;
		l->from = 0;
	}
	if (l->to == l->cap) {
		if (l->cap >= LINE_MAX_BYTES) {
			l->error = EFBIG;
			return false;
		}
		l->cap *= 2;
		l->buf = xrealloc(l->buf, l->cap + 1);
	}
	do
		n = read(l->fd, l->buf + l->to, l->cap - l->to);
	while (n < 0 && errno == EINTR && !shell_interrupted());
	if (n < 0)
		l->error = errno;
	if (n <= 0)
		return false;
	l->to += (size_t)n;
	return true;
}

char *lines_next(struct lines *l, size_t *n)
{
	size_t seen = 0;
	char *line, *end;

	for (;;) {
		line = l->buf + l->from;
		end = memchr(line + seen, '\n', l->to - l->from - seen);
		if (end != NULL) {
			l->ended = true;
			break;
		}
		seen = l->to - l->from;
		if (fill(l))
			continue;
		if (l->from == l->to || l->error)
			return NULL;
		line = l->buf + l->from;
		end = l->buf + l->to;
		l->ended = false;
		break;
	}
	*end = '\0';
	*n = (size_t)(end - line);
	l->from = (size_t)(end - l->buf) + (l->ended ? 1 : 0);
	return line;
}

int lines_open(const char *command, const char *path)
{
	int fd;

	if (strcmp(path, "-") == 0)
		return fcntl(0, F_DUPFD_CLOEXEC, SHELL_FD_MIN);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		cmd_errno(command, "cannot open %s", path);
	return fd;
}
