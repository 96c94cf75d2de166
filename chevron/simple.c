/* chevron/simple.c -- running simple commands. */
/* SPDX-License-Identifier: MIT */
#include "chevron/exec.h"
#include "chevron/cmd/cmd.h"
#include "chevron/expand.h"
#include "chevron/jobs.h"
#include "chevron/launch.h"
#include "chevron/parse.h"
#include "chevron/redir.h"
#include <errno.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Everything known about a simple command before it runs. */
struct call {
	struct node *node;
	char **argv;
	int argc;
	struct node *function;
	struct tree *tree; /* the function's */
	const struct command *command;
};

/* NAME=... as an argument of export and the like is one field. */
static bool is_declaration(const struct word *w)
{
	const struct part *q = w->parts;
	const char *eq;

	if (q == NULL || q->kind != PART_TEXT || q->quoted)
		return false;
	eq = memchr(q->text, '=', q->len);
	return eq && name_is_valid(q->text, (size_t)(eq - q->text));
}

static bool expand_argv(struct shell *sh, struct node *n, struct call *c)
{
	const struct command *command = NULL;
	struct strings l = {0};

	for (struct word *w = n->simple.words; w; w = w->next) {
		if (command && (command->flags & CMD_DECLARES) &&
		    is_declaration(w)) {
			char *s = expand_text(sh, w);

			if (s == NULL)
				return false;
			strings_add(sh, &l, s);
			continue;
		}
		if (!expand_fields(sh, w, &l))
			return false;
		if (w == n->simple.words && l.n > 0)
			command = command_find(l.v[0]);
	}
	c->node = n;
	c->argv = strings_end(sh, &l);
	c->argc = l.n;
	if (l.n == 0)
		return true;
	c->function = function_find(sh, l.v[0], &c->tree);
	c->command = c->function ? NULL : command_find(l.v[0]);
	return true;
}

/* NAME=value before a command.  temporary: vars_leave takes them back. */
static bool set_assigns(struct shell *sh, struct assign *a, bool temporary)
{
	for (; a; a = a->next) {
		char *value = expand_text(sh, a->value);

		if (value == NULL)
			return false;
		if (temporary)
			var_local(sh, a->name);
		if (!var_set(sh, a->name, value)) {
			sh->flow = FLOW_ERROR;
			sh->status = STATUS_USAGE;
			return false;
		}
		if (temporary)
			var_export(sh, a->name);
	}
	return true;
}

static void trace(struct shell *sh, const struct call *c)
{
	if (!sh->opt_xtrace)
		return;
	for (int i = 0; i < c->argc; i++)
		fd_fmt(2, "%s%s", i ? " " : "+ ", c->argv[i]);
	fd_fmt(2, "\n");
}

static int call_function(struct shell *sh, const struct call *c)
{
	struct params old = sh->params;
	struct local *mark = vars_enter(sh);
	struct tree *tree = sh->tree;
	int loops = sh->loops;

	if (sh->calls >= CALL_DEPTH_MAX) {
		shell_error(sh, "%s: functions called too deeply (%d levels)",
		    c->argv[0], CALL_DEPTH_MAX);
		sh->flow = FLOW_ERROR;
		return sh->status = STATUS_USAGE;
	}
	sh->calls++;
	sh->loops = 0;
	sh->params = (struct params){c->argv + 1, c->argc - 1, false};
	sh->tree = c->tree;
	c->tree->refs++; /* it may redefine itself */
	sh->status = 0;
	exec_node(sh, c->function, 0);
	if (sh->flow == FLOW_RETURN)
		sh->flow = FLOW_NONE;
	tree_put(sh->tree);
	sh->tree = tree;
	params_free(&sh->params);
	sh->params = old;
	vars_leave(sh, mark);
	sh->loops = loops;
	sh->calls--;
	return sh->status;
}

static int call_command(struct shell *sh, const struct call *c)
{
	int status = c->command->run(sh, c->argc, c->argv), e;

	e = out_flush(&cmd_out);
	if (e != 0) {
		cmd_error(c->argv[0], "write: %s", strerror(e));
		status = status ? status : 1;
	}
	return status;
}

/* A function or builtin in this process, redirections around it. */
static void run_inside(struct shell *sh, const struct call *c)
{
	struct io_plan plan;
	struct io_saved *saved;
	int n = 0;

	if (!io_plan_make(sh, c->node->redirs, &plan)) {
		sh->status = sh->status ? sh->status : 1;
		io_plan_close(&plan);
		return;
	}
	saved = arena_alloc(&sh->scratch, (size_t)plan.n * 2 * sizeof(*saved));
	if (!io_apply_saved(sh, &plan, saved, &n)) {
		sh->status = 1;
		io_restore(saved, n);
	} else {
		if (c->function)
			call_function(sh, c);
		else if (c->command)
			sh->status = call_command(sh, c);
		else
			sh->status =
			    sh->subst_status >= 0 ? sh->subst_status : 0;
		if (c->command && (c->command->flags & CMD_KEEP_IO))
			io_forget(saved, n);
		else
			io_restore(saved, n);
	}
	io_plan_close(&plan);
}

