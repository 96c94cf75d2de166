/* chevron/exec.c -- running trees: lists, pipelines and compound commands. */
/* SPDX-License-Identifier: MIT */
#include "chevron/exec.h"
#include "chevron/cmd/cmd.h"
#include "chevron/expand.h"
#include "chevron/jobs.h"
#include "chevron/launch.h"
#include "chevron/pattern.h"
#include "chevron/redir.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Whatever ends a list early (break, return, exit, an expansion error,
 * Ctrl-C) sets sh->flow; every loop here looks at it after each command.  The
 * recursion is as deep as the tree, which the parser bounds, times the
 * function calls, which CALL_DEPTH_MAX bounds.
 */

/* After each command: traps, Ctrl-C, and set -e. */
static void after_command(struct shell *sh, const struct node *n)
{
	traps_run(sh);
	if (sh->interactive && shell_interrupted() && !sh->flow) {
		sh->flow = FLOW_ERROR;
		sh->status = STATUS_SIGNAL + SIGINT;
	}
	if (sh->opt_errexit && sh->status != 0 && sh->tested == 0 &&
	    !sh->flow &&
	    (n->kind == NODE_SIMPLE || n->kind == NODE_SUBSHELL ||
	        (n->kind == NODE_PIPE && !n->negate)))
		sh->flow = FLOW_EXIT;
}

void exec_finish(struct shell *sh)
{
	out_flush(&cmd_out);
	trap_exit(sh);
	_exit(sh->status);
}

static void exec_here(struct shell *sh, struct node *n, int flags);

static void exec_async(struct shell *sh, struct node *n)
{
	struct job *j;
	pid_t pid = shell_fork(sh, 0, false);

	if (pid < 0) {
		sh->status = STATUS_CANNOT_RUN;
		return;
	}
	if (pid == 0) {
		if (sh->tty < 0) {
			int null = open("/dev/null", O_RDONLY);

			signal(SIGINT, SIG_IGN);
			signal(SIGQUIT, SIG_IGN);
			if (null > 0) {
				dup2(null, 0);
				close(null);
			}
		}
		exec_here(sh, n, EXEC_LAST);
		exec_finish(sh);
	}
	j = job_new(sh, n->source);
	job_add(j, pid);
	sh->last_async = pid;
	sh->status = 0;
	if (sh->interactive)
		fd_fmt(2, "[%d] %d\n", job_id(j), pid);
}

static void exec_seq(struct shell *sh, struct node *n, int flags)
{
	for (struct node *c = n->list.first; c && !sh->flow; c = c->next) {
		if (c->async)
			exec_async(sh, c);
		else
			exec_node(sh, c, c->next ? 0 : flags);
	}
}

static void exec_andor(struct shell *sh, struct node *n, int flags)
{
	for (struct node *c = n->list.first; c && !sh->flow; c = c->next) {
		if ((c->join == JOIN_AND && sh->status != 0) ||
		    (c->join == JOIN_OR && sh->status == 0))
			continue;
		sh->tested += c->next != NULL;
		exec_node(sh, c, c->next ? 0 : flags);
		sh->tested -= c->next != NULL;
	}
}

/* One element of a pipeline, between the two descriptors. */
static pid_t start_element(
    struct shell *sh, struct node *c, int in, const int out[2], pid_t group)
{
	pid_t pid;

	if (exec_start_program(sh, c, in, out[1], group, true, &pid))
		return pid;
	pid = shell_fork(sh, group, true);
	if (pid != 0)
		return pid;
	if (in >= 0) {
		dup2(in, 0);
		close(in);
	}
	if (out[1] >= 0) {
		dup2(out[1], 1);
		close(out[1]);
		close(out[0]);
	}
	exec_node(sh, c, EXEC_LAST);
	exec_finish(sh);
}

static void exec_elements(struct shell *sh, struct node *n, struct job *j)
{
	int in = -1;

	for (struct node *c = n->list.first; c; c = c->next) {
		int fds[2] = {-1, -1};
		pid_t pid;

		if (c->next && pipe2(fds, O_CLOEXEC) != 0) {
			shell_error(
			    sh, "cannot make a pipe: %s", strerror(errno));
			sh->status = STATUS_CANNOT_RUN;
			break;
		}
		pid = start_element(
		    sh, c, in, fds, sh->job_control ? job_group(j) : 0);
		if (in >= 0)
			close(in);
		if (fds[1] >= 0)
			close(fds[1]);
		in = fds[0];
		if (pid > 0)
			job_add(j, pid);
	}
	if (in >= 0)
		close(in);
}

