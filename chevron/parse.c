/* chevron/parse.c -- the grammar: tokens to tree. */
/* SPDX-License-Identifier: MIT */
#include "chevron/parse.h"
#include "chevron/lex.h"
#include "lib/fmt.h"
#include <stdlib.h>
#include <string.h>

/*
 * Recursive descent over the POSIX shell grammar.  Only compound commands and
 * quotes nest, and each nesting goes through parser_enter, which bounds the
 * depth; everything of unbounded length (lists, pipelines, && chains, elif)
 * is a loop that builds a chain.
 */

static struct node *parse_list(struct parser *p);
static struct node *parse_andor(struct parser *p);

static const char *const reserved[] = {"if", "then", "else", "elif", "fi", "do",
    "done", "case", "esac", "while", "until", "for", "in", "{", "}", "!"};

static struct node *new_node(struct parser *p, enum node_kind kind)
{
	struct node *n = arena_alloc(p->arena, sizeof(*n));

	n->kind = kind;
	n->line = p->src->line;
	return n;
}

/* The next token's text when it is a plain word, else "". */
static const char *peek_text(struct parser *p)
{
	struct token *t = parser_peek(p);
	const char *s = t->kind == TOK_WORD ? word_plain(t->word) : NULL;

	return s ? s : "";
}

static bool peek_is(struct parser *p, const char *word)
{
	return strcmp(peek_text(p), word) == 0;
}

static bool accept(struct parser *p, const char *word)
{
	if (!peek_is(p, word))
		return false;
	parser_take(p);
	return true;
}

static bool accept_token(struct parser *p, enum token_kind kind)
{
	if (parser_peek(p)->kind != kind)
		return false;
	parser_take(p);
	return true;
}

static void expect(struct parser *p, const char *word)
{
	if (!accept(p, word))
		parser_unexpected(p, word);
}

static void skip_newlines(struct parser *p)
{
	while (accept_token(p, TOK_NEWLINE))
		;
}

static bool is_reserved(const char *s)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(s, reserved[i]) == 0)
			return true;
	return false;
}

static void parse_redir(struct parser *p, struct redir ***tail)
{
	struct token t = *parser_peek(p);
	struct redir *r = arena_alloc(p->arena, sizeof(*r));

	parser_take(p);
	r->kind = t.redir;
	r->fd = t.fd;
	r->line = t.here_string;
	if (parser_peek(p)->kind != TOK_WORD) {
		parser_unexpected(p, "a word after the redirection");
		return;
	}
	if (t.here)
		lex_here_later(p, r, p->tok.word, t.strip_tabs);
	else
		r->target = p->tok.word;
	parser_take(p);
	**tail = r;
	*tail = &r->next;
}

static void parse_redirs(struct parser *p, struct node *n)
{
	struct redir **tail = &n->redirs;

	while (parser_peek(p)->kind == TOK_REDIR && !p->failed)
		parse_redir(p, &tail);
}

/* NAME=value at the start of a command: the word is taken apart. */
static struct assign *word_to_assign(struct parser *p, struct word *w)
{
	struct part *first = w->parts;
	struct assign *a;
	const char *eq;
	size_t n;

	if (first == NULL || first->kind != PART_TEXT || first->quoted)
		return NULL;
	eq = memchr(first->text, '=', first->len);
	if (eq == NULL)
		return NULL;
	n = (size_t)(eq - first->text);
	if (!name_is_valid(first->text, n))
		return NULL;
	a = arena_alloc(p->arena, sizeof(*a));
	a->name = arena_copy(p->arena, first->text, n);
	a->value = w;
	first->text += n + 1;
	first->len -= n + 1;
	return a;
}

static struct node *parse_compound(struct parser *p);

static struct node *parse_function(struct parser *p, const char *name)
{
	struct node *n = new_node(p, NODE_FUNCTION);

	parser_take(p);
	if (!accept_token(p, TOK_CLOSE))
		return parser_unexpected(p, ")");
	if (!name_is_valid(name, strlen(name))) {
		parser_fail(p, p->tok.line, p->tok.column,
		    "not a valid name for a function");
		return NULL;
	}
	skip_newlines(p);
	n->function.name = name;
	n->function.body = parse_compound(p);
	if (n->function.body == NULL)
		return parser_unexpected(p, "{");
	return n;
}

