/* lib/text.h -- numbers, sizes and characters in text. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole of s as a decimal number, with a sign if wanted.  false: *out is
 * untouched (empty, other characters, too large). */
bool text_to_i64(const char *s, int64_t *out);
/* A leading decimal number of s; *end is where it stopped. */
uint64_t text_lead_u64(const char *s, const char **end);
/* Seconds with an optional fraction and unit (s m h d) as nanoseconds. */
bool text_to_ns(const char *s, uint64_t *ns);
/* bytes as at most 7 characters such as "4.2M". */
void text_size(char buf[16], uint64_t bytes);
/* "name:" or "name" at the start of a line of text: the number after it. */
bool text_key_u64(const char *text, const char *name, uint64_t *out);
/* Put the fields of a line (blank-separated, cut in place) into f; at most n.
 * Returns how many. */
int text_fields(char *line, char **f, int n);

/* One code point of s[0..n): its length in bytes, 1 to 4; *cp is U+FFFD for
 * one byte that is no valid UTF-8.  n > 0. */
size_t utf8_decode(const char *s, size_t n, uint32_t *cp);
/* Columns that a code point takes on a terminal: 0, 1 or 2. */
int utf8_width(uint32_t cp);

/* "TERM" for 15; NULL for a number without a name. */
const char *signal_name(int n);
/* 15 for "15", "TERM", "SIGTERM", "term"; -1 when unknown. */
int signal_number(const char *s);
