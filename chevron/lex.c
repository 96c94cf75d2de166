/* chevron/lex.c -- characters, tokens and here-documents. */
/* SPDX-License-Identifier: MIT */
#include "chevron/lex.h"
#include "lib/fmt.h"
#include <string.h>

/*
 * Tokens are made one at a time and only when the grammar asks, because the
 * source may be a person: nothing may be read past the newline that ends a
 * command.  After a failure every token is TOK_END, so that all loops of the
 * grammar finish without looking at p->failed themselves.
 */

struct pending_here {
	struct pending_here *next;
	struct redir *redir;
	char *delimiter;
	bool quoted, strip_tabs;
};

void parser_fail(
    struct parser *p, uint32_t line, uint32_t column, const char *what)
{
	if (!p->failed)
		fmt_buf(p->error, PARSE_ERROR_SIZE, "%u:%u: %s", line, column,
		    what);
	p->failed = true;
}

bool parser_enter(struct parser *p)
{
	if (p->arena->total > PARSE_MEMORY_MAX)
		parser_fail(p, p->src->line, p->src->column,
		    "the command is too large");
	if (++p->depth > PARSE_DEPTH_MAX)
		parser_fail(p, p->src->line, p->src->column,
		    "nested too deeply (128 levels at most)");
	return !p->failed;
}

void parser_leave(struct parser *p)
{
	p->depth--;
}

int lex_raw_peek(struct parser *p)
{
	struct source *s = p->src;

	if (p->failed)
		return -1;
	while (s->at == s->len)
		if (s->more == NULL || !s->more(s))
			return -1;
	return (unsigned char)s->text[s->at];
}

int lex_raw(struct parser *p)
{
	int c = lex_raw_peek(p);

	if (c < 0)
		return c;
	p->src->at++;
	p->src->column++;
	if (c == '\n') {
		p->src->line++;
		p->src->column = 1;
	}
	return c;
}

/* The character after the next one, which is not -1. */
static int raw_second(struct parser *p)
{
	struct source *s = p->src;

	while (s->at + 1 == s->len)
		if (s->more == NULL || !s->more(s))
			return -1;
	return (unsigned char)s->text[s->at + 1];
}

int lex_peek(struct parser *p)
{
	int c;

	while ((c = lex_raw_peek(p)) == '\\' && raw_second(p) == '\n') {
		lex_raw(p);
		lex_raw(p);
	}
	return c;
}

int lex_next(struct parser *p)
{
	lex_peek(p);
	return lex_raw(p);
}

static bool take_if(struct parser *p, int c)
{
	if (lex_peek(p) != c)
		return false;
	lex_next(p);
	return true;
}

static void skip_blanks(struct parser *p)
{
	for (;;) {
		int c = lex_peek(p);

		if (c == ' ' || c == '\t' || c == '\r') {
			lex_next(p);
		} else if (c == '#') {
			while ((c = lex_raw_peek(p)) >= 0 && c != '\n')
				lex_raw(p);
			return;
		} else {
			return;
		}
	}
}

static void token_redir(struct token *t, enum redir_kind kind, int fd)
{
	t->kind = TOK_REDIR;
	t->redir = kind;
	t->fd = fd;
}

static void lex_less(struct parser *p, struct token *t)
{
	token_redir(t, REDIR_IN, 0);
	if (take_if(p, '&')) {
		t->redir = REDIR_DUP;
	} else if (take_if(p, '>')) {
		t->redir = REDIR_READ_WRITE;
	} else if (take_if(p, '<')) {
		t->redir = REDIR_TEXT;
		t->here_string = take_if(p, '<');
		t->here = !t->here_string;
		t->strip_tabs = t->here && take_if(p, '-');
	}
}

static void lex_greater(struct parser *p, struct token *t)
{
	token_redir(t, REDIR_OUT, 1);
	if (take_if(p, '&'))
		t->redir = REDIR_DUP;
	else if (take_if(p, '>'))
		t->redir = REDIR_APPEND;
	else
		take_if(p, '|');
}