/* A command that may run long, in its own process. */
static void run_forked(struct shell *sh, const struct call *c)
{
	pid_t pid = shell_fork(sh, 0, true);
	struct job *j;

	if (pid < 0) {
		sh->status = STATUS_CANNOT_RUN;
		return;
	}
	if (pid == 0) {
		run_inside(sh, c);
		_exit(sh->status);
	}
	j = job_new(sh, c->node->source ? c->node->source : c->argv[0]);
	job_add(j, pid);
	sh->status = job_wait(sh, j);
}

/* Wait for the only child that matters; jobs are looked after elsewhere. */
static int wait_program(struct shell *sh, const struct call *c, pid_t pid)
{
	struct job *j;
	int status;

	if (sh->job_control || sh->jobs != NULL) {
		j = job_new(sh, c->node->source ? c->node->source : c->argv[0]);
		job_add(j, pid);
		return job_wait(sh, j);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return STATUS_CANNOT_RUN;
		traps_run(sh);
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGINT &&
	    WTERMSIG(status) != SIGPIPE)
		fd_fmt(2, "%s: %s\n", c->argv[0], strsignal(WTERMSIG(status)));
	return status_of(status);
}

static const char *search_path(struct shell *sh)
{
	const char *path = var_get(sh, "PATH");

	return path ? path : "/bin:/sbin:/usr/bin";
}

static void run_program(struct shell *sh, const struct call *c, int flags)
{
	struct io_plan plan;
	struct launch l = {c->argv, NULL, NULL, &plan, -1, -1, 0, true};
	pid_t pid;

	if (!io_plan_make(sh, c->node->redirs, &plan)) {
		sh->status = sh->status ? sh->status : 1;
		io_plan_close(&plan);
		return;
	}
	l.env = vars_env(sh);
	l.path = search_path(sh);
	if ((flags & EXEC_LAST) && sh->traps[0] == NULL) {
		if (!io_apply(sh, &plan))
			_exit(1);
		launch_exec(sh, l.argv, l.env, l.path);
	}
	pid = launch_program(sh, &l);
	io_plan_close(&plan);
	sh->status = pid > 0 ? wait_program(sh, c, pid) : STATUS_CANNOT_RUN;
}

static void dispatch(struct shell *sh, const struct call *c, int flags)
{
	if (c->argc == 0 || c->function)
		run_inside(sh, c);
	else if (c->command == NULL)
		run_program(sh, c, flags);
	else if ((c->command->flags & CMD_FORK) && sh->job_control)
		run_forked(sh, c);
	else
		run_inside(sh, c);
}

int exec_simple(struct shell *sh, struct node *n, int flags)
{
	struct arena_mark mark = arena_mark(&sh->scratch);
	struct local *locals = vars_enter(sh);
	struct call c = {0};
	bool temporary = false;

	sh->subst_status = -1;
	if (!expand_argv(sh, n, &c))
		goto release;
	temporary = n->simple.assigns && c.argc > 0 &&
	            !(c.command && (c.command->flags & CMD_SPECIAL));
	if (!set_assigns(sh, n->simple.assigns, temporary))
		goto leave;
	trace(sh, &c);
	if (c.argc == 0 && n->redirs == NULL)
		sh->status = sh->subst_status >= 0 ? sh->subst_status : 0;
	else
		dispatch(sh, &c, flags);
leave:
	if (temporary)
		vars_leave(sh, locals);
release:
	arena_release(&sh->scratch, mark);
	return sh->status;
}

int exec_argv(struct shell *sh, int argc, char **argv, bool functions)
{
	struct node n = {.kind = NODE_SIMPLE, .line = sh->line};
	struct call c = {.node = &n, .argv = argv, .argc = argc};

	if (functions)
		c.function = function_find(sh, argv[0], &c.tree);
	if (!c.function)
		c.command = command_find(argv[0]);
	dispatch(sh, &c, 0);
	return sh->status;
}

/* Words without effects on the shell may be expanded in it, ahead of time. */
static bool word_is_pure(const struct word *w)
{
	for (const struct part *q = w->parts; q; q = q->next)
		if (q->kind != PART_TEXT &&
		    (q->kind != PART_PARAM || q->op != OP_NONE))
			return false;
	return true;
}

static bool node_is_pure(const struct node *n)
{
	if (n->kind != NODE_SIMPLE || n->simple.assigns || !n->simple.words)
		return false;
	for (const struct word *w = n->simple.words; w; w = w->next)
		if (!word_is_pure(w))
			return false;
	for (const struct redir *r = n->redirs; r; r = r->next)
		if (!word_is_pure(r->target))
			return false;
	return true;
}

bool exec_start_program(struct shell *sh, struct node *n, int in, int out,
    pid_t group, bool foreground, pid_t *pid)
{
	struct arena_mark mark = arena_mark(&sh->scratch);
	struct io_plan plan = {0};
	struct call c = {0};
	bool started = false;

	if (!node_is_pure(n) || sh->opt_nounset)
		return false;
	sh->line = n->line;
	if (expand_argv(sh, n, &c) && c.argc > 0 && !c.function && !c.command &&
	    io_plan_make(sh, n->redirs, &plan)) {
		struct launch l = {c.argv, vars_env(sh), search_path(sh), &plan,
		    in, out, group, foreground};

		trace(sh, &c);
		*pid = launch_program(sh, &l);
		started = true;
	}
	io_plan_close(&plan);
	arena_release(&sh->scratch, mark);
	return started;
}
