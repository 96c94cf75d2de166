/* chevron/launch.h -- starting programs. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/redir.h"
#include "chevron/shell.h"

/* How a program is started. */
struct launch {
	char **argv;
	char **env;
	const char *path; /* $PATH */
	const struct io_plan *plan;
	int in, out; /* ends of pipes, -1: none */
	pid_t group; /* to join; 0: a new one */
	bool foreground;
};

/* Start a program by vfork.  Its pid, or -1 after a message.  What goes wrong
 * in the child is told there; its status is then 126 or 127. */
pid_t launch_program(struct shell *sh, struct launch *l);
/* Become the program; tells the error and exits otherwise. */
[[gnu::noreturn]] void launch_exec(
    struct shell *sh, char **argv, char **env, const char *path);
/* fork a copy of the shell that is no longer interactive; 0 in it. */
pid_t shell_fork(struct shell *sh, pid_t group, bool foreground);
/* Where a name leads in path: the file in buf, or false. */
bool path_search(const char *path, const char *name, char *buf, size_t cap);