static void lex_ampersand(struct parser *p, struct token *t)
{
	t->kind = TOK_AMP;
	if (take_if(p, '&')) {
		t->kind = TOK_AND;
	} else if (lex_peek(p) == '>') {
		lex_next(p);
		token_redir(
		    t, take_if(p, '>') ? REDIR_BOTH_APPEND : REDIR_BOTH, 1);
	}
}

static bool lex_operator(struct parser *p, struct token *t, int c)
{
	switch (c) {
	case '\n':
		t->kind = TOK_NEWLINE;
		break;
	case ';':
		t->kind = TOK_SEMI;
		break;
	case '&':
	case '|':
		t->kind = TOK_PIPE;
		break;
	case '(':
		t->kind = TOK_OPEN;
		break;
	case ')':
		t->kind = TOK_CLOSE;
		break;
	case '<':
	case '>':
		break;
	default:
		return false;
	}
	lex_next(p);
	if (c == '\n')
		lex_here_bodies(p);
	else if (c == ';' && take_if(p, ';'))
		t->kind = TOK_DSEMI;
	else if (c == '&')
		lex_ampersand(p, t);
	else if (c == '|' && take_if(p, '|'))
		t->kind = TOK_OR;
	else if (c == '<')
		lex_less(p, t);
	else if (c == '>')
		lex_greater(p, t);
	return true;
}

/* A word of one or two digits right before < or > is a descriptor. */
static bool lex_fd_number(struct parser *p, struct token *t)
{
	const char *text = word_plain(t->word);
	size_t n = text ? strlen(text) : 0;
	int c = lex_peek(p), fd;

	if (n == 0 || n > 2 || strspn(text, "0123456789") != n ||
	    (c != '<' && c != '>'))
		return false;
	fd = text[0] - '0';
	if (n == 2)
		fd = fd * 10 + text[1] - '0';
	lex_operator(p, t, c);
	t->fd = fd;
	return true;
}

static void lex_token(struct parser *p)
{
	struct token *t = &p->tok;
	int c;

	skip_blanks(p);
	*t = (struct token){.line = p->src->line,
	    .column = p->src->column,
	    .start = p->src->at};
	c = lex_peek(p);
	if (c < 0 || lex_operator(p, t, c))
		return;
	t->kind = TOK_WORD;
	t->word = word_read(p, WORD_PLAIN);
	if (!p->failed)
		lex_fd_number(p, t);
}

struct token *parser_peek(struct parser *p)
{
	if (!p->held)
		lex_token(p);
	p->held = true;
	if (p->failed)
		p->tok.kind = TOK_END;
	return &p->tok;
}

void parser_take(struct parser *p)
{
	p->held = false;
}

static const char *token_name(struct parser *p, const struct token *t)
{
	static const char *const names[] = {[TOK_END] = "end of input",
	    [TOK_NEWLINE] = "end of line",
	    [TOK_WORD] = "word",
	    [TOK_REDIR] = "redirection",
	    [TOK_SEMI] = "\";\"",
	    [TOK_DSEMI] = "\";;\"",
	    [TOK_AMP] = "\"&\"",
	    [TOK_AND] = "\"&&\"",
	    [TOK_OR] = "\"||\"",
	    [TOK_PIPE] = "\"|\"",
	    [TOK_OPEN] = "\"(\"",
	    [TOK_CLOSE] = "\")\""};
	const char *text = t->kind == TOK_WORD ? word_plain(t->word) : NULL;
	char buf[48];

	if (text == NULL)
		return names[t->kind];
	return arena_copy(
	    p->arena, buf, fmt_buf(buf, sizeof(buf), "\"%.40s\"", text));
}

