/* chevron/arena.h -- memory that is freed all at once. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>

struct arena_chunk;

/* All zero is a valid empty arena. */
struct arena {
	struct arena_chunk *top;
	size_t total; /* bytes handed out, for limits */
};

struct arena_mark {
	struct arena_chunk *chunk;
	size_t used, total;
};

/* n bytes, zeroed, aligned to 8.  Without memory the program says so and
 * exits with 2: a shell can do nothing useful then. */
void *arena_alloc(struct arena *a, size_t n);
/* A copy of s[0..n), ended by NUL. */
char *arena_copy(struct arena *a, const char *s, size_t n);
/* Remember the fill; arena_release frees what was taken after it. */
struct arena_mark arena_mark(const struct arena *a);
void arena_release(struct arena *a, struct arena_mark m);
/* Free everything; the arena is empty and usable after it. */
void arena_free(struct arena *a);

/* malloc, realloc and strdup that exit as arena_alloc does. */
void *xmalloc(size_t n);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
