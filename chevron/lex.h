/* chevron/lex.h -- the parser's inside: characters, tokens and words. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/parse.h"

enum token_kind {
	TOK_END,
	TOK_NEWLINE,
	TOK_WORD,
	TOK_REDIR,
	TOK_SEMI,
	TOK_DSEMI,
	TOK_AMP,
	TOK_AND,
	TOK_OR,
	TOK_PIPE,
	TOK_OPEN,
	TOK_CLOSE,
};

struct token {
	enum token_kind kind;
	struct word *word; /* TOK_WORD */
	uint32_t line, column;
	size_t start; /* offset in the source */
	enum redir_kind redir;
	int fd; /* TOK_REDIR: the number before it or the default */
	bool here, here_string, strip_tabs; /* TOK_REDIR with REDIR_TEXT */
};

struct pending_here; /* a here-document whose body has yet to come */

struct parser {
	struct source *src;
	struct arena *arena;
	char *error;
	bool failed;
	int depth;
	bool held; /* tok is looked at but not taken */
	struct token tok;
	struct pending_here *here_first, **here_last;
	char *scratch; /* malloc: the literal being collected */
	size_t scratch_len, scratch_cap;
};

/* Look at the next token without taking it; after a failure TOK_END. */
struct token *parser_peek(struct parser *p);
/* Forget the looked-at token. */
void parser_take(struct parser *p);
/* Record the first error at a place and make everything end. */
void parser_fail(
    struct parser *p, uint32_t line, uint32_t column, const char *what);
/* Fail at the next token and return NULL; wanted, what should stand there, may
 * be NULL. */
void *parser_unexpected(struct parser *p, const char *wanted);
/* Enter one level of nesting; false (and failed) when it is too deep. */
bool parser_enter(struct parser *p);
void parser_leave(struct parser *p);

/* Read a list up to the closing bracket, which is taken; for $( ). */
struct node *parse_until_close(struct parser *p);
/* Remember to read r's body at the next newline. */
void lex_here_later(
    struct parser *p, struct redir *r, struct word *delimiter, bool strip_tabs);
/* Read the bodies of all pending here-documents: the newline was taken. */
void lex_here_bodies(struct parser *p);

/* Characters.  -1 at the end; a backslash-newline pair is passed over by
 * lex_peek and lex_next, not by lex_raw. */
int lex_peek(struct parser *p);
int lex_next(struct parser *p);
int lex_raw_peek(struct parser *p);
int lex_raw(struct parser *p);

enum word_mode {
	WORD_PLAIN,  /* a token: ends at blanks and operators */
	WORD_BRACE,  /* inside ${ }: ends at } */
	WORD_QUOTED, /* inside "${ }": ends at }, nothing splits */
	WORD_HERE,   /* a here-document's text: to the end, " is a character */
	WORD_ARITH,  /* $(( )): to the matching )) */
};

/* Read one word; NULL after a failure. */
struct word *word_read(struct parser *p, enum word_mode mode);
/* The text of a word that is one unquoted literal, else NULL. */
const char *word_plain(const struct word *w);
