/* tests/guest/event.c -- events: signal, wait, poll, timers, ends. */
/* SPDX-License-Identifier: MIT */
/* build: lib/event.c */
/* linux: skip native calls */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <time.h>
#include "abi/err.h"
#include "lib/event.h"
#include "tap.h"

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int make(void)
{
	long fd = event_create(0);

	CHECK(fd >= 0);
	return (int)fd;
}

/* A signalled bit stays until it is taken, once, by a wait for it. */
TEST(event_wait__takes_what_was_signalled)
{
	int fd = make();
	uint64_t bits;

	CHECK(event_signal(fd, 5) == 0);
	CHECK(event_signal(fd, 8) == 0);
	CHECK(event_wait(fd, 4 | 2, EVENT_FOREVER, 0, &bits) == 0);
	CHECK(bits == 4);
	CHECK(event_wait(fd, ~0ull, EVENT_FOREVER, 0, &bits) == 0);
	CHECK(bits == 9);
	CHECK(event_wait(fd, ~0ull, 0, EVENT_NONBLOCK, &bits) == E_AGAIN);
}

/* All 64 bits come through, those that look like an error too. */
TEST(event_wait__gives_every_bit)
{
	int fd = make();
	uint64_t bits;

	CHECK(event_signal(fd, ~0ull) == 0);
	CHECK(event_wait(fd, ~0ull, EVENT_FOREVER, 0, &bits) == 0);
	CHECK(bits == ~0ull);
}

/* A deadline ends a wait; one long past does so at once. */
TEST(event_wait__ends_at_its_deadline)
{
	int fd = make();
	uint64_t bits, t = now();

	CHECK(event_signal(fd, 2) == 0);
	CHECK(event_wait(fd, 1, t + 20000000, 0, &bits) == E_TIMEDOUT);
	CHECK(now() >= t + 20000000);
	CHECK(event_wait(fd, 1, 0, 0, &bits) == E_TIMEDOUT);
	CHECK(event_wait(fd, 2, 0, 0, &bits) == 0);
}

/* Descriptors that are none, not ours to use, and arguments that are wrong. */
TEST(event__refuses_what_is_no_event)
{
	int p[2], fd = make();
	uint64_t bits;

	CHECK(pipe(p) == 0);
	CHECK(event_signal(p[1], 1) == E_INVAL);
	CHECK(event_wait(p[0], 1, 0, 0, &bits) == E_INVAL);
	CHECK(event_signal(-1, 1) == E_BADF);
	CHECK(event_wait(9999, 1, 0, 0, &bits) == E_BADF);
	CHECK(event_wait(fd, 0, 0, 0, &bits) == E_INVAL);
	CHECK(event_wait(fd, 1, 0, 0x80, &bits) == E_INVAL);
	CHECK(event_create(0x80) == E_INVAL);
	CHECK(event_bind(fd, 1, 77, 0, 0) == E_INVAL);
	CHECK(event_bind(fd, 0, EVENT_ON_TIMER, 1, 0) == E_INVAL);
	CHECK(
	    event_bind(fd, 1, EVENT_ON_EXIT, (uint64_t)getpid(), 0) == E_CHILD);
	CHECK(event_bind(fd, 1, EVENT_ON_EXIT, ~0ull, 0) == E_CHILD);
}

/* Close-on-exec as asked for. */
TEST(event_create__sets_close_on_exec)
{
	CHECK(fcntl((int)event_create(EVENT_CLOEXEC), F_GETFD) == FD_CLOEXEC);
	CHECK(fcntl(make(), F_GETFD) == 0);
}

/* read takes all bits, write sets some. */
TEST(event__is_read_and_written)
{
	int fd = make();
	uint64_t v = 6;

	CHECK(write(fd, &v, 8) == 8);
	v = 1;
	CHECK(write(fd, &v, 8) == 8);
	CHECK(read(fd, &v, 4) < 0 && errno == EINVAL);
	CHECK(read(fd, (void *)8, 8) < 0 && errno == EFAULT);
	CHECK(read(fd, &v, 8) == 8 && v == 7);
	CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	CHECK(read(fd, &v, 8) < 0 && errno == EAGAIN);
}

/* poll and epoll see an event as readable while a bit is set. */
TEST(event__is_polled)
{
	int fd = make(), ep = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t bits;
	pid_t pid;

	CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == 0);
	CHECK(poll(&p, 1, 0) == 0);
	CHECK(epoll_wait(ep, &ev, 1, 0) == 0);
	pid = fork();
	if (pid == 0) {
		usleep(20000);
		event_signal(fd, 16);
		_exit(0);
	}
	CHECK(poll(&p, 1, -1) == 1 && p.revents == POLLIN);
	CHECK(epoll_wait(ep, &ev, 1, -1) == 1);
	CHECK(event_wait(fd, 16, 0, 0, &bits) == 0);
	CHECK(poll(&p, 1, 0) == 0);
	CHECK(epoll_wait(ep, &ev, 1, 0) == 0);
	CHECK(tap_wait(pid) == 0);
}

