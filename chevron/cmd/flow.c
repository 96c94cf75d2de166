/* chevron/cmd/flow.c -- commands that steer the shell. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/flow.h"
#include "chevron/cmd/cmd.h"
#include "chevron/exec.h"
#include "chevron/jobs.h"
#include "chevron/launch.h"
#include "lib/file.h"
#include "lib/text.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCRIPT_MAX = 16 << 20 };

int cmd_colon(struct shell *sh, int argc, char **argv)
{
	(void)sh, (void)argc, (void)argv;
	return 0;
}

int cmd_true(struct shell *sh, int argc, char **argv)
{
	return cmd_colon(sh, argc, argv);
}

int cmd_false(struct shell *sh, int argc, char **argv)
{
	return !cmd_colon(sh, argc, argv);
}

/* break and continue */
int cmd_break(struct shell *sh, int argc, char **argv)
{
	int64_t n = 1;

	if (argc > 1 && (!text_to_i64(argv[1], &n) || n < 1))
		return cmd_error(argv[0], "%s: not a number of loops", argv[1]);
	if (sh->loops == 0)
		return 0;
	sh->flow_levels = n > sh->loops ? sh->loops : (int)n;
	sh->flow = argv[0][0] == 'b' ? FLOW_BREAK : FLOW_CONTINUE;
	return 0;
}

static bool status_argument(
    struct shell *sh, int argc, char **argv, int *status)
{
	int64_t v;

	*status = sh->status;
	if (argc < 2)
		return true;
	if (!text_to_i64(argv[1], &v)) {
		cmd_error(argv[0], "%s: not a number", argv[1]);
		*status = STATUS_USAGE;
		return false;
	}
	*status = (int)(v & 255);
	return true;
}

int cmd_return(struct shell *sh, int argc, char **argv)
{
	int status;

	if (status_argument(sh, argc, argv, &status))
		sh->flow = FLOW_RETURN;
	return status;
}

int cmd_exit(struct shell *sh, int argc, char **argv)
{
	static bool warned; /* the second exit is meant */
	int status;

	if (sh->interactive && jobs_any_stopped(sh) && !warned) {
		warned = true;
		return cmd_error(argv[0], "there are stopped jobs (see jobs; "
		                          "exit again to leave them)");
	}
	(void)status_argument(sh, argc, argv, &status); /* leaves anyway */
	sh->flow = FLOW_EXIT;
	return status;
}

int cmd_eval(struct shell *sh, int argc, char **argv)
{
	size_t n = 0;
	char *text;

	for (int i = 1; i < argc; i++)
		n += strlen(argv[i]) + 1;
	text = xmalloc(n + 1);
	n = 0;
	for (int i = 1; i < argc; i++) {
		size_t len = strlen(argv[i]);

		memcpy(text + n, argv[i], len);
		n += len;
		text[n++] = ' ';
	}
	sh->status = 0;
	shell_run_text(sh, text, n);
	free(text);
	return sh->status;
}

int cmd_source(struct shell *sh, int argc, char **argv)
{
	char found[PATH_MAX], *text;
	const char *file = argc > 1 ? argv[1] : NULL;
	struct params old = sh->params;
	size_t n;

	if (file == NULL)
		return cmd_usage(argv[0]);
	if (sh->calls >= CALL_DEPTH_MAX)
		return cmd_error(argv[0], "%s: nested too deeply", file);
	if (!strchr(file, '/') && access(file, R_OK) != 0 &&
	    path_search(var_get(sh, "PATH"), file, found, sizeof(found)))
		file = found;
	text = file_slurp(file, &n, SCRIPT_MAX);
	if (text == NULL)
		return cmd_errno(argv[0], "cannot read %s", file);
	if (argc > 2)
		sh->params = (struct params){argv + 2, argc - 2, false};
	sh->calls++;
	sh->status = 0;
	shell_run_text(sh, text, n);
	sh->calls--;
	if (sh->flow == FLOW_RETURN)
		sh->flow = FLOW_NONE;
	if (argc > 2) {
		params_free(&sh->params);
		sh->params = old;
	}
	free(text);
	return sh->status;
}

int cmd_exec(struct shell *sh, int argc, char **argv)
{
	const char *path = var_get(sh, "PATH");

	if (argc < 2)
		return 0;
	shell_signals_child(sh);
	launch_exec(sh, argv + 1, vars_env(sh), path ? path : "/bin:/sbin");
}

static bool tell_kind(struct shell *sh, const char *name, bool words)
{
	char file[PATH_MAX];
	struct tree *tree;

	if (function_find(sh, name, &tree))
		out_fmt(&cmd_out, words ? "%s is a function\n" : "%s\n", name);
	else if (command_find(name))
		out_fmt(&cmd_out, words ? "%s is a Chevron command\n" : "%s\n",
		    name);
	else if (strchr(name, '/') && access(name, X_OK) == 0)
		out_fmt(&cmd_out, "%s\n", name);
	else if (!strchr(name, '/') &&
	         path_search(var_get(sh, "PATH"), name, file, sizeof(file)))
		out_fmt(&cmd_out, words ? "%s is %s\n" : "%s%s\n",
		    words ? name : "", file);
	else
		return false;
	return true;
}

int cmd_command(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	int c, status = 0;
	bool tell = false, words = false;

	while ((c = options_next(&o, argc, argv, "vVp")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		tell |= c == 'v' || c == 'V';
		words |= c == 'V';
	}
	if (o.at >= argc)
		return 0;
	if (!tell)
		return exec_argv(sh, argc - o.at, argv + o.at, false);
	for (int i = o.at; i < argc; i++)
		if (!tell_kind(sh, argv[i], words))
			status = STATUS_NOT_FOUND;
	return status;
}

int cmd_type(struct shell *sh, int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++) {
		if (!tell_kind(sh, argv[i], true)) {
			cmd_error(argv[0], "%s: not found", argv[i]);
			status = STATUS_NOT_FOUND;
		}
	}
	return status;
}

static void print_traps(struct shell *sh)
{
	for (int i = 0; i < 65; i++) {
		const char *name = i ? signal_name(i) : "EXIT";

		if (sh->traps[i] && name)
			out_fmt(
			    &cmd_out, "trap -- '%s' %s\n", sh->traps[i], name);
	}
}

int cmd_trap(struct shell *sh, int argc, char **argv)
{
	const char *action = argv[1];
	int at = 2, status = 0;

	if (argc > 1 && strcmp(argv[1], "--") == 0) {
		action = argv[2];
		at++;
	}
	if (action == NULL) {
		print_traps(sh);
		return 0;
	}
	if (argc == at && signal_number(action) >= 0) { /* trap N: reset */
		action = "-";
		at--;
	}
	for (; at < argc; at++) {
		int n =
		    strcmp(argv[at], "EXIT") == 0 ? 0 : signal_number(argv[at]);

		if (n < 0)
			status =
			    cmd_error(argv[0], "%s: no such signal", argv[at]);
		else
			trap_set(sh, n, *action ? action : NULL);
	}
	return status;
}
