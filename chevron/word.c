/* chevron/word.c -- words: quotes, parameters and substitutions. */
/* SPDX-License-Identifier: MIT */
#include "chevron/lex.h"
#include "lib/fmt.h"
#include <string.h>

/*
 * A word becomes a chain of parts.  Literal text is collected in p->scratch
 * and moved into a part when its quoting changes or something else begins;
 * the builder below is the only one to touch the scratch while a word is
 * read, and it is always empty before anything nested is read.
 */

struct builder {
	struct parser *p;
	struct part **tail;
	bool quoted;  /* of the text being collected */
	bool pending; /* "" must become an empty part */
	enum word_mode mode;
};

static struct part *builder_part(
    struct builder *b, enum part_kind kind, bool quoted)
{
	struct part *q = arena_alloc(b->p->arena, sizeof(*q));

	q->kind = kind;
	q->quoted = quoted;
	*b->tail = q;
	b->tail = &q->next;
	return q;
}

static void builder_flush(struct builder *b)
{
	struct parser *p = b->p;
	struct part *q;

	if (p->scratch_len == 0 && !b->pending)
		return;
	q = builder_part(b, PART_TEXT, b->quoted);
	q->text = arena_copy(p->arena, p->scratch, p->scratch_len);
	q->len = p->scratch_len;
	p->scratch_len = 0;
	b->pending = false;
}

static void builder_add(struct builder *b, int c, bool quoted)
{
	struct parser *p = b->p;

	if (b->quoted != quoted)
		builder_flush(b);
	b->quoted = quoted;
	if (p->scratch_len == p->scratch_cap) {
		p->scratch_cap = p->scratch_cap ? p->scratch_cap * 2 : 256;
		p->scratch = xrealloc(p->scratch, p->scratch_cap);
	}
	p->scratch[p->scratch_len++] = (char)c;
}

/* Start a quoted stretch; quoted_end makes it count even when it is empty. */
static struct part **quoted_begin(struct builder *b)
{
	builder_flush(b);
	b->quoted = true;
	return b->tail;
}

/* "$@" without parameters is no field at all, so that only a stretch in which
 * nothing stood becomes an empty part. */
static void quoted_end(struct builder *b, struct part **before)
{
	if (b->tail == before && b->p->scratch_len == 0)
		b->pending = true;
}