static void exec_pipe(struct shell *sh, struct node *n)
{
	struct job *j;

	sh->tested += n->negate;
	if (n->list.first->next == NULL) { /* only negated */
		exec_node(sh, n->list.first, 0);
	} else {
		j = job_new(sh, n->source);
		exec_elements(sh, n, j);
		sh->status = job_wait(sh, j);
	}
	sh->tested -= n->negate;
	if (n->negate && !sh->flow)
		sh->status = sh->status == 0;
}

static bool exec_test(struct shell *sh, struct node *cond)
{
	sh->tested++;
	exec_node(sh, cond, 0);
	sh->tested--;
	return !sh->flow && sh->status == 0;
}

static void exec_if(struct shell *sh, struct node *n, int flags)
{
	for (struct clause *c = n->branch.clauses; c; c = c->next) {
		if (exec_test(sh, c->cond)) {
			exec_node(sh, c->body, flags);
			return;
		}
		if (sh->flow)
			return;
	}
	sh->status = 0;
	exec_node(sh, n->branch.otherwise, flags);
}

/* After a loop's body: false when the loop is over. */
static bool loop_goes_on(struct shell *sh)
{
	if (!sh->flow)
		return true;
	if (sh->flow != FLOW_BREAK && sh->flow != FLOW_CONTINUE)
		return false;
	if (--sh->flow_levels > 0)
		return false;
	if (sh->flow == FLOW_CONTINUE) {
		sh->flow = FLOW_NONE;
		return true;
	}
	sh->flow = FLOW_NONE;
	return false;
}

static void exec_loop(struct shell *sh, struct node *n)
{
	int status = 0;

	sh->loops++;
	for (;;) {
		bool met = exec_test(sh, n->loop.cond) != n->loop.until;

		if (sh->flow) {
			if (!loop_goes_on(sh))
				break;
			continue;
		}
		if (!met)
			break;
		exec_node(sh, n->loop.body, 0);
		status = sh->status;
		if (!loop_goes_on(sh))
			break;
	}
	sh->loops--;
	if (!sh->flow)
		sh->status = status;
}

static bool each_values(struct shell *sh, struct node *n, struct strings *l)
{
	for (struct word *w = n->each.words; w; w = w->next)
		if (!expand_fields(sh, w, l))
			return false;
	for (int i = 0; !n->each.given && i < sh->params.argc; i++)
		strings_add(sh, l,
		    arena_copy(&sh->scratch, sh->params.argv[i],
		        strlen(sh->params.argv[i])));
	return true;
}

static void exec_for(struct shell *sh, struct node *n)
{
	struct arena_mark mark = arena_mark(&sh->scratch);
	struct strings values = {0};

	if (!each_values(sh, n, &values))
		goto release;
	sh->status = 0;
	sh->loops++;
	for (int i = 0; i < values.n; i++) {
		if (!var_set(sh, n->each.name, values.v[i])) {
			sh->status = 1;
			break;
		}
		exec_node(sh, n->each.body, 0);
		if (!loop_goes_on(sh))
			break;
	}
	sh->loops--;
release:
	arena_release(&sh->scratch, mark);
}

static struct arm *find_arm(struct shell *sh, struct node *n)
{
	char *subject = expand_text(sh, n->match.subject);
	size_t length;

	for (struct arm *a = n->match.arms; a && subject; a = a->next) {
		for (struct word *w = a->patterns; w; w = w->next) {
			char *p = expand_pattern(sh, w, &length);

			if (p == NULL)
				return NULL;
			if (pattern_match(p, length, subject, strlen(subject)))
				return a;
		}
	}
	return NULL;
}

static void exec_case(struct shell *sh, struct node *n, int flags)
{
	struct arena_mark mark = arena_mark(&sh->scratch);
	struct arm *a = find_arm(sh, n);

	arena_release(&sh->scratch, mark);
	if (sh->flow)
		return;
	if (a == NULL || a->body == NULL)
		sh->status = 0;
	else
		exec_node(sh, a->body, flags);
}

static void exec_subshell(struct shell *sh, struct node *n, int flags)
{
	struct job *j;
	pid_t pid;

	if ((flags & EXEC_LAST) && sh->subshell && !sh->traps[0]) {
		exec_node(sh, n->list.first, flags);
		exec_finish(sh);
	}
	pid = shell_fork(sh, 0, true);
	if (pid < 0) {
		sh->status = STATUS_CANNOT_RUN;
		return;
	}
	if (pid == 0) {
		exec_node(sh, n->list.first, EXEC_LAST);
		exec_finish(sh);
	}
	j = job_new(sh, n->source);
	job_add(j, pid);
	sh->status = job_wait(sh, j);
}

