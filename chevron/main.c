/* chevron/main.c -- arguments and start of the shell. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/cmd.h"
#include "chevron/exec.h"
#include "chevron/input.h"
#include "chevron/session.h"
#include "lib/file.h"
#include "lib/init_client.h"
#include "lib/fmt.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCRIPT_MAX = 64 << 20 };

void shell_error(struct shell *sh, const char *f, ...)
{
	char text[700];
	va_list ap;

	va_start(ap, f);
	fmt_v(text, sizeof(text), f, ap);
	va_end(ap);
	if (sh->interactive || sh->line == 0)
		fd_fmt(2, "%s: %s\n", sh->name, text);
	else
		fd_fmt(2, "%s: line %u: %s\n", sh->name, sh->line, text);
}

static void set_default(struct shell *sh, const char *name, const char *value)
{
	if (var_get(sh, name) == NULL)
		var_set(sh, name, value);
	var_export(sh, name);
}

static void start_variables(struct shell *sh)
{
	extern char **environ;
	char here[PATH_MAX];

	vars_import(sh, environ);
	set_default(sh, "PATH", "/bin:/sbin:/usr/bin");
	if (getcwd(here, sizeof(here)) != NULL)
		var_set(sh, "PWD", here);
	var_unset(sh, "IFS"); /* never from outside */
	var_set(sh, "IFS", " \t\n");
}

[[gnu::noreturn]] static void finish(struct shell *sh)
{
	out_flush(&cmd_out);
	trap_exit(sh);
	exit(sh->status);
}

[[gnu::noreturn]] static void run_command(
    struct shell *sh, int argc, char **argv)
{
	if (argc < 3) {
		fd_fmt(2, "chevron: -c needs a command\n");
		exit(STATUS_USAGE);
	}
	if (argc > 3) {
		sh->name = argv[3];
		sh->params = (struct params){argv + 4, argc - 4, false};
	}
	input_run_text(sh, argv[2], strlen(argv[2]), true);
	finish(sh);
}

[[gnu::noreturn]] static void run_script(
    struct shell *sh, int argc, char **argv)
{
	size_t n;
	char *text = file_slurp(argv[1], &n, SCRIPT_MAX), *end;

	if (text == NULL) {
		fd_fmt(2, "chevron: cannot read %s: %s\n", argv[1],
		    strerror(errno));
		exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
	}
	end = memchr(text, '\n', n);
	if (memchr(text, '\0', end ? (size_t)(end - text) : n)) {
		fd_fmt(2, "chevron: %s: not a text\n", argv[1]);
		exit(STATUS_CANNOT_RUN);
	}
	sh->name = argv[1];
	sh->params = (struct params){argv + 2, argc - 2, false};
	input_run_text(sh, text, n, false);
	finish(sh);
}

int main(int argc, char **argv)
{
	static struct shell sh = {.name = "chevron", .tty = -1};
	bool person = false;

	sh.pid = getpid();
	init_hold(); /* what is started here does not get it by itself */
	start_variables(&sh);
	if (argc > 1 && strcmp(argv[1], "-c") == 0)
		run_command(&sh, argc, argv);
	if (argc > 1 && strcmp(argv[1], "-i") == 0)
		person = true;
	else if (argc > 1 && argv[1][0] == '-' && strcmp(argv[1], "-s")) {
		fd_fmt(2, "usage: chevron [-i | -c COMMAND [NAME ARGS] | "
		          "SCRIPT ARGS]\n");
		return STATUS_USAGE;
	} else if (argc > 1 && argv[1][0] != '-') {
		run_script(&sh, argc, argv);
	}
	if (person || (isatty(0) && isatty(2) && argc < 2)) {
		session_begin(&sh);
		input_run_interactive(&sh);
	} else {
		input_run_plain(&sh);
	}
	finish(&sh);
}
