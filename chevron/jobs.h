/* chevron/jobs.h -- children of the shell, as jobs. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/shell.h"

enum job_state { JOB_RUNNING, JOB_STOPPED, JOB_DONE };

/* Make an empty job; text (may be NULL) is copied. */
struct job *job_new(struct shell *sh, const char *text);
/* Add a child.  The first one names the process group. */
void job_add(struct job *j, pid_t pid);
/* Forget a job and its children. */
void job_free(struct shell *sh, struct job *j);
/*
 * Wait until a foreground job ends or stops, and give its status.  It is
 * freed unless it stopped.  Takes the terminal back.
 */
int job_wait(struct shell *sh, struct job *j);
/* Wait for a background job to end; interruptible, then 130. */
int job_wait_background(struct shell *sh, struct job *j);
/* Wait for all, or while a signal does not interrupt. */
int jobs_wait_all(struct shell *sh);
/* Let a job go on, in the foreground (then waits: its status) or not. */
int job_continue(struct shell *sh, struct job *j, bool foreground);
/* Collect who has ended without waiting; with report say so and forget. */
void jobs_poll(struct shell *sh, bool report);
/* "%1", "%%", "%+", "%-", "%name" or a pid; NULL: no such job. */
struct job *job_find(struct shell *sh, const char *name);
/* Print the list. */
void jobs_print(struct shell *sh, bool pids);
/* In a forked child: they are not its children. */
void jobs_clear(struct shell *sh);
pid_t job_group(const struct job *j);
pid_t job_last_pid(const struct job *j);
int job_id(const struct job *j);
/* Whether one is stopped (exit asks once). */
bool jobs_any_stopped(struct shell *sh);
/* The status of waitpid as $? shows it. */
int status_of(int wait_status);
