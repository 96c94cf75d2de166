/* tests/guest/pipe.c -- pipes, poll, select, eventfd. */
/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>

/* The end comes when the last writer is gone, after the bytes. */
TEST(pipe__end)
{
	char b[8];
	int p[2];

	CHECK(pipe(p) == 0 && write(p[1], "abc", 3) == 3);
	CHECK(close(p[1]) == 0 && read(p[0], b, 8) == 3);
	CHECK(read(p[0], b, 8) == 0 && read(p[0], b, 8) == 0);
}

/* No reader: EPIPE, and the signal. */
TEST(pipe__broken)
{
	int p[2];
	pid_t pid;

	CHECK(pipe(p) == 0 && close(p[0]) == 0);
	pid = fork();
	if (pid == 0)
		_exit(write(p[1], "x", 1) == 1 ? 0 : 1);
	CHECK(WTERMSIG(tap_wait(pid)) == SIGPIPE);
	signal(SIGPIPE, SIG_IGN);
	CHECK(write(p[1], "x", 1) < 0 && errno == EPIPE);
}

/* Non-blocking ends say so; a full pipe takes no small write in part. */
TEST(pipe__nonblocking)
{
	static char b[PIPE_BUF];
	int p[2], total = 0, n;

	CHECK(pipe2(p, O_NONBLOCK) == 0);
	CHECK(read(p[0], b, 1) < 0 && errno == EAGAIN);
	while ((n = (int)write(p[1], b, sizeof(b))) > 0) {
		CHECK(n == (int)sizeof(b));
		total += n;
	}
	CHECK(errno == EAGAIN && total >= 65536);
	CHECK(ioctl(p[0], FIONREAD, &n) == 0 && n == total);
	CHECK(read(p[0], b, 100) == 100);
	CHECK(write(p[1], b, sizeof(b)) < 0 && errno == EAGAIN);
}

/* A writer that blocks goes on when there is room; order is kept. */
TEST(pipe__blocks_and_resumes)
{
	enum { TOTAL = 300000 };
	static unsigned char b[TOTAL];
	int p[2], got = 0;
	pid_t pid;

	CHECK(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < TOTAL; i++)
			b[i] = (unsigned char)(i * 31 >> 3);
		_exit(write(p[1], b, TOTAL) == TOTAL ? 0 : 1);
	}
	close(p[1]);
	for (;;) {
		ssize_t n = read(p[0], b, 7000);

		CHECK(n >= 0);
		if (n == 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			CHECK(b[i] == (unsigned char)((got + i) * 31 >> 3));
		got += (int)n;
	}
	CHECK(got == TOTAL && tap_wait(pid) == 0);
}

/* Writes of up to PIPE_BUF bytes of several writers are not mixed. */
TEST(pipe__small_writes_are_whole)
{
	enum { WRITERS = 4, EACH = 200, SIZE = 512 };
	char b[SIZE];
	int p[2], counts[WRITERS] = {0};

	CHECK(pipe(p) == 0);
	for (int w = 0; w < WRITERS; w++)
		if (fork() == 0) {
			memset(b, 'a' + w, SIZE);
			for (int i = 0; i < EACH; i++)
				CHECK(write(p[1], b, SIZE) == SIZE);
			_exit(0);
		}
	close(p[1]);
	for (int i = 0; i < WRITERS * EACH; i++) {
		for (int got = 0; got < SIZE;) {
			ssize_t n = read(p[0], b + got, (size_t)(SIZE - got));

			CHECK(n > 0);
			got += (int)n;
		}
		for (int k = 1; k < SIZE; k++)
			CHECK(b[k] == b[0]);
		counts[b[0] - 'a']++;
	}
	for (int w = 0; w < WRITERS; w++)
		CHECK(counts[w] == EACH && wait(0) > 0);
}

