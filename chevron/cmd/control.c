/* chevron/cmd/control.c -- commands on jobs and processes. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/control.h"
#include "chevron/cmd/cmd.h"
#include "chevron/jobs.h"
#include "lib/text.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

int cmd_jobs(struct shell *sh, int argc, char **argv)
{
	out_flush(&cmd_out);
	jobs_print(sh, argc > 1 && strcmp(argv[1], "-l") == 0);
	return 0;
}

/* fg and bg */
int cmd_fg(struct shell *sh, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "%%";
	struct job *j;

	if (!sh->job_control)
		return cmd_error(argv[0], "there is no job control here");
	jobs_poll(sh, false);
	j = job_find(sh, name);
	if (j == NULL)
		return cmd_error(argv[0], "%s: no such job", name);
	return job_continue(sh, j, argv[0][0] == 'f');
}

int cmd_wait(struct shell *sh, int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return jobs_wait_all(sh);
	for (int i = 1; i < argc; i++) {
		struct job *j = job_find(sh, argv[i]);

		if (j != NULL) {
			status = job_wait_background(sh, j);
			continue;
		}
		cmd_error(argv[0], "%s: not a child of this shell", argv[i]);
		status = STATUS_NOT_FOUND;
	}
	return status;
}

static void list_signals(void)
{
	for (int i = 1; i < 32; i++)
		if (signal_name(i))
			out_fmt(&cmd_out, "%2d %-8s%s", i, signal_name(i),
			    i % 8 == 0 ? "\n" : "");
	out_char(&cmd_out, '\n');
}

static int kill_one(
    struct shell *sh, const char *name, const char *target, int signal)
{
	struct job *j = target[0] == '%' ? job_find(sh, target) : NULL;
	int64_t pid;

	if (j != NULL)
		pid = sh->job_control ? -job_group(j) : job_group(j);
	else if (target[0] == '%')
		return cmd_error(name, "%s: no such job", target);
	else if (!text_to_i64(target, &pid))
		return cmd_error(name, "%s: not a process number", target);
	if (kill((pid_t)pid, signal) != 0)
		return cmd_errno(name, "process %s", target);
	if (j != NULL && (signal == SIGTERM || signal == SIGHUP))
		kill((pid_t)pid, SIGCONT); /* a stopped one must see it */
	return 0;
}

static int list_names(int argc, char **argv)
{
	if (argc < 3)
		list_signals();
	for (int i = 2; i < argc; i++) {
		int64_t v;
		const char *name = text_to_i64(argv[i], &v)
		                       ? signal_name((int)(v & 127))
		                       : NULL;

		if (name)
			out_fmt(&cmd_out, "%s\n", name);
		else
			out_fmt(&cmd_out, "%d\n", signal_number(argv[i]));
	}
	return 0;
}

int cmd_kill(struct shell *sh, int argc, char **argv)
{
	int at = 1, signal = SIGTERM, status = 0;

	if (argc > 1 && strcmp(argv[1], "-l") == 0)
		return list_names(argc, argv);
	if (argc > 2 && strcmp(argv[1], "-s") == 0) {
		signal = signal_number(argv[2]);
		at = 3;
	} else if (argc > 1 && argv[1][0] == '-' && argv[1][1] != '\0') {
		at = 2;
		if (strcmp(argv[1], "--") != 0)
			signal = signal_number(argv[1] + 1);
	}
	if (signal < 0)
		return cmd_error(argv[0], "%s: no such signal", argv[at - 1]);
	if (at >= argc)
		return cmd_usage(argv[0]);
	for (; at < argc; at++)
		status |= kill_one(sh, argv[0], argv[at], signal);
	return status;
}
