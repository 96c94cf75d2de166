/* strates/init/enter.c -- silo-enter: the namespace of a strate, then it. */
/* SPDX-License-Identifier: MIT */
#include "abi/rights.h"
#include "lib/fmt.h"
#include "lib/out.h"
#include "lib/silo.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/*
 * silo-enter COUNT {RIGHTS PATH SCHEME}... BINARY NAME [ARGS]
 *
 * init starts this in a silo whose manifest lists mounts.  It binds each
 * scheme to its path in the silo's own namespace, lets only these paths and
 * the program's file exist, and becomes the program: exec locks the view.
 */

struct bind {
	uint32_t rights;
	const char *path, *scheme;
};

extern char **environ;

[[gnu::noreturn]] static void fail(const char *what)
{
	fd_fmt(2, "silo-enter: %s: %s\n", what, strerror(errno));
	_exit(127);
}

/* What becomes the root: the scheme that is mounted there. */
static const char *find_root(const struct bind *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(b[i].path, "/") == 0 &&
		    strcmp(b[i].scheme, "/") != 0)
			return b[i].scheme;
	return "";
}

/* Bind mounts are made first: nobody whose view is restricted may mount. */
static void bind_one(const struct bind *b, const char *root)
{
	char at[PATH_MAX];

	if (strcmp(b->path, "/") == 0 ||
	    (*root == '\0' && strcmp(b->path, b->scheme) == 0))
		return;
	fmt_buf(at, sizeof(at), "%s%s", root, b->path);
	if (mount(b->scheme, at, "", MS_BIND | MS_REC, NULL) != 0)
		fail(b->path);
}

static void unveil_one(const struct bind *b)
{
	uint32_t rights = 0;

	if (b->rights & RIGHT_READ)
		rights |= UNVEIL_READ;
	if (b->rights & RIGHT_WRITE)
		rights |= UNVEIL_WRITE | UNVEIL_CREATE;
	if (b->rights & RIGHT_EXEC)
		rights |= UNVEIL_EXEC;
	if (unveil(b->path, rights) != 0)
		fail(b->path);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	struct bind *b = calloc(n + 1, sizeof(*b));
	char **rest = argv + 2 + 3 * n;
	const char *root;

	if (b == NULL || n > INT_MAX / 4 || (size_t)argc < 4 + 3 * n) {
		errno = EINVAL;
		fail("arguments");
	}
	for (size_t i = 0; i < n; i++)
		b[i] =
		    (struct bind){(uint32_t)strtoul(argv[2 + 3 * i], NULL, 10),
		        argv[3 + 3 * i], argv[4 + 3 * i]};
	root = find_root(b, n);
	for (size_t i = 0; i < n; i++)
		bind_one(&b[i], root);
	if (*root != '\0' && chroot(root) != 0)
		fail(root);
	if (chdir("/") != 0)
		fail("/");
	if (unveil(rest[0], UNVEIL_READ | UNVEIL_EXEC) != 0)
		fail(rest[0]);
	for (size_t i = 0; i < n; i++)
		unveil_one(&b[i]);
	execve(rest[0], rest + 1, environ);
	fail(rest[0]);
}
