/* lib/manifest_value.c -- the kinds of values that a manifest has. */
/* SPDX-License-Identifier: MIT */
#include "lib/manifest_read.h"
#include <string.h>

static bool wrong_type(
    struct manifest_reader *r, const struct toml_value *v, const char *wanted)
{
	char key[48] = "an element";

	if (v->key.s != NULL)
		toml_quote(key, sizeof(key), v->key.s, v->key.n);
	return manifest_fail(r, v->at.line, "%s must be %s, is %s", key, wanted,
	    toml_type_name(v->type));
}

bool manifest_string(
    struct manifest_reader *r, const struct toml_value *v, const char **out)
{
	if (v->type != TOML_STRING)
		return wrong_type(r, v, "a string");
	if (strlen(v->string.s) != v->string.n)
		return manifest_fail(
		    r, v->at.line, "a string must not hold a NUL");
	*out = v->string.s;
	return true;
}

bool manifest_bool(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	if (v->type != TOML_BOOLEAN)
		return wrong_type(r, v, "true or false");
	*(bool *)out = v->boolean;
	return true;
}

bool manifest_number(struct manifest_reader *r, const struct toml_value *v,
    int64_t low, int64_t high, uint32_t *out)
{
	if (v->type != TOML_INTEGER)
		return wrong_type(r, v, "an integer");
	if (v->integer < low || v->integer > high)
		return manifest_fail(r, v->at.line,
		    "\"%s\" must be from %ld to %ld", v->key.s, (long)low,
		    (long)high);
	*out = (uint32_t)v->integer;
	return true;
}

bool manifest_array(
    struct manifest_reader *r, const struct toml_value *v, size_t max)
{
	if (v->type != TOML_ARRAY)
		return wrong_type(r, v, "an array");
	if (v->list.count > max)
		return manifest_fail(r, v->at.line,
		    "\"%s\" has %zu elements, at most %zu are allowed",
		    v->key.s, v->list.count, max);
	return true;
}

static bool fail_value(
    struct manifest_reader *r, const struct toml_value *v, const char *why)
{
	char text[64];

	toml_quote(text, sizeof(text), v->string.s, v->string.n);
	return manifest_fail(r, v->at.line, "%s %s", text, why);
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool manifest_name(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	const char *s;

	if (!manifest_string(r, v, &s))
		return false;
	if (s[0] == '\0' || s[0] == '.' || s[0] == '-')
		return fail_value(
		    r, v, "is no name: it must begin with a letter or digit");
	if (v->string.n > MANIFEST_NAME_MAX)
		return fail_value(r, v, "is longer than a name may be");
	for (const char *c = s; *c != '\0'; c++)
		if (!is_name_char(*c))
			return fail_value(r, v,
			    "is no name: only letters, digits, '-', '_', '.'");
	*(const char **)out = s;
	return true;
}

/* Absolute, in the shortest form: "/", "/a", "/a/b". */
static bool is_path(const char *s)
{
	if (s[0] != '/')
		return false;
	if (s[1] == '\0')
		return true;
	while (*s == '/') {
		size_t n = strcspn(++s, "/");

		if (n == 0 || (n == 1 && s[0] == '.') ||
		    (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		s += n;
	}
	return true;
}

bool manifest_path(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	const char *s;

	if (!manifest_string(r, v, &s))
		return false;
	if (v->string.n > MANIFEST_PATH_MAX)
		return fail_value(r, v, "is longer than a path may be");
	if (!is_path(s))
		return fail_value(r, v,
		    "must be a path from \"/\" without \"//\", \".\", \"..\"");
	*(const char **)out = s;
	return true;
}

static bool list_new(
    struct manifest_reader *r, size_t count, struct manifest_list *l)
{
	l->name = manifest_alloc(r, (count + 1) * sizeof(*l->name));
	return l->name != NULL;
}

/* An array of strings; each is read by element. */
static bool list(struct manifest_reader *r, const struct toml_value *v,
    struct manifest_list *l, manifest_read_fn element)
{
	if (!manifest_array(r, v, MANIFEST_LIST_MAX) ||
	    !list_new(r, v->list.count, l))
		return false;
	for (v = v->list.first; v != NULL; v = v->next) {
		if (!element(r, v, &l->name[l->count]))
			return false;
		l->count++;
	}
	return true;
}

bool manifest_names(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	struct manifest_list *l = out;

	if (!list(r, v, l, manifest_name))
		return false;
	for (size_t i = 1; i < l->count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(l->name[i], l->name[k]) == 0)
				return manifest_fail(r, v->at.line,
				    "\"%s\" has \"%s\" twice", v->key.s,
				    l->name[i]);
	return true;
}

static bool any_text(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	return manifest_string(r, v, out);
}

bool manifest_texts(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	return list(r, v, out, any_text);
}

/* NAME = "value" as "NAME=value". */
static const char *variable(
    struct manifest_reader *r, const struct toml_value *v, const char *value)
{
	char *s = manifest_alloc(r, v->key.n + v->string.n + 2);

	if (s == NULL)
		return NULL;
	memcpy(s, v->key.s, v->key.n);
	s[v->key.n] = '=';
	memcpy(s + v->key.n + 1, value, v->string.n);
	return s;
}

static bool is_variable_name(const char *s, size_t n)
{
	return n > 0 && strlen(s) == n && strchr(s, '=') == NULL;
}

bool manifest_environment(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	struct manifest_list *l = out;

	if (v->type != TOML_TABLE)
		return wrong_type(r, v, "a table");
	if (v->list.count > MANIFEST_LIST_MAX)
		return manifest_fail(
		    r, v->at.line, "more than %d variables", MANIFEST_LIST_MAX);
	if (!list_new(r, v->list.count, l))
		return false;
	for (v = v->list.first; v != NULL; v = v->next) {
		const char *s;

		if (!manifest_string(r, v, &s))
			return false;
		if (!is_variable_name(v->key.s, v->key.n))
			return manifest_fail(r, v->key_at.line,
			    "a variable's name is empty or has '=' or a NUL");
		l->name[l->count] = variable(r, v, s);
		if (l->name[l->count] == NULL)
			return false;
		l->count++;
	}
	return true;
}
