/* lib/pool.c -- memory that is freed all at once, and may run out. */
/* SPDX-License-Identifier: MIT */
#include "lib/pool.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 4000 };

struct pool_chunk {
	struct pool_chunk *below;
	size_t size, used;
	_Alignas(8) char data[];
};

static struct pool_chunk *chunk_new(size_t n)
{
	size_t size = n > CHUNK_SIZE ? n : CHUNK_SIZE;
	struct pool_chunk *c = calloc(1, sizeof(*c) + size);

	if (c != NULL)
		c->size = size;
	return c;
}

void *pool_alloc(struct pool *p, size_t n)
{
	struct pool_chunk *c = p->top;

	if (n > SIZE_MAX / 2)
		return NULL;
	n = (n + 7) & ~(size_t)7;
	if (c == NULL || c->size - c->used < n) {
		c = chunk_new(n);
		if (c == NULL)
			return NULL;
		/* A large piece goes below: the top's room stays in use. */
		if (p->top != NULL && n > CHUNK_SIZE / 2) {
			c->below = p->top->below;
			p->top->below = c;
		} else {
			c->below = p->top;
			p->top = c;
		}
	}
	c->used += n;
	return c->data + c->used - n;
}

char *pool_copy(struct pool *p, const char *s, size_t n)
{
	char *d = pool_alloc(p, n + 1);

	if (d != NULL && n > 0)
		memcpy(d, s, n);
	return d;
}

void pool_free(struct pool *p)
{
	while (p->top != NULL) {
		struct pool_chunk *below = p->top->below;

		free(p->top);
		p->top = below;
	}
}
