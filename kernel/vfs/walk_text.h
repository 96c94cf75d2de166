/* kernel/vfs/walk_text.h -- path text: components and their hashes, by words. */
/* SPDX-License-Identifier: MIT */
#pragma once
#ifdef HOSTED
#include <string.h>
#else
#include "kernel/core/string.h"
#endif
#include "kernel/core/types.h"

/*
 * Pure: also built on the host. Path text that is scanned must be followed by
 * PATH_SLACK readable bytes (of any value) after its terminator, because words
 * are loaded whole.
 */
enum { PATH_SLACK = 8 };

/* One name of a path. text is not terminated; PATH_SLACK bytes follow it. */
struct component {
	const char *text;
	uint32_t len;
	uint64_t hash;
};

/* Keys the hash: random, so that nobody can choose names that collide. */
extern uint64_t name_hash_secret;

#define WORD_ONES  0x0101010101010101ull
#define WORD_HIGHS 0x8080808080808080ull
#define WORD_SLASH 0x2f2f2f2f2f2f2f2full

static inline uint64_t word_load(const char *p)
{
	uint64_t w;

	__builtin_memcpy(&w, p, sizeof(w));
	return w;
}

/* High bit of each zero byte; exact up to and including the lowest one. */
static inline uint64_t word_zero_bytes(uint64_t w)
{
	return (w - WORD_ONES) & ~w & WORD_HIGHS;
}

static inline uint64_t hash_mix(uint64_t h, uint64_t w)
{
	h = (h ^ w) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

/* Scan the component at s (which is no slash) up to '/' or the end. */
static inline void component_scan(const char *s, struct component *c)
{
	uint64_t h = name_hash_secret, w, stop;
	const char *p = s;
	unsigned n;

	c->text = s;
	for (;;) {
		w = word_load(p);
		stop = word_zero_bytes(w) | word_zero_bytes(w ^ WORD_SLASH);
		if (stop)
			break;
		h = hash_mix(h, w);
		p += 8;
	}
	n = (unsigned)__builtin_ctzll(stop) >> 3;
	if (n)
		h = hash_mix(h, w & ~(~0ull << (n * 8)));
	c->len = (uint32_t)(p + n - s);
	c->hash = h;
}

/* The same hash for a name of known length, without slack. */
static inline uint64_t name_hash(const char *text, size_t len)
{
	uint64_t h = name_hash_secret, w = 0;

	for (; len >= 8; len -= 8, text += 8)
		h = hash_mix(h, word_load(text));
	if (len) {
		__builtin_memcpy(&w, text, len);
		h = hash_mix(h, w);
	}
	return h;
}

/* padded: len bytes, then zeroes to a whole word; s: with slack. */
static inline bool component_equal(
    const char *padded, const char *s, uint32_t len)
{
	uint32_t i;

	for (i = 0; i + 8 <= len; i += 8)
		if (word_load(padded + i) != word_load(s + i))
			return false;
	if (i == len)
		return true;
	return ((word_load(padded + i) ^ word_load(s + i)) &
	           ~(~0ull << ((len - i) * 8))) == 0;
}

static inline const char *skip_slashes(const char *s)
{
	while (*s == '/')
		s++;
	return s;
}

static inline bool component_is_dot(const struct component *c)
{
	return c->len == 1 && c->text[0] == '.';
}

static inline bool component_is_dotdot(const struct component *c)
{
	return c->len == 2 && c->text[0] == '.' && c->text[1] == '.';
}

/*
 * Put what is left of the path (empty, or starting at a slash) behind a
 * symbolic link's target, which already lies in dst. False when it does not
 * fit in size with its terminator.
 */
static inline bool path_splice(
    char *dst, size_t size, size_t target_len, const char *rest)
{
	size_t rest_len = strlen(rest);

	if (target_len >= size || rest_len >= size - target_len)
		return false;
	memcpy(dst + target_len, rest, rest_len + 1);
	return true;
}
