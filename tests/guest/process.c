/* tests/guest/process.c -- fork, exec, wait, exit, groups and sessions. */
/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>

/* The statuses of exits and of deaths by signal. */
TEST(wait__tells_exit_and_signal)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(300); /* the low byte counts */
	CHECK(tap_wait(pid) == (300 & 255) << 8);
	pid = fork();
	if (pid == 0) {
		raise(SIGKILL);
		_exit(1);
	}
	int s = tap_wait(pid);
	CHECK(WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL);
}

/* Errors: nobody to wait for, not our child, nothing yet. */
TEST(wait__errors)
{
	int p[2];
	char c;
	pid_t pid;

	CHECK(wait(0) < 0 && errno == ECHILD);
	CHECK(waitpid(1, 0, 0) < 0 && errno == ECHILD);
	CHECK(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		close(p[1]);
		_exit(read(p[0], &c, 1) == 0 ? 0 : 1);
	}
	CHECK(waitpid(pid, 0, WNOHANG) == 0);
	close(p[1]);
	CHECK(tap_wait(pid) == 0);
}

/* waitid with WNOWAIT leaves the child to be waited for again. */
TEST(waitid__nowait_keeps)
{
	siginfo_t info = {0};
	pid_t pid = fork();

	if (pid == 0)
		_exit(3);
	CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
	CHECK(info.si_pid == pid && info.si_code == CLD_EXITED &&
	      info.si_status == 3);
	CHECK(tap_wait(pid) == 3 << 8);
}

/* A stopped child is reported, goes on, and ends. */
TEST(wait__stop_and_continue)
{
	int s;
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	CHECK(kill(pid, SIGSTOP) == 0);
	CHECK(waitpid(pid, &s, WUNTRACED) == pid && WIFSTOPPED(s) &&
	      WSTOPSIG(s) == SIGSTOP);
	CHECK(kill(pid, SIGCONT) == 0);
	CHECK(waitpid(pid, &s, WCONTINUED) == pid && WIFCONTINUED(s));
	CHECK(kill(pid, SIGTERM) == 0);
	CHECK(WTERMSIG(tap_wait(pid)) == SIGTERM);
}

/* exec passes arguments, environment and descriptors, closes cloexec ones. */
TEST(exec__passes_arguments)
{
	pid_t pid;
	char keep[16], gone[16];
	int a = open("/dev/null", O_RDONLY);
	int b = open("/dev/null", O_RDONLY | O_CLOEXEC);

	CHECK(a >= 0 && b >= 0);
	snprintf(keep, sizeof(keep), "%d", a);
	snprintf(gone, sizeof(gone), "%d", b);
	pid = fork();
	if (pid == 0) {
		char *argv[] = {"self", "--check", keep, gone, 0};
		char *envp[] = {"WORD=value", 0};

		execve("/proc/self/exe", argv, envp);
		_exit(1);
	}
	CHECK(tap_wait(pid) == 42 << 8);
}

/* After exec: of what exec__forgets_handlers set, what is ignored is left. */
static bool signals_are_new(void)
{
	struct sigaction a;
	stack_t stack;

	return sigaction(SIGUSR1, 0, &a) == 0 && a.sa_handler == SIG_DFL &&
	       sigaction(SIGUSR2, 0, &a) == 0 && a.sa_handler == SIG_IGN &&
	       sigaltstack(0, &stack) == 0 && stack.ss_flags == SS_DISABLE;
}

/* The other half, in the program that was started. */
static int other_half(int argc, char **argv)
{
	const char *word = getenv("WORD");

	if (argc == 2)
		_exit(signals_are_new() ? 42 : 6);
	if (argc != 4 || strcmp(argv[1], "--check"))
		_exit(5);
	if (!word || strcmp(word, "value"))
		_exit(2);
	if (fcntl(atoi(argv[2]), F_GETFD) < 0)
		_exit(3);
	if (fcntl(atoi(argv[3]), F_GETFD) >= 0)
		_exit(4);
	_exit(42);
}

__attribute__((constructor)) static void have_other_half(void)
{
	tap_self = other_half;
}

static void on_signal(int s)
{
	(void)s;
}

