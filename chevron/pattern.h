/* chevron/pattern.h -- matching text with * ? and [ ]. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/*
 * In a pattern this byte makes the next one literal; the expander puts it
 * before every quoted character that would mean something.  It never occurs
 * in the result of pattern_unescape.
 */
enum { PATTERN_ESCAPE = 1 };

/* Whether all of s[0..n) matches the pattern p[0..pn).  ? and [ ] take one
 * UTF-8 character.  Time is at most the product of the lengths. */
bool pattern_match(const char *p, size_t pn, const char *s, size_t n);
/* Whether p holds an unescaped * ? or [. */
bool pattern_is_magic(const char *p, size_t n);
/* Remove the escapes in place; returns the new length. */
size_t pattern_unescape(char *s, size_t n);
