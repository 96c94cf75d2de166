/* tests/guest/epoll.c -- epoll: levels, edges, nesting, what goes by itself. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include "tap.h"

static int p[2];

static int ep_new(void)
{
	int ep = epoll_create1(EPOLL_CLOEXEC);

	CHECK(ep >= 0);
	return ep;
}

static int ctl(int ep, int op, int fd, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.u64 = (uint32_t)fd};

	return epoll_ctl(ep, op, fd, &ev);
}

/* Events of the one descriptor that is ready at once; 0: none is. */
static uint32_t ready(int ep)
{
	struct epoll_event ev[4];
	int n = epoll_wait(ep, ev, 4, 0);

	CHECK(n == 0 || n == 1);
	return n ? ev[0].events : 0;
}

static void drain(int fd)
{
	char c[64];

	CHECK(read(fd, c, sizeof(c)) > 0);
}

TEST(level__stays_until_drained)
{
	int ep = ep_new();

	CHECK(pipe(p) == 0 && ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN) == 0);
	CHECK(ready(ep) == 0);
	CHECK(write(p[1], "a", 1) == 1);
	CHECK(ready(ep) == EPOLLIN && ready(ep) == EPOLLIN);
	drain(p[0]);
	CHECK(ready(ep) == 0 && ready(ep) == 0);
	CHECK(write(p[1], "a", 1) == 1 && ready(ep) == EPOLLIN);
	close(p[1]);
	CHECK(ready(ep) == (EPOLLIN | EPOLLHUP));
	drain(p[0]);
	CHECK(ready(ep) == EPOLLHUP);
}

TEST(edge__once_for_each_arrival)
{
	int ep = ep_new();

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
	CHECK(write(p[1], "a", 1) == 1);
	CHECK(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLET) == 0);
	CHECK(ready(ep) == EPOLLIN && ready(ep) == 0);
	CHECK(write(p[1], "a", 1) == 1);
	CHECK(ready(ep) == EPOLLIN && ready(ep) == 0);
	drain(p[0]);
	CHECK(ready(ep) == 0);
	CHECK(write(p[1], "a", 1) == 1 && ready(ep) == EPOLLIN);
}

TEST(oneshot__until_armed_again)
{
	int ep = ep_new();

	CHECK(pipe(p) == 0);
	CHECK(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLONESHOT) == 0);
	CHECK(write(p[1], "a", 1) == 1);
	CHECK(ready(ep) == EPOLLIN && ready(ep) == 0);
	CHECK(write(p[1], "a", 1) == 1 && ready(ep) == 0);
	close(p[1]);
	CHECK(ready(ep) == 0);
	CHECK(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT) == 0);
	CHECK(ready(ep) == (EPOLLIN | EPOLLHUP) && ready(ep) == 0);
}

TEST(modify__changes_what_is_waited_for)
{
	int ep = ep_new();

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
	CHECK(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN) == 0 && ready(ep) == 0);
	CHECK(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLOUT) == 0);
	CHECK(ready(ep) == EPOLLOUT);
	CHECK(ctl(ep, EPOLL_CTL_MOD, p[0], 0) == 0 && ready(ep) == 0);
	close(p[1]);
	CHECK(ready(ep) & EPOLLHUP);
	CHECK(ctl(ep, EPOLL_CTL_DEL, p[0], 0) == 0 && ready(ep) == 0);
	CHECK(ctl(ep, EPOLL_CTL_MOD, p[0], 0) == -1 && errno == ENOENT);
	CHECK(ctl(ep, EPOLL_CTL_DEL, p[0], 0) == -1 && errno == ENOENT);
}

TEST(rdhup__tells_half_closed_ends)
{
	int ep = ep_new();

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
	CHECK(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLRDHUP) == 0 && ready(ep) == 0);
	CHECK(shutdown(p[1], SHUT_WR) == 0);
	CHECK(ready(ep) == EPOLLRDHUP);
}

TEST(close__removes_the_watch)
{
	int ep = ep_new(), fd;

	CHECK(pipe(p) == 0 && ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN) == 0);
	CHECK(write(p[1], "a", 1) == 1 && ready(ep) == EPOLLIN);
	fd = dup(p[0]);
	close(p[0]);
	CHECK(ready(ep) == EPOLLIN); /* it is still open elsewhere */
	close(fd);
	CHECK(ready(ep) == 0);
	CHECK(pipe(p) == 0 && ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN) == 0);
}

TEST(close__of_the_epoll_comes_first_too)
{
	int ep = ep_new();

	CHECK(pipe(p) == 0);
	CHECK(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN) == 0);
	close(ep);
	CHECK(write(p[1], "a", 1) == 1);
	drain(p[0]);
	close(p[0]);
	close(p[1]);
}

