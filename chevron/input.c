/* chevron/input.c -- where a shell's commands come from. */
/* SPDX-License-Identifier: MIT */
#include "chevron/input.h"
#include "chevron/exec.h"
#include "chevron/jobs.h"
#include "chevron/session.h"
#include "lib/out.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines that the parser has asked for, in one growing text. */
struct reader {
	struct shell *sh;
	char *text;
	size_t len, cap;
	bool seekable;
	bool continued; /* the prompt to use */
	enum session_line last;
};

static void reader_add(struct reader *r, const char *s, size_t n)
{
	if (r->len + n > r->cap) {
		r->cap = (r->len + n) * 2 + 256;
		r->text = xrealloc(r->text, r->cap);
	}
	memcpy(r->text + r->len, s, n);
	r->len += n;
}

/* A line from something that can seek: read much, give back the rest. */
static bool seek_line(struct reader *r)
{
	char buf[512];
	ssize_t n = read(0, buf, sizeof(buf));
	char *end;

	if (n <= 0)
		return false;
	end = memchr(buf, '\n', (size_t)n);
	if (end != NULL) {
		off_t back = end + 1 - (buf + n);

		if (back != 0)
			lseek(0, back, SEEK_CUR);
		n += back;
	}
	reader_add(r, buf, (size_t)n);
	return true;
}

static bool plain_more(struct source *s)
{
	struct reader *r = s->context;
	bool any = false;
	ssize_t n;
	char c;

	if (r->seekable) {
		any = seek_line(r);
	} else {
		while ((n = read(0, &c, 1)) == 1 || (n < 0 && errno == EINTR)) {
			if (n != 1)
				continue;
			reader_add(r, &c, 1);
			any = true;
			if (c == '\n')
				break;
		}
	}
	s->text = r->text;
	s->len = r->len;
	return any;
}

static bool interactive_more(struct source *s)
{
	struct reader *r = s->context;
	char *line;

	r->last =
	    session_read_line(r->sh, r->continued ? "... " : ">>> ", &line);
	r->continued = true;
	if (r->last != SESSION_LINE) {
		s->more = NULL; /* the end is the end, also asked again */
		return false;
	}
	reader_add(r, line, strlen(line));
	reader_add(r, "\n", 1);
	free(line);
	s->text = r->text;
	s->len = r->len;
	return true;
}

void input_execute(
    struct shell *sh, struct tree *tree, struct node *n, int flags)
{
	struct tree *outer = sh->tree;

	sh->tree = tree;
	exec_node(sh, n, flags);
	sh->tree = outer;
	tree_put(tree);
}

static void syntax_error(struct shell *sh, const char *error)
{
	fd_fmt(2, "%s: syntax error at %s\n", sh->name, error);
	sh->status = STATUS_USAGE;
}

static bool rest_is_blank(const struct source *s)
{
	for (size_t i = s->at; i < s->len; i++)
		if (!strchr(" \t\n", s->text[i]))
			return false;
	return true;
}

void input_run_text(struct shell *sh, const char *text, size_t len, bool last)
{
	struct source s = source_from_text(text, len);
	char error[PARSE_ERROR_SIZE];
	enum parse_result result;
	struct node *n;

	while (!sh->flow) {
		struct tree *tree = tree_new();

		result = parse_command_line(&s, &tree->arena, &n, error);
		if (result == PARSE_COMMAND) {
			input_execute(sh, tree, n,
			    last && rest_is_blank(&s) ? EXEC_LAST : 0);
			continue;
		}
		tree_put(tree);
		if (result == PARSE_END)
			break;
		syntax_error(sh, error);
		if (!sh->interactive)
			sh->flow = FLOW_ERROR;
		break;
	}
}

int shell_run_text(struct shell *sh, const char *text, size_t len)
{
	input_run_text(sh, text, len, false);
	return sh->status;
}

void input_run_plain(struct shell *sh)
{
	struct reader r = {.sh = sh, .seekable = lseek(0, 0, SEEK_CUR) >= 0};
	struct source s = source_from_text(NULL, 0);
	char error[PARSE_ERROR_SIZE];
	enum parse_result result;
	struct node *n;

	s.more = plain_more;
	s.context = &r;
	while (!sh->flow) {
		struct tree *tree = tree_new();

		if (s.at == s.len)
			s.at = s.len = r.len = 0;
		result = parse_command_line(&s, &tree->arena, &n, error);
		if (result == PARSE_COMMAND) {
			input_execute(sh, tree, n, 0);
			continue;
		}
		tree_put(tree);
		if (result == PARSE_ERROR)
			syntax_error(sh, error);
		break;
	}
	free(r.text);
}

/* One command of a person; false at the end of input. */
static bool interactive_command(struct shell *sh, struct reader *r)
{
	struct source s = source_from_text(NULL, 0);
	struct tree *tree = tree_new();
	char error[PARSE_ERROR_SIZE];
	enum parse_result result;
	struct node *n;

	r->len = 0;
	r->continued = false;
	s.more = interactive_more;
	s.context = r;
	shell_clear_interrupt();
	jobs_poll(sh, true);
	result = parse_command_line(&s, &tree->arena, &n, error);
	if (r->last == SESSION_INTERRUPT) {
		tree_put(tree);
		sh->status = STATUS_SIGNAL + 2;
		return true;
	}
	if (result == PARSE_COMMAND) {
		input_execute(sh, tree, n, 0);
		if (shell_interrupted())
			fd_fmt(2, "\n"); /* behind the echoed ^C */
	} else {
		tree_put(tree);
		if (result == PARSE_ERROR)
			syntax_error(sh, error);
	}
	return result != PARSE_END && sh->flow != FLOW_EXIT;
}

void input_run_interactive(struct shell *sh)
{
	struct reader r = {.sh = sh};

	while (interactive_command(sh, &r)) {
		sh->flow = FLOW_NONE;
		sh->loops = sh->calls = sh->tested = 0;
	}
	free(r.text);
}
