/* tests/host/toml_test.c -- TOML 1.0: what is accepted, refused, and why. */
/* SPDX-License-Identifier: MIT */
/* build: lib/toml_parse.c lib/toml_lex.c lib/toml_value.c lib/toml_time.c
 * lib/toml_tree.c lib/pool.c lib/text.c lib/fmt.c */
/* flags: -Wl,--wrap=malloc -Wl,--wrap=calloc */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/toml.h"

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

static struct toml_error error;

/* Parse a copy without a byte of slack: ASan sees any step too far. */
static struct toml *parse_bytes(const char *text, size_t n)
{
	char *copy = __real_malloc(n ? n : 1);
	struct toml *t;

	memcpy(copy, text, n);
	t = toml_parse(copy, n, &error);
	free(copy);
	return t;
}

static struct toml *parse(const char *text)
{
	struct toml *t = parse_bytes(text, strlen(text));

	if (t == NULL)
		fail_msg("%s\nline %u, column %u: %s", text, error.at.line,
		    error.at.column, error.text);
	return t;
}

/* The value at the end of a path "a.b.0.c". */
static const struct toml_value *at(const struct toml *t, const char *path)
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

static void is_string(
    const struct toml *t, const char *path, const char *want, size_t n)
{
	const struct toml_value *v = at(t, path);

	assert_int_equal(v->type, TOML_STRING);
	assert_int_equal(v->string.n, n);
	assert_memory_equal(v->string.s, want, n);
	assert_int_equal(v->string.s[n], '\0');
}
#define IS_STRING(t, path, want) is_string(t, path, want, sizeof(want) - 1)

static void is_integer(const struct toml *t, const char *path, int64_t want)
{
	assert_int_equal(at(t, path)->type, TOML_INTEGER);
	assert_true(at(t, path)->integer == want);
}

/* A text of one value, and that value. */
static const struct toml_value *value_of(const char *text, struct toml **t)
{
	char line[256];

	snprintf(line, sizeof(line), "v = %s\n", text);
	*t = parse(line);
	return at(*t, "v");
}

static void refused_bytes(
    const char *text, size_t n, uint32_t line, uint32_t column, const char *why)
{
	struct toml *t = parse_bytes(text, n);

	if (t != NULL)
		fail_msg("accepted: %s", text);
	if (error.at.line != line || error.at.column != column ||
	    strstr(error.text, why) == NULL)
		fail_msg("%s\nline %u, column %u: %s", text, error.at.line,
		    error.at.column, error.text);
}

