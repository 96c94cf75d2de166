/* strates/init/main.c -- process 1: mounts, sessions, reaping, the end. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/control.h"
#include "strates/init/exec.h"
#include "strates/init/launch.h"
#include "strates/init/session.h"
#include "strates/init/setup.h"
#include "strates/init/silos.h"
#include "lib/out.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * init is the one process that may not end: a failure is told on the console
 * and the next step is taken.  It waits in poll for everything that can happen
 * (a child's end, a request to stop, a silo's record, a session's next try), so
 * that no handler runs and no signal is missed between two looks.  The control
 * port has a thread of its own.
 */

enum {
	STOP_GRACE_MS = 2000, /* between SIGTERM and SIGKILL for all */
	SIGNALS = 0,          /* places in what is polled */
	CHANGES = 1,
	FIRST_SILO = 2,
};

static sigset_t watched;
static int signal_fd;
static bool one_command; /* a boot for exec.c */

static void watch_signals(void)
{
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGUSR2);
	sigaddset(&watched, SIGUSR1);
	sigaddset(&watched, SIGINT); /* Ctrl-Alt-Del */
	sigprocmask(SIG_BLOCK, &watched, NULL);
	signal_fd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
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

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		exec_ended(pid, status);
		session_ended(pid, status);
	}
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
	silos_lock(); /* for good */
	silos_shutdown();
	sync();
	reboot(command);
	console_errno("reboot");
	for (;;)
		pause();
}

static void handle(int signal)
{
	if (one_command && signal != SIGCHLD)
		return; /* its machine ends with it, and tells its status */
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

/* A manifest that breaks a rule: nothing is started from it, nor without it. */
[[gnu::noreturn]] static void refuse(const struct manifest_error *e)
{
	fd_fmt(2, "init: /etc/silo.toml: %s\n", e->text);
	console_line("the boot stops here; Ctrl-Alt-Del restarts");
	if (one_command)
		exec_refuse();
	for (;;)
		handle(wait_signal(-1));
}

static void read_manifest(void)
{
	struct manifest_error e;
	struct config *c = config_read_file(&e);

	if (c == NULL)
		refuse(&e);
	if (one_command) {
		config_put(c); /* the machine is the command's alone */
		return;
	}
	silos_lock();
	silos_boot(c);
	silos_unlock();
}

static long sooner(long a, long b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* What is due, then wait for what comes. */
static void turn(void)
{
	static struct pollfd p[FIRST_SILO + MANAGED_MAX];
	struct signalfd_siginfo s;
	size_t n;
	long ms;

	silos_lock();
	ms = silos_turn();
	n = FIRST_SILO + silos_poll(p + FIRST_SILO, MANAGED_MAX);
	silos_unlock();
	if (!one_command)
		ms = sooner(ms, sessions_start());
	p[SIGNALS] = (struct pollfd){signal_fd, POLLIN, 0};
	p[CHANGES] = (struct pollfd){control_changed(), POLLIN, 0};
	if (poll(p, n, ms > INT_MAX ? INT_MAX : (int)ms) <= 0)
		return;
	if (p[CHANGES].revents != 0)
		control_seen();
	silos_lock();
	for (size_t i = FIRST_SILO; i < n; i++)
		if (p[i].revents != 0)
			silos_ready(p[i].fd);
	silos_unlock();
	while (read(signal_fd, &s, sizeof(s)) == sizeof(s))
		handle((int)s.ssi_signo);
}

int main(void)
{
	watch_signals();
	setup_system();
	one_command = exec_wanted();
	launch_setup();
	control_setup();
	read_manifest();
	if (one_command)
		exec_start(&watched);
	else
		sessions_find();
	for (;;)
		turn();
}
