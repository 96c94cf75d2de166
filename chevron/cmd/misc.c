/* chevron/cmd/misc.c -- small commands. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/misc.h"
#include "chevron/cmd/cmd.h"
#include "chevron/exec.h"
#include "chevron/history.h"
#include "chevron/launch.h"
#include "lib/text.h"
#include "lib/users.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void help_one(const struct command *c)
{
	out_fmt(&cmd_out, "%s %s\n    %s\n", c->name, c->usage, c->help);
}

int cmd_help(struct shell *sh, int argc, char **argv)
{
	const struct command *all, *c;
	int status = 0;
	size_t n;

	(void)sh;
	all = commands_all(&n);
	for (int i = 1; i < argc; i++) {
		c = command_find(argv[i]);
		if (c == NULL)
			status = cmd_error(argv[0],
			    "%s: not one of Chevron's commands", argv[i]);
		else
			help_one(c);
	}
	if (argc > 1)
		return status;
	for (size_t i = 0; i < n; i++)
		out_fmt(&cmd_out, "%-10s %s\n", all[i].name, all[i].help);
	out_str(&cmd_out, "\nhelp COMMAND shows its arguments.  Programs: any "
	                  "file in $PATH or by its path.\n");
	return 0;
}

int cmd_clear(struct shell *sh, int argc, char **argv)
{
	const char *term = var_get(sh, "TERM");

	(void)argc, (void)argv;
	if (term == NULL || strcmp(term, "dumb") != 0)
		out_str(&cmd_out, "\033[H\033[2J");
	return 0;
}

/* false: interrupted */
static bool sleep_ns(uint64_t ns)
{
	struct timespec t = {
	    (time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	while (nanosleep(&t, &t) != 0)
		if (errno != EINTR || shell_interrupted())
			return false;
	return true;
}

int cmd_sleep(struct shell *sh, int argc, char **argv)
{
	uint64_t ns, total = 0;

	(void)sh;
	if (argc < 2)
		return cmd_usage(argv[0]);
	for (int i = 1; i < argc; i++) {
		if (!text_to_ns(argv[i], &ns))
			return cmd_error(argv[0], "%s: not a time", argv[i]);
		total =
		    total > UINT64_MAX / 2 - ns ? UINT64_MAX / 2 : total + ns;
	}
	return sleep_ns(total) ? 0 : STATUS_SIGNAL + 2;
}

int cmd_watch(struct shell *sh, int argc, char **argv)
{
	uint64_t ns = 2000000000;
	struct options o = {0};
	bool screen = isatty(1);
	char text[1024] = "";
	size_t used = 0;
	int c;

	while ((c = options_next(&o, argc, argv, "n:")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		if (!text_to_ns(o.value, &ns) || ns == 0)
			return cmd_error(argv[0], "%s: not a time", o.value);
	}
	if (o.at >= argc)
		return cmd_usage(argv[0]);
	for (int i = o.at; i < argc; i++) {
		size_t n = strlen(argv[i]);

		if (used + n + 2 > sizeof(text))
			return cmd_error(argv[0], "the command is too long");
		memcpy(text + used, argv[i], n);
		used += n;
		text[used++] = ' ';
	}
	do {
		if (screen)
			out_str(&cmd_out, "\033[H\033[2J");
		out_fmt(&cmd_out, "Every %lu.%lu s: %.*s\n\n",
		    (unsigned long)(ns / 1000000000),
		    (unsigned long)(ns / 100000000 % 10), (int)used, text);
		if (out_flush(&cmd_out) != 0)
			return 1;
		shell_run_text(sh, text, used);
		out_flush(&cmd_out);
	} while (!sh->flow && sleep_ns(ns));
	return sh->status;
}

int cmd_whoami(struct shell *sh, int argc, char **argv)
{
	char name[128];

	(void)sh, (void)argc, (void)argv;
	if (!user_name(geteuid(), name, sizeof(name)) && geteuid() == 0)
		memcpy(name, "root", 5); /* needs no list of users */
	out_fmt(&cmd_out, "%s\n", name);
	return 0;
}

int cmd_which(struct shell *sh, int argc, char **argv)
{
	char path[PATH_MAX];
	int status = 0;

	if (argc < 2)
		return cmd_usage(argv[0]);
	for (int i = 1; i < argc; i++) {
		bool slash = strchr(argv[i], '/') != NULL;

		if (slash && access(argv[i], X_OK) == 0)
			out_fmt(&cmd_out, "%s\n", argv[i]);
		else if (!slash && command_find(argv[i]))
			out_fmt(&cmd_out, "%s: a Chevron command\n", argv[i]);
		else if (!slash && path_search(var_get(sh, "PATH"), argv[i],
		                       path, sizeof(path)))
			out_fmt(&cmd_out, "%s\n", path);
		else
			status = cmd_error(
			    argv[0], "%s: not found in PATH", argv[i]);
	}
	return status;
}

int cmd_history(struct shell *sh, int argc, char **argv)
{
	int n = 0;

	(void)argc, (void)argv;
	if (sh->history == NULL)
		return 0;
	while (history_get(sh->history, n + 1) != NULL)
		n++;
	for (int i = n; i >= 1; i--) {
		out_fmt(&cmd_out, "%5d  ", n - i + 1);
		out_str(&cmd_out, history_get(sh->history, i));
		out_char(&cmd_out, '\n');
	}
	return 0;
}
