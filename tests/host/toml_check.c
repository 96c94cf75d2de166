/* tests/host/toml_check.c -- what the tests of the TOML parser share. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "toml_check.h"

struct toml_error toml_error;

struct toml *parse_bytes(const char *text, size_t n)
{
	char *copy = malloc(n ? n : 1);
	struct toml *t;

	memcpy(copy, text, n);
	t = toml_parse(copy, n, &toml_error);
	free(copy);
	return t;
}

struct toml *parse(const char *text)
{
	struct toml *t = parse_bytes(text, strlen(text));

	if (t == NULL)
		fail_msg("%s\nline %u, column %u: %s", text, toml_error.at.line,
		    toml_error.at.column, toml_error.text);
	return t;
}

const struct toml_value *at(const struct toml *t, const char *path)
{
	const struct toml_value *v = toml_root(t);
	char part[64];
	size_t n;

	for (; *path != '\0'; path += n + (path[n] == '.')) {
		n = strcspn(path, ".");
		memcpy(part, path, n);
		part[n] = '\0';
		if (v->type == TOML_ARRAY) {
			int i = atoi(part);

			for (v = v->list.first; v != NULL && i > 0; i--)
				v = v->next;
		} else {
			assert_int_equal(v->type, TOML_TABLE);
			v = toml_find(v, part);
		}
		if (v == NULL)
			fail_msg("no %s", path);
	}
	return v;
}

void is_string(
    const struct toml *t, const char *path, const char *want, size_t n)
{
	const struct toml_value *v = at(t, path);

	assert_int_equal(v->type, TOML_STRING);
	assert_int_equal(v->string.n, n);
	assert_memory_equal(v->string.s, want, n);
	assert_int_equal(v->string.s[n], '\0');
}

void is_integer(const struct toml *t, const char *path, int64_t want)
{
	assert_int_equal(at(t, path)->type, TOML_INTEGER);
	assert_true(at(t, path)->integer == want);
}

void refused_bytes(
    const char *text, size_t n, uint32_t line, uint32_t column, const char *why)
{
	struct toml *t = parse_bytes(text, n);

	if (t != NULL)
		fail_msg("accepted: %s", text);
	if (toml_error.at.line != line || toml_error.at.column != column ||
	    strstr(toml_error.text, why) == NULL)
		fail_msg("%s\nline %u, column %u: %s", text, toml_error.at.line,
		    toml_error.at.column, toml_error.text);
}

void refused(const char *text, uint32_t line, uint32_t column, const char *why)
{
	refused_bytes(text, strlen(text), line, column, why);
}