static void refused(
    const char *text, uint32_t line, uint32_t column, const char *why)
{
	refused_bytes(text, strlen(text), line, column, why);
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

/* All escapes of a basic string; a NUL is a character like any other. */
static void strings__decode_every_escape(void **state)
{
	struct toml *t = parse("a = \"\\b\\t\\n\\f\\r\\\"\\\\\"\n"
	                       "b = \"\\u00e9\\u20AC\\U0001f600\\u0000.\"\n"
	                       "c = 'C:\\no\\escape'\nd = ''\ne = \"\"\n"
	                       "f = \"tab\there \xe2\x82\xac\"");

	(void)state;
	IS_STRING(t, "a", "\b\t\n\f\r\"\\");
	IS_STRING(t, "b", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0.");
	IS_STRING(t, "c", "C:\\no\\escape");
	IS_STRING(t, "d", "");
	IS_STRING(t, "e", "");
	IS_STRING(t, "f", "tab\there \xe2\x82\xac");
	toml_free(t);
}

/* Strings of many lines: the first line end, the backslash at a line's end,
 * and up to two quotes at either end. */
static void strings__span_lines(void **state)
{
	struct toml *t = parse("a = \"\"\"\r\none\r\ntwo\n\"\"\"\n"
	                       "b = \"\"\"one \\  \n\n  \t two \\\n\"\"\"\n"
	                       "c = \"\"\"\"\"a\"\"b\"\"\"\"\"\n"
	                       "d = '''\n\nraw\\\n'it''s''''\n"
	                       "e = \"\"\"\"\"\"\n"
	                       "f = ''''''\n"
	                       "g = \"\"\"\\\"\"\"\\\"\"\"\"\n"
	                       "h = 8");

	(void)state;
	IS_STRING(t, "a", "one\ntwo\n");
	IS_STRING(t, "b", "one two ");
	IS_STRING(t, "c", "\"\"a\"\"b\"\"");
	IS_STRING(t, "d", "\nraw\\\n'it''s'");
	IS_STRING(t, "e", "");
	IS_STRING(t, "f", "");
	IS_STRING(t, "g", "\"\"\"\"");
	assert_int_equal(at(t, "h")->at.line, 17);
	toml_free(t);
}

static void strings__refuse_what_is_none(void **state)
{
	(void)state;
	refused("a = \"x\nb = 1", 1, 5, "no end on its line");
	refused("\na = 'x", 2, 5, "no end on its line");
	refused("a = \"\"\"x\n\n\"\"", 1, 5, "no end");
	refused("a = '''x''", 1, 5, "no end");
	refused("a = \"\\e\"", 1, 6, "escape");
	refused("a = \"\\x41\"", 1, 6, "escape");
	refused("a = \"\\ \"", 1, 6, "escape");
	refused("a = \"\"\"\\ x\"\"\"", 1, 8, "escape");
	refused("a = \"\\u12g4\"", 1, 6, "4 hexadecimal digits");
	refused("a = \"\\U0001F60\"", 1, 6, "8 hexadecimal digits");
	refused("a = \"\\uD800\"", 1, 6, "no Unicode character");
	refused("a = \"\\uDFFF\"", 1, 6, "no Unicode character");
	refused("a = \"\\U00110000\"", 1, 6, "no Unicode character");
	refused("a = \"\\UFFFFFFFF\"", 1, 6, "no Unicode character");
	refused("a = \"x\x01\"", 1, 7, "control character 0x01");
	refused("a = '\x7f'", 1, 6, "control character 0x7f");
	refused("a = \"\"\"x\n\x1f\"\"\"", 2, 1, "control character 0x1f");
	refused("a = \"\"\"\r\"\"\"", 1, 8, "control character 0x0d");
	refused("a = \"\"\"x\"\"\"\"\"\"", 1, 14, "line should end");
	refused("a = \"x\" \"y\"", 1, 9, "line should end");
	refused("a = \"\\", 1, 5, "no end");
	refused("a = \"\"\"\\", 1, 5, "no end");
}

/* Integers to both ends of 64 bits, in four bases. */
static void integers__reach_their_limits(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} all[] = {{"0", 0}, {"+0", 0}, {"-0", 0}, {"+99", 99}, {"-17", -17},
	    {"1_000", 1000}, {"1_2_3_4", 1234},
	    {"9223372036854775807", INT64_MAX},
	    {"-9223372036854775808", INT64_MIN}, {"0xDEAD_beef", 0xdeadbeef},
	    {"0x00ff", 255}, {"0o0755", 0755}, {"0b1101_0110", 0xd6},
	    {"0x7fffffffffffffff", INT64_MAX}};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct toml *t;
		const struct toml_value *v = value_of(all[i].text, &t);

		assert_int_equal(v->type, TOML_INTEGER);
		assert_true(v->integer == all[i].want);
		toml_free(t);
	}
}

/* Numbers that break a rule are refused where they stand. */
static void numbers__refuse_what_is_none(void **state)
{
	static const char *const bad[] = {"01", "-01", "+00", "0_1", "1_", "_1",
	    "1__0", "+", "-", "++1", "0x", "0xg", "0x_1", "0x1_", "+0x1",
	    "-0b1", "0X1", "0O7", "0B1", "0o8", "0b2", "0x1.0", "1.", ".1",
	    "1.e1", "1e", "1e+", "1_.0", "1._0", "1.0_", "1e_1", "1e1_", "01.5",
	    "-00.1", "1.2.3", "1e1.0", "1e1e1", "Inf", "INF", "NaN", "+-1",
	    "infinity", "nano", "1a", "0b", "0o", "--inf", "1,0x", "e1", "True",
	    "TRUE", "tru", "truee", "falsey", "yes", "null", "nil",
	    "0xffffffffffffffff", "9223372036854775808", "-9223372036854775809",
	    "99999999999999999999999999", "0x8000000000000000",
	    "0o1000000000000000000000",
	    "0b100000000000000000000000000000000000000000000000000000000000000"
	    "0"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[128];
		struct toml *t;

		snprintf(text, sizeof(text), "\n v = %s\n", bad[i]);
		t = parse_bytes(text, strlen(text));
		if (t != NULL)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(error.at.line, 2);
		assert_in_range(error.at.column, 6, 8);
	}
	refused("v = 07", 1, 5, "\"07\" has a leading zero");
	refused("v = 07.5", 1, 5, "has a leading zero");
	refused("v = 9223372036854775808", 1, 5, "does not fit 64 bits");
}

