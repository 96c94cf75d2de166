/* lib/toml_lex.c -- blanks, comments, keys and strings of TOML. */
/* SPDX-License-Identifier: MIT */
#include "lib/toml_read.h"
#include <string.h>

/*
 * The text is valid UTF-8 (toml_parse has seen to it), so bytes from 0x80 on
 * need no further look.  A string is read in two steps: first its end is
 * found, which bounds the memory for it, then it is decoded; decoding never
 * makes it longer.
 */

struct string_reader {
	char *out;
	const char *close; /* where the closing quotes stand */
	bool basic, many;  /* "..." and not '...'; three quotes */
};

static bool newline(struct toml_reader *r)
{
	if (r->at < r->end && *r->at == '\n')
		r->at++;
	else if (r->end - r->at >= 2 && r->at[0] == '\r' && r->at[1] == '\n')
		r->at += 2;
	else
		return false;
	r->mark = r->at;
	r->place.line++;
	r->place.column = 1;
	return true;
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static bool fail_control(struct toml_reader *r, const char *where)
{
	return toml_fail(r, toml_here(r), "control character 0x%02x in %s",
	    (unsigned char)*r->at, where);
}

void toml_blanks(struct toml_reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
		r->at++;
}

/* Pass a comment if there is one, up to its line end. */
static bool comment(struct toml_reader *r)
{
	if (r->at == r->end || *r->at != '#')
		return true;
	for (; r->at < r->end && *r->at != '\n'; r->at++) {
		if (!is_control(*r->at))
			continue;
		if (r->end - r->at >= 2 && r->at[0] == '\r' && r->at[1] == '\n')
			return true;
		return fail_control(r, "a comment");
	}
	return true;
}

bool toml_lines(struct toml_reader *r)
{
	do {
		toml_blanks(r);
		if (!comment(r))
			return false;
	} while (newline(r));
	return true;
}

bool toml_line_end(struct toml_reader *r)
{
	char found[16];

	toml_blanks(r);
	if (!comment(r))
		return false;
	if (r->at == r->end || newline(r))
		return true;
	toml_quote(found, sizeof(found), r->at, 1);
	if ((unsigned char)*r->at >= 0x80)
		return toml_fail(r, toml_here(r), "the line should end here");
	return toml_fail(
	    r, toml_here(r), "the line should end here, not with %s", found);
}

/* Find the closing quote of a string on one line; r->at is in it. */
static const char *close_one(struct toml_reader *r, char quote)
{
	const char *p = r->at;

	for (; p < r->end && *p != '\n'; p++) {
		if (*p == quote)
			return p;
		if (*p == '\\' && quote == '"' && r->end - p >= 2 &&
		    p[1] != '\n')
			p++;
	}
	return NULL;
}

/* As close_one for three quotes; up to two more belong to the string. */
static const char *close_many(struct toml_reader *r, char quote)
{
	const char *p = r->at;
	size_t run = 0;

	for (; p < r->end; p++) {
		if (*p == quote) {
			run++;
			continue;
		}
		if (run >= 3)
			break;
		run = 0;
		if (*p == '\\' && quote == '"' && r->end - p >= 2)
			p++;
	}
	if (run < 3)
		return NULL;
	/* Of a run of quotes the third to fifth end the string: more than
	 * five are an error, found behind the string. */
	return p - run + (run > 5 ? 5 : run) - 3;
}

static void put_utf8(char **out, uint32_t cp)
{
	unsigned char *o = (unsigned char *)*out;

	if (cp < 0x80) {
		*o++ = (unsigned char)cp;
	} else if (cp < 0x800) {
		*o++ = (unsigned char)(0xc0 | cp >> 6);
		*o++ = (unsigned char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		*o++ = (unsigned char)(0xe0 | cp >> 12);
		*o++ = (unsigned char)(0x80 | (cp >> 6 & 0x3f));
		*o++ = (unsigned char)(0x80 | (cp & 0x3f));
	} else {
		*o++ = (unsigned char)(0xf0 | cp >> 18);
		*o++ = (unsigned char)(0x80 | (cp >> 12 & 0x3f));
		*o++ = (unsigned char)(0x80 | (cp >> 6 & 0x3f));
		*o++ = (unsigned char)(0x80 | (cp & 0x3f));
	}
	*out = (char *)o;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The digits behind \u and \U; at is where the backslash stands. */
static bool escape_unicode(struct toml_reader *r, struct string_reader *s,
    struct toml_place at, int digits)
{
	uint32_t cp = 0;

	for (int i = 0; i < digits; i++, r->at++) {
		int d = r->at < s->close ? hex_digit(*r->at) : -1;

		if (d < 0)
			return toml_fail(r, at,
			    "the escape needs %d hexadecimal digits", digits);
		cp = cp << 4 | (uint32_t)d;
	}
	if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return toml_fail(r, at, "0x%x is no Unicode character", cp);
	put_utf8(&s->out, cp);
	return true;
}

/* A backslash at the end of a line takes all blank space behind it away.
 * false: it is none, nothing is passed. */
static bool escape_line(struct toml_reader *r, struct string_reader *s)
{
	const char *p = r->at;

	while (p < s->close && (*p == ' ' || *p == '\t'))
		p++;
	if (!s->many || p == s->close || (*p != '\n' && *p != '\r'))
		return false;
	r->at = p;
	if (!newline(r))
		return false;
	do
		toml_blanks(r);
	while (newline(r));
	return true;
}

static bool escape(struct toml_reader *r, struct string_reader *s)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	struct toml_place at = toml_here(r);
	const char *known;

	r->at++;
	if (escape_line(r, s))
		return true;
	if (r->at < s->close && (*r->at == 'u' || *r->at == 'U'))
		return escape_unicode(r, s, at, *r->at++ == 'u' ? 4 : 8);
	known =
	    r->at < s->close && *r->at != '\0' ? strchr(from, *r->at) : NULL;
	if (known == NULL)
		return toml_fail(r, at, "unknown escape after the backslash");
	*s->out++ = to[known - from];
	r->at++;
	return true;
}

static bool decode(struct toml_reader *r, struct string_reader *s)
{
	while (r->at < s->close) {
		if (s->many && newline(r)) {
			*s->out++ = '\n';
		} else if (*r->at == '\\' && s->basic) {
			if (!escape(r, s))
				return false;
		} else if (is_control(*r->at)) {
			return fail_control(r, "a string");
		} else {
			*s->out++ = *r->at++;
		}
	}
	return true;
}

bool toml_string(struct toml_reader *r, struct toml_text *out)
{
	struct toml_place at = toml_here(r);
	char quote = *r->at;
	struct string_reader s = {.basic = quote == '"'};
	char *first;

	s.many = r->end - r->at >= 3 && r->at[1] == quote && r->at[2] == quote;
	r->at += s.many ? 3 : 1;
	if (s.many)
		newline(r); /* the one right behind the quotes does not count */
	s.close = s.many ? close_many(r, quote) : close_one(r, quote);
	if (s.close == NULL)
		return toml_fail(r, at, "the string has no end%s",
		    s.many ? "" : " on its line");
	first = s.out =
	    pool_alloc(&r->doc->pool, (size_t)(s.close - r->at) + 1);
	if (first == NULL)
		return toml_fail(r, at, "out of memory");
	if (!decode(r, &s))
		return false;
	r->at += s.many ? 3 : 1;
	*out = (struct toml_text){first, (size_t)(s.out - first)};
	return true;
}

static bool is_bare(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool toml_key_part(
    struct toml_reader *r, struct toml_text *key, struct toml_place *at)
{
	const char *first = r->at;

	*at = toml_here(r);
	if (r->at < r->end && (*r->at == '"' || *r->at == '\'')) {
		if (r->end - r->at >= 3 && r->at[1] == *r->at &&
		    r->at[2] == *r->at)
			return toml_fail(
			    r, *at, "a key has one quote on each side");
		return toml_string(r, key);
	}
	while (r->at < r->end && is_bare(*r->at))
		r->at++;
	if (r->at == first)
		return toml_fail(r, *at, "a key should stand here");
	key->n = (size_t)(r->at - first);
	key->s = pool_copy(&r->doc->pool, first, key->n);
	return key->s != NULL || toml_fail(r, *at, "out of memory");
}
