/* lib/toml_parse.c -- TOML 1.0: lines, tables, arrays. */
/* SPDX-License-Identifier: MIT */
#include "lib/text.h"
#include "lib/toml_read.h"
#include <stdlib.h>
#include <string.h>

/*
 * A key is followed through the tree while it is read, so that a key of many
 * parts needs no list.  What an erroneous line has made by then goes with the
 * whole document.  Arrays and inline tables recur; toml_node_new refuses the
 * one that is too deep, and so bounds the stack.
 */

static bool value(
    struct toml_reader *r, struct toml_node *parent, struct toml_node **out);

static bool fail_key(struct toml_reader *r, struct toml_place at,
    const struct toml_node *n, const char *why)
{
	char name[48];

	toml_quote(name, sizeof(name), n->v.key.s, n->v.key.n);
	return toml_fail(
	    r, at, "%s is %s (line %u)", name, why, n->v.key_at.line);
}

/* Make a table with a key in another. */
static bool make_table(struct toml_reader *r, struct toml_node **table,
    struct toml_text key, struct toml_place at, enum toml_origin origin)
{
	struct toml_node *n = toml_node_new(r, *table, TOML_TABLE, at);

	if (n == NULL || !toml_node_add(r, *table, n, key, at))
		return false;
	n->origin = origin;
	*table = n;
	return true;
}

/* One step of the way of a [header]: a part that is not the last. */
static bool step_header(struct toml_reader *r, struct toml_node **table,
    struct toml_text key, struct toml_place at)
{
	struct toml_node *n = toml_node_find(r->doc, *table, key);

	if (n == NULL)
		return make_table(r, table, key, at, TOML_IMPLICIT);
	if (n->v.type == TOML_ARRAY && n->origin == TOML_ELEMENTS) {
		*table = (struct toml_node *)n->v.list.last;
		return true;
	}
	if (n->v.type != TOML_TABLE)
		return fail_key(r, at, n, toml_type_name(n->v.type));
	if (n->origin == TOML_INLINE)
		return fail_key(r, at, n, "an inline table, which is complete");
	*table = n;
	return true;
}

/* One step of the way of a dotted key: it makes or extends a dotted table. */
static bool step_dotted(struct toml_reader *r, struct toml_node **table,
    struct toml_text key, struct toml_place at)
{
	struct toml_node *n = toml_node_find(r->doc, *table, key);

	if (n == NULL)
		return make_table(r, table, key, at, TOML_DOTTED);
	if (n->v.type != TOML_TABLE)
		return fail_key(r, at, n, toml_type_name(n->v.type));
	if (n->origin == TOML_INLINE)
		return fail_key(r, at, n, "an inline table, which is complete");
	if (n->origin == TOML_HEADER)
		return fail_key(r, at, n, "a table with its own header");
	n->origin = TOML_DOTTED;
	*table = n;
	return true;
}

/* Read a key up to its last part, which *key and *at give; *table goes from
 * where the key starts to where its last part belongs. */
static bool read_key(struct toml_reader *r, bool header,
    struct toml_node **table, struct toml_text *key, struct toml_place *at)
{
	for (;;) {
		toml_blanks(r);
		if (!toml_key_part(r, key, at))
			return false;
		toml_blanks(r);
		if (r->at == r->end || *r->at != '.')
			return true;
		r->at++;
		if (!(header ? step_header(r, table, *key, *at)
		             : step_dotted(r, table, *key, *at)))
			return false;
	}
}

/* key = value, in a table. */
static bool pair(struct toml_reader *r, struct toml_node *table)
{
	struct toml_node *n, *first;
	struct toml_place at;
	struct toml_text key;

	if (!read_key(r, false, &table, &key, &at))
		return false;
	if (r->at == r->end || *r->at != '=')
		return toml_fail(r, toml_here(r), "'=' should stand here");
	r->at++;
	first = toml_node_find(r->doc, table, key);
	if (first != NULL)
		return toml_fail_twice(r, at, "key", first);
	toml_blanks(r);
	return value(r, table, &n) && toml_node_add(r, table, n, key, at);
}

/* After an element: a comma, or the closing bracket.  *more says which. */
static bool comma_or(struct toml_reader *r, char close, bool *more)
{
	*more = r->at < r->end && *r->at == ',';
	if (!*more && (r->at == r->end || *r->at != close))
		return toml_fail(
		    r, toml_here(r), "',' or '%c' should stand here", close);
	r->at++;
	return true;
}

static bool array(struct toml_reader *r, struct toml_node *array)
{
	bool more = true;

	array->origin = TOML_INLINE;
	r->at++;
	while (more) {
		struct toml_node *n;

		if (!toml_lines(r))
			return false;
		if (r->at < r->end && *r->at == ']') {
			r->at++;
			return true;
		}
		if (!value(r, array, &n))
			return false;
		toml_node_push(array, n);
		if (!toml_lines(r) || !comma_or(r, ']', &more))
			return false;
	}
	return true;
}

static bool inline_table(struct toml_reader *r, struct toml_node *table)
{
	bool more = true;

	table->origin = TOML_INLINE;
	r->at++;
	toml_blanks(r);
	if (r->at < r->end && *r->at == '}') {
		r->at++;
		return true;
	}
	while (more) {
		if (!pair(r, table))
			return false;
		toml_blanks(r);
		if (!comma_or(r, '}', &more))
			return false;
	}
	return true;
}