TEST(errors__are_linuxs)
{
	int ep = ep_new(), file = open("epoll-file", O_CREAT | O_RDWR, 0600);
	struct epoll_event ev;

	CHECK(pipe(p) == 0 && file >= 0);
	CHECK(ctl(ep, EPOLL_CTL_ADD, ep, EPOLLIN) == -1 && errno == EINVAL);
	CHECK(ctl(p[0], EPOLL_CTL_ADD, p[1], EPOLLIN) == -1 && errno == EINVAL);
	CHECK(ctl(ep, EPOLL_CTL_ADD, file, EPOLLIN) == -1 && errno == EPERM);
	CHECK(ctl(ep, EPOLL_CTL_ADD, 1000, EPOLLIN) == -1 && errno == EBADF);
	CHECK(ctl(1000, EPOLL_CTL_ADD, p[0], EPOLLIN) == -1 && errno == EBADF);
	CHECK(ctl(ep, 9, p[0], EPOLLIN) == -1 && errno == EINVAL);
	CHECK(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN) == 0);
	CHECK(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN) == -1 && errno == EEXIST);
	CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, p[1], (void *)8) == -1 &&
	      errno == EFAULT);
	CHECK(epoll_wait(ep, &ev, 0, 0) == -1 && errno == EINVAL);
	CHECK(epoll_wait(p[0], &ev, 1, 0) == -1 && errno == EINVAL);
	CHECK(write(p[1], "a", 1) == 1);
	CHECK(epoll_wait(ep, (void *)8, 1, 0) == -1 && errno == EFAULT);
	CHECK(ready(ep) == EPOLLIN);
	CHECK(syscall(SYS_epoll_create1, 1) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_epoll_create, 0) == -1 && errno == EINVAL);
	unlink("epoll-file");
}

TEST(exclusive__only_where_it_may_be)
{
	int ep = ep_new(), inner = ep_new();

	CHECK(pipe(p) == 0);
	CHECK(ctl(ep, EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLEXCLUSIVE) == -1);
	CHECK(errno == EINVAL);
	CHECK(ctl(ep, EPOLL_CTL_ADD, p[0],
	          EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT) == -1);
	CHECK(errno == EINVAL);
	CHECK(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLEXCLUSIVE) == 0);
	CHECK(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN) == -1 && errno == EINVAL);
	CHECK(write(p[1], "a", 1) == 1 && ready(ep) == EPOLLIN);
}

TEST(nested__is_ready_when_the_inner_is)
{
	int in = ep_new(), out = ep_new();
	struct pollfd f = {in, POLLIN, 0};

	CHECK(pipe(p) == 0);
	CHECK(ctl(in, EPOLL_CTL_ADD, p[0], EPOLLIN) == 0);
	CHECK(ctl(out, EPOLL_CTL_ADD, in, EPOLLIN) == 0);
	CHECK(ready(out) == 0 && poll(&f, 1, 0) == 0);
	CHECK(write(p[1], "a", 1) == 1);
	CHECK(ready(out) == EPOLLIN && poll(&f, 1, 0) == 1);
	drain(p[0]);
	CHECK(ready(out) == 0 && poll(&f, 1, 0) == 0);
	close(in);
	CHECK(ready(out) == 0);
}

TEST(nested__wakes_through_all_levels)
{
	struct epoll_event ev;
	int ep[3];
	pid_t pid;

	CHECK(pipe(p) == 0);
	for (int i = 0; i < 3; i++)
		ep[i] = ep_new();
	CHECK(ctl(ep[0], EPOLL_CTL_ADD, p[0], EPOLLIN) == 0);
	CHECK(ctl(ep[1], EPOLL_CTL_ADD, ep[0], EPOLLIN) == 0);
	CHECK(ctl(ep[2], EPOLL_CTL_ADD, ep[1], EPOLLIN) == 0);
	pid = fork();
	if (pid == 0) {
		struct timespec t = {0, 10000000};

		nanosleep(&t, 0);
		_exit(write(p[1], "a", 1) != 1);
	}
	CHECK(epoll_wait(ep[2], &ev, 1, 10000) == 1);
	CHECK(tap_wait(pid) == 0);
}

TEST(nested__loops_and_depths_are_eloop)
{
	int ep[7];

	for (int i = 0; i < 7; i++)
		ep[i] = ep_new();
	CHECK(ctl(ep[0], EPOLL_CTL_ADD, ep[1], EPOLLIN) == 0);
	CHECK(ctl(ep[1], EPOLL_CTL_ADD, ep[0], EPOLLIN) == -1);
	CHECK(errno == ELOOP);
	CHECK(ctl(ep[1], EPOLL_CTL_ADD, ep[2], EPOLLIN) == 0);
	CHECK(ctl(ep[2], EPOLL_CTL_ADD, ep[0], EPOLLIN) == -1);
	CHECK(errno == ELOOP);
	CHECK(ctl(ep[1], EPOLL_CTL_DEL, ep[2], 0) == 0);
	CHECK(ctl(ep[2], EPOLL_CTL_ADD, ep[0], EPOLLIN) == 0);
	CHECK(ctl(ep[3], EPOLL_CTL_ADD, ep[2], EPOLLIN) == 0);
	CHECK(ctl(ep[4], EPOLL_CTL_ADD, ep[3], EPOLLIN) == 0);
	(void)ctl(ep[5], EPOLL_CTL_ADD, ep[4], EPOLLIN);
	CHECK(ctl(ep[6], EPOLL_CTL_ADD, ep[5], EPOLLIN) == -1 ||
	      ctl(ep[1], EPOLL_CTL_ADD, ep_new(), EPOLLIN) == -1);
	CHECK(errno == ELOOP);
}