static void floats__are_binary64(void **state)
{
	static const struct {
		const char *text;
		double want;
	} all[] = {{"1.0", 1.0}, {"+1.0", 1.0}, {"-0.01", -0.01},
	    {"5e+22", 5e22}, {"1e06", 1e6}, {"-2E-2", -2e-2}, {"0e0", 0.0},
	    {"6.626e-34", 6.626e-34}, {"224_617.445_991_228", 224617.445991228},
	    {"1_0e1_0", 10e10}, {"5e-324", 5e-324}, {"0.1", 0.1},
	    {"inf", INFINITY}, {"+inf", INFINITY}, {"-inf", -INFINITY}};
	struct toml *t;
	const struct toml_value *v;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		v = value_of(all[i].text, &t);
		assert_int_equal(v->type, TOML_FLOAT);
		assert_true(v->number == all[i].want);
		toml_free(t);
	}
	v = value_of("-0.0", &t);
	assert_true(v->number == 0.0 && signbit(v->number));
	toml_free(t);
	v = value_of("-nan", &t);
	assert_true(isnan(v->number));
	toml_free(t);
}

static void booleans__are_two_words(void **state)
{
	struct toml *t = parse("a=true\nb = false # no\n");

	(void)state;
	assert_int_equal(at(t, "a")->type, TOML_BOOLEAN);
	assert_true(at(t, "a")->boolean);
	assert_false(at(t, "b")->boolean);
	toml_free(t);
}

static void same_time(const struct toml_time *a, const struct toml_time *b)
{
	assert_int_equal(a->year, b->year);
	assert_int_equal(a->month, b->month);
	assert_int_equal(a->day, b->day);
	assert_int_equal(a->hour, b->hour);
	assert_int_equal(a->minute, b->minute);
	assert_int_equal(a->second, b->second);
	assert_int_equal(a->nanosecond, b->nanosecond);
	assert_int_equal(a->offset, b->offset);
}

/* The four kinds, with each way to write them. */
static void times__keep_every_field(void **state)
{
	struct toml *t = parse("a = 1979-05-27T07:32:00Z\n"
	                       "b = 1979-05-27 00:32:00.999999999999-07:30\n"
	                       "c = 2000-02-29t23:59:60.5\n"
	                       "d = 0000-12-31 # a year of four digits\n"
	                       "e = 07:32:01.000000001\n"
	                       "f = [1979-05-27 ,07:32:00]\n"
	                       "g = 1979-05-27t00:00:00+23:59\n");
	struct toml_time b = {1979, 5, 27, 0, 32, 0, 999999999, -450};
	struct toml_time c = {2000, 2, 29, 23, 59, 60, 500000000, 0};
	struct toml_time d = {0, 12, 31, 0, 0, 0, 0, 0};
	struct toml_time e = {0, 0, 0, 7, 32, 1, 1, 0};

	(void)state;
	assert_int_equal(at(t, "a")->type, TOML_OFFSET_DATE_TIME);
	assert_int_equal(at(t, "b")->type, TOML_OFFSET_DATE_TIME);
	assert_int_equal(at(t, "c")->type, TOML_LOCAL_DATE_TIME);
	assert_int_equal(at(t, "d")->type, TOML_LOCAL_DATE);
	assert_int_equal(at(t, "e")->type, TOML_LOCAL_TIME);
	same_time(&at(t, "b")->time, &b);
	same_time(&at(t, "c")->time, &c);
	same_time(&at(t, "d")->time, &d);
	same_time(&at(t, "e")->time, &e);
	assert_int_equal(at(t, "f")->list.count, 2);
	assert_int_equal(at(t, "g")->time.offset, 1439);
	toml_free(t);
}