void *parser_unexpected(struct parser *p, const char *wanted)
{
	struct token *t = parser_peek(p);
	char text[PARSE_ERROR_SIZE];

	if (p->failed)
		return NULL;
	if (wanted != NULL)
		fmt_buf(text, sizeof(text), "unexpected %s, \"%s\" is missing",
		    token_name(p, t), wanted);
	else
		fmt_buf(text, sizeof(text), "unexpected %s", token_name(p, t));
	parser_fail(p, t->line, t->column, text);
	return NULL;
}

/* The delimiter's characters; any quoting in it makes the body literal. */
static char *delimiter_text(
    struct parser *p, const struct word *w, bool *quoted)
{
	size_t n = 0;
	char *text;

	for (const struct part *q = w->parts; q; q = q->next) {
		n += q->kind == PART_TEXT ? q->len : 0;
		*quoted |= q->quoted;
		if (q->kind != PART_TEXT)
			parser_fail(p, p->src->line, p->src->column,
			    "a here-document's end must be plain text");
	}
	text = arena_alloc(p->arena, n + 1);
	n = 0;
	for (const struct part *q = w->parts; q; q = q->next) {
		if (q->kind == PART_TEXT && q->len > 0)
			memcpy(text + n, q->text, q->len);
		n += q->kind == PART_TEXT ? q->len : 0;
	}
	return text;
}

void lex_here_later(
    struct parser *p, struct redir *r, struct word *delimiter, bool strip_tabs)
{
	struct pending_here *h = arena_alloc(p->arena, sizeof(*h));

	h->redir = r;
	h->strip_tabs = strip_tabs;
	h->delimiter = delimiter_text(p, delimiter, &h->quoted);
	*p->here_last = h;
	p->here_last = &h->next;
}

/* Collects lines in the scratch buffer until the delimiter's.  The scratch is
 * free here: a newline token never stands inside a literal. */
static void scratch_add(struct parser *p, char c)
{
	if (p->scratch_len == p->scratch_cap) {
		p->scratch_cap = p->scratch_cap ? p->scratch_cap * 2 : 256;
		p->scratch = xrealloc(p->scratch, p->scratch_cap);
	}
	p->scratch[p->scratch_len++] = c;
}

static bool here_line(struct parser *p, const struct pending_here *h)
{
	size_t start = p->scratch_len, n;
	bool at_start = true;
	int c;

	while ((c = lex_raw(p)) >= 0 && c != '\n') {
		if (h->strip_tabs && at_start && c == '\t')
			continue;
		at_start = false;
		scratch_add(p, (char)c);
	}
	n = p->scratch_len - start;
	if (n == strlen(h->delimiter) &&
	    (n == 0 || memcmp(p->scratch + start, h->delimiter, n) == 0)) {
		if (c == '\n' || n > 0) {
			p->scratch_len = start;
			return false;
		}
	}
	if (c < 0)
		return false;
	scratch_add(p, '\n');
	return true;
}

static struct word *here_word(struct parser *p, const struct pending_here *h)
{
	size_t n = p->scratch_len;
	char *text = arena_copy(p->arena, p->scratch, n);
	struct source inner = source_from_text(text, n), *outer = p->src;
	struct word *w;

	p->scratch_len = 0;
	if (h->quoted) {
		w = arena_alloc(p->arena, sizeof(*w));
		w->parts = arena_alloc(p->arena, sizeof(*w->parts));
		w->parts->text = text;
		w->parts->len = n;
		w->parts->quoted = true;
		return w;
	}
	inner.line = outer->line;
	p->src = &inner;
	w = word_read(p, WORD_HERE);
	p->src = outer;
	return w;
}

void lex_here_bodies(struct parser *p)
{
	struct pending_here *h = p->here_first;

	p->here_first = NULL;
	p->here_last = &p->here_first;
	for (; h && !p->failed; h = h->next) {
		p->scratch_len = 0;
		while (here_line(p, h))
			;
		h->redir->target = here_word(p, h);
	}
}