static struct node *parse_simple(struct parser *p)
{
	struct node *n = new_node(p, NODE_SIMPLE);
	struct assign **assigns = &n->simple.assigns;
	struct word **words = &n->simple.words;
	struct redir **redirs = &n->redirs;
	bool any = false;

	for (; !p->failed; any = true) {
		struct token t = *parser_peek(p);

		if (t.kind == TOK_REDIR) {
			parse_redir(p, &redirs);
			continue;
		}
		if (t.kind == TOK_OPEN && n->simple.words &&
		    n->simple.words->next == NULL && !n->simple.assigns &&
		    !n->redirs && word_plain(n->simple.words))
			return parse_function(p, word_plain(n->simple.words));
		if (t.kind != TOK_WORD)
			break;
		parser_take(p);
		if (n->simple.words == NULL &&
		    (*assigns = word_to_assign(p, t.word)) != NULL) {
			assigns = &(*assigns)->next;
			continue;
		}
		*words = t.word;
		words = &t.word->next;
	}
	if (!any)
		return parser_unexpected(p, NULL);
	return n;
}

static struct node *parse_body(
    struct parser *p, const char *open, const char *close)
{
	struct node *n;

	expect(p, open);
	n = parse_list(p);
	if (n == NULL && !p->failed)
		return parser_unexpected(p, NULL);
	if (close != NULL)
		expect(p, close);
	return n;
}

static struct node *parse_if(struct parser *p)
{
	struct node *n = new_node(p, NODE_IF);
	struct clause **tail = &n->branch.clauses;

	do {
		struct clause *c = arena_alloc(p->arena, sizeof(*c));

		c->cond = parse_list(p);
		if (c->cond == NULL)
			return parser_unexpected(p, NULL);
		c->body = parse_body(p, "then", NULL);
		*tail = c;
		tail = &c->next;
	} while (!p->failed && accept(p, "elif"));
	if (peek_is(p, "else"))
		n->branch.otherwise = parse_body(p, "else", NULL);
	expect(p, "fi");
	return n;
}

static struct node *parse_loop(struct parser *p, bool until)
{
	struct node *n = new_node(p, NODE_LOOP);

	n->loop.until = until;
	n->loop.cond = parse_list(p);
	if (n->loop.cond == NULL)
		return parser_unexpected(p, NULL);
	n->loop.body = parse_body(p, "do", "done");
	return n;
}

static struct node *parse_for(struct parser *p)
{
	struct node *n = new_node(p, NODE_FOR);
	struct word **tail = &n->each.words;

	n->each.name = peek_text(p);
	if (!name_is_valid(n->each.name, strlen(n->each.name)))
		return parser_unexpected(p, "a variable's name after for");
	parser_take(p);
	skip_newlines(p);
	if (accept(p, "in")) {
		n->each.given = true;
		while (parser_peek(p)->kind == TOK_WORD) {
			*tail = p->tok.word;
			tail = &p->tok.word->next;
			parser_take(p);
		}
		if (parser_peek(p)->kind != TOK_SEMI &&
		    parser_peek(p)->kind != TOK_NEWLINE)
			return parser_unexpected(p, ";");
	}
	accept_token(p, TOK_SEMI);
	skip_newlines(p);
	n->each.body = parse_body(p, "do", "done");
	return n;
}

static struct arm *parse_arm(struct parser *p)
{
	struct arm *a = arena_alloc(p->arena, sizeof(*a));
	struct word **tail = &a->patterns;

	accept_token(p, TOK_OPEN);
	do {
		if (parser_peek(p)->kind != TOK_WORD)
			return parser_unexpected(p, "a pattern");
		*tail = p->tok.word;
		tail = &p->tok.word->next;
		parser_take(p);
	} while (accept_token(p, TOK_PIPE));
	if (!accept_token(p, TOK_CLOSE))
		return parser_unexpected(p, ")");
	a->body = parse_list(p);
	return a;
}

