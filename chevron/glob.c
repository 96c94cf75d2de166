/* chevron/glob.c -- file names that match a pattern. */
/* SPDX-License-Identifier: MIT */
#include "chevron/expand.h"
#include "chevron/pattern.h"
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { GLOB_PARTS_MAX = 64 };

/* One walk: path is the name so far, always ended by NUL. */
struct glob {
	struct shell *sh;
	struct strings *out;
	char path[PATH_MAX];
};

static void glob_from(
    struct glob *g, size_t used, const char *p, size_t n, int depth);

/* The component at p matched name: go on behind it. */
static void glob_take(struct glob *g, size_t used, const char *name,
    const char *rest, size_t n, int depth)
{
	size_t len = strlen(name), slashes = 0;
	struct stat st;

	while (slashes < n && rest[slashes] == '/')
		slashes++;
	if (used + len + slashes >= sizeof(g->path))
		return;
	memcpy(g->path + used, name, len);
	memset(g->path + used + len, '/', slashes);
	used += len + slashes;
	g->path[used] = '\0';
	if (slashes == n) {
		if ((slashes ? stat : lstat)(g->path, &st) == 0)
			strings_add(g->sh, g->out,
			    arena_copy(&g->sh->scratch, g->path, used));
		return;
	}
	glob_from(g, used, rest + slashes, n - slashes, depth + 1);
}

static void glob_directory(struct glob *g, size_t used, const char *p,
    size_t part, size_t n, int depth)
{
	bool dots = p[0] == '.' || (p[0] == PATTERN_ESCAPE && p[1] == '.');
	struct dirent *e;
	DIR *d;

	g->path[used] = '\0';
	d = opendir(used > 0 ? g->path : ".");
	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' && !dots)
			continue;
		if (pattern_match(p, part, e->d_name, strlen(e->d_name)))
			glob_take(
			    g, used, e->d_name, p + part, n - part, depth);
	}
	closedir(d);
}

static void glob_from(
    struct glob *g, size_t used, const char *p, size_t n, int depth)
{
	size_t part = 0;
	char *name;

	if (depth > GLOB_PARTS_MAX)
		return;
	while (part < n && p[part] != '/')
		part++;
	if (pattern_is_magic(p, part)) {
		glob_directory(g, used, p, part, n, depth);
		return;
	}
	name = arena_copy(&g->sh->scratch, p, part);
	name[pattern_unescape(name, part)] = '\0';
	glob_take(g, used, name, p + part, n - part, depth);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void glob_add(
    struct shell *sh, const char *pattern, size_t n, struct strings *out)
{
	struct glob g = {.sh = sh, .out = out};
	int before = out->n;

	glob_from(&g, 0, pattern, n, 0);
	if (out->n > before)
		qsort(out->v + before, (size_t)(out->n - before),
		    sizeof(*out->v), by_name);
}