static void exec_kind(struct shell *sh, struct node *n, int flags)
{
	switch (n->kind) {
	case NODE_SIMPLE:
		sh->line = n->line;
		exec_simple(sh, n, flags);
		break;
	case NODE_PIPE:
		exec_pipe(sh, n);
		break;
	case NODE_ANDOR:
		exec_andor(sh, n, flags);
		break;
	case NODE_SEQ:
		exec_seq(sh, n, flags);
		break;
	case NODE_IF:
		exec_if(sh, n, flags);
		break;
	case NODE_LOOP:
		exec_loop(sh, n);
		break;
	case NODE_FOR:
		exec_for(sh, n);
		break;
	case NODE_CASE:
		exec_case(sh, n, flags);
		break;
	case NODE_GROUP:
		exec_node(sh, n->list.first, flags);
		break;
	case NODE_SUBSHELL:
		exec_subshell(sh, n, flags);
		break;
	case NODE_FUNCTION:
		function_define(sh, n->function.name, n->function.body);
		sh->status = 0;
		break;
	}
}

/* A compound command with redirections: around all of it. */
static void exec_redirected(struct shell *sh, struct node *n)
{
	struct arena_mark mark = arena_mark(&sh->scratch);
	struct io_plan plan;
	struct io_saved *saved;
	int n_saved = 0;

	sh->line = n->line;
	if (!io_plan_make(sh, n->redirs, &plan)) {
		sh->status = sh->status ? sh->status : 1;
		goto release;
	}
	saved = arena_alloc(&sh->scratch, (size_t)plan.n * 2 * sizeof(*saved));
	if (io_apply_saved(sh, &plan, saved, &n_saved))
		exec_kind(sh, n, 0);
	else
		sh->status = 1;
	io_restore(saved, n_saved);
release:
	io_plan_close(&plan);
	arena_release(&sh->scratch, mark);
}

/* Run n in this process, also when it is followed by &. */
static void exec_here(struct shell *sh, struct node *n, int flags)
{
	if (n->redirs && n->kind != NODE_SIMPLE)
		exec_redirected(sh, n);
	else
		exec_kind(sh, n, flags);
	after_command(sh, n);
}

int exec_node(struct shell *sh, struct node *n, int flags)
{
	if (n == NULL || sh->flow)
		return sh->status;
	if (n->async)
		exec_async(sh, n);
	else
		exec_here(sh, n, flags);
	return sh->status;
}

char *command_output(struct shell *sh, struct node *body, size_t *len)
{
	size_t n = 0, cap = 256, to = 0;
	char *s = arena_alloc(&sh->scratch, cap + 1), *wider;
	struct job *j;
	bool control = sh->job_control;
	int fds[2];
	ssize_t got;
	pid_t pid;

	*len = 0;
	sh->subst_status = 0;
	if (body == NULL)
		return s;
	if (pipe2(fds, O_CLOEXEC) != 0) {
		shell_error(sh, "cannot make a pipe: %s", strerror(errno));
		sh->flow = FLOW_ERROR;
		return s;
	}
	sh->job_control = false; /* part of the shell's own group */
	pid = shell_fork(sh, 0, false);
	if (pid == 0) {
		dup2(fds[1], 1);
		exec_node(sh, body, EXEC_LAST);
		exec_finish(sh);
	}
	close(fds[1]);
	while (pid > 0) {
		if (n == cap) {
			wider = arena_alloc(&sh->scratch, cap * 2 + 1);
			memcpy(wider, s, n);
			s = wider;
			cap *= 2;
		}
		got = read(fds[0], s + n, cap - n);
		if (got > 0)
			n += (size_t)got;
		else if (got == 0 || errno != EINTR)
			break;
	}
	close(fds[0]);
	if (pid > 0) {
		j = job_new(sh, NULL);
		job_add(j, pid);
		sh->subst_status = job_wait(sh, j);
	}
	sh->job_control = control;
	while (n > 0 && s[n - 1] == '\n')
		n--;
	for (size_t i = 0; i < n; i++)
		if (s[i] != '\0')
			s[to++] = s[i];
	s[to] = '\0';
	*len = to;
	return s;
}
