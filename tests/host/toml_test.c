/* tests/host/toml_test.c -- TOML 1.0: keys, tables, arrays, places, limits. */
/* SPDX-License-Identifier: MIT */
/* build: lib/toml_parse.c lib/toml_lex.c lib/toml_value.c lib/toml_time.c
 * lib/toml_tree.c lib/pool.c tests/host/toml_check.c lib/text.c lib/fmt.c */
/* flags: -Wl,--wrap=malloc -Wl,--wrap=calloc */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "toml_check.h"

void *__wrap_malloc(size_t n);
void *__real_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__real_calloc(size_t n, size_t size);

static long fail_after = -1; /* allocations to go; -1: none fails */

static bool fails(void)
{
	return fail_after >= 0 && fail_after-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

/* No text, blank lines and comments alone are a document without keys. */
static void toml_parse__accepts_nothing(void **state)
{
	static const char *const texts[] = {"", "\n", "# only this", " \t\r\n",
	    "#\xc3\xa9\t\r\n\n", "\xef\xbb\xbf"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct toml *t = parse(texts[i]);

		assert_int_equal(toml_root(t)->type, TOML_TABLE);
		assert_int_equal(toml_root(t)->list.count, 0);
		toml_free(t);
	}
}

/* Every kind of key finds its value; keys differ by case and by quotes not. */
static void keys__are_bare_quoted_and_dotted(void **state)
{
	struct toml *t = parse("a-1_B = 1\n123 = 2\n\"x y\" = 3\n'q\"' = 4\n"
	                       "\"\" = 5\nd . e.\"f\" = 6\nd.e.g = 7\nA = 8\n"
	                       "3.14 = 9\n\"\\u00e9\" = 10");

	(void)state;
	is_integer(t, "a-1_B", 1);
	is_integer(t, "123", 2);
	is_integer(t, "x y", 3);
	is_integer(t, "q\"", 4);
	assert_int_equal(toml_find(toml_root(t), "")->integer, 5);
	is_integer(t, "d.e.f", 6);
	is_integer(t, "d.e.g", 7);
	is_integer(t, "A", 8);
	is_integer(t, "3.14", 9);
	is_integer(t, "\xc3\xa9", 10);
	assert_null(toml_find(toml_root(t), "a"));
	toml_free(t);
}

/* Arrays mix types, nest, span lines with comments, may end with a comma. */
static void arrays__hold_anything(void **state)
{
	struct toml *t =
	    parse("a = []\nb = [ # first\n\n 1, \"two\",\n [3, [4]],"
	          " # third\n {five = 6}\n , ]\nc = [[],[[]]]\n");

	(void)state;
	assert_int_equal(at(t, "a")->list.count, 0);
	assert_int_equal(at(t, "b")->list.count, 4);
	IS_STRING(t, "b.1", "two");
	is_integer(t, "b.2.1.0", 4);
	is_integer(t, "b.3.five", 6);
	assert_int_equal(at(t, "b.3")->at.line, 6);
	assert_int_equal(at(t, "b.3")->at.column, 2);
	assert_null(at(t, "b.3")->key.s);
	assert_int_equal(at(t, "c.1")->list.count, 1);
	toml_free(t);
}

static void arrays__refuse_what_is_none(void **state)
{
	(void)state;
	refused("a = [1 2]", 1, 8, "',' or ']'");
	refused("a = [,]", 1, 6, "a value");
	refused("a = [1,,2]", 1, 8, "a value");
	refused("a = [1", 1, 7, "',' or ']'");
	refused("a = [\n1,\n", 3, 1, "a value");
	refused("a = [1]]", 1, 8, "line should end");
	refused("a = [1 # ]", 1, 11, "',' or ']'");
	refused("a = [1}\n", 1, 7, "',' or ']'");
	refused("a = [b = 1]", 1, 6, "\"b\" is not a value");
}

/* Inline tables: one line, dotted keys, no comma at the end; then closed. */
static void inline_tables__hold_pairs(void **state)
{
	struct toml *t =
	    parse("a = {}\nb = { x = 1, y.z = 2 , \"y\".w = [\n3\n]"
	          ", s = \"\"\"\n\n\"\"\" }\nc.d = {e = {f = 4}}\n");

	(void)state;
	assert_int_equal(at(t, "a")->type, TOML_TABLE);
	is_integer(t, "b.y.z", 2);
	is_integer(t, "b.y.w.0", 3);
	is_integer(t, "c.d.e.f", 4);
	toml_free(t);
	refused("a = {x = 1,}", 1, 12, "a key");
	refused("a = {,}", 1, 6, "a key");
	refused("a = {x = 1\n}", 1, 11, "',' or '}'");
	refused("a = {\nx = 1}", 1, 6, "a key");
	refused("a = {x = 1 y = 2}", 1, 12, "',' or '}'");
	refused("a = {x}", 1, 7, "'='");
	refused("a = {x = 1, x = 2}", 1, 13, "key \"x\" is set twice");
	refused("a = {x = {y = 1}, x.z = 2}", 1, 19, "inline table");
	refused("a = {x.y = 1, x = 2}", 1, 15, "set twice");
	refused("a = {}\na.b = 1", 2, 1, "inline table, which is complete");
	refused("a = {}\n[a]", 2, 2, "inline table, which is complete");
	refused("a = {}\n[a.b]", 2, 2, "inline table, which is complete");
	refused("a = {b.c = 1}\n[a.b]", 2, 2, "inline table");
	refused("[t]\na = {b = {}}\na.b.c = 1", 3, 1, "inline table");
}

/* Headers: a table may come before or after its own sub-tables. */
static void tables__are_made_by_headers(void **state)
{
	struct toml *t =
	    parse("r = 0\n[a]\nx = 1\n[ a . \"b c\" ] # here\ny = 2\n"
	          "[x.y.z]\n[x]\nw = 3\n[x.y]\nv = 4\n[fruit]\n"
	          "apple.color = 5\n[fruit.apple.texture]\nsmooth = 6\n"
	          "[p.q.r]\n[p]\nq.s = 7\n");

	(void)state;
	is_integer(t, "r", 0);
	is_integer(t, "a.x", 1);
	is_integer(t, "a.b c.y", 2);
	is_integer(t, "x.w", 3);
	is_integer(t, "x.y.v", 4);
	assert_int_equal(at(t, "x.y.z")->list.count, 0);
	is_integer(t, "fruit.apple.texture.smooth", 6);
	is_integer(t, "p.q.s", 7);
	assert_int_equal(at(t, "x")->at.line, 7);
	assert_int_equal(at(t, "x")->at.column, 2);
	toml_free(t);
}

/* What is defined stays: the rules on defining a table again. */
static void tables__are_defined_once(void **state)
{
	(void)state;
	refused("[a]\n[a]", 2, 2, "table \"a\" is set twice (first at line 1)");
	refused("[a.b]\n[a]\n[a]", 3, 2, "set twice (first at line 2)");
	refused("[a]\nb = 1\n[a.b]", 3, 4, "\"b\" is an integer (line 2)");
	refused("[a]\nb = 1\n[a.b.c]", 3, 4, "\"b\" is an integer");
	refused("a = 1\n[a]", 2, 2, "\"a\" is an integer (line 1)");
	refused("a.b = 1\n[a]", 2, 2, "made by dotted keys (line 1)");
	refused("[f]\na.c = 1\n[f.a]", 3, 4, "made by dotted keys");
	refused("[f]\na.t.s = 1\n[f.a.t]", 3, 6, "made by dotted keys");
	refused("[a.b.c]\nz = 9\n[a]\nb.c.t = 1", 4, 3, "its own header");
	refused("[a.b]\n[a]\nb.c = 1", 3, 1, "its own header");
	refused("[a.b.c]\n[a]\nb = 1", 3, 1, "set twice");
	refused("[p.q.r]\n[p]\nq.s = 7\n[p.q]", 4, 4, "dotted keys");
	refused("a = 1\na.b = 2", 2, 1, "\"a\" is an integer");
	refused("a.b = 1\na = 2", 2, 1, "set twice (first at line 1)");
	refused("mode = 1\n\nx=2\n \"mode\" = 3", 4, 2,
	    "key \"mode\" is set twice (first at line 1)");
	refused("[]", 1, 2, "a key");
	refused("[a", 1, 3, "] should end");
	refused("[a.]", 1, 4, "a key");
	refused("[.a]", 1, 2, "a key");
	refused("[a..b]", 1, 4, "a key");
	refused("[a b]", 1, 4, "] should end");
	refused("[a]b = 1", 1, 4, "line should end");
	refused("[a\n]", 1, 3, "] should end");
	refused("[a]]", 1, 4, "line should end");
}

/* Arrays of tables: each header adds one; sub-tables go to the last. */
static void elements__are_made_by_headers(void **state)
{
	struct toml *t = parse("[[f]]\nn = 1\n[f.s]\nx = 2\n[[f.v]]\ny = 3\n"
	                       "[[f.v]]\ny = 4\n[[f]]\n[[f.v]]\ny = 5\n"
	                       "[f.s]\nx = 6\n");

	(void)state;
	assert_int_equal(at(t, "f")->list.count, 2);
	is_integer(t, "f.0.s.x", 2);
	is_integer(t, "f.0.v.1.y", 4);
	is_integer(t, "f.1.v.0.y", 5);
	is_integer(t, "f.1.s.x", 6);
	assert_int_equal(at(t, "f.1")->at.line, 9);
	toml_free(t);
	refused("a = []\n[[a]]", 2, 3, "an array, which is complete");
	refused("a = [{}]\n[a.b]", 2, 2, "an array");
	refused("[[a]]\n[a]", 2, 2, "\"a\" is an array");
	refused("[a]\n[[a]]", 2, 3, "\"a\" is a table");
	refused("[a.b]\n[[a]]", 2, 3, "\"a\" is a table");
	refused("[[f]]\nv = 1\n[[f.v]]", 3, 5, "an integer");
	refused("[[f]]\n[f.v]\n[[f.v]]", 3, 5, "a table");
	refused("[[a.b]]\n[a]\nb.y = 2", 3, 1, "\"b\" is an array");
	refused("[[a.b]]\n[a]\nb = 2", 3, 1, "set twice");
	refused("[[a]\n]", 1, 5, "]] should end");
	refused("[ [a]]", 1, 3, "a key");
	refused("[[a] ]", 1, 5, "]] should end");
	refused("[[]]", 1, 3, "a key");
}

/* A line holds one pair and nothing else. */
static void lines__hold_one_pair(void **state)
{
	(void)state;
	refused("a", 1, 2, "'='");
	refused("a =", 1, 4, "a value");
	refused("a = # none\n", 1, 5, "a value");
	refused("= 1", 1, 1, "a key");
	refused("a = 1 b = 2", 1, 7, "not with \"b\"");
	refused("a\n= 1", 1, 2, "'='");
	refused("a =\n1", 1, 4, "a value");
	refused("a b = 1", 1, 3, "'='");
	refused("a = 1 \xc3\xa9", 1, 7, "line should end");
	refused("\xc3\xa9 = 1", 1, 1, "a key");
	refused("\"\"\"a\"\"\" = 1", 1, 1, "one quote");
	refused("'''a''' = 1", 1, 1, "one quote");
	refused("a. = 1", 1, 4, "a key");
	refused("\"a\nb\" = 1", 1, 1, "no end on its line");
	refused("a = 1\rb = 2", 1, 6, "line should end");
	refused("# a \x02", 1, 5, "control character 0x02 in a comment");
	refused("# a \r x", 1, 5, "control character 0x0d in a comment");
	refused_bytes("a = 1 # \0", 9, 1, 9, "control character 0x00");
	refused_bytes("\0", 1, 1, 1, "a key");
	refused("a = 1\n\xef\xbb\xbf"
	        "b = 2",
	    2, 1, "a key");
}

/* Places count lines and characters, through tabs, CRLF and UTF-8. */
static void places__count_characters(void **state)
{
	struct toml *t = parse("\xef\xbb\xbf# \xe2\x82\xac\r\n"
	                       "\"\xc3\xa9\" = [\t'\xf0\x9f\x98\x80', 7 ]\n"
	                       "  x . y = 8\n");
	const struct toml_value *v = at(t, "\xc3\xa9.1");

	(void)state;
	assert_int_equal(v->at.line, 2);
	assert_int_equal(v->at.column, 14);
	v = at(t, "x.y");
	assert_int_equal(v->key_at.line, 3);
	assert_int_equal(v->key_at.column, 7);
	assert_int_equal(v->at.column, 11);
	toml_free(t);
}

static char *repeat(const char *unit, size_t times, const char *tail)
{
	size_t n = strlen(unit), m = strlen(tail) + 1;
	char *s = malloc(n * times + m);

	for (size_t i = 0; i < times; i++)
		memcpy(s + i * n, unit, n);
	memcpy(s + n * times, tail, m);
	return s;
}

static void refused_many(
    const char *unit, size_t times, const char *tail, const char *why)
{
	char *s = repeat(unit, times, tail);
	struct toml *t = parse_bytes(s, strlen(s));

	assert_null(t);
	if (strstr(toml_error.text, why) == NULL)
		fail_msg("%s: %s", unit, toml_error.text);
	free(s);
}

/* Depth, number and size are bounded, however it is tried. */
static void limits__hold(void **state)
{
	char *s = repeat("a.", TOML_DEPTH_MAX - 1, "b = 1");

	(void)state;
	toml_free(parse(s));
	free(s);
	refused_many("a.", TOML_DEPTH_MAX, "b = 1", "more than 64");
	refused_many("a.", 300000, "b = 1", "more than 64");
	s = repeat("[", 500000, "");
	memcpy(s, "v=", 2);
	assert_null(parse_bytes(s, 500000));
	assert_non_null(strstr(toml_error.text, "more than 64"));
	free(s);
	s = repeat("{a=", 100000, "");
	memcpy(s, "v= ", 3);
	assert_null(parse_bytes(s, 300000));
	assert_non_null(strstr(toml_error.text, "more than 64"));
	free(s);
	refused_many("[[b]]\n", TOML_VALUES_MAX + 1, "", "more than 65536 v");
	refused_many("#\n", TOML_SIZE_MAX / 2 + 1, "", "longer than 1048576");
}

/* Sixty thousand keys in one table take no time worth speaking of. */
static void limits__allow_a_large_table(void **state)
{
	size_t cap = 16 * 60000, n = 0;
	char *s = malloc(cap);
	struct toml *t;

	(void)state;
	for (int i = 0; i < 60000; i++)
		n += (size_t)snprintf(s + n, cap - n, "k%d=%d\n", i, i);
	t = parse_bytes(s, n);
	assert_non_null(t);
	assert_int_equal(toml_root(t)->list.count, 60000);
	is_integer(t, "k59999", 59999);
	toml_free(t);
	free(s);
}

/* Each allocation in turn fails: it is said, and nothing leaks. */
static void toml_parse__survives_every_allocation_failure(void **state)
{
	static const char text[] = "a = \"x\"\n[b.c]\nd = [1, 2.5, {e = "
	                           "'f'}]\n[[g]]\nh.i = 07:00:00\n";
	char *many = repeat("[[x.y]]\nz.\"w\" = 1\n", 120, text);
	struct toml *t = NULL;
	long n = 0;

	(void)state;
	for (; t == NULL; n++) {
		fail_after = n;
		t = toml_parse(many, strlen(many), &toml_error);
		fail_after = -1;
		if (t == NULL)
			assert_string_equal(toml_error.text, "out of memory");
	}
	assert_true(n > 10);
	toml_free(t);
	toml_free(NULL);
	free(many);
}

/* Errors are one printable line, whatever the key was. */
static void errors__are_printable(void **state)
{
	char buf[16];

	(void)state;
	refused("\"a\\n\\u001b[31m\" = 1\n\"a\\n\\u001b[31m\" = 2", 2, 1,
	    "key \"a??[31m\" is set twice");
	toml_quote(buf, sizeof(buf), "0123456789abcdef", 16);
	assert_string_equal(buf, "\"0123456789...\"");
	toml_quote(buf, sizeof(buf), "\xc3\xa9\xff", 3);
	assert_string_equal(buf, "\"\xc3\xa9?\"");
	toml_quote(buf, 1, "x", 1);
	assert_string_equal(buf, "");
	assert_string_equal(toml_type_name(TOML_LOCAL_TIME), "a local time");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(toml_parse__accepts_nothing),
	    cmocka_unit_test(keys__are_bare_quoted_and_dotted),
	    cmocka_unit_test(arrays__hold_anything),
	    cmocka_unit_test(arrays__refuse_what_is_none),
	    cmocka_unit_test(inline_tables__hold_pairs),
	    cmocka_unit_test(tables__are_made_by_headers),
	    cmocka_unit_test(tables__are_defined_once),
	    cmocka_unit_test(elements__are_made_by_headers),
	    cmocka_unit_test(lines__hold_one_pair),
	    cmocka_unit_test(places__count_characters),
	    cmocka_unit_test(limits__hold),
	    cmocka_unit_test(limits__allow_a_large_table),
	    cmocka_unit_test(toml_parse__survives_every_allocation_failure),
	    cmocka_unit_test(errors__are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
