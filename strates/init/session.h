/* strates/init/session.h -- a shell on every terminal of the boot. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <sys/types.h>

/* Learn which terminals want a session. */
void sessions_find(void);
/* Tell the shells of all sessions that their terminals go: SIGHUP. */
void sessions_hang_up(void);

/* Start what is due.  The milliseconds to the next one, -1: none waits. */
long sessions_start(void);
/* A child ended; when it was a session, it will be started again. */
void session_ended(pid_t pid, int status);
/* The environment of a session on a terminal, for execve. */
char *const *session_env(const char *terminal);
