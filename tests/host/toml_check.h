/* tests/host/toml_check.h -- what the tests of the TOML parser share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "lib/toml.h"

/* What the last refused text was refused for. */
extern struct toml_error toml_error;

/* Parse a copy without a byte of slack: ASan sees any step too far. */
struct toml *parse_bytes(const char *text, size_t n);
/* A text that must be accepted. */
struct toml *parse(const char *text);
/* The value at the end of a path "a.b.0.c", which must exist. */
const struct toml_value *at(const struct toml *t, const char *path);
/* It is this string of n bytes; this integer. */
void is_string(
    const struct toml *t, const char *path, const char *want, size_t n);
void is_integer(const struct toml *t, const char *path, int64_t want);
/* A text that must be refused there, for a reason with these words. */
void refused_bytes(const char *text, size_t n, uint32_t line, uint32_t column,
    const char *why);
void refused(const char *text, uint32_t line, uint32_t column, const char *why);

#define IS_STRING(t, path, want) is_string(t, path, want, sizeof(want) - 1)
