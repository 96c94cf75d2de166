/* strates/init/session.c -- a shell on every terminal of the boot. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/session.h"
#include "abi/init_protocol.h"
#include "strates/init/control.h"
#include "strates/init/setup.h"
#include "lib/file.h"
#include "lib/fmt.h"
#include "lib/out.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/*
 * A shell that lives long enough is started again at once.  One that dies at
 * once is started again after 1, 2, 4 ... 32 seconds, so that a broken
 * terminal or shell cannot eat the machine.
 */

enum {
	SESSIONS_MAX = 8,
	LIVED_MS = 3000,
	BACK_OFF_FIRST_MS = 1000,
	BACK_OFF_MAX_MS = 32000,
};

struct session {
	char terminal[32]; /* under /dev */
	pid_t pid;         /* 0: not running */
	long started, due; /* clock_ms */
	long back_off;
};

static struct session sessions[SESSIONS_MAX];
static int count;

static void session_add(const char *name, size_t n)
{
	if (count == SESSIONS_MAX || n == 0 ||
	    n >= sizeof(sessions[0].terminal))
		return;
	memcpy(sessions[count++].terminal, name, n);
}

void sessions_find(void)
{
	char list[256], *at = list;

	if (file_read("/sys/class/tty/console/active", list, sizeof(list)) >
	    0) {
		while (*at != '\0') {
			size_t n = strcspn(at, " \n");

			session_add(at, n);
			at += n;
			at += strspn(at, " \n");
		}
	}
	if (count == 0)
		session_add("console", 7);
}

char *const *session_env(const char *terminal)
{
	static const char *linux_env[] = {"PATH=/bin:/sbin:/usr/bin",
	    "HOME=/root", "USER=root", "SHELL=/bin/chevron", "TERM=linux",
	    NULL};
	static const char *serial_env[] = {"PATH=/bin:/sbin:/usr/bin",
	    "HOME=/root", "USER=root", "SHELL=/bin/chevron", "TERM=xterm",
	    NULL};
	bool screen = strncmp(terminal, "tty", 3) == 0 && terminal[3] >= '0' &&
	              terminal[3] <= '9';

	return (char *const *)(screen ? linux_env : serial_env);
}

[[gnu::noreturn]] static void session_child(const struct session *s, int port)
{
	static char *const argv[] = {(char *)"chevron", NULL};
	char path[48];
	sigset_t none;
	int fd;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	fmt_buf(path, sizeof(path), "/dev/%s", s->terminal);
	fd = open(path, O_RDWR);
	if (fd < 0) {
		console_errno(path);
		_exit(127);
	}
	ioctl(fd, TIOCSCTTY, 0);
	for (int to = 0; to < 3; to++)
		dup2(fd, to);
	if (fd > 2)
		close(fd);
	if (port >= 0)
		dup2(port, INIT_CONTROL_FD);
	if (chdir("/root") != 0)
		console_errno("/root");
	execve("/bin/chevron", argv, session_env(s->terminal));
	console_errno("cannot start /bin/chevron");
	_exit(127);
}

static void session_start(struct session *s)
{
	/* Who sits at a terminal of the boot may do everything. */
	int port = control_mint(INIT_MAY_ALL);

	s->started = clock_ms();
	s->pid = vfork();
	if (s->pid == 0)
		session_child(s, port);
	if (port >= 0)
		close(port);
	if (s->pid > 0)
		return;
	console_errno("cannot start a session");
	s->pid = 0;
	s->due = s->started + BACK_OFF_FIRST_MS;
}

void sessions_hang_up(void)
{
	for (int i = 0; i < count; i++)
		if (sessions[i].pid > 0)
			kill(sessions[i].pid, SIGHUP);
}

long sessions_start(void)
{
	long now = clock_ms(), next = -1;

	for (int i = 0; i < count; i++) {
		struct session *s = &sessions[i];

		if (s->pid != 0)
			continue;
		if (s->due <= now)
			session_start(s);
		if (s->pid == 0 && (next < 0 || s->due - now < next))
			next = s->due > now ? s->due - now : 0;
	}
	return next;
}

void session_ended(pid_t pid, int status)
{
	long now;

	for (int i = 0; i < count; i++) {
		struct session *s = &sessions[i];

		if (s->pid != pid)
			continue;
		now = clock_ms();
		s->pid = 0;
		s->due = now;
		if (now - s->started >= LIVED_MS) {
			s->back_off = 0;
			return;
		}
		/* An early but clean exit is a person's: once more at once. */
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return;
		s->back_off = s->back_off ? s->back_off * 2 : BACK_OFF_FIRST_MS;
		if (s->back_off > BACK_OFF_MAX_MS)
			s->back_off = BACK_OFF_MAX_MS;
		s->due = now + s->back_off;
		fd_fmt(2,
		    "init: the session on %s ended at once (%s %d), next in "
		    "%ld s\n",
		    s->terminal, WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status)
		                        : WEXITSTATUS(status),
		    s->back_off / 1000);
		return;
	}
}