static struct node *parse_case(struct parser *p)
{
	struct node *n = new_node(p, NODE_CASE);
	struct arm **tail = &n->match.arms;

	if (parser_peek(p)->kind != TOK_WORD)
		return parser_unexpected(p, "a word after case");
	n->match.subject = p->tok.word;
	parser_take(p);
	skip_newlines(p);
	expect(p, "in");
	skip_newlines(p);
	while (!p->failed && !peek_is(p, "esac")) {
		*tail = parse_arm(p);
		if (*tail == NULL)
			return NULL;
		tail = &(*tail)->next;
		if (!accept_token(p, TOK_DSEMI))
			break;
		skip_newlines(p);
	}
	expect(p, "esac");
	return n;
}

static struct node *parse_group(struct parser *p, bool subshell)
{
	struct node *n = new_node(p, subshell ? NODE_SUBSHELL : NODE_GROUP);

	n->list.first = parse_list(p);
	if (n->list.first == NULL)
		return parser_unexpected(p, NULL);
	if (!subshell)
		expect(p, "}");
	else if (!accept_token(p, TOK_CLOSE))
		return parser_unexpected(p, ")");
	return n;
}

/* A compound command, or NULL without failure when none starts here. */
static struct node *parse_compound_inner(struct parser *p)
{
	if (accept_token(p, TOK_OPEN))
		return parse_group(p, true);
	if (accept(p, "{"))
		return parse_group(p, false);
	if (accept(p, "if"))
		return parse_if(p);
	if (accept(p, "while"))
		return parse_loop(p, false);
	if (accept(p, "until"))
		return parse_loop(p, true);
	if (accept(p, "for"))
		return parse_for(p);
	if (accept(p, "case"))
		return parse_case(p);
	return NULL;
}

static struct node *parse_compound(struct parser *p)
{
	struct node *n = NULL;

	if (parser_enter(p))
		n = parse_compound_inner(p);
	if (n != NULL && !p->failed)
		parse_redirs(p, n);
	parser_leave(p);
	return n;
}

static struct node *parse_command(struct parser *p)
{
	struct node *n = parse_compound(p);

	if (n != NULL || p->failed)
		return n;
	if (is_reserved(peek_text(p)) && !peek_is(p, "in"))
		return parser_unexpected(p, NULL);
	return parse_simple(p);
}

static struct node *parse_pipeline(struct parser *p)
{
	bool negate = false;
	struct node *first, **tail, *pipe;

	while (accept(p, "!"))
		negate = !negate;
	first = parse_command(p);
	if (first == NULL)
		return NULL;
	if (parser_peek(p)->kind != TOK_PIPE && !negate)
		return first;
	pipe = new_node(p, NODE_PIPE);
	pipe->negate = negate;
	pipe->list.first = first;
	tail = &first->next;
	while (accept_token(p, TOK_PIPE)) {
		skip_newlines(p);
		*tail = parse_command(p);
		if (*tail == NULL)
			return NULL;
		tail = &(*tail)->next;
	}
	return pipe;
}

static enum join accept_join(struct parser *p)
{
	if (accept_token(p, TOK_AND))
		return JOIN_AND;
	return accept_token(p, TOK_OR) ? JOIN_OR : JOIN_NONE;
}

static struct node *parse_andor(struct parser *p)
{
	struct node *first = parse_pipeline(p), **tail, *chain;
	enum join join;

	if (first == NULL || (join = accept_join(p)) == JOIN_NONE)
		return first;
	chain = new_node(p, NODE_ANDOR);
	chain->list.first = first;
	tail = &first->next;
	for (; join != JOIN_NONE; join = accept_join(p)) {
		skip_newlines(p);
		*tail = parse_pipeline(p);
		if (*tail == NULL)
			return NULL;
		(*tail)->join = join;
		tail = &(*tail)->next;
	}
	return chain;
}

/* The source text of a list item, without the separator, for jobs. */
static void keep_source(struct parser *p, struct node *n, size_t start)
{
	size_t end = p->held ? p->tok.start : p->src->at;

	if (end <= start || end > p->src->len)
		return;
	while (end > start && strchr(" \t\n", p->src->text[end - 1]))
		end--;
	n->source = arena_copy(p->arena, p->src->text + start, end - start);
}

