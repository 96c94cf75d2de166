/* strates/init/exec.c -- a boot that runs one command and powers off. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/exec.h"
#include "strates/init/control.h"
#include "strates/init/session.h"
#include "strates/init/setup.h"
#include "strates/init/silos.h"
#include "lib/file.h"
#include "lib/fmt.h"
#include "lib/out.h"
#include <errno.h>
#include <signal.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { COMMAND_MAX = 1 << 20, ENV_MAX = 16, STATUS_FAILED = 125 };

static const char command_file[] = "/etc/strat9/exec";
static int terminal = 2;
static pid_t command; /* 0: there is none */

bool exec_wanted(void)
{
	return access(command_file, F_OK) == 0;
}

static int open_terminal(void)
{
	char name[64], path[80];
	struct termios t;
	ssize_t n = file_read("/etc/strat9/exec-tty", name, sizeof(name));
	int fd;

	while (n > 0 && (name[n - 1] == '\n' || name[n - 1] == ' '))
		name[--n] = '\0';
	fmt_buf(path, sizeof(path), "/dev/%s", n > 0 ? name : "ttyS1");
	fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		console_errno(path);
		return 2;
	}
	if (tcgetattr(fd, &t) == 0) {
		cfmakeraw(&t);
		tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}

[[gnu::noreturn]] static void exec_child(
    char *text, int port, const sigset_t *blocked)
{
	char *argv[] = {(char *)"chevron", (char *)"-c", text, NULL};
	const char *env[ENV_MAX];
	char *const *base = session_env("ttyS1");
	int null = open("/dev/null", O_RDONLY), n = 0;

	while (base[n] != NULL && n < ENV_MAX - 2) {
		env[n] = base[n];
		n++;
	}
	env[n++] = "STRAT9_EXEC=1";
	env[n] = NULL;
	sigprocmask(SIG_UNBLOCK, blocked, NULL);
	setsid();
	if (null < 0)
		console_errno("/dev/null");
	else
		dup2(null, 0);
	dup2(terminal, 1);
	dup2(terminal, 2);
	if (null > 2)
		close(null);
	if (port >= 0)
		dup2(port, INIT_CONTROL_FD);
	if (chdir("/root") != 0)
		console_errno("/root");
	execve("/bin/chevron", argv, (char *const *)env);
	console_errno("cannot start /bin/chevron");
	_exit(127);
}

/* What the command left running may not write behind the trailer. */
static void kill_leftovers(void)
{
	if (kill(-1, SIGKILL) != 0)
		return; /* there is nobody */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

[[gnu::noreturn]] static void finish(int status)
{
	char trailer[64];
	size_t n;

	kill_leftovers();
	silos_lock();
	silos_shutdown();
	trailer[0] = '\0';
	n = 1 + fmt_buf(trailer + 1, sizeof(trailer) - 1, "STRAT9-EXIT %d\n",
	            status);
	(void)write_all(terminal, trailer, n); /* its reader may be gone */
	tcdrain(terminal);
	sync();
	reboot(RB_POWER_OFF);
	console_errno("reboot");
	for (;;)
		pause();
}

void exec_refuse(void)
{
	terminal = open_terminal();
	finish(STATUS_FAILED);
}

void exec_start(const sigset_t *blocked)
{
	size_t length = 0;
	char *text = file_slurp(command_file, &length, COMMAND_MAX);
	int port = control_mint(INIT_MAY_ALL);

	terminal = open_terminal();
	if (text == NULL) {
		console_errno(command_file);
		finish(STATUS_FAILED);
	}
	command = vfork();
	if (command == 0)
		exec_child(text, port, blocked);
	if (port >= 0)
		close(port);
	free(text);
	if (command > 0)
		return;
	console_errno("cannot start the command");
	finish(STATUS_FAILED);
}

void exec_ended(pid_t pid, int status)
{
	if (command == 0 || pid != command)
		return;
	finish(
	    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}
