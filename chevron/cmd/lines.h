/* chevron/cmd/lines.h -- reading a descriptor line by line. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { LINES_BUFFER = 32 << 10, LINE_MAX_BYTES = 16 << 20 };

struct lines {
	int fd;
	int error;  /* errno that ended the reading, or 0 */
	bool ended; /* the last line had a newline */
	char *buf;  /* malloc */
	size_t cap, from, to;
};

/* Start on fd; the buffer of an earlier file is reused. */
void lines_begin(struct lines *l, int fd);
/* The next line without its newline, ended by NUL in place; NULL at the end.
 * Valid until the next call. */
char *lines_next(struct lines *l, size_t *n);
void lines_free(struct lines *l);
/* Open an argument: "-" is standard input.  -1 after a message. */
int lines_open(const char *command, const char *path);
