/* tests/fuzz/chevron_parser.c -- hostile text for Chevron's parser. */
/* SPDX-License-Identifier: MIT */
/* build: chevron/parse.c chevron/lex.c chevron/word.c chevron/arena.c chevron/pattern.c chevron/arith.c lib/out.c lib/fmt.c lib/text.c */
#include "chevron/arith.h"
#include "chevron/parse.h"
#include "chevron/pattern.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get(void *context, const char *name, size_t n)
{
	(void)context;
	return n % 2 ? "-7" : name[0] == 'x' ? "no number" : NULL;
}

static bool set(void *context, const char *name, size_t n, int64_t v)
{
	(void)context, (void)name, (void)n;
	return v % 2 == 0;
}

/* All commands of a text, as a script is read. */
static void parse_all(const char *text, size_t size)
{
	struct source s = source_from_text(text, size);
	char error[PARSE_ERROR_SIZE];
	enum parse_result r;
	struct node *n;

	do {
		struct arena a = {0};
		size_t before = s.at;

		r = parse_command_line(&s, &a, &n, error);
		if (r == PARSE_COMMAND && s.at == before)
			abort(); /* no progress: a script would never end */
		if (s.at > s.len)
			abort();
		arena_free(&a);
	} while (r == PARSE_COMMAND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct arith_vars vars = {get, set, NULL};
	char *text = malloc(size + 1);
	size_t half = size / 2;
	int64_t v;

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	parse_all(text, size);
	(void)arith_eval(text, &vars, &v); /* any verdict is right */
	if (size < 4096) {
		(void)pattern_match(text, half, text + half, size - half);
		(void)pattern_unescape(text, size);
	}
	free(text);
	return 0;
}
