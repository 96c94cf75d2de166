/* chevron/history.c -- the lines that were typed. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1 /* strchrnul */
#include "chevron/history.h"
#include "chevron/arena.h"
#include "lib/file.h"
#include "lib/out.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

static char **slot(const struct history *h, int i)
{
	return &h->lines[(h->first + i) % HISTORY_MAX];
}

const char *history_get(const struct history *h, int i)
{
	return i >= 1 && i <= h->n ? *slot(h, h->n - i) : NULL;
}

static bool remember(struct history *h, const char *line)
{
	const char *newest = history_get(h, 1);

	if (line[strspn(line, " \t")] == '\0' ||
	    (newest && strcmp(newest, line) == 0))
		return false;
	if (h->lines == NULL)
		h->lines = xmalloc(HISTORY_MAX * sizeof(*h->lines));
	if (h->n == HISTORY_MAX) {
		free(*slot(h, 0));
		h->first = (h->first + 1) % HISTORY_MAX;
		h->n--;
	}
	*slot(h, h->n++) = xstrdup(line);
	return true;
}

static void file_give_up(struct history *h)
{
	free(h->path);
	h->path = NULL;
}

/* The file only grows while shells run; whoever starts cuts it. */
static void rewrite(struct history *h)
{
	struct out *o = xmalloc(sizeof(*o));

	*o = (struct out){.fd = open(h->path, O_WRONLY | O_TRUNC | O_CLOEXEC)};
	for (int i = h->n; i >= 1 && o->fd >= 0; i--) {
		out_str(o, history_get(h, i));
		out_char(o, '\n');
	}
	if (o->fd < 0 || out_flush(o) != 0)
		file_give_up(h);
	if (o->fd >= 0)
		close(o->fd);
	free(o);
}

void history_load(struct history *h, const char *path)
{
	size_t n = 0;
	char *text = file_slurp(path, &n, FILE_MAX), *at, *end;
	int lines = 0;

	h->path = xstrdup(path);
	for (at = text; at && *at; at = end + 1) {
		end = strchrnul(at, '\n');
		n = (size_t)(end - at);
		if (*end == '\0') {
			remember(h, at);
			break;
		}
		*end = '\0';
		remember(h, at);
		lines++;
	}
	free(text);
	if (lines > HISTORY_MAX + HISTORY_MAX / 2)
		rewrite(h);
}

void history_add(struct history *h, const char *line)
{
	size_t n = strlen(line);
	char *record;
	int fd;

	if (!remember(h, line) || h->path == NULL)
		return;
	fd = open(h->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		file_give_up(h);
		return;
	}
	record = xmalloc(n + 1); /* one write: lines of two shells stay whole */
	memcpy(record, line, n);
	record[n] = '\n';
	if (write_all(fd, record, n + 1) != 0)
		file_give_up(h);
	free(record);
	close(fd);
}

void history_free(struct history *h)
{
	for (int i = 0; i < h->n; i++)
		free(*slot(h, i));
	free(h->lines);
	free(h->path);
	*h = (struct history){0};
}
