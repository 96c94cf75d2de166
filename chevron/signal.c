/* chevron/signal.c -- signals to the shell itself, and trap. */
/* SPDX-License-Identifier: MIT */
#include "chevron/shell.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/*
 * Handlers only set a flag.  They are installed without SA_RESTART, so that a
 * command that waits in a system call sees EINTR and asks
 * shell_interrupted().
 */

static volatile sig_atomic_t interrupted, window_changed, trap_pending;
static volatile sig_atomic_t trap_hits[65];

static void on_interrupt(int n)
{
	(void)n;
	interrupted = 1;
}

static void on_window(int n)
{
	(void)n;
	window_changed = 1;
}

static void on_trap(int n)
{
	trap_hits[n] = 1;
	trap_pending = 1;
	if (n == SIGINT)
		interrupted = 1;
}

static void handle(int n, void (*f)(int))
{
	struct sigaction sa = {.sa_handler = f};

	sigaction(n, &sa, NULL);
}

static const int ignored[] = {
    SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE};

enum { IGNORED = sizeof(ignored) / sizeof(ignored[0]) };

void shell_signals_interactive(void)
{
	for (int i = 0; i < IGNORED; i++)
		handle(ignored[i], SIG_IGN);
	handle(SIGINT, on_interrupt);
	handle(SIGWINCH, on_window);
}

void shell_signals_child(struct shell *sh)
{
	if (sh->interactive) {
		for (int i = 0; i < IGNORED; i++)
			handle(ignored[i], SIG_DFL);
		handle(SIGINT, SIG_DFL);
	}
}

bool shell_interrupted(void)
{
	return interrupted != 0;
}

void shell_interrupt(void)
{
	interrupted = 1;
}

void shell_clear_interrupt(void)
{
	interrupted = 0;
}

bool shell_window_changed(void)
{
	bool was = window_changed != 0;

	window_changed = 0;
	return was;
}

void trap_set(struct shell *sh, int number, const char *text)
{
	void (*f)(int) = on_trap;
	bool reset = text != NULL && strcmp(text, "-") == 0;

	free(sh->traps[number]);
	sh->traps[number] = reset || !text ? NULL : xstrdup(text);
	if (text == NULL)
		sh->traps[number] = xstrdup("");
	if (number == 0 || number == SIGKILL || number == SIGSTOP)
		return;
	if (reset)
		f = sh->interactive && number == SIGINT ? on_interrupt
		                                        : SIG_DFL;
	else if (sh->traps[number][0] == '\0')
		f = SIG_IGN;
	handle(number, f);
}

static void run_trap(struct shell *sh, int number)
{
	char *text = xstrdup(sh->traps[number]);
	int status = sh->status;

	shell_run_text(sh, text, strlen(text));
	if (sh->flow != FLOW_EXIT)
		sh->status = status;
	free(text);
}

void traps_run(struct shell *sh)
{
	if (!trap_pending)
		return;
	trap_pending = 0;
	for (int n = 1; n < 65; n++) {
		if (!trap_hits[n])
			continue;
		trap_hits[n] = 0;
		if (n == SIGINT)
			interrupted = 0;
		if (sh->traps[n] != NULL)
			run_trap(sh, n);
	}
}

void trap_exit(struct shell *sh)
{
	char *text = sh->traps[0];

	if (text == NULL)
		return;
	sh->traps[0] = NULL; /* an exit inside it must not come back here */
	sh->flow = FLOW_NONE;
	{
		int status = sh->status;

		shell_run_text(sh, text, strlen(text));
		if (sh->flow != FLOW_EXIT)
			sh->status = status;
	}
	free(text);
}