/* A value for a table or an array, not yet put into it. */
static bool value(
    struct toml_reader *r, struct toml_node *parent, struct toml_node **out)
{
	struct toml_place at = toml_here(r);
	char c = r->at < r->end ? *r->at : '\0';
	struct toml_node *n;

	n = toml_node_new(r, parent,
	    c == '['   ? TOML_ARRAY
	    : c == '{' ? TOML_TABLE
	               : TOML_STRING,
	    at);
	if (n == NULL)
		return false;
	*out = n;
	if (c == '[')
		return array(r, n);
	if (c == '{')
		return inline_table(r, n);
	if (c == '"' || c == '\'')
		return toml_string(r, &n->v.string);
	return toml_plain(r, &n->v);
}

/* The table that a [header] names; *table is the one that it is in. */
static bool define(struct toml_reader *r, struct toml_node **table,
    struct toml_text key, struct toml_place at)
{
	struct toml_node *n = toml_node_find(r->doc, *table, key);

	if (n == NULL)
		return make_table(r, table, key, at, TOML_HEADER);
	if (n->v.type != TOML_TABLE)
		return fail_key(r, at, n, toml_type_name(n->v.type));
	if (n->origin == TOML_INLINE)
		return fail_key(r, at, n, "an inline table, which is complete");
	if (n->origin == TOML_DOTTED)
		return fail_key(r, at, n, "a table made by dotted keys");
	if (n->origin == TOML_HEADER)
		return toml_fail_twice(r, at, "table", n);
	n->origin = TOML_HEADER;
	n->v.at = n->v.key_at = at;
	*table = n;
	return true;
}

/* The same for [[header]]: one more element. */
static bool define_element(struct toml_reader *r, struct toml_node **table,
    struct toml_text key, struct toml_place at)
{
	struct toml_node *array = toml_node_find(r->doc, *table, key), *n;

	if (array == NULL) {
		array = toml_node_new(r, *table, TOML_ARRAY, at);
		if (array == NULL || !toml_node_add(r, *table, array, key, at))
			return false;
		array->origin = TOML_ELEMENTS;
	} else if (array->v.type != TOML_ARRAY) {
		return fail_key(r, at, array, toml_type_name(array->v.type));
	} else if (array->origin != TOML_ELEMENTS) {
		return fail_key(r, at, array, "an array, which is complete");
	}
	n = toml_node_new(r, array, TOML_TABLE, at);
	if (n == NULL)
		return false;
	n->origin = TOML_HEADER;
	toml_node_push(array, n);
	*table = n;
	return true;
}

/* [header] or [[header]]: *table becomes where the next lines go. */
static bool header(struct toml_reader *r, struct toml_node **table)
{
	bool element = r->end - r->at >= 2 && r->at[1] == '[';
	struct toml_place at;
	struct toml_text key;

	r->at += element ? 2 : 1;
	*table = r->doc->root;
	if (!read_key(r, true, table, &key, &at))
		return false;
	for (int i = 0; i < (element ? 2 : 1); i++, r->at++)
		if (r->at == r->end || *r->at != ']')
			return toml_fail(r, toml_here(r),
			    "%s should end the header", element ? "]]" : "]");
	return element ? define_element(r, table, key, at)
	               : define(r, table, key, at);
}

/* All text is valid UTF-8, so that nobody else has to look. */
static bool check_utf8(struct toml_reader *r)
{
	const char *p = r->at;
	struct toml_reader at = *r;

	while (p < r->end) {
		uint32_t cp;
		size_t n = utf8_decode(p, (size_t)(r->end - p), &cp);

		if (cp == 0xfffd && n == 1) {
			at.at = p;
			return toml_fail(r, toml_here(&at),
			    "0x%02x is not UTF-8", (unsigned char)*p);
		}
		p += n;
		if (cp == '\n') {
			at.mark = p;
			at.place.line++;
			at.place.column = 1;
		}
	}
	return true;
}

static bool document(struct toml_reader *r)
{
	struct toml_node *table;

	r->doc->root = toml_node_new(r, NULL, TOML_TABLE, r->place);
	if (r->doc->root == NULL || !check_utf8(r))
		return false;
	if (r->end - r->at >= 3 && memcmp(r->at, "\xef\xbb\xbf", 3) == 0)
		r->mark = r->at +=
		    3; /* a byte order mark, which says nothing */
	table = r->doc->root;
	for (;;) {
		if (!toml_lines(r))
			return false;
		if (r->at == r->end)
			return true;
		if (!(*r->at == '[' ? header(r, &table) : pair(r, table)) ||
		    !toml_line_end(r))
			return false;
	}
}

struct toml *toml_parse(const char *text, size_t len, struct toml_error *e)
{
	struct toml_reader r = {.at = text,
	    .end = text + len,
	    .mark = text,
	    .place = {1, 1},
	    .error = e};

	*e = (struct toml_error){0};
	if (len > TOML_SIZE_MAX) {
		toml_fail(&r, r.place, "the text is longer than %d bytes",
		    TOML_SIZE_MAX);
		return NULL;
	}
	r.doc = calloc(1, sizeof(*r.doc));
	if (r.doc == NULL) {
		toml_fail(&r, r.place, "out of memory");
		return NULL;
	}
	if (document(&r))
		return r.doc;
	toml_free(r.doc);
	return NULL;
}
