/* tests/host/toml_values_test.c -- TOML 1.0: strings, numbers, dates. */
/* SPDX-License-Identifier: MIT */
/* build: lib/toml_parse.c lib/toml_lex.c lib/toml_value.c lib/toml_time.c
 * lib/toml_tree.c lib/pool.c tests/host/toml_check.c lib/text.c lib/fmt.c */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "toml_check.h"

/* A text of one value, and that value. */
static const struct toml_value *value_of(const char *text, struct toml **t)
{
	char line[256];

	snprintf(line, sizeof(line), "v = %s\n", text);
	*t = parse(line);
	return at(*t, "v");
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
		assert_int_equal(toml_error.at.line, 2);
		assert_in_range(toml_error.at.column, 6, 8);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strings__decode_every_escape),
	    cmocka_unit_test(strings__span_lines),
	    cmocka_unit_test(strings__refuse_what_is_none),
	    cmocka_unit_test(integers__reach_their_limits),
	    cmocka_unit_test(numbers__refuse_what_is_none),
	    cmocka_unit_test(floats__are_binary64),
	    cmocka_unit_test(booleans__are_two_words),
	    cmocka_unit_test(times__keep_every_field),
	    cmocka_unit_test(times__refuse_what_is_none),
	    cmocka_unit_test(utf8__is_checked_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
