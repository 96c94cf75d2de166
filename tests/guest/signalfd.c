/* tests/guest/signalfd.c -- signals that are read from a descriptor. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include "tap.h"

static int fd;

/* A signalfd for SIGUSR1, SIGUSR2 and SIGCHLD, which are blocked. */
static void make(int flags)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	CHECK(sigprocmask(SIG_BLOCK, &set, 0) == 0);
	fd = signalfd(-1, &set, flags);
	CHECK(fd >= 0);
}

TEST(signalfd__reads_what_is_pending)
{
	struct signalfd_siginfo i[3];
	struct pollfd p;

	make(SFD_NONBLOCK | SFD_CLOEXEC);
	p = (struct pollfd){fd, POLLIN, 0};
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK(poll(&p, 1, 0) == 0);
	CHECK(read(fd, i, sizeof(i)) == -1 && errno == EAGAIN);
	CHECK(kill(getpid(), SIGUSR2) == 0 && raise(SIGUSR1) == 0);
	CHECK(poll(&p, 1, 0) == 1);
	CHECK(read(fd, i, sizeof(i)) == 2 * sizeof(i[0]));
	CHECK(i[0].ssi_signo + i[1].ssi_signo == SIGUSR1 + SIGUSR2);
	CHECK(i[0].ssi_pid == (uint32_t)getpid());
	CHECK(poll(&p, 1, 0) == 0);
	CHECK(read(fd, i, 10) == -1 && errno == EINVAL);
}

TEST(signalfd__wakes_readers_and_pollers)
{
	struct signalfd_siginfo i;
	struct pollfd p;
	pid_t pid;

	make(0);
	p = (struct pollfd){fd, POLLIN, 0};
	pid = fork();
	if (pid == 0) {
		kill(getppid(), SIGUSR1);
		_exit(7);
	}
	CHECK(read(fd, &i, sizeof(i)) == sizeof(i));
	while (i.ssi_signo != SIGCHLD) {
		CHECK(poll(&p, 1, 10000) == 1);
		CHECK(read(fd, &i, sizeof(i)) == sizeof(i));
	}
	CHECK(i.ssi_pid == (uint32_t)pid && i.ssi_status == 7);
	CHECK(i.ssi_code == CLD_EXITED);
}

TEST(signalfd__wakes_epoll)
{
	struct epoll_event ev = {.events = EPOLLIN};
	struct signalfd_siginfo i;
	int ep = epoll_create1(0);
	pid_t pid;

	make(0);
	CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == 0);
	CHECK(epoll_wait(ep, &ev, 1, 0) == 0);
	pid = fork();
	if (pid == 0)
		_exit(0);
	CHECK(epoll_wait(ep, &ev, 1, 10000) == 1);
	CHECK(read(fd, &i, sizeof(i)) == sizeof(i));
	CHECK(i.ssi_signo == SIGCHLD && i.ssi_pid == (uint32_t)pid);
	CHECK(epoll_wait(ep, &ev, 1, 0) == 0);
}

TEST(signalfd__child_reads_its_own)
{
	struct signalfd_siginfo i;
	pid_t pid;

	make(0);
	pid = fork();
	if (pid == 0) {
		CHECK(read(fd, &i, sizeof(i)) == sizeof(i));
		CHECK(i.ssi_signo == SIGUSR2);
		_exit(0);
	}
	CHECK(kill(pid, SIGUSR2) == 0);
	CHECK(tap_wait(pid) == 0);
}

TEST(signalfd__mask_can_be_changed)
{
	struct signalfd_siginfo i;
	sigset_t set;

	make(SFD_NONBLOCK);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(signalfd(fd, &set, 0) == fd);
	CHECK(raise(SIGUSR2) == 0);
	CHECK(read(fd, &i, sizeof(i)) == -1 && errno == EAGAIN);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(read(fd, &i, sizeof(i)) == sizeof(i));
	CHECK(i.ssi_signo == SIGUSR1);
	CHECK(signalfd(0, &set, 0) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_signalfd4, -1, &set, 4, 0) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_signalfd4, -1, &set, 8, 1) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_signalfd4, -1, 8, 8, 0) == -1 && errno == EFAULT);
}

TAP_MAIN
