/* chevron/launch.c -- starting programs. */
/* SPDX-License-Identifier: MIT */
#include "chevron/launch.h"
#include "chevron/jobs.h"
#include "lib/out.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A vfork child runs in the shell's memory while the shell stands still: it
 * may call system calls and write to its own stack, nothing else.  Everything
 * it needs is therefore worked out before, and an interactive shell keeps
 * signals blocked until the child has put the handlers away.
 */

/* The next directory of a PATH and name as one path; false: too long. */
static bool path_join(const char **at, const char *name, char *buf, size_t cap)
{
	const char *end = strchrnul(*at, ':');
	size_t n = (size_t)(end - *at), len = strlen(name);
	bool fits = n + len + 3 < cap;

	if (fits) {
		memcpy(buf, *at, n);
		if (n == 0)
			buf[n++] = '.';
		buf[n++] = '/';
		memcpy(buf + n, name, len + 1);
	}
	*at = *end ? end + 1 : NULL;
	return fits;
}

bool path_search(const char *path, const char *name, char *buf, size_t cap)
{
	struct stat st;

	while (path != NULL) {
		if (path_join(&path, name, buf, cap) &&
		    access(buf, X_OK) == 0 && stat(buf, &st) == 0 &&
		    S_ISREG(st.st_mode))
			return true;
	}
	return false;
}

/* A text file without #! is a script of ours. */
static void exec_script(const char *file, char **argv, char **env)
{
	enum { ARGS_MAX = 1024 };
	char *args[ARGS_MAX];
	int n = 0;

	args[n++] = (char *)"chevron";
	args[n++] = (char *)file;
	for (int i = 1; argv[i] && n < ARGS_MAX - 1; i++)
		args[n++] = argv[i];
	args[n] = NULL;
	execve("/proc/self/exe", args, env);
	execve("/bin/chevron", args, env);
}

static int try_exec(const char *file, char **argv, char **env)
{
	int e;

	execve(file, argv, env);
	e = errno;
	if (e == ENOEXEC)
		exec_script(file, argv, env);
	return e;
}

static int search_exec(const char *path, char **argv, char **env)
{
	char file[PATH_MAX];
	int e, worst = ENOENT;

	while (path != NULL) {
		if (!path_join(&path, argv[0], file, sizeof(file)))
			continue;
		e = try_exec(file, argv, env);
		if (e != ENOENT && e != ENOTDIR)
			worst = e;
	}
	return worst;
}

/* What went wrong with a program, told; the status to exit with. */
static int exec_failed(struct shell *sh, const char *name, int e)
{
	struct stat st;
	bool path = strchr(name, '/') != NULL;

	if (e == ENOENT && !path) {
		shell_error(sh, "%s: command not found", name);
		return STATUS_NOT_FOUND;
	}
	if (e == ENOENT && stat(name, &st) == 0)
		shell_error(sh, "%s: its interpreter is missing", name);
	else if (e == EACCES && stat(name, &st) == 0 && S_ISDIR(st.st_mode))
		shell_error(sh, "%s: is a directory", name);
	else
		shell_error(sh, "cannot run %s: %s", name, strerror(e));
	return e == ENOENT || e == ENOTDIR ? STATUS_NOT_FOUND
	                                   : STATUS_CANNOT_RUN;
}

void launch_exec(struct shell *sh, char **argv, char **env, const char *path)
{
	int e = strchr(argv[0], '/') ? try_exec(argv[0], argv, env)
	                             : search_exec(path, argv, env);

	_exit(exec_failed(sh, argv[0], e));
}

static void join_group(struct shell *sh, pid_t group, bool foreground)
{
	if (!sh->job_control)
		return;
	setpgid(0, group);
	if (foreground) /* our group is not the foreground's: SIGTTOU is off */
		tcsetpgrp(sh->tty, group ? group : getpid());
}

[[gnu::noreturn]] static void launch_child(
    struct shell *sh, struct launch *l, const sigset_t *mask)
{
	join_group(sh, l->group, l->foreground);
	shell_signals_child(sh);
	if (sh->interactive)
		sigprocmask(SIG_SETMASK, mask, NULL);
	if (l->in >= 0)
		dup2(l->in, 0);
	if (l->out >= 0)
		dup2(l->out, 1);
	if (!io_apply(sh, l->plan))
		_exit(1);
	launch_exec(sh, l->argv, l->env, l->path);
}

pid_t launch_program(struct shell *sh, struct launch *l)
{
	sigset_t all, mask;
	pid_t pid;

	if (sh->interactive) {
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, &mask);
	}
	pid = vfork();
	if (pid == 0)
		launch_child(sh, l, &mask);
	if (sh->interactive)
		sigprocmask(SIG_SETMASK, &mask, NULL);
	if (pid < 0)
		shell_error(
		    sh, "cannot start %s: %s", l->argv[0], strerror(errno));
	return pid;
}

static void become_subshell(struct shell *sh)
{
	shell_signals_child(sh);
	for (int i = 0; i < 65; i++) {
		if (sh->traps[i] == NULL)
			continue;
		if (i > 0 && sh->traps[i][0] != '\0')
			trap_set(sh, i, "-");
		else if (i == 0) {
			free(sh->traps[0]);
			sh->traps[0] = NULL;
		}
	}
	jobs_clear(sh);
	sh->interactive = false;
	sh->job_control = false;
	sh->subshell = true;
}

pid_t shell_fork(struct shell *sh, pid_t group, bool foreground)
{
	bool person = sh->interactive;
	sigset_t all, mask;
	pid_t pid;

	/* The child may not take Ctrl-C with the shell's handler: held back,
	 * it ends the child once the handler is gone. */
	if (person) {
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, &mask);
	}
	pid = fork();
	if (pid == 0) {
		join_group(sh, group, foreground);
		become_subshell(sh);
	} else if (pid > 0 && sh->job_control) {
		/* Both sides do it: neither may go on before it is done. */
		setpgid(pid, group ? group : pid);
		if (foreground)
			tcsetpgrp(sh->tty, group ? group : pid);
	}
	if (person)
		sigprocmask(SIG_SETMASK, &mask, NULL);
	if (pid < 0)
		shell_error(sh, "cannot fork: %s", strerror(errno));
	return pid;
}