enum { ROUNDS = 20000 };

/* Two processes signal each other in turn; no wake-up is lost. */
TEST(event__ping_pong_between_processes)
{
	int a = make(), b = make();
	uint64_t bits;
	pid_t pid = fork();

	for (int i = 0; pid == 0 && i < ROUNDS; i++) {
		CHECK(event_wait(a, 1, EVENT_FOREVER, 0, &bits) == 0);
		CHECK(event_signal(b, 1) == 0);
	}
	if (pid == 0)
		_exit(0);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK(event_signal(a, 1) == 0);
		CHECK(event_wait(b, 1, EVENT_FOREVER, 0, &bits) == 0);
	}
	CHECK(tap_wait(pid) == 0);
}

/* The same with one call for both. */
TEST(event_signal_wait__ping_pong_between_processes)
{
	int a = make(), b = make();
	uint64_t bits;
	pid_t pid = fork();

	if (pid == 0) {
		CHECK(event_wait(a, 1, EVENT_FOREVER, 0, &bits) == 0);
		for (int i = 1; i < ROUNDS; i++)
			CHECK(event_signal_wait(b, 1, a, 3, &bits) == 0);
		CHECK(event_signal(b, 1) == 0);
		_exit(0);
	}
	for (int i = 0; i < ROUNDS; i++)
		CHECK(
		    event_signal_wait(a, 1, b, ~0ull, &bits) == 0 && bits == 1);
	CHECK(tap_wait(pid) == 0);
	CHECK(event_signal_wait(-1, 1, b, 1, &bits) == E_BADF);
}

struct share {
	int fd, done;
	uint64_t mask;
	uint64_t deadline;
};

static void *waiter(void *arg)
{
	struct share *s = arg;
	uint64_t bits;
	long r;

	for (int i = 0; i < 2000; i++) {
		while ((r = event_wait(s->fd, s->mask,
		            s->deadline ? now() + s->deadline : EVENT_FOREVER,
		            0, &bits)) == E_TIMEDOUT)
			;
		if (r != 0 || bits != s->mask)
			return NULL;
		event_signal(s->done, s->mask);
	}
	return s;
}

/*
 * Threads that wait for different bits of one event, with and without a
 * deadline: each gets its own, and none sleeps on.
 */
TEST(event_wait__many_threads_each_for_its_bit)
{
	struct share s[4];
	pthread_t t[4];
	void *good;
	int fd = make(), done = make();
	uint64_t bits, want;

	for (int i = 0; i < 4; i++) {
		s[i] = (struct share){fd, done, 1ull << i, i & 1 ? 50000 : 0};
		CHECK(pthread_create(&t[i], NULL, waiter, &s[i]) == 0);
	}
	for (int i = 0; i < 2000; i++) {
		CHECK(event_signal(fd, 15) == 0);
		for (want = 15; want; want &= ~bits)
			CHECK(event_wait(done, want, EVENT_FOREVER, 0, &bits) ==
			      0);
	}
	for (int i = 0; i < 4; i++)
		CHECK(pthread_join(t[i], &good) == 0 && good == &s[i]);
}

static void on_signal(int n)
{
	(void)n;
}

/* A signal ends a wait; with SA_RESTART the wait goes on. */
TEST(event_wait__is_interrupted)
{
	int fd = make(), ready = make();
	struct sigaction act = {.sa_handler = on_signal};
	uint64_t bits;
	pid_t pid;

	sigaction(SIGUSR1, &act, NULL);
	act.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &act, NULL);
	pid = fork();
	if (pid == 0) {
		event_signal(ready, 1);
		CHECK(event_wait(fd, 1, EVENT_FOREVER, 0, &bits) == E_INTR);
		event_signal(ready, 1);
		CHECK(event_wait(fd, 1, EVENT_FOREVER, 0, &bits) == 0);
		_exit(0);
	}
	CHECK(event_wait(ready, 1, EVENT_FOREVER, 0, &bits) == 0);
	usleep(20000);
	kill(pid, SIGUSR1);
	CHECK(event_wait(ready, 1, EVENT_FOREVER, 0, &bits) == 0);
	usleep(20000);
	kill(pid, SIGUSR2);
	usleep(20000);
	event_signal(fd, 1);
	CHECK(tap_wait(pid) == 0);
}

/* A killed waiter leaves: the next one is woken. */
TEST(event_wait__a_killed_waiter_is_gone)
{
	int fd = make();
	uint64_t bits;
	pid_t pid;

	for (int i = 0; i < 20; i++) {
		pid = fork();
		if (pid == 0) {
			event_wait(fd, 1, EVENT_FOREVER, 0, &bits);
			_exit(0);
		}
		usleep(2000);
		kill(pid, SIGKILL);
		CHECK(tap_wait(pid) == SIGKILL);
	}
	pid = fork();
	if (pid == 0)
		_exit(event_wait(fd, 1, EVENT_FOREVER, 0, &bits) != 0);
	usleep(5000);
	CHECK(event_signal(fd, 1) == 0);
	CHECK(tap_wait(pid) == 0);
}

