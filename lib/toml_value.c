/* lib/toml_value.c -- numbers, booleans, dates and times of TOML. */
/* SPDX-License-Identifier: MIT */
#include "lib/toml_read.h"
#include <stdlib.h>
#include <string.h>

/* A cursor over a token. */
struct token {
	const char *s, *end;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_token(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c == '+' || c == '-' ||
	       c == '.' || c == ':';
}

static bool next_is(const struct token *t, char c)
{
	return t->s < t->end && *t->s == c;
}

static int digit_of(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Digits with single underscores between them; out takes the digits alone.
 * false: there is no such run here. */
static bool digits(struct token *t, int base, char **out)
{
	bool was_digit = false;

	for (; t->s < t->end; t->s++) {
		if (digit_of(*t->s) < base) {
			*(*out)++ = *t->s;
			was_digit = true;
		} else if (*t->s == '_' && was_digit) {
			was_digit = false;
		} else {
			break;
		}
	}
	return was_digit;
}

/* The clean digits as a number. */
static bool to_integer(const char *s, int base, bool negative, int64_t *out)
{
	uint64_t max = (uint64_t)INT64_MAX + negative, v = 0;

	for (; *s != '\0'; s++) {
		uint64_t d = (uint64_t)digit_of(*s);

		if (v > (max - d) / (uint64_t)base)
			return false;
		v = v * (uint64_t)base + d;
	}
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static bool fail_token(struct toml_reader *r, struct toml_place at,
    struct toml_text t, const char *why)
{
	char name[48];

	toml_quote(name, sizeof(name), t.s, t.n);
	return toml_fail(r, at, "%s %s", name, why);
}

static bool integer(struct toml_reader *r, struct toml_place at,
    struct toml_text text, const char *clean, int base, struct toml_value *v)
{
	bool negative = *clean == '-';

	v->type = TOML_INTEGER;
	clean += *clean == '-' || *clean == '+';
	if (base == 10 && clean[0] == '0' && clean[1] != '\0')
		return fail_token(r, at, text, "has a leading zero");
	if (!to_integer(clean, base, negative, &v->integer))
		return fail_token(r, at, text, "does not fit 64 bits");
	return true;
}

/* What follows the integer part of a float, into *out. */
static bool float_tail(struct token *t, char **out)
{
	if (next_is(t, '.')) {
		*(*out)++ = *t->s++;
		if (!digits(t, 10, out))
			return false;
	}
	if (next_is(t, 'e') || next_is(t, 'E')) {
		*(*out)++ = *t->s++;
		if (next_is(t, '+') || next_is(t, '-'))
			*(*out)++ = *t->s++;
		if (!digits(t, 10, out))
			return false;
	}
	return t->s == t->end;
}

/* inf and nan, with a sign or without. */
static bool special(struct token t, struct toml_value *v)
{
	bool negative = next_is(&t, '-');

	if (next_is(&t, '+') || negative)
		t.s++;
	if (t.end - t.s != 3)
		return false;
	if (memcmp(t.s, "inf", 3) == 0)
		v->number = negative ? -__builtin_inf() : __builtin_inf();
	else if (memcmp(t.s, "nan", 3) == 0)
		v->number = negative ? -__builtin_nan("") : __builtin_nan("");
	else
		return false;
	v->type = TOML_FLOAT;
	return true;
}

/* clean has room for the token and is all zero. */
static bool number(struct toml_reader *r, struct toml_place at,
    struct toml_text text, char *clean, struct toml_value *v)
{
	struct token t = {text.s, text.s + text.n};
	char *out = clean;
	int base = 10;

	if (text.n > 2 && text.s[0] == '0')
		base = text.s[1] == 'x'   ? 16
		       : text.s[1] == 'o' ? 8
		       : text.s[1] == 'b' ? 2
		                          : 10;
	if (base != 10)
		t.s += 2;
	else if (next_is(&t, '+') || next_is(&t, '-'))
		*out++ = *t.s++;
	if (!digits(&t, base, &out))
		return fail_token(r, at, text, "is not a value");
	if (t.s == t.end)
		return integer(r, at, text, clean, base, v);
	if (base != 10 || !float_tail(&t, &out))
		return fail_token(r, at, text, "is not a value");
	v->type = TOML_FLOAT;
	v->number = strtod(clean, NULL);
	out = clean + (*clean == '-' || *clean == '+');
	if (out[0] == '0' && is_digit(out[1]))
		return fail_token(r, at, text, "has a leading zero");
	return true;
}

/* The next token; a date, a space and a time are one. */
static struct toml_text read_token(struct toml_reader *r)
{
	const char *first = r->at, *p = first;

	while (p < r->end && is_token(*p))
		p++;
	if (p - first == 10 && first[4] == '-' && first[7] == '-' &&
	    r->end - p >= 2 && *p == ' ' && is_digit(p[1])) {
		p++;
		while (p < r->end && is_token(*p))
			p++;
	}
	r->at = p;
	return (struct toml_text){first, (size_t)(p - first)};
}

static bool text_is(struct toml_text t, const char *s)
{
	return t.n == strlen(s) && memcmp(t.s, s, t.n) == 0;
}

/* Four digits and '-', or two and ':': nothing else begins so. */
static bool looks_like_time(struct toml_text t)
{
	size_t n = 0;

	while (n < t.n && is_digit(t.s[n]))
		n++;
	return n < t.n &&
	       ((n == 4 && t.s[n] == '-') || (n == 2 && t.s[n] == ':'));
}

bool toml_plain(struct toml_reader *r, struct toml_value *v)
{
	struct toml_place at = toml_here(r);
	struct toml_text t = read_token(r);
	char *clean;

	if (t.n == 0)
		return toml_fail(r, at, "a value should stand here");
	if (text_is(t, "true") || text_is(t, "false")) {
		v->type = TOML_BOOLEAN;
		v->boolean = t.s[0] == 't';
		return true;
	}
	if (special((struct token){t.s, t.s + t.n}, v))
		return true;
	if (looks_like_time(t))
		return toml_date_time(r, at, t, v);
	clean = calloc(1, t.n + 1);
	if (clean == NULL)
		return toml_fail(r, at, "out of memory");
	bool ok = number(r, at, t, clean, v);
	free(clean);
	return ok;
}
