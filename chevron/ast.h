/* chevron/ast.h -- the tree that the parser makes and exec walks. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum part_kind {
	PART_TEXT,    /* text as it stands */
	PART_PARAM,   /* ${text op arg} */
	PART_COMMAND, /* $(body) */
	PART_ARITH,   /* $((arg)) */
};

enum param_op {
	OP_NONE,
	OP_LENGTH,       /* ${#x} */
	OP_DEFAULT,      /* ${x-arg} */
	OP_ASSIGN,       /* ${x=arg} */
	OP_ERROR,        /* ${x?arg} */
	OP_ALTERNATE,    /* ${x+arg} */
	OP_CUT_SUFFIX,   /* ${x%arg} */
	OP_CUT_SUFFIXES, /* ${x%%arg} */
	OP_CUT_PREFIX,   /* ${x#arg} */
	OP_CUT_PREFIXES, /* ${x##arg} */
};

struct node;

struct part {
	struct part *next;
	enum part_kind kind;
	enum param_op op;
	bool quoted; /* inside quotes: no splitting, no globbing */
	bool colon;  /* ${x:-arg}: empty counts as unset */
	const char *text;
	size_t len;
	struct word *arg;
	struct node *body; /* NULL: nothing to run */
};

struct word {
	struct word *next;
	struct part *parts;
};

enum redir_kind {
	REDIR_IN,
	REDIR_OUT,
	REDIR_APPEND,
	REDIR_READ_WRITE,
	REDIR_DUP,  /* <& and >& */
	REDIR_BOTH, /* &> */
	REDIR_BOTH_APPEND,
	REDIR_TEXT, /* << and <<< : target is the text itself */
};

struct redir {
	struct redir *next;
	enum redir_kind kind;
	int fd;
	bool line; /* <<<: a newline is added */
	struct word *target;
};

struct assign {
	struct assign *next;
	const char *name;
	struct word *value;
};

enum node_kind {
	NODE_SIMPLE,
	NODE_PIPE,
	NODE_ANDOR,
	NODE_SEQ,
	NODE_IF,
	NODE_LOOP,
	NODE_FOR,
	NODE_CASE,
	NODE_GROUP,
	NODE_SUBSHELL,
	NODE_FUNCTION,
};

enum join { JOIN_NONE, JOIN_AND, JOIN_OR };

struct clause { /* one if or elif */
	struct clause *next;
	struct node *cond, *body;
};

struct arm { /* one pattern list of case */
	struct arm *next;
	struct word *patterns;
	struct node *body;
};

/* Lists are chains, not nested pairs: running a long one needs no stack. */
struct node {
	struct node *next; /* in the list that holds this one */
	enum node_kind kind;
	enum join join; /* how it hangs on the one before, in NODE_ANDOR */
	bool async;     /* followed by & */
	bool negate;    /* ! before a pipeline */
	uint32_t line;
	const char *source; /* the text of a list item, for jobs */
	struct redir *redirs;
	union {
		struct {
			struct assign *assigns;
			struct word *words;
		} simple;
		struct {
			struct node *first;
		} list; /* PIPE, ANDOR, SEQ, GROUP, SUBSHELL */
		struct {
			struct clause *clauses;
			struct node *otherwise;
		} branch;
		struct {
			struct node *cond, *body;
			bool until;
		} loop;
		struct {
			const char *name;
			struct word *words;
			bool given; /* "in" was there: words, not "$@" */
			struct node *body;
		} each;
		struct {
			struct word *subject;
			struct arm *arms;
		} match;
		struct {
			const char *name;
			struct node *body;
		} function;
	};
};
