/* lib/toml_tree.c -- the values of a TOML document, and its errors. */
/* SPDX-License-Identifier: MIT */
#include "lib/fmt.h"
#include "lib/text.h"
#include "lib/toml_read.h"
#include <stdlib.h>
#include <string.h>

/*
 * One hash table finds the keys of all tables of a document, so that a table
 * with very many keys takes no more than time in proportion to its text.  The
 * hash starts from the table's address, which the writer of a hostile text
 * does not know.
 */

enum { QUOTE_SIZE = 64 };

bool toml_fail(struct toml_reader *r, struct toml_place at, const char *f, ...)
{
	va_list ap;

	va_start(ap, f);
	fmt_v(r->error->text, sizeof(r->error->text), f, ap);
	va_end(ap);
	r->error->at = at;
	return false;
}

bool toml_fail_twice(struct toml_reader *r, struct toml_place at,
    const char *what, const struct toml_node *first)
{
	char name[QUOTE_SIZE];

	toml_quote(name, sizeof(name), first->v.key.s, first->v.key.n);
	return toml_fail(r, at, "%s %s is set twice (first at line %u)", what,
	    name, first->v.key_at.line);
}

struct toml_place toml_here(struct toml_reader *r)
{
	for (; r->mark < r->at; r->mark++)
		if (((unsigned char)*r->mark & 0xc0) != 0x80)
			r->place.column++;
	return r->place;
}

struct toml_node *toml_node_new(struct toml_reader *r, struct toml_node *parent,
    enum toml_type type, struct toml_place at)
{
	struct toml_node *n;

	if (parent != NULL && parent->depth == TOML_DEPTH_MAX) {
		toml_fail(r, at, "more than %d tables and arrays in another",
		    TOML_DEPTH_MAX);
		return NULL;
	}
	if (r->doc->values == TOML_VALUES_MAX) {
		toml_fail(r, at, "more than %d values", TOML_VALUES_MAX);
		return NULL;
	}
	n = pool_alloc(&r->doc->pool, sizeof(*n));
	if (n == NULL) {
		toml_fail(r, at, "out of memory");
		return NULL;
	}
	r->doc->values++;
	n->parent = parent;
	n->depth = parent != NULL ? parent->depth + 1 : 0;
	n->v.type = type;
	n->v.at = at;
	return n;
}

static uint32_t key_hash(const struct toml_node *table, struct toml_text k)
{
	uint64_t h = (uintptr_t)table * 0x9e3779b97f4a7c15u;

	for (size_t i = 0; i < k.n; i++)
		h = (h ^ (unsigned char)k.s[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32);
}

struct toml_node *toml_node_find(
    const struct toml *doc, const struct toml_node *table, struct toml_text k)
{
	uint32_t h = key_hash(table, k);
	struct toml_node *n;

	if (doc->bucket_count == 0)
		return NULL;
	for (n = doc->buckets[h & (doc->bucket_count - 1)]; n; n = n->chain)
		if (n->hash == h && n->parent == table && n->v.key.n == k.n &&
		    memcmp(n->v.key.s, k.s, k.n) == 0)
			return n;
	return NULL;
}

static bool grow(struct toml *doc)
{
	size_t count = doc->bucket_count ? doc->bucket_count * 2 : 64;
	struct toml_node **b = calloc(count, sizeof(*b));

	if (b == NULL)
		return false;
	for (size_t i = 0; i < doc->bucket_count; i++) {
		struct toml_node *n = doc->buckets[i], *next;

		for (; n != NULL; n = next) {
			next = n->chain;
			n->chain = b[n->hash & (count - 1)];
			b[n->hash & (count - 1)] = n;
		}
	}
	free(doc->buckets);
	doc->buckets = b;
	doc->bucket_count = count;
	return true;
}

void toml_node_push(struct toml_node *array, struct toml_node *n)
{
	struct toml_list *l = &array->v.list;

	if (l->last != NULL)
		l->last->next = &n->v;
	else
		l->first = &n->v;
	l->last = &n->v;
	l->count++;
}

bool toml_node_add(struct toml_reader *r, struct toml_node *table,
    struct toml_node *n, struct toml_text key, struct toml_place key_at)
{
	struct toml *doc = r->doc;
	struct toml_node **bucket;

	if (doc->keys == doc->bucket_count && !grow(doc))
		return toml_fail(r, key_at, "out of memory");
	doc->keys++;
	n->v.key = key;
	n->v.key_at = key_at;
	n->hash = key_hash(table, key);
	bucket = &doc->buckets[n->hash & (doc->bucket_count - 1)];
	n->chain = *bucket;
	*bucket = n;
	toml_node_push(table, n);
	return true;
}

void toml_free(struct toml *t)
{
	if (t == NULL)
		return;
	pool_free(&t->pool);
	free(t->buckets);
	free(t);
}

const struct toml_value *toml_root(const struct toml *t)
{
	return &t->root->v;
}

const struct toml_value *toml_find(
    const struct toml_value *table, const char *key)
{
	size_t n = strlen(key);

	for (const struct toml_value *v = table->list.first; v; v = v->next)
		if (v->key.n == n && memcmp(v->key.s, key, n) == 0)
			return v;
	return NULL;
}

const char *toml_type_name(enum toml_type t)
{
	static const char *const names[] = {[TOML_STRING] = "a string",
	    [TOML_INTEGER] = "an integer",
	    [TOML_FLOAT] = "a float",
	    [TOML_BOOLEAN] = "a boolean",
	    [TOML_OFFSET_DATE_TIME] = "a date with time and offset",
	    [TOML_LOCAL_DATE_TIME] = "a local date with time",
	    [TOML_LOCAL_DATE] = "a local date",
	    [TOML_LOCAL_TIME] = "a local time",
	    [TOML_ARRAY] = "an array",
	    [TOML_TABLE] = "a table"};

	return names[t];
}

void toml_quote(char *buf, size_t cap, const char *s, size_t n)
{
	size_t at = 0, len;
	uint32_t cp;

	if (cap < 8) {
		if (cap > 0)
			buf[0] = '\0';
		return;
	}
	buf[at++] = '"';
	for (size_t i = 0; i < n; i += len) {
		len = utf8_decode(s + i, n - i, &cp);
		if (at + len + 5 > cap) { /* it, three dots, quote and NUL */
			memcpy(buf + at, "...", 3);
			at += 3;
			break;
		}
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xfffd) {
			buf[at++] = '?';
			continue;
		}
		memcpy(buf + at, s + i, len);
		at += len;
	}
	buf[at++] = '"';
	buf[at] = '\0';
}
