/* tests/fuzz/toml.c -- hostile text for the TOML parser. */
/* SPDX-License-Identifier: MIT */
/* build: lib/toml_parse.c lib/toml_lex.c lib/toml_value.c lib/toml_time.c
 * lib/toml_tree.c lib/pool.c lib/text.c lib/fmt.c */
#include "lib/toml.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

/* Everything is within its bounds; gives the number of values. */
static size_t walk(const struct toml_value *v, int depth)
{
	size_t count = 0, values = 1;

	check(depth <= TOML_DEPTH_MAX && v->at.line > 0 && v->at.column > 0);
	check(v->key.s == NULL || v->key.s[v->key.n] == '\0');
	if (v->type == TOML_STRING)
		check(v->string.s[v->string.n] == '\0');
	if (v->type != TOML_TABLE && v->type != TOML_ARRAY)
		return 1;
	for (const struct toml_value *c = v->list.first; c; c = c->next) {
		check((c->key.s != NULL) == (v->type == TOML_TABLE));
		check(c->next != NULL || c == v->list.last);
		values += walk(c, depth + 1);
		count++;
	}
	check(count == v->list.count);
	return values;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct toml_error e;
	struct toml *t = toml_parse((const char *)data, size, &e);

	if (t != NULL) {
		check(e.text[0] == '\0');
		check(walk(toml_root(t), 0) <= TOML_VALUES_MAX);
	} else {
		check(e.text[0] != '\0' && e.at.line > 0 && e.at.column > 0);
		for (const char *s = e.text; *s != '\0'; s++)
			check((unsigned char)*s >= ' ' && *s != 0x7f);
	}
	toml_free(t);
	return 0;
}