static void times__refuse_what_is_none(void **state)
{
	static const char *const bad[] = {"1979-13-01", "1979-00-01",
	    "1979-01-00", "1979-01-32", "1979-02-29", "1900-02-29",
	    "2000-02-30", "1979-04-31", "1979-1-01", "1979-01-1", "79-01-01",
	    "1979-01", "1979-01-01T", "1979-01-01 07", "1979-01-01T07:32",
	    "07:32", "7:32:00", "24:00:00", "23:60:00", "23:59:61", "07:32:0",
	    "07:32:00.", "07:32:00Z", "07:32:00+01:00", "1979-01-01Z",
	    "1979-01-01T00:00:00+24:00", "1979-01-01T00:00:00+00:60",
	    "1979-01-01T00:00:00+0100", "1979-01-01T00:00:00+1",
	    "1979-01-01T00:00:00ZZ", "1979-01-01TT00:00:00",
	    "1979-01-01_00:00:00", "1979-01-01T00:00:00.5.5",
	    "1979-01-01T00:00:00 Z", "1979-01-01  00:00:00", "+1979-01-01",
	    "11979-01-01"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[128];
		struct toml *t;

		snprintf(text, sizeof(text), "v = %s", bad[i]);
		t = parse_bytes(text, strlen(text));
		if (t != NULL)
			fail_msg("accepted: %s", bad[i]);
	}
	refused("v = 1979-02-29", 1, 5, "\"1979-02-29\" is no date or time");
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

/* Text that is not UTF-8 is refused at its first wrong byte. */
static void utf8__is_checked_everywhere(void **state)
{
	(void)state;
	refused("a = 1\nb = \"\xc3\xa9\xff\"", 2, 7, "0xff is not UTF-8");
	refused("# \xc3", 1, 3, "0xc3 is not UTF-8");
	refused("# \xc0\xaf", 1, 3, "not UTF-8");
	refused("# \xed\xa0\x80", 1, 3, "not UTF-8");
	refused("# \xf4\x90\x80\x80", 1, 3, "not UTF-8");
	refused("# \xe2\x82", 1, 3, "not UTF-8");
	refused("\x80 = 1", 1, 1, "not UTF-8");
}

static char *repeat(const char *unit, size_t times, const char *tail)
{
	size_t n = strlen(unit), m = strlen(tail) + 1;
	char *s = __real_malloc(n * times + m);

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
	if (strstr(error.text, why) == NULL)
		fail_msg("%s: %s", unit, error.text);
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
	assert_non_null(strstr(error.text, "more than 64"));
	free(s);
	s = repeat("{a=", 100000, "");
	memcpy(s, "v= ", 3);
	assert_null(parse_bytes(s, 300000));
	assert_non_null(strstr(error.text, "more than 64"));
	free(s);
	refused_many("[[b]]\n", TOML_VALUES_MAX + 1, "", "more than 65536 v");
	refused_many("#\n", TOML_SIZE_MAX / 2 + 1, "", "longer than 1048576");
}

/* Sixty thousand keys in one table take no time worth speaking of. */
static void limits__allow_a_large_table(void **state)
{
	size_t cap = 16 * 60000, n = 0;
	char *s = __real_malloc(cap);
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
		t = toml_parse(many, strlen(many), &error);
		fail_after = -1;
		if (t == NULL)
			assert_string_equal(error.text, "out of memory");
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
	    cmocka_unit_test(strings__decode_every_escape),
	    cmocka_unit_test(strings__span_lines),
	    cmocka_unit_test(strings__refuse_what_is_none),
	    cmocka_unit_test(integers__reach_their_limits),
	    cmocka_unit_test(numbers__refuse_what_is_none),
	    cmocka_unit_test(floats__are_binary64),
	    cmocka_unit_test(booleans__are_two_words),
	    cmocka_unit_test(times__keep_every_field),
	    cmocka_unit_test(times__refuse_what_is_none),
	    cmocka_unit_test(arrays__hold_anything),
	    cmocka_unit_test(arrays__refuse_what_is_none),
	    cmocka_unit_test(inline_tables__hold_pairs),
	    cmocka_unit_test(tables__are_made_by_headers),
	    cmocka_unit_test(tables__are_defined_once),
	    cmocka_unit_test(elements__are_made_by_headers),
	    cmocka_unit_test(lines__hold_one_pair),
	    cmocka_unit_test(places__count_characters),
	    cmocka_unit_test(utf8__is_checked_everywhere),
	    cmocka_unit_test(limits__hold),
	    cmocka_unit_test(limits__allow_a_large_table),
	    cmocka_unit_test(toml_parse__survives_every_allocation_failure),
	    cmocka_unit_test(errors__are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
