/* chevron/arith.h -- integer expressions of $(( )). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARITH_DEPTH_MAX = 64 };

/* How an expression reaches variables. */
struct arith_vars {
	/* The variable's text or NULL; name is not ended by NUL. */
	const char *(*get)(void *context, const char *name, size_t n);
	/* false: it may not be set. */
	bool (*set)(void *context, const char *name, size_t n, int64_t v);
	void *context;
};

/*
 * Evaluate text: C's integer operators on 64 bits that wrap, assignment
 * included.  NULL on success and the value in *out, else what is wrong.
 */
const char *arith_eval(
    const char *text, const struct arith_vars *vars, int64_t *out);
