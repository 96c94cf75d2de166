/* lib/toml_read.h -- what the parts of the TOML parser share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "lib/pool.h"
#include "lib/toml.h"

/* How a table came to be: it decides who may still add to it. */
enum toml_origin {
	TOML_IMPLICIT, /* named on the way by a [header]; may be defined later */
	TOML_HEADER,   /* defined by its own [header] or [[header]] */
	TOML_DOTTED,   /* made by a dotted key: no [header] for it any more */
	TOML_INLINE,   /* {...}, or an array's [...]: complete */
	TOML_ELEMENTS, /* an array made by [[headers]] */
};

struct toml_node {
	struct toml_value v; /* first: a value is its node */
	struct toml_node *chain;
	struct toml_node *parent; /* NULL: the root */
	uint32_t hash;
	uint8_t depth;
	uint8_t origin; /* enum toml_origin */
};

struct toml {
	struct pool pool;
	struct toml_node *root;
	struct toml_node **buckets; /* all keys of all tables */
	size_t bucket_count;        /* a power of two */
	size_t keys, values;
};

struct toml_reader {
	struct toml *doc;
	const char *at, *end;
	const char *mark; /* the place of *mark is known: */
	struct toml_place place;
	struct toml_error *error;
};

/* Say what is wrong, and where.  Always false.  Known formats: fmt.h. */
[[gnu::format(printf, 3, 4)]] bool toml_fail(
    struct toml_reader *r, struct toml_place at, const char *f, ...);
/* The line and column of r->at.  It has never to go back. */
struct toml_place toml_here(struct toml_reader *r);
/* toml_fail with "what is set twice" and where it was first. */
bool toml_fail_twice(struct toml_reader *r, struct toml_place at,
    const char *what, const struct toml_node *first);

/* A fresh node for parent (NULL: the root).  NULL: failed, and said so. */
struct toml_node *toml_node_new(struct toml_reader *r, struct toml_node *parent,
    enum toml_type type, struct toml_place at);
/* The child of a table by its key, or NULL. */
struct toml_node *toml_node_find(
    const struct toml *doc, const struct toml_node *table, struct toml_text k);
/* Put a node made for that table into it; no such key is there yet. */
bool toml_node_add(struct toml_reader *r, struct toml_node *table,
    struct toml_node *n, struct toml_text key, struct toml_place key_at);
/* Put a node made for that array at its end. */
void toml_node_push(struct toml_node *array, struct toml_node *n);

/* Pass spaces and tabs. */
void toml_blanks(struct toml_reader *r);
/* Pass blanks, comments and line ends. */
bool toml_lines(struct toml_reader *r);
/* Pass blanks and a comment up to the next line or the end of the text. */
bool toml_line_end(struct toml_reader *r);
/* One part of a key, bare or quoted. */
bool toml_key_part(
    struct toml_reader *r, struct toml_text *key, struct toml_place *at);
/* A string; r->at is its first quote. */
bool toml_string(struct toml_reader *r, struct toml_text *out);
/* Everything that is neither string, array nor inline table. */
bool toml_plain(struct toml_reader *r, struct toml_value *v);
/* token[0..n) as one of the four dates and times. */
bool toml_date_time(struct toml_reader *r, struct toml_place at,
    struct toml_text token, struct toml_value *v);
