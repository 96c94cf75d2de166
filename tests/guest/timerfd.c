/* tests/guest/timerfd.c -- timerfd: expiries counted, waited for, changed. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include "tap.h"

enum { MS = 1000000 };

static int arm(int fd, int flags, long value_ns, long interval_ns)
{
	struct itimerspec s = {
	    .it_value = {value_ns / 1000000000, value_ns % 1000000000},
	    .it_interval = {0, interval_ns}};

	return timerfd_settime(fd, flags, &s, 0);
}

static long now_ns(int clock)
{
	struct timespec t;

	CHECK(clock_gettime(clock, &t) == 0);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

TEST(timerfd__one_shot)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	long before = now_ns(CLOCK_MONOTONIC);
	struct pollfd p = {fd, POLLIN, 0};
	uint64_t n = 0;

	CHECK(fd >= 0 && arm(fd, 0, 30 * MS, 0) == 0);
	CHECK(poll(&p, 1, 0) == 0);
	CHECK(read(fd, &n, sizeof(n)) == 8 && n == 1);
	CHECK(now_ns(CLOCK_MONOTONIC) - before >= 30 * MS);
	CHECK(poll(&p, 1, 20) == 0);
}

TEST(timerfd__counts_periods)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct timespec t = {0, 55 * MS};
	struct itimerspec s;
	uint64_t n = 0, m = 0;

	CHECK(arm(fd, 0, 10 * MS, 10 * MS) == 0);
	CHECK(read(fd, &n, sizeof(n)) == -1 && errno == EAGAIN);
	nanosleep(&t, 0);
	CHECK(read(fd, &n, sizeof(n)) == 8 && n >= 5);
	CHECK(timerfd_gettime(fd, &s) == 0);
	CHECK(s.it_value.tv_nsec > 0 && s.it_value.tv_nsec <= 10 * MS);
	CHECK(s.it_interval.tv_nsec == 10 * MS);
	nanosleep(&t, 0);
	CHECK(read(fd, &m, sizeof(m)) == 8 && m >= 5);
	CHECK(arm(fd, 0, 0, 0) == 0);
	CHECK(timerfd_gettime(fd, &s) == 0 && s.it_value.tv_nsec == 0);
	nanosleep(&t, 0);
	CHECK(read(fd, &m, sizeof(m)) == -1 && errno == EAGAIN);
}

TEST(timerfd__absolute_times)
{
	int clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
	uint64_t n;

	for (int i = 0; i < 2; i++) {
		int fd = timerfd_create(clocks[i], 0);
		long at = now_ns(clocks[i]) + 20 * MS;

		CHECK(arm(fd, TFD_TIMER_ABSTIME, at, 0) == 0);
		CHECK(read(fd, &n, sizeof(n)) == 8 && n == 1);
		CHECK(now_ns(clocks[i]) >= at);
		CHECK(arm(fd, TFD_TIMER_ABSTIME, 5, 0) == 0);
		CHECK(read(fd, &n, sizeof(n)) == 8 && n == 1);
	}
}

TEST(timerfd__tiny_intervals_do_no_harm)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct timespec t = {0, 5 * MS};
	uint64_t n;

	CHECK(arm(fd, 0, 1, 1) == 0);
	nanosleep(&t, 0);
	CHECK(read(fd, &n, sizeof(n)) == 8 && n >= 1000000);
}

TEST(timerfd__wakes_epoll)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), ep = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN};
	uint64_t n;

	CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == 0);
	CHECK(arm(fd, 0, 10 * MS, 5 * MS) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(epoll_wait(ep, &ev, 1, 5000) == 1);
		CHECK(read(fd, &n, sizeof(n)) == 8);
	}
}

TEST(timerfd__bad_arguments)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec s = {.it_value = {0, -1}};
	uint64_t n;

	CHECK(syscall(SYS_timerfd_create, 99, 0) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_timerfd_create, 1, 1) == -1 && errno == EINVAL);
	CHECK(timerfd_settime(fd, 0, &s, 0) == -1 && errno == EINVAL);
	s.it_value.tv_nsec = 0;
	CHECK(timerfd_settime(fd, 64, &s, 0) == -1 && errno == EINVAL);
	CHECK(timerfd_settime(0, 0, &s, 0) == -1 && errno == EINVAL);
	CHECK(timerfd_settime(1000, 0, &s, 0) == -1 && errno == EBADF);
	CHECK(read(fd, &n, 4) == -1 && errno == EINVAL);
}

TAP_MAIN
