/* lib/file.c -- reading whole small files. */
/* SPDX-License-Identifier: MIT */
#include "lib/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static ssize_t read_retry(int fd, char *buf, size_t n)
{
	ssize_t got;

	do
		got = read(fd, buf, n);
	while (got < 0 && errno == EINTR);
	return got;
}

ssize_t file_read(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got = 0;
	int e;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	while (len < cap - 1) {
		got = read_retry(fd, buf + len, cap - 1 - len);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	e = errno;
	close(fd);
	if (got < 0) {
		buf[0] = '\0';
		return -e;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

char *fd_slurp(int fd, size_t *len, size_t max)
{
	size_t cap = 4096, at = 0;
	char *buf = malloc(cap), *wider;
	ssize_t got;

	if (buf == NULL)
		return NULL;
	while ((got = read_retry(fd, buf + at, cap - at - 1)) > 0) {
		at += (size_t)got;
		if (at > max) {
			errno = EFBIG;
			goto release;
		}
		if (at + 1 < cap)
			continue;
		wider = realloc(buf, cap * 2);
		if (wider == NULL)
			goto release;
		buf = wider;
		cap *= 2;
	}
	if (got < 0)
		goto release;
	buf[at] = '\0';
	*len = at;
	return buf;
release:
	free(buf);
	return NULL;
}

char *file_slurp(const char *path, size_t *len, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	int e;

	if (fd < 0)
		return NULL;
	text = fd_slurp(fd, len, max);
	e = errno;
	close(fd);
	errno = e;
	return text;
}
