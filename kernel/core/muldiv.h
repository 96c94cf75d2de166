/* kernel/core/muldiv.h -- a * b / c with a product of 128 bits. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* a * b / c rounded down; UINT64_MAX when that does not fit, or c is 0. */
static inline uint64_t muldiv(uint64_t a, uint64_t b, uint64_t c)
{
	unsigned __int128 p = (unsigned __int128)a * b;
	uint64_t q, high = (uint64_t)(p >> 64), r;

	if (high >= c)
		return UINT64_MAX;
	__asm__("divq %4"
	    : "=a"(q), "=d"(r)
	    : "a"((uint64_t)p), "d"(high), "r"(c)
	    : "cc");
	return q;
}
