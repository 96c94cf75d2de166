/* lib/pool.h -- memory that is freed all at once, and may run out. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>

struct pool_chunk;

/* All zero is a valid empty pool. */
struct pool {
	struct pool_chunk *top;
};

/* n bytes, zeroed, aligned to 8, until pool_free.  NULL: no memory; what was
 * taken before stays valid. */
void *pool_alloc(struct pool *p, size_t n);
/* A copy of s[0..n), ended by NUL.  NULL: no memory. */
char *pool_copy(struct pool *p, const char *s, size_t n);
/* Free everything; the pool is empty and usable after it. */
void pool_free(struct pool *p);