static bool is_name_start(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_special(int c)
{
	return c > 0 && strchr("@*#?-$!", c) != NULL;
}

bool name_is_valid(const char *s, size_t n)
{
	if (n == 0 || !is_name_start((unsigned char)s[0]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!is_name_start((unsigned char)s[i]) &&
		    !is_digit((unsigned char)s[i]))
			return false;
	return true;
}

/* NAME, digits or one special character into q->text. */
static void read_param_name(struct builder *b, struct part *q, bool braces)
{
	struct parser *p = b->p;
	int c = lex_peek(p);

	if (is_special(c) || (is_digit(c) && !braces)) {
		char one = (char)lex_next(p);

		q->text = arena_copy(p->arena, &one, 1);
		q->len = 1;
		return;
	}
	if (is_digit(c)) {
		while (is_digit(lex_peek(p)))
			builder_add(b, lex_next(p), b->quoted);
	} else {
		while (is_name_start(lex_peek(p)) || is_digit(lex_peek(p)))
			builder_add(b, lex_next(p), b->quoted);
	}
	q->text = arena_copy(p->arena, p->scratch, p->scratch_len);
	q->len = p->scratch_len;
	p->scratch_len = 0;
}

static void read_param_op(struct parser *p, struct part *q)
{
	int c = lex_peek(p);

	if (c == ':') {
		lex_next(p);
		c = lex_peek(p);
		q->colon = true;
		if (c < 0 || strchr("-=?+", c) == NULL) {
			parser_fail(p, p->src->line, p->src->column,
			    "one of - = ? + must follow \"${NAME:\"");
			return;
		}
	}
	lex_next(p);
	switch (c) {
	case '-':
		q->op = OP_DEFAULT;
		break;
	case '=':
		q->op = OP_ASSIGN;
		break;
	case '?':
		q->op = OP_ERROR;
		break;
	case '+':
		q->op = OP_ALTERNATE;
		break;
	case '%':
	case '#':
		q->op = c == '%' ? OP_CUT_SUFFIX : OP_CUT_PREFIX;
		if (lex_peek(p) == c) {
			lex_next(p);
			q->op = c == '%' ? OP_CUT_SUFFIXES : OP_CUT_PREFIXES;
		}
		break;
	default:
		parser_fail(p, p->src->line, p->src->column - 1,
		    "no such operator in ${ }");
	}
}

static void read_braces(struct builder *b, bool quoted)
{
	struct parser *p = b->p;
	uint32_t line = p->src->line, column = p->src->column;
	struct part *q = builder_part(b, PART_PARAM, quoted);
	bool pattern;

	if (!parser_enter(p))
		return;
	read_param_name(b, q, true);
	if (q->len == 1 && q->text[0] == '#' && lex_peek(p) != '}' &&
	    lex_peek(p) != ':' && lex_peek(p) != '%') {
		q->op = OP_LENGTH;
		read_param_name(b, q, true);
	}
	if (q->len == 0)
		parser_fail(p, line, column, "${ } without a name");
	if (q->op == OP_NONE && lex_peek(p) != '}' && !p->failed) {
		read_param_op(p, q);
		pattern = q->op >= OP_CUT_SUFFIX;
		if (!p->failed)
			q->arg = word_read(
			    p, quoted && !pattern ? WORD_QUOTED : WORD_BRACE);
	}
	if (lex_next(p) != '}')
		parser_fail(p, line, column, "${ without its }");
	parser_leave(p);
}

static void read_arith(struct builder *b, bool quoted)
{
	struct parser *p = b->p;
	uint32_t line = p->src->line, column = p->src->column;
	struct part *q = builder_part(b, PART_ARITH, quoted);

	if (!parser_enter(p))
		return;
	q->arg = word_read(p, WORD_ARITH);
	if (lex_next(p) != ')' || lex_next(p) != ')')
		parser_fail(p, line, column, "$(( without its ))");
	parser_leave(p);
}

/* A nested parse must not see the looked-at token of the outer one. */
static struct node *nested_list(struct parser *p)
{
	struct token saved = p->tok;
	bool held = p->held;
	struct node *n;

	p->held = false;
	n = parse_until_close(p);
	p->tok = saved;
	p->held = held;
	return n;
}

static void read_dollar(struct builder *b, bool quoted)
{
	struct parser *p = b->p;
	int c;

	lex_next(p);
	c = lex_peek(p);
	if (c != '{' && c != '(' && !is_special(c) && !is_digit(c) &&
	    !is_name_start(c)) {
		builder_add(b, '$', quoted);
		return;
	}
	builder_flush(b);
	b->quoted = quoted;
	if (c == '{') {
		lex_next(p);
		read_braces(b, quoted);
	} else if (c == '(') {
		lex_next(p);
		if (lex_peek(p) == '(') {
			lex_next(p);
			read_arith(b, quoted);
			return;
		}
		struct part *q = builder_part(b, PART_COMMAND, quoted);

		if (parser_enter(p))
			q->body = nested_list(p);
		parser_leave(p);
	} else {
		struct part *q = builder_part(b, PART_PARAM, quoted);

		read_param_name(b, q, false);
	}
}

/* `...`: the text, with \ before $ ` \ undone, is a script of its own. */
static void read_backquotes(struct builder *b, bool quoted)
{
	struct parser *p = b->p;
	uint32_t line = p->src->line, column = p->src->column;
	struct source *outer = p->src, inner;
	struct part *q;
	size_t n;
	char *text;
	int c;

	builder_flush(b);
	b->quoted = quoted;
	lex_raw(p);
	while ((c = lex_raw(p)) >= 0 && c != '`') {
		int next = lex_raw_peek(p);

		if (c == '\\' && (next == '$' || next == '`' || next == '\\' ||
		                     (quoted && next == '"')))
			c = lex_raw(p);
		builder_add(b, c, quoted);
	}
	if (c < 0)
		parser_fail(p, line, column, "` without its `");
	n = p->scratch_len;
	text = arena_alloc(p->arena, n + 2);
	if (n > 0)
		memcpy(text, p->scratch, n);
	p->scratch_len = 0;
	text[n] = ')'; /* so that one function reads both forms */
	q = builder_part(b, PART_COMMAND, quoted);
	inner = source_from_text(text, n + 1);
	inner.line = line;
	p->src = &inner;
	if (parser_enter(p))
		q->body = nested_list(p);
	parser_leave(p);
	if (!p->failed && inner.at != inner.len)
		parser_fail(p, line, column, "unexpected ) inside ` `");
	p->src = outer;
}

static void read_single(struct builder *b)
{
	struct parser *p = b->p;
	uint32_t line = p->src->line, column = p->src->column;
	struct part **before = quoted_begin(b);
	int c;

	lex_raw(p);
	while ((c = lex_raw(p)) >= 0 && c != '\'')
		builder_add(b, c, true);
	quoted_end(b, before);
	if (c < 0)
		parser_fail(p, line, column, "' without its '");
}

/* One character inside double quotes (or a here-document, or a quoted
 * operand); returns false at the end. */
static bool read_quoted_char(struct builder *b, int ends_at)
{
	struct parser *p = b->p;
	int c = lex_peek(p), next;

	if (c < 0 || c == ends_at)
		return false;
	if (c == '$') {
		read_dollar(b, true);
	} else if (c == '`') {
		read_backquotes(b, true);
	} else if (c == '\\') {
		lex_raw(p);
		next = lex_raw_peek(p);
		if (next > 0 && strchr("$`\\", next) != NULL) {
			c = lex_raw(p);
		} else if (next == '"' && b->mode != WORD_HERE) {
			c = lex_raw(p);
		} else if (next == '}' && b->mode == WORD_QUOTED) {
			c = lex_raw(p);
		}
		builder_add(b, c, true);
	} else {
		builder_add(b, lex_next(p), true);
	}
	return !p->failed;
}

static void read_double(struct builder *b)
{
	struct parser *p = b->p;
	uint32_t line = p->src->line, column = p->src->column;
	struct part **before = quoted_begin(b);
	enum word_mode mode = b->mode;

	lex_next(p);
	b->mode = WORD_PLAIN;
	while (read_quoted_char(b, '"'))
		;
	quoted_end(b, before);
	b->mode = mode;
	if (lex_next(p) != '"')
		parser_fail(p, line, column, "\" without its \"");
}

static void read_backslash(struct builder *b)
{
	struct parser *p = b->p;
	int c;

	lex_raw(p);
	c = lex_raw(p);
	builder_add(b, c < 0 ? '\\' : c, true);
}

/* Inside $(( )): quoted as far as splitting goes, ends at the )) that has no
 * ( of its own. */
static void read_arith_text(struct builder *b)
{
	struct parser *p = b->p;
	int open = 0, c;

	while ((c = lex_peek(p)) >= 0) {
		if (c == ')' && open == 0)
			return;
		open += c == '(' ? 1 : c == ')' ? -1 : 0;
		if (c == '"') /* bash and dash drop them */
			lex_next(p);
		else if (!read_quoted_char(b, -2))
			return;
	}
}

static bool ends_word(enum word_mode mode, int c)
{
	if (c < 0)
		return true;
	if (mode == WORD_BRACE)
		return c == '}';
	return c != 0 && strchr(" \t\r\n;&|<>()", c) != NULL;
}

static void read_plain(struct builder *b)
{
	struct parser *p = b->p;
	int c;

	while (!ends_word(b->mode, c = lex_peek(p)) && !p->failed) {
		if (c == '\'')
			read_single(b);
		else if (c == '"')
			read_double(b);
		else if (c == '\\')
			read_backslash(b);
		else if (c == '$')
			read_dollar(b, false);
		else if (c == '`')
			read_backquotes(b, false);
		else
			builder_add(b, lex_next(p), false);
	}
}

static void read_quoted_operand(struct builder *b)
{
	for (;;) {
		if (lex_peek(b->p) == '"') {
			read_double(b);
			if (b->p->failed)
				return;
		} else if (!read_quoted_char(b, '}')) {
			return;
		}
	}
}

struct word *word_read(struct parser *p, enum word_mode mode)
{
	struct word *w = arena_alloc(p->arena, sizeof(*w));
	struct builder b = {.p = p, .tail = &w->parts, .mode = mode};

	p->scratch_len = 0;
	if (!parser_enter(p)) {
		parser_leave(p);
		return NULL;
	}
	switch (mode) {
	case WORD_PLAIN:
	case WORD_BRACE:
		read_plain(&b);
		break;
	case WORD_QUOTED:
		read_quoted_operand(&b);
		break;
	case WORD_HERE:
		while (read_quoted_char(&b, -2))
			;
		break;
	case WORD_ARITH:
		read_arith_text(&b);
		break;
	}
	builder_flush(&b);
	parser_leave(p);
	return p->failed ? NULL : w;
}

const char *word_plain(const struct word *w)
{
	const struct part *q = w ? w->parts : NULL;

	if (q == NULL || q->next || q->kind != PART_TEXT || q->quoted)
		return NULL;
	return q->text;
}
