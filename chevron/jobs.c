/* chevron/jobs.c -- children of the shell, as jobs. */
/* SPDX-License-Identifier: MIT */
#include "chevron/jobs.h"
#include "lib/out.h"
#include "lib/text.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/*
 * Every child that the shell does not wait for at once belongs to a job; all
 * are reaped in one place, wait_once, that files each status with its owner.
 * A job's state follows from its processes: running while one runs, else
 * stopped while one is stopped, else done.
 */

struct process {
	pid_t pid;
	enum job_state state;
	int status;
};

struct job {
	struct job *next;
	int id; /* from 1; newest first in the list */
	pid_t group;
	int n;
	struct process *processes;
	char *text;
	struct termios modes; /* of the terminal, when it was stopped */
	bool modes_known;
	bool background; /* its end is reported */
};

int status_of(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return STATUS_SIGNAL + WTERMSIG(wait_status);
	if (WIFSTOPPED(wait_status))
		return STATUS_SIGNAL + WSTOPSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

struct job *job_new(struct shell *sh, const char *text)
{
	struct job *j = xmalloc(sizeof(*j));
	int id = 1;

	for (struct job *other = sh->jobs; other; other = other->next)
		if (other->id >= id)
			id = other->id + 1;
	*j = (struct job){
	    .next = sh->jobs, .id = id, .text = xstrdup(text ? text : "")};
	sh->jobs = j;
	return j;
}

void job_add(struct job *j, pid_t pid)
{
	j->processes =
	    xrealloc(j->processes, ((size_t)j->n + 1) * sizeof(*j->processes));
	j->processes[j->n++] = (struct process){.pid = pid};
	if (j->group == 0)
		j->group = pid;
}

void job_free(struct shell *sh, struct job *j)
{
	struct job **at = &sh->jobs;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	free(j->processes);
	free(j->text);
	free(j);
}

void jobs_clear(struct shell *sh)
{
	while (sh->jobs != NULL)
		job_free(sh, sh->jobs);
}

static enum job_state job_state(const struct job *j)
{
	enum job_state state = JOB_DONE;

	for (int i = 0; i < j->n; i++) {
		if (j->processes[i].state == JOB_RUNNING)
			return JOB_RUNNING;
		if (j->processes[i].state == JOB_STOPPED)
			state = JOB_STOPPED;
	}
	return state;
}

static int job_status(const struct job *j)
{
	return j->n > 0 ? status_of(j->processes[j->n - 1].status) : 0;
}

static void file_status(struct shell *sh, pid_t pid, int status)
{
	for (struct job *j = sh->jobs; j; j = j->next) {
		for (int i = 0; i < j->n; i++) {
			if (j->processes[i].pid != pid ||
			    j->processes[i].state == JOB_DONE)
				continue;
			j->processes[i].status = status;
			j->processes[i].state = WIFSTOPPED(status) ? JOB_STOPPED
			                        : WIFCONTINUED(status)
			                            ? JOB_RUNNING
			                            : JOB_DONE;
			return;
		}
	}
}

/* Wait for any child.  false: none left, or a signal came. */
static bool wait_once(struct shell *sh, int options)
{
	int status;
	pid_t pid;

	if (sh->job_control)
		options |= WUNTRACED | WCONTINUED;
	pid = waitpid(-1, &status, options);
	if (pid <= 0)
		return false;
	file_status(sh, pid, status);
	return true;
}

static void take_terminal(struct shell *sh, struct job *j, bool stopped)
{
	if (!sh->job_control)
		return;
	tcsetpgrp(sh->tty, getpgrp());
	if (stopped)
		j->modes_known = tcgetattr(sh->tty, &j->modes) == 0;
	/* One that ended well may have meant its changes (stty). */
	if (sh->modes_known &&
	    (stopped ||
	        (j->n > 0 && WIFSIGNALED(j->processes[j->n - 1].status))))
		tcsetattr(sh->tty, TCSADRAIN, &sh->modes);
}

static void tell_death(struct shell *sh, const struct job *j)
{
	int status = j->n > 0 ? j->processes[j->n - 1].status : 0, n;

	if (!WIFSIGNALED(status))
		return;
	n = WTERMSIG(status);
	if (n == SIGINT) {
		/* It was meant for the loop around the job as well. */
		if (sh->interactive)
			shell_interrupt();
		return;
	}
	if (n != SIGPIPE)
		fd_fmt(2, "%s%s: %s%s\n", j->text[0] ? "" : "chevron", j->text,
		    strsignal(n), WCOREDUMP(status) ? " (core dumped)" : "");
}

int job_wait(struct shell *sh, struct job *j)
{
	int status;

	/* Ctrl-C came to the shell before the job had the terminal. */
	if (sh->job_control && shell_interrupted())
		kill(-j->group, SIGINT);
	while (job_state(j) == JOB_RUNNING) {
		if (!wait_once(sh, 0) && errno != EINTR)
			break;
		traps_run(sh);
	}
	status = job_status(j);
	if (job_state(j) == JOB_STOPPED) {
		take_terminal(sh, j, true);
		j->background = true;
		for (int i = 0; i < j->n; i++)
			if (j->processes[i].state == JOB_STOPPED)
				status = status_of(j->processes[i].status);
		fd_fmt(2, "\n[%d]+ Stopped  %s\n", j->id, j->text);
		return status;
	}
	take_terminal(sh, j, false);
	tell_death(sh, j);
	job_free(sh, j);
	return status;
}

int job_wait_background(struct shell *sh, struct job *j)
{
	int status;

	while (job_state(j) == JOB_RUNNING) {
		if (wait_once(sh, 0))
			continue;
		if (errno == EINTR)
			return STATUS_SIGNAL + SIGINT;
		break;
	}
	status = job_status(j);
	if (job_state(j) == JOB_DONE)
		job_free(sh, j);
	return status;
}

int jobs_wait_all(struct shell *sh)
{
	for (;;) {
		bool running = false;

		for (struct job *j = sh->jobs; j; j = j->next)
			running |= job_state(j) == JOB_RUNNING;
		if (!running)
			break;
		if (!wait_once(sh, 0))
			return errno == EINTR ? STATUS_SIGNAL + SIGINT : 0;
	}
	jobs_poll(sh, true);
	return 0;
}

int job_continue(struct shell *sh, struct job *j, bool foreground)
{
	for (int i = 0; i < j->n; i++)
		if (j->processes[i].state == JOB_STOPPED)
			j->processes[i].state = JOB_RUNNING;
	fd_fmt(1, foreground ? "%s\n" : "%s &\n", j->text);
	if (foreground && sh->job_control) {
		if (j->modes_known)
			tcsetattr(sh->tty, TCSADRAIN, &j->modes);
		tcsetpgrp(sh->tty, j->group);
	}
	if (kill(sh->job_control ? -j->group : j->group, SIGCONT) != 0)
		shell_error(sh, "job %d: %s", j->id, strerror(errno));
	j->background = !foreground;
	return foreground ? job_wait(sh, j) : 0;
}

static void print_job(struct shell *sh, const struct job *j, int fd, bool pids)
{
	enum job_state state = job_state(j);
	int status = job_status(j);
	char mark = j == sh->jobs ? '+' : j == sh->jobs->next ? '-' : ' ';

	fd_fmt(fd, "[%d]%c ", j->id, mark);
	if (pids)
		fd_fmt(fd, "%d ", j->group);
	if (state != JOB_DONE)
		fd_fmt(fd, "%-8s  %s\n",
		    state == JOB_RUNNING ? "Running" : "Stopped", j->text);
	else if (status == 0)
		fd_fmt(fd, "Done      %s\n", j->text);
	else if (status > STATUS_SIGNAL)
		fd_fmt(
		    fd, "%s  %s\n", strsignal(status - STATUS_SIGNAL), j->text);
	else
		fd_fmt(fd, "Exit %-4d %s\n", status, j->text);
}

void jobs_poll(struct shell *sh, bool report)
{
	struct job *next;

	if (sh->jobs == NULL)
		return;
	while (wait_once(sh, WNOHANG))
		;
	for (struct job *j = sh->jobs; j && report; j = next) {
		next = j->next;
		if (job_state(j) != JOB_DONE)
			continue;
		if (sh->interactive)
			print_job(sh, j, 2, false);
		job_free(sh, j);
	}
}

void jobs_print(struct shell *sh, bool pids)
{
	jobs_poll(sh, false);
	for (struct job *j = sh->jobs; j; j = j->next)
		print_job(sh, j, 1, pids);
	for (struct job *j = sh->jobs, *next; j; j = next) {
		next = j->next;
		if (job_state(j) == JOB_DONE)
			job_free(sh, j);
	}
}

struct job *job_find(struct shell *sh, const char *name)
{
	bool percent = name[0] == '%';
	struct job *j = sh->jobs;
	int64_t v;

	name += percent;
	if (percent && (!*name || strcmp(name, "%") == 0 || *name == '+'))
		return j;
	if (percent && strcmp(name, "-") == 0)
		return j ? j->next : NULL;
	if (!text_to_i64(name, &v))
		v = -1;
	for (; j; j = j->next) {
		if (percent &&
		    (j->id == v ||
		        (v < 0 && strncmp(j->text, name, strlen(name)) == 0)))
			return j;
		for (int i = 0; !percent && i < j->n; i++)
			if (j->processes[i].pid == v)
				return j;
	}
	return NULL;
}

pid_t job_group(const struct job *j)
{
	return j->group;
}

pid_t job_last_pid(const struct job *j)
{
	return j->n > 0 ? j->processes[j->n - 1].pid : 0;
}

int job_id(const struct job *j)
{
	return j->id;
}

bool jobs_any_stopped(struct shell *sh)
{
	for (struct job *j = sh->jobs; j; j = j->next)
		if (job_state(j) == JOB_STOPPED)
			return true;
	return false;
}