/* Handlers and their stack go with the old program. */
TEST(exec__forgets_handlers)
{
	static char room[16384];
	stack_t stack = {.ss_sp = room, .ss_size = sizeof(room)};
	char *argv[] = {"self", "--signals", 0}, *envp[] = {0};
	pid_t pid = fork();

	if (pid == 0) {
		CHECK(sigaltstack(&stack, 0) == 0);
		CHECK(signal(SIGUSR1, on_signal) != SIG_ERR);
		CHECK(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
		execve("/proc/self/exe", argv, envp);
		_exit(1);
	}
	CHECK(tap_wait(pid) == 42 << 8);
}

/* What cannot be run is refused, and the caller lives on. */
TEST(exec__errors)
{
	char *argv[] = {"x", 0}, *envp[] = {0};
	int fd;

	CHECK(execve("/no/such/file", argv, envp) < 0 && errno == ENOENT);
	CHECK(execve("/", argv, envp) < 0 && errno == EACCES);
	fd = open("garbage", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	CHECK(fd >= 0 && write(fd, "\177ELFgarbage", 11) == 11);
	close(fd);
	CHECK(execve("garbage", argv, envp) < 0 && errno == ENOEXEC);
	CHECK(unlink("garbage") == 0);
}

/* A script runs by its first line. */
TEST(exec__script)
{
	char *argv[] = {"script", "a b", 0}, *envp[] = {0};
	int fd = open("script", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	pid_t pid;

	if (access("/bin/busybox", X_OK) < 0)
		SKIP("no busybox");
	CHECK(fd >= 0);
	CHECK(dprintf(fd, "#!/bin/busybox sh\n[ \"$1\" = 'a b' ] && exit 9\n") >
	      0);
	close(fd);
	pid = fork();
	if (pid == 0) {
		execve("script", argv, envp);
		_exit(1);
	}
	CHECK(tap_wait(pid) == 9 << 8);
	CHECK(unlink("script") == 0);
}

/* vfork lends the memory and waits until the child is gone. */
TEST(vfork__parent_waits)
{
	static volatile int written;
	pid_t pid = vfork();

	if (pid == 0) {
		written = 1;
		_exit(0);
	}
	CHECK(written == 1);
	CHECK(tap_wait(pid) == 0);
}

/* Descriptors are copied, file offsets shared. */
TEST(fork__shares_offsets)
{
	char c;
	int fd = open("offset", O_RDWR | O_CREAT | O_TRUNC, 0600);
	pid_t pid;

	CHECK(fd >= 0 && write(fd, "abc", 3) == 3 && lseek(fd, 0, 0) == 0);
	pid = fork();
	if (pid == 0)
		_exit(
		    read(fd, &c, 1) == 1 && c == 'a' && close(fd) == 0 ? 0 : 1);
	CHECK(tap_wait(pid) == 0);
	CHECK(read(fd, &c, 1) == 1 && c == 'b');
	CHECK(unlink("offset") == 0);
}

/* Many children, one after the other and at once. */
TEST(fork__a_thousand)
{
	enum { MANY = 100 };
	pid_t pids[MANY];

	for (int i = 0; i < 900; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0)
			_exit(i & 127);
		CHECK(tap_wait(pid) == (i & 127) << 8);
	}
	for (int i = 0; i < MANY; i++) {
		pids[i] = fork();
		CHECK(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(i);
	}
	for (int i = MANY; i-- > 0;)
		CHECK(tap_wait(pids[i]) == i << 8);
}

/* An orphan gets another parent, and nobody is left a zombie for ever. */
TEST(exit__orphans_are_adopted)
{
	int p[2];
	char c = 0;
	pid_t pid, old = getpid();

	CHECK(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		pid_t middle = getpid();

		if (fork() == 0) {
			while (getppid() == middle)
				sched_yield();
			c = getppid() != old ? 'y' : 'n';
			_exit(write(p[1], &c, 1) == 1 ? 0 : 1);
		}
		_exit(0);
	}
	CHECK(tap_wait(pid) == 0);
	CHECK(read(p[0], &c, 1) == 1 && c == 'y');
}

/* Groups and sessions: their numbers and their rules. */
TEST(setsid__makes_a_session)
{
	pid_t pid = fork();

	if (pid == 0) {
		CHECK(setsid() == getpid());
		CHECK(getsid(0) == getpid() && getpgrp() == getpid());
		CHECK(setsid() < 0 && errno == EPERM);
		CHECK(setpgid(0, 0) < 0 && errno == EPERM);
		_exit(0);
	}
	CHECK(tap_wait(pid) == 0);
	pid = fork();
	if (pid == 0) {
		CHECK(setpgid(0, 0) == 0 && getpgrp() == getpid());
		_exit(0);
	}
	CHECK(tap_wait(pid) == 0);
}

/* A signal to a group reaches all of it. */
TEST(kill__reaches_a_group)
{
	pid_t first = 0, pids[3];

	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		CHECK(pids[i] >= 0);
		if (pids[i] == 0)
			for (;;)
				pause();
		first = first ? first : pids[0];
		CHECK(setpgid(pids[i], first) == 0);
	}
	CHECK(kill(-first, SIGTERM) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(WTERMSIG(tap_wait(pids[i])) == SIGTERM);
	CHECK(kill(-first, 0) < 0 && errno == ESRCH);
}

/* The descriptor limit is kept. */
TEST(rlimit__descriptors)
{
	struct rlimit r = {20, 20};
	int fd = 0, count = 0;

	CHECK(setrlimit(RLIMIT_NOFILE, &r) == 0);
	while ((fd = dup(0)) >= 0)
		CHECK(fd < 20 && ++count < 30);
	CHECK(errno == EMFILE);
}

TAP_MAIN
