/* tests/host/chevron_parser_test.c -- Chevron's parser, patterns, arithmetic. */
/* SPDX-License-Identifier: MIT */
/* build: chevron/parse.c chevron/lex.c chevron/word.c chevron/arena.c chevron/pattern.c chevron/arith.c lib/out.c lib/fmt.c lib/text.c */
#include "chevron/arith.h"
#include "chevron/lex.h"
#include "chevron/parse.h"
#include "chevron/pattern.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TEST(name) static void name([[maybe_unused]] void **state)

static struct arena arena;
static char error[PARSE_ERROR_SIZE];

static enum parse_result parse(const char *text, struct node **out)
{
	struct source s = source_from_text(text, strlen(text));

	return parse_command_line(&s, &arena, out, error);
}

static struct node *parse_ok(const char *text)
{
	struct node *n;

	assert_int_equal(parse(text, &n), PARSE_COMMAND);
	assert_non_null(n);
	return n;
}

static void expect_error(const char *text, const char *where)
{
	struct node *n;

	assert_int_equal(parse(text, &n), PARSE_ERROR);
	assert_null(n);
	if (strncmp(error, where, strlen(where)) != 0)
		fail_msg("%s: got \"%s\", not \"%s\"", text, error, where);
}

static int release(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* Words of a simple command come in order and without their quotes. */
TEST(parse__splits_a_simple_command_into_words)
{
	struct node *n = parse_ok("echo one 'two three' # comment\n");
	struct word *w = n->simple.words;

	assert_int_equal(n->kind, NODE_SIMPLE);
	assert_string_equal(word_plain(w), "echo");
	assert_string_equal(word_plain(w->next), "one");
	assert_true(w->next->next->parts->quoted);
	assert_string_equal(w->next->next->parts->text, "two three");
	assert_null(w->next->next->next);
}

/* NAME=value before the command is an assignment, behind it a word. */
TEST(parse__takes_assignments_only_in_front)
{
	struct node *n = parse_ok("A=1 B= cmd C=2");

	assert_string_equal(n->simple.assigns->name, "A");
	assert_string_equal(n->simple.assigns->next->name, "B");
	assert_null(n->simple.assigns->next->next);
	assert_string_equal(word_plain(n->simple.words->next), "C=2");
}

/* && and || make one flat chain, whatever their number. */
TEST(parse__makes_a_flat_chain_of_a_long_list)
{
	enum { N = 20000 };
	char *text = malloc(N * 6 + 8), *at = text;
	struct node *n;
	int count = 0;

	for (int i = 0; i < N; i++)
		at += sprintf(at, "a &&%s", i % 2 ? " " : "\n");
	strcpy(at, "b");
	n = parse_ok(text);
	assert_int_equal(n->kind, NODE_ANDOR);
	for (struct node *c = n->list.first; c; c = c->next)
		count++;
	assert_int_equal(count, N + 1);
	free(text);
}

/* Redirections keep their order, descriptor and kind. */
TEST(parse__reads_redirections)
{
	struct redir *r = parse_ok("c 2>e <i >>o 2>&1 &>b <<<h")->redirs;

	assert_int_equal(r->fd, 2);
	assert_int_equal(r->kind, REDIR_OUT);
	r = r->next;
	assert_int_equal(r->fd, 0);
	r = r->next;
	assert_int_equal(r->kind, REDIR_APPEND);
	r = r->next;
	assert_int_equal(r->kind, REDIR_DUP);
	assert_int_equal(r->next->kind, REDIR_BOTH);
	assert_true(r->next->next->line);
}

/* A here-document's text is up to its delimiter, and parsing goes on there. */
TEST(parse__reads_here_documents_in_order)
{
	const char *text = "a <<X <<-'Y'\none $v\nX\n\ttwo $v\n\tY\nnext\n";
	struct source s = source_from_text(text, strlen(text));
	struct redir *r;
	struct node *n;

	assert_int_equal(
	    parse_command_line(&s, &arena, &n, error), PARSE_COMMAND);
	r = n->redirs;
	assert_string_equal(r->target->parts->text, "one ");
	assert_int_equal(r->target->parts->next->kind, PART_PARAM);
	assert_string_equal(r->next->target->parts->text, "two $v\n");
	assert_int_equal(
	    parse_command_line(&s, &arena, &n, error), PARSE_COMMAND);
	assert_string_equal(word_plain(n->simple.words), "next");
	assert_int_equal(s.line, 7);
}

/* Operators in braces are told apart. */
TEST(parse__reads_parameter_operators)
{
	struct part *q =
	    parse_ok("${a:-b}${#c}${d%%e}${1}$#")->simple.words->parts;

	assert_int_equal(q->op, OP_DEFAULT);
	assert_true(q->colon);
	q = q->next;
	assert_int_equal(q->op, OP_LENGTH);
	assert_string_equal(q->text, "c");
	q = q->next;
	assert_int_equal(q->op, OP_CUT_SUFFIXES);
	q = q->next;
	assert_string_equal(q->text, "1");
	assert_string_equal(q->next->text, "#");
}

/* A ) of case inside $( ) does not end the substitution. */
TEST(parse__finds_the_end_of_a_substitution_by_its_grammar)
{
	struct part *q =
	    parse_ok("$(case x in x) echo \")\";; esac)z")->simple.words->parts;

	assert_int_equal(q->kind, PART_COMMAND);
	assert_int_equal(q->body->kind, NODE_CASE);
	assert_string_equal(q->next->text, "z");
}

/* Every compound command becomes its kind of node. */
TEST(parse__knows_all_compound_commands)
{
	static const struct {
		const char *text;
		enum node_kind kind;
	} list[] = {{"if a; then b; elif c; then d; else e; fi", NODE_IF},
	    {"while a; do b; done", NODE_LOOP},
	    {"until a\ndo b\ndone", NODE_LOOP},
	    {"for i in 1 2; do b; done", NODE_FOR},
	    {"for i do b; done", NODE_FOR},
	    {"case x in a|b) c;; (d) ;; esac", NODE_CASE},
	    {"{ a; b; }", NODE_GROUP}, {"(a; b)", NODE_SUBSHELL},
	    {"f() { a; }", NODE_FUNCTION}, {"! a", NODE_PIPE},
	    {"a | b", NODE_PIPE}, {"a; b", NODE_SEQ}};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		assert_int_equal(parse_ok(list[i].text)->kind, list[i].kind);
}

/* Errors name the place where the reader must look. */
TEST(parse__tells_line_and_column_of_an_error)
{
	expect_error("echo 'open", "1:6: ' without its '");
	expect_error("echo \"open", "1:6: \" without its \"");
	expect_error("if true; then\necho x\n", "3:1: unexpected end of input");
	expect_error("a | | b", "1:5: unexpected \"|\"");
	expect_error(") a", "1:1: unexpected \")\"");
	expect_error("done", "1:1: unexpected \"done\"");
	expect_error("echo ${", "1:8: ${ } without a name");
	expect_error("a >", "1:4: unexpected end of input");
	expect_error("for 1 in a; do b; done", "1:5: unexpected \"1\"");
	expect_error("echo $(a", "1:8: $( or ` without its end");
	expect_error("case x in a) b", "1:15: unexpected end of input");
}

static void expect_depth_error(const char *open, int n)
{
	size_t len = strlen(open);
	char *text = malloc(len * (size_t)n + 1);
	struct node *node;

	for (int i = 0; i < n; i++)
		memcpy(text + len * (size_t)i, open, len);
	text[len * (size_t)n] = '\0';
	assert_int_equal(parse(text, &node), PARSE_ERROR);
	assert_non_null(strstr(error, "nested too deeply"));
	free(text);
}

/* No nesting, of whatever kind, can exhaust the stack. */
TEST(parse__refuses_deep_nesting)
{
	expect_depth_error("(", 100000);
	expect_depth_error("{ ", 100000);
	expect_depth_error("$(", 100000);
	expect_depth_error("${a-", 100000);
	expect_depth_error("\"${a-", 100000);
	expect_depth_error("$((", 100000);
	expect_depth_error("if ", 100000);
	expect_depth_error("while ", 100000);
	expect_depth_error("case $(", 100000);
	expect_depth_error("f() { ", 100000);
}

/* The end of the input and an empty line are told apart. */
TEST(parse__tells_the_end_from_an_empty_line)
{
	struct node *n;

	assert_int_equal(parse("", &n), PARSE_END);
	assert_int_equal(parse("\n", &n), PARSE_COMMAND);
	assert_null(n);
	assert_int_equal(parse("# only a comment\n", &n), PARSE_COMMAND);
	assert_null(n);
}

/* A zero byte is a character like any other and ends nothing. */
TEST(parse__goes_on_behind_a_zero_byte)
{
	struct source s = source_from_text("a \0b c\n", 7);
	struct node *n;

	assert_int_equal(
	    parse_command_line(&s, &arena, &n, error), PARSE_COMMAND);
	assert_int_equal(n->simple.words->next->parts->len, 2);
	assert_null(n->simple.words->next->next->next);
}

static bool more_never(struct source *s)
{
	(void)s;
	fail_msg("the parser read beyond the line");
	return false;
}

/* A person's next line is not asked for before this one has run. */
TEST(parse__reads_nothing_beyond_the_newline)
{
	struct source s = source_from_text("a; b\n", 5);
	struct node *n;

	s.more = more_never;
	assert_int_equal(
	    parse_command_line(&s, &arena, &n, error), PARSE_COMMAND);
}

static bool matches(const char *p, const char *s)
{
	return pattern_match(p, strlen(p), s, strlen(s));
}

/* Patterns match as POSIX says, characters being UTF-8. */
TEST(pattern__matches_like_the_shell)
{
	assert_true(matches("*", ""));
	assert_true(matches("a*c", "abbbc"));
	assert_false(matches("a*c", "abbb"));
	assert_true(matches("?", "\xc3\xa9"));
	assert_true(matches("[a-c]x[!d]", "bxe"));
	assert_false(matches("[!a]", "a"));
	assert_true(matches("[]]", "]"));
	assert_true(matches("[[:digit:]-]", "7"));
	assert_true(matches("[x", "[x"));
	assert_true(matches("\001*", "*"));
	assert_false(matches("\001*", "a"));
}

/* Many stars cost the product of the lengths, not an exponent. */
TEST(pattern__does_not_explode)
{
	char s[2001];

	memset(s, 'a', 2000);
	s[2000] = '\0';
	assert_false(matches("*a*a*a*a*a*a*a*a*a*a*a*a*b", s));
}

static const char *no_variable(void *context, const char *name, size_t n)
{
	(void)context, (void)name, (void)n;
	return NULL;
}

static bool no_assignment(void *context, const char *name, size_t n, int64_t v)
{
	(void)context, (void)name, (void)n, (void)v;
	return false;
}

static const struct arith_vars no_vars = {no_variable, no_assignment, NULL};

static void expect_result(const char *text, int64_t want)
{
	int64_t v;

	assert_null(arith_eval(text, &no_vars, &v));
	assert_true(v == want);
}

/* Operators bind as in C and wrap at 64 bits. */
TEST(arith__follows_c)
{
	expect_result("1 + 2 * 3 - -4", 11);
	expect_result("1 << 2 + 1", 8);
	expect_result("2 > 1 == 1", 1);
	expect_result("1 ? 2 : 3 ? 4 : 5", 2);
	expect_result("0 && 1 / 0", 0);
	expect_result("1 || 1 / 0", 1);
	expect_result("0x10 + 010", 24);
	expect_result("9223372036854775807 + 1", INT64_MIN);
	expect_result("(-9223372036854775807 - 1) / -1", INT64_MIN);
	expect_result("", 0);
}

/* Mistakes are told, also deep ones. */
TEST(arith__tells_mistakes)
{
	char deep[400];
	int64_t v;

	assert_non_null(arith_eval("1 / 0", &no_vars, &v));
	assert_non_null(arith_eval("1 +", &no_vars, &v));
	assert_non_null(arith_eval("(1", &no_vars, &v));
	assert_non_null(arith_eval("1 2", &no_vars, &v));
	assert_non_null(arith_eval("08", &no_vars, &v));
	assert_non_null(arith_eval("a = 1", &no_vars, &v));
	memset(deep, '(', 399);
	deep[399] = '\0';
	assert_string_equal(
	    arith_eval(deep, &no_vars, &v), "nested too deeply");
}

#define RUN(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUN(parse__splits_a_simple_command_into_words),
	    RUN(parse__takes_assignments_only_in_front),
	    RUN(parse__makes_a_flat_chain_of_a_long_list),
	    RUN(parse__reads_redirections),
	    RUN(parse__reads_here_documents_in_order),
	    RUN(parse__reads_parameter_operators),
	    RUN(parse__finds_the_end_of_a_substitution_by_its_grammar),
	    RUN(parse__knows_all_compound_commands),
	    RUN(parse__tells_line_and_column_of_an_error),
	    RUN(parse__refuses_deep_nesting),
	    RUN(parse__tells_the_end_from_an_empty_line),
	    RUN(parse__goes_on_behind_a_zero_byte),
	    RUN(parse__reads_nothing_beyond_the_newline),
	    RUN(pattern__matches_like_the_shell),
	    RUN(pattern__does_not_explode),
	    RUN(arith__follows_c),
	    RUN(arith__tells_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