TEST(many__are_told_in_turns)
{
	enum { MANY = 100 };
	int ep = ep_new(), fd[MANY], seen[MANY] = {0}, all = 0;
	struct epoll_event ev[8];

	for (int i = 0; i < MANY; i++) {
		fd[i] = eventfd(1, 0);
		ev[0] = (struct epoll_event){.events = EPOLLIN, .data.fd = i};
		CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, fd[i], ev) == 0);
	}
	for (int round = 0; round < 2 * MANY / 8 + 2; round++) {
		CHECK(epoll_wait(ep, ev, 8, 0) == 8);
		for (int k = 0; k < 8; k++)
			seen[ev[k].data.fd]++;
	}
	for (int i = 0; i < MANY; i++)
		all += seen[i] > 0;
	CHECK(all == MANY);
}

TEST(wait__times_out_and_is_interrupted)
{
	struct timespec t = {0, 20000000}, zero = {0, 0};
	struct epoll_event ev;
	int ep = ep_new();
	sigset_t none;

	CHECK(pipe(p) == 0 && ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN) == 0);
	CHECK(epoll_wait(ep, &ev, 1, 10) == 0);
	sigemptyset(&none);
	CHECK(epoll_pwait(ep, &ev, 1, 10, &none) == 0);
	CHECK(syscall(441, ep, &ev, 1, &t, 0, 8) == 0);
	CHECK(syscall(441, ep, &ev, 1, &zero, 0, 8) == 0);
	t.tv_nsec = -1;
	CHECK(syscall(441, ep, &ev, 1, &t, 0, 8) == -1 && errno == EINVAL);
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(pwait__takes_the_mask_with_it)
{
	struct sigaction sa = {.sa_handler = nothing};
	struct epoll_event ev;
	sigset_t usr1, none;
	int ep = ep_new();

	sigaction(SIGUSR1, &sa, 0);
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, 0);
	CHECK(kill(getpid(), SIGUSR1) == 0);
	CHECK(epoll_wait(ep, &ev, 1, 10) == 0);
	CHECK(epoll_pwait(ep, &ev, 1, 10000, &none) == -1 && errno == EINTR);
	sigprocmask(SIG_BLOCK, 0, &none);
	CHECK(sigismember(&none, SIGUSR1));
}

struct worker {
	int ep;
	_Atomic int *got;
	int count;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct epoll_event ev;
	uint64_t v;

	for (;;) {
		CHECK(epoll_wait(w->ep, &ev, 1, -1) == 1);
		if (ev.data.fd < 0)
			return 0;
		if (read(ev.data.fd, &v, sizeof(v)) == sizeof(v))
			*w->got += (int)v;
	}
}

TEST(threads__lose_no_event)
{
	enum { THREADS = 4, FDS = 8, ROUNDS = 500 };
	_Atomic int got = 0;
	struct worker w = {ep_new(), &got, 0};
	struct epoll_event ev;
	pthread_t t[THREADS];
	int fd[FDS], stop = eventfd(1, 0);
	uint64_t one = 1;

	for (int i = 0; i < FDS; i++) {
		fd[i] = eventfd(0, EFD_NONBLOCK);
		ev.events = EPOLLIN | (i & 1 ? EPOLLET : 0);
		ev.data.fd = fd[i];
		CHECK(epoll_ctl(w.ep, EPOLL_CTL_ADD, fd[i], &ev) == 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], 0, work, &w);
	for (int r = 0; r < ROUNDS; r++)
		for (int i = 0; i < FDS; i++)
			CHECK(write(fd[i], &one, 8) == 8);
	while (got < FDS * ROUNDS)
		sched_yield();
	ev = (struct epoll_event){.events = EPOLLIN, .data.fd = -1};
	CHECK(epoll_ctl(w.ep, EPOLL_CTL_ADD, stop, &ev) == 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], 0);
	CHECK(got == FDS * ROUNDS);
}

/* Descriptors come and go while others wait for them. */
static void *churn(void *arg)
{
	int ep = *(int *)arg, q[2];

	for (int i = 0; i < 500; i++) {
		CHECK(pipe(q) == 0);
		CHECK(ctl(ep, EPOLL_CTL_ADD, q[0], EPOLLIN) == 0);
		CHECK(write(q[1], "a", 1) == 1);
		close(q[i & 1]);
		close(q[!(i & 1)]);
	}
	return 0;
}

TEST(threads__may_close_what_is_watched)
{
	struct epoll_event ev[8];
	int ep = ep_new();
	pthread_t t[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], 0, churn, &ep);
	for (int i = 0; i < 1000; i++)
		CHECK(epoll_wait(ep, ev, 8, 0) >= 0);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], 0);
	CHECK(epoll_wait(ep, ev, 8, 0) == 0);
}

TAP_MAIN
