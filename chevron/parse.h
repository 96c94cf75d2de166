/* chevron/parse.h -- shell text to tree. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/arena.h"
#include "chevron/ast.h"

enum {
	PARSE_DEPTH_MAX = 128,       /* nested commands and quotes */
	PARSE_MEMORY_MAX = 64 << 20, /* of one complete command */
	PARSE_ERROR_SIZE = 160,
};

/* Where characters come from. */
struct source {
	const char *text;
	size_t len, at;
	/*
	 * Called at the end of text; may replace text and len (what was there
	 * stays in front).  false: nothing follows.  NULL: the text is all.
	 */
	bool (*more)(struct source *s);
	void *context;         /* for more */
	uint32_t line, column; /* of the next character, from 1 */
};

enum parse_result {
	PARSE_COMMAND, /* *out is a tree (NULL for an empty line) */
	PARSE_END,     /* nothing is left */
	PARSE_ERROR,   /* error text made; the rest of text was skipped */
};

/*
 * Parse one complete command, to the end of its line, with its
 * here-documents.  Everything in the tree lies in a.  Reads no character
 * beyond that line.  error is filled as "LINE:COLUMN: what" on PARSE_ERROR.
 */
enum parse_result parse_command_line(struct source *s, struct arena *a,
    struct node **out, char error[PARSE_ERROR_SIZE]);

/* A source over a string. */
struct source source_from_text(const char *text, size_t len);

/* Whether s[0..n) is a variable's name; n may be 0 (it is not). */
bool name_is_valid(const char *s, size_t n);
