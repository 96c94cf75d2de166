/* lib/toml.h -- TOML 1.0 text as a tree that knows its lines. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TOML_SIZE_MAX = 1 << 20,   /* bytes of text */
	TOML_VALUES_MAX = 1 << 16, /* values, tables and arrays in all */
	TOML_DEPTH_MAX = 64,       /* tables and arrays within one another */
	TOML_ERROR_SIZE = 192,
};

enum toml_type {
	TOML_STRING,
	TOML_INTEGER,
	TOML_FLOAT,
	TOML_BOOLEAN,
	TOML_OFFSET_DATE_TIME,
	TOML_LOCAL_DATE_TIME,
	TOML_LOCAL_DATE,
	TOML_LOCAL_TIME,
	TOML_ARRAY,
	TOML_TABLE,
};

/* Both from 1; the column counts characters, not bytes. */
struct toml_place {
	uint32_t line, column;
};

/* Valid UTF-8, ended by NUL; "\u0000" puts a NUL within n as well. */
struct toml_text {
	const char *s;
	size_t n;
};

/* What a type does not have is 0. */
struct toml_time {
	uint16_t year;                /* 0 to 9999 */
	uint8_t month, day;           /* from 1 */
	uint8_t hour, minute, second; /* second 60: a leap second */
	uint32_t nanosecond;          /* further digits are cut */
	int16_t offset;               /* minutes east of UTC */
};

struct toml_value;

struct toml_list {
	struct toml_value *first, *last; /* by next, as the text has them */
	size_t count;
};

struct toml_value {
	enum toml_type type;
	struct toml_place at;     /* a table: where it was first named */
	struct toml_place key_at; /* 0, 0: it has no key */
	struct toml_text key;     /* NULL in an array, and of the root */
	struct toml_value *next;  /* in the same table or array */
	union {
		struct toml_text string;
		int64_t integer;
		double number;
		bool boolean;
		struct toml_time time;
		struct toml_list list; /* of an array, of a table */
	};
};

struct toml_error {
	struct toml_place at;
	char text[TOML_ERROR_SIZE]; /* one line, printable, without the place */
};

struct toml;

/*
 * Read len bytes of text.  Gives a document (toml_free) that keeps nothing of
 * the text.  NULL: *e says where and why; also for text over the limits above
 * and without memory.
 */
struct toml *toml_parse(const char *text, size_t len, struct toml_error *e);
/* Free a document and its values; NULL is allowed. */
void toml_free(struct toml *t);
/* The table that holds everything; lives as long as the document. */
const struct toml_value *toml_root(const struct toml *t);

/* The value of a key in a table, or NULL.  Takes time with the table's size. */
const struct toml_value *toml_find(
    const struct toml_value *table, const char *key);
/* The type with its article: "a string", "an integer", "a local date". */
const char *toml_type_name(enum toml_type t);
/* s[0..n) with quotes, cut to fit, '?' for what a terminal may not see. */
void toml_quote(char *buf, size_t cap, const char *s, size_t n);