/* A named pipe joins two that open it. */
TEST(mkfifo__joins)
{
	char c = 0;
	int fd;
	pid_t pid;

	CHECK(mkfifo("fifo", 0600) == 0);
	CHECK(open("fifo", O_WRONLY | O_NONBLOCK) < 0 && errno == ENXIO);
	pid = fork();
	if (pid == 0) {
		fd = open("fifo", O_WRONLY);
		_exit(write(fd, "z", 1) == 1 ? 0 : 1);
	}
	fd = open("fifo", O_RDONLY);
	CHECK(fd >= 0 && read(fd, &c, 1) == 1 && c == 'z');
	CHECK(tap_wait(pid) == 0 && read(fd, &c, 1) == 0);
	CHECK(unlink("fifo") == 0);
}

/* poll: what is ready, hang-up, error, bad descriptors, time. */
TEST(poll__tells)
{
	struct pollfd f[3];
	struct timespec a, b;
	int p[2];

	CHECK(pipe(p) == 0);
	f[0] = (struct pollfd){.fd = p[0], .events = POLLIN};
	f[1] = (struct pollfd){.fd = p[1], .events = POLLOUT};
	f[2] = (struct pollfd){.fd = 999, .events = POLLIN};
	CHECK(poll(f, 3, 0) == 2 && f[0].revents == 0);
	CHECK(f[1].revents == POLLOUT && f[2].revents == POLLNVAL);
	CHECK(write(p[1], "x", 1) == 1 && poll(f, 1, -1) == 1 &&
	      f[0].revents == POLLIN);
	CHECK(close(p[1]) == 0 && poll(f, 1, 0) == 1 &&
	      f[0].revents == (POLLIN | POLLHUP));
	CHECK(pipe(p) == 0 && close(p[0]) == 0);
	f[1].fd = p[1];
	CHECK(poll(f + 1, 1, 0) == 1 && (f[1].revents & POLLERR));
	clock_gettime(CLOCK_MONOTONIC, &a);
	CHECK(poll(0, 0, 30) == 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	CHECK(
	    (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 >=
	    29);
}

/* poll sleeps until somebody writes. */
TEST(poll__wakes)
{
	int p[2];
	pid_t pid;

	CHECK(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 100; i++)
			sched_yield();
		_exit(write(p[1], "x", 1) == 1 ? 0 : 1);
	}
	struct pollfd f = {.fd = p[0], .events = POLLIN};
	CHECK(poll(&f, 1, 10000) == 1 && f.revents == POLLIN);
	CHECK(tap_wait(pid) == 0);
}

/* select over many descriptors. */
TEST(select__tells)
{
	struct timeval none = {0};
	fd_set r, w;
	int p[2], high;

	CHECK(pipe(p) == 0);
	high = fcntl(p[0], F_DUPFD, 300);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(high, &r);
	FD_SET(p[1], &w);
	CHECK(select(high + 1, &r, &w, 0, &none) == 1);
	CHECK(!FD_ISSET(high, &r) && FD_ISSET(p[1], &w));
	CHECK(write(p[1], "x", 1) == 1);
	FD_SET(high, &r);
	CHECK(select(high + 1, &r, 0, 0, 0) == 1 && FD_ISSET(high, &r));
}

/* eventfd adds, gives all or one, and wakes. */
TEST(eventfd__counts)
{
	uint64_t v = 5;
	int fd = eventfd(3, EFD_NONBLOCK);

	CHECK(fd >= 0 && write(fd, &v, 8) == 8);
	CHECK(read(fd, &v, 8) == 8 && v == 8);
	CHECK(read(fd, &v, 8) < 0 && errno == EAGAIN);
	fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	CHECK(read(fd, &v, 8) == 8 && v == 1);
	CHECK(read(fd, &v, 8) == 8 && read(fd, &v, 8) < 0);
	v = UINT64_MAX;
	CHECK(write(fd, &v, 8) < 0 && errno == EINVAL);
}

TAP_MAIN
