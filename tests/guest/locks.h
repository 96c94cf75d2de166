/* tests/guest/locks.h -- a file to lock, and another process to look at it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tap.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/time.h>

#ifndef F_OFD_GETLK
#define F_OFD_GETLK  36
#define F_OFD_SETLK  37
#define F_OFD_SETLKW 38
#endif

enum { R = F_RDLCK, W = F_WRLCK, U = F_UNLCK };

static const char *const name = "locks.tmp";

/* The file that all tests lock, of 100 bytes. */
static inline int fresh(void)
{
	int fd;

	unlink(name);
	fd = open(name, O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0 && ftruncate(fd, 100) == 0);
	return fd;
}

static inline int again(void)
{
	int fd = open(name, O_RDWR);

	CHECK(fd >= 0);
	return fd;
}

/* 0 or an errno. */
static inline int lock(int fd, int cmd, int type, off_t start, off_t len)
{
	struct flock l = {.l_type = (short)type,
	    .l_whence = SEEK_SET,
	    .l_start = start,
	    .l_len = len};

	return fcntl(fd, cmd, &l) < 0 ? errno : 0;
}

/* What fn says in a child that inherits all. */
static inline int in_child(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();
	int s;

	CHECK(pid >= 0);
	if (pid == 0)
		_exit(fn(arg));
	s = tap_wait(pid);
	CHECK(WIFEXITED(s));
	return WEXITSTATUS(s);
}

/* The bytes 0 to 19 as another process sees them: ., r or w for each. */
static inline int see(void *arg)
{
	char *map = arg;
	int fd = again();

	for (int i = 0; i < 20; i++) {
		struct flock l = {.l_type = W, .l_start = i, .l_len = 1};

		CHECK(fcntl(fd, F_GETLK, &l) == 0);
		map[i] = l.l_type == U ? '.' : l.l_type == R ? 'r' : 'w';
	}
	printf("# seen %.20s\n", map);
	fflush(stdout);
	return strncmp(map, map + 20, 20) != 0;
}

static inline bool seen(const char *want)
{
	char map[41] = "";

	CHECK(strlen(want) == 20);
	memcpy(map + 20, want, 20);
	return in_child(see, map) == 0;
}

static inline void nothing(int s)
{
	(void)s;
}

/* Let SIGALRM interrupt what waits, again and again until it does. */
static inline void interrupt_soon(void)
{
	struct sigaction a = {.sa_handler = nothing};
	struct itimerval every = {{0, 20000}, {0, 20000}};

	CHECK(sigaction(SIGALRM, &a, 0) == 0);
	CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
}

/* What sleeps in a system call says S in its stat; a thread of pid. */
static inline void until_asleep_thread(pid_t pid, pid_t tid)
{
	char path[64], text[512], *p;
	int fd;
	ssize_t n;

	snprintf(
	    path, sizeof(path), "/proc/%d/task/%d/stat", (int)pid, (int)tid);
	for (;;) {
		fd = open(path, O_RDONLY);
		CHECK(fd >= 0);
		n = read(fd, text, sizeof(text) - 1);
		CHECK(n > 0);
		text[n] = 0;
		close(fd);
		p = strrchr(text, ')');
		CHECK(p);
		if (p[2] == 'S')
			return;
		sched_yield();
	}
}

static inline void until_asleep(pid_t pid)
{
	until_asleep_thread(pid, pid);
}

static inline void say(int fd)
{
	CHECK(write(fd, "", 1) == 1);
}

static inline void hear(int fd)
{
	char c;

	CHECK(read(fd, &c, 1) == 1);
}
