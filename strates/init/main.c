/* strates/init/main.c -- process 1: mounts, sessions, reaping, the end. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/exec.h"
#include "strates/init/setup.h"
#include "strates/init/session.h"
#include "lib/out.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * init is the one process that may not end: a failure is told on the console
 * and the next step is taken.  It waits in sigtimedwait for everything that
 * can happen (a child's end, a request to stop, a session's next try), so
 * that no handler runs and no signal is missed between two looks.
 */

enum {
	STOP_GRACE_MS = 2000, /* between SIGTERM and SIGKILL for all */
};

static sigset_t watched;

static void watch_signals(void)
{
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGUSR2);
	sigaddset(&watched, SIGUSR1);
	sigaddset(&watched, SIGINT); /* Ctrl-Alt-Del */
	sigprocmask(SIG_BLOCK, &watched, NULL);
}

/* Wait for a signal at most ms; -1: for ever.  0 when none came. */
static int wait_signal(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	int n = sigtimedwait(&watched, NULL, ms < 0 ? NULL : &t);

	return n > 0 ? n : 0;
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		session_ended(pid, status);
}

/* Give processes until the deadline to go; true when none is left. */
static bool wait_for_all(long ms)
{
	long deadline = clock_ms() + ms;

	for (;;) {
		pid_t pid;

		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return true;
		ms = deadline - clock_ms();
		if (ms <= 0)
			return false;
		wait_signal(ms);
	}
}

[[gnu::noreturn]] static void stop(int command)
{
	console_line(command == RB_AUTOBOOT ? "restarting" : "switching off");
	kill(-1, SIGTERM);
	sessions_hang_up(); /* a person's shell ignores SIGTERM */
	kill(-1, SIGCONT);  /* a stopped one could not see it */
	if (!wait_for_all(STOP_GRACE_MS)) {
		kill(-1, SIGKILL);
		if (!wait_for_all(STOP_GRACE_MS))
			console_line("some processes do not end");
	}
	sync();
	reboot(command);
	console_errno("reboot");
	for (;;)
		pause();
}

static void handle(int signal)
{
	switch (signal) {
	case SIGUSR1:
	case SIGUSR2:
		stop(RB_POWER_OFF);
	case SIGTERM:
	case SIGINT:
		stop(RB_AUTOBOOT);
	default:
		reap();
	}
}

int main(void)
{
	watch_signals();
	setup_system();
	if (exec_wanted())
		exec_run(&watched);
	sessions_find();
	for (;;)
		handle(wait_signal(sessions_start()));
}