/* A timer signals once, a periodic one whenever its bits were taken. */
TEST(event_bind__timer_signals)
{
	int fd = make();
	uint64_t bits, t = now();

	CHECK(event_bind(fd, 2, EVENT_ON_TIMER, t + 10000000, 0) == 0);
	CHECK(event_wait(fd, 3, EVENT_FOREVER, 0, &bits) == 0 && bits == 2);
	CHECK(now() >= t + 10000000);
	CHECK(event_wait(fd, 3, now() + 30000000, 0, &bits) == E_TIMEDOUT);
	t = now();
	CHECK(event_bind(fd, 4, EVENT_ON_TIMER, t + 1, 5000000) == 0);
	for (int i = 0; i < 5; i++)
		CHECK(event_wait(fd, 4, EVENT_FOREVER, 0, &bits) == 0);
	CHECK(now() >= t + 20000000);
	CHECK(event_bind(fd, 4, EVENT_ON_TIMER, 0, 0) == 0);
	(void)event_wait(fd, 4, 0, EVENT_NONBLOCK, &bits);
	CHECK(event_wait(fd, 4, now() + 30000000, 0, &bits) == E_TIMEDOUT);
	/* An interval of a nanosecond costs its taker only. */
	CHECK(event_bind(fd, 4, EVENT_ON_TIMER, 1, 1) == 0);
	for (int i = 0; i < 100; i++)
		CHECK(event_wait(fd, 4, EVENT_FOREVER, 0, &bits) == 0);
	CHECK(event_bind(fd, 4, EVENT_ON_TIMER, ~0ull, ~0ull) == 0);
	close(fd);
}

/* Timers set and closed from two threads while they fire. */
static void *set_timers(void *arg)
{
	for (int i = 0; i < 3000; i++) {
		int fd = *(int *)arg;

		event_bind(fd, 1, EVENT_ON_TIMER, now() + 2000, 1000);
	}
	return NULL;
}

TEST(event_bind__timers_race_with_close)
{
	_Atomic int fd = make();
	pthread_t t;
	uint64_t bits;

	CHECK(pthread_create(&t, NULL, set_timers, (void *)&fd) == 0);
	for (int i = 0; i < 1000; i++) {
		int old = fd;

		event_wait(old, 1, 0, EVENT_NONBLOCK, &bits);
		fd = make();
		close(old);
	}
	CHECK(pthread_join(t, NULL) == 0);
}

/* The end of a child signals, also when it had ended before. */
TEST(event_bind__exit_of_a_child_signals)
{
	int fd = make(), go = make();
	uint64_t bits;
	pid_t pid = fork();

	if (pid == 0)
		_exit(event_wait(go, 1, EVENT_FOREVER, 0, &bits) != 0);
	CHECK(event_bind(fd, 32, EVENT_ON_EXIT, (uint64_t)pid, 0) == 0);
	CHECK(event_wait(fd, 32, 0, EVENT_NONBLOCK, &bits) == E_AGAIN);
	CHECK(event_signal(go, 1) == 0);
	CHECK(event_wait(fd, 32, EVENT_FOREVER, 0, &bits) == 0);
	CHECK(event_bind(fd, 64, EVENT_ON_EXIT, (uint64_t)pid, 0) == 0);
	CHECK(event_wait(fd, 64, EVENT_FOREVER, 0, &bits) == 0);
	CHECK(tap_wait(pid) == 0);
	CHECK(event_bind(fd, 64, EVENT_ON_EXIT, (uint64_t)pid, 0) == E_CHILD);
}

/* Bindings have a bound, and both ends may go first. */
TEST(event_bind__is_bounded_and_outlives_nobody)
{
	int fd = make(), go = make();
	uint64_t bits;
	pid_t pid = fork();
	int n = 0;

	if (pid == 0)
		_exit(event_wait(go, 1, EVENT_FOREVER, 0, &bits) != 0);
	while (event_bind(fd, 1, EVENT_ON_EXIT, (uint64_t)pid, 0) == 0)
		n++;
	CHECK(n == 64);
	CHECK(event_bind(fd, 1, EVENT_ON_EXIT, (uint64_t)pid, 0) == E_NOBUFS);
	close(fd);
	for (int i = 0; i < 100; i++) {
		fd = make();
		CHECK(event_bind(fd, 1, EVENT_ON_EXIT, (uint64_t)pid, 0) == 0);
		close(fd);
	}
	fd = make();
	CHECK(event_bind(fd, 1, EVENT_ON_EXIT, (uint64_t)pid, 0) == 0);
	kill(pid, SIGKILL);
	CHECK(event_wait(fd, 1, EVENT_FOREVER, 0, &bits) == 0);
	CHECK(tap_wait(pid) == SIGKILL);
	CHECK(event_bind(fd, 1, EVENT_ON_EXIT, (uint64_t)pid, 0) == E_CHILD);
}

TAP_MAIN
