/* lib/file.h -- reading whole small files. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>
#include <sys/types.h>

/* Read at most cap - 1 bytes of path into buf and end them by NUL.  Returns
 * the length or a negative errno (buf is then the empty string). */
ssize_t file_read(const char *path, char *buf, size_t cap);

/* The whole file in fresh memory (free it), ended by NUL; its length in *len.
 * NULL with errno set: also EFBIG when it is longer than max. */
char *file_slurp(const char *path, size_t *len, size_t max);

/* As file_slurp for an open descriptor, from where it stands. */
char *fd_slurp(int fd, size_t *len, size_t max);
