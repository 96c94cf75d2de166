/* kernel/object/slotmap.h -- which integers of a table are in use: a bitmap. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

enum { SLOTMAP_BITS = 64 };

/*
 * The lowest clear bit >= from of a map of `words` words, or -1. Costs one
 * step per word; callers keep a hint below which all is set.
 */
static inline long slotmap_lowest(
    const uint64_t *map, size_t words, unsigned from)
{
	size_t w = from / SLOTMAP_BITS;
	uint64_t clear;

	if (w >= words)
		return -1;
	clear = ~map[w] & (~0ull << (from % SLOTMAP_BITS));
	while (!clear) {
		if (++w == words)
			return -1;
		clear = ~map[w];
	}
	return (long)(w * SLOTMAP_BITS) + __builtin_ctzll(clear);
}

/* The lowest set bit >= from, or -1. */
static inline long slotmap_next(
    const uint64_t *map, size_t words, unsigned from)
{
	size_t w = from / SLOTMAP_BITS;
	uint64_t set;

	if (w >= words)
		return -1;
	set = map[w] & (~0ull << (from % SLOTMAP_BITS));
	while (!set) {
		if (++w == words)
			return -1;
		set = map[w];
	}
	return (long)(w * SLOTMAP_BITS) + __builtin_ctzll(set);
}

static inline void slotmap_set(uint64_t *map, unsigned bit)
{
	map[bit / SLOTMAP_BITS] |= 1ull << (bit % SLOTMAP_BITS);
}

static inline void slotmap_clear(uint64_t *map, unsigned bit)
{
	map[bit / SLOTMAP_BITS] &= ~(1ull << (bit % SLOTMAP_BITS));
}

static inline bool slotmap_test(const uint64_t *map, unsigned bit)
{
	return map[bit / SLOTMAP_BITS] >> (bit % SLOTMAP_BITS) & 1;
}