static bool at_list_end(struct parser *p)
{
	static const char *const ends[] = {
	    "then", "else", "elif", "fi", "do", "done", "esac", "}"};
	struct token *t = parser_peek(p);

	if (t->kind == TOK_END || t->kind == TOK_CLOSE || t->kind == TOK_DSEMI)
		return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (peek_is(p, ends[i]))
			return true;
	return false;
}

/* One item and its separator; *more says whether the list may go on. */
static struct node *list_item(struct parser *p, bool lines, bool *more)
{
	size_t start = (parser_peek(p), p->tok.start);
	struct node *n = parse_andor(p);

	*more = false;
	if (n == NULL)
		return NULL;
	if (parser_peek(p)->kind == TOK_AMP) {
		keep_source(p, n, start);
		n->async = true;
		parser_take(p);
		*more = true;
	} else if (parser_peek(p)->kind == TOK_SEMI) {
		keep_source(p, n, start);
		parser_take(p);
		*more = true;
	} else if (lines && p->tok.kind == TOK_NEWLINE) {
		parser_take(p);
		*more = true;
	} else if (!lines) {
		keep_source(p, n, start);
	}
	return n;
}

static struct node *list_done(struct parser *p, struct node *first)
{
	struct node *n;

	if (p->failed || first == NULL)
		return NULL;
	if (first->next == NULL && !first->async)
		return first;
	n = new_node(p, NODE_SEQ);
	n->list.first = first;
	return n;
}

/* Items over several lines, up to a closing word; NULL when there is none. */
static struct node *parse_list(struct parser *p)
{
	struct node *first = NULL, **tail = &first;
	bool more = true;

	if (!parser_enter(p))
		more = false;
	while (more) {
		skip_newlines(p);
		if (at_list_end(p))
			break;
		*tail = list_item(p, true, &more);
		if (*tail == NULL)
			break;
		tail = &(*tail)->next;
	}
	skip_newlines(p);
	parser_leave(p);
	return list_done(p, first);
}

struct node *parse_until_close(struct parser *p)
{
	uint32_t line = p->src->line, column = p->src->column;
	struct node *n = parse_list(p);

	if (parser_peek(p)->kind == TOK_END)
		parser_fail(p, line, column, "$( or ` without its end");
	else if (p->tok.kind != TOK_CLOSE)
		parser_unexpected(p, ")");
	parser_take(p);
	return p->failed ? NULL : n;
}

/* The items of one line, to its newline or the end of the source. */
static struct node *parse_line(struct parser *p)
{
	struct node *first = NULL, **tail = &first;
	bool more = true;

	while (more && !p->failed) {
		enum token_kind kind = parser_peek(p)->kind;

		if (kind == TOK_NEWLINE || kind == TOK_END)
			break;
		*tail = list_item(p, false, &more);
		if (*tail == NULL)
			break;
		tail = &(*tail)->next;
	}
	if (!accept_token(p, TOK_NEWLINE) && parser_peek(p)->kind != TOK_END)
		parser_unexpected(p, NULL);
	/* The end came instead of a newline: pending texts are empty then. */
	if (p->here_first != NULL)
		lex_here_bodies(p);
	return list_done(p, first);
}

enum parse_result parse_command_line(struct source *s, struct arena *a,
    struct node **out, char error[PARSE_ERROR_SIZE])
{
	struct parser p = {.src = s, .arena = a, .error = error};
	enum parse_result result = PARSE_COMMAND;

	p.here_last = &p.here_first;
	*out = NULL;
	if (lex_raw_peek(&p) < 0)
		return PARSE_END;
	*out = parse_line(&p);
	if (p.failed) {
		*out = NULL;
		s->at = s->len;
		result = PARSE_ERROR;
	}
	free(p.scratch);
	return result;
}

struct source source_from_text(const char *text, size_t len)
{
	return (struct source){
	    .text = text, .len = len, .line = 1, .column = 1};
}
