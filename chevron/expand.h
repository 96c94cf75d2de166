/* chevron/expand.h -- words to strings. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/shell.h"

/* A list of strings in the scratch arena; v[n] is NULL after strings_end. */
struct strings {
	char **v;
	int n, cap;
};

void strings_add(struct shell *sh, struct strings *l, char *s);
char **strings_end(struct shell *sh, struct strings *l);

/*
 * All of these leave their results in sh->scratch.  On an error they print
 * it, set sh->flow to FLOW_ERROR and return false or NULL.
 */

/* Add the fields of one word: everything, with splitting and file names. */
bool expand_fields(struct shell *sh, const struct word *w, struct strings *out);
/* One string, nothing split: values, redirections, here-documents. */
char *expand_text(struct shell *sh, const struct word *w);
/* As expand_text, but what was quoted is escaped for pattern_match. */
char *expand_pattern(struct shell *sh, const struct word *w, size_t *n);

/* glob.c: add the sorted names of files that match, or nothing. */
void glob_add(
    struct shell *sh, const char *pattern, size_t n, struct strings *out);

/* exec.c: run body with its output collected; trailing newlines are cut. */
char *command_output(struct shell *sh, struct node *body, size_t *len);
