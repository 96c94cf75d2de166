/* chevron/arena.c -- memory that is freed all at once. */
/* SPDX-License-Identifier: MIT */
#include "chevron/arena.h"
#include "lib/out.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK_SIZE = 4000 };

struct arena_chunk {
	struct arena_chunk *below;
	size_t size, used;
	_Alignas(8) char data[];
};

static void out_of_memory(size_t n)
{
	fd_fmt(2, "chevron: out of memory (%zu bytes wanted)\n", n);
	_exit(2);
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (p == NULL)
		out_of_memory(n);
	return p;
}

void *xrealloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (q == NULL)
		out_of_memory(n);
	return q;
}

char *xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xmalloc(n), s, n);
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_chunk *c = a->top;
	size_t size = CHUNK_SIZE;
	void *p;

	if (n > SIZE_MAX / 2)
		out_of_memory(n);
	n = (n + 7) & ~(size_t)7;
	if (c == NULL || c->size - c->used < n) {
		if (size < n)
			size = n;
		c = xmalloc(sizeof(*c) + size);
		*c = (struct arena_chunk){.below = a->top, .size = size};
		a->top = c;
	}
	p = c->data + c->used;
	c->used += n;
	a->total += n;
	return memset(p, 0, n);
}

char *arena_copy(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n > 0)
		memcpy(p, s, n);
	return p;
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->top, a->top ? a->top->used : 0, a->total};
}

void arena_release(struct arena *a, struct arena_mark m)
{
	while (a->top != m.chunk) {
		struct arena_chunk *c = a->top;

		a->top = c->below;
		free(c);
	}
	if (a->top != NULL)
		a->top->used = m.used;
	a->total = m.total;
}

void arena_free(struct arena *a)
{
	arena_release(a, (struct arena_mark){0});
}
