/* tests/guest/locks_open.c -- locks that an open file has: OFD, flock. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "locks.h"
#include <sys/file.h>

static int has_ofd(void *arg)
{
	int fd = *(int *)arg;

	/* The inherited file owns the lock: it may change it. */
	CHECK(lock(again(), F_OFD_SETLK, R, 0, 1) == EAGAIN);
	CHECK(lock(fd, F_OFD_SETLK, R, 0, 1) == 0);
	CHECK(lock(again(), F_OFD_SETLK, R, 0, 1) == 0);
	return 0;
}

/* A lock of the open file: not of the process, not of other opens. */
TEST(ofd__belongs_to_the_open_file)
{
	int fd = fresh(), other = again(), copy = dup(fd);
	struct flock l = {.l_type = W, .l_start = 0, .l_len = 9};

	CHECK(lock(fd, F_OFD_SETLK, W, 0, 5) == 0);
	CHECK(lock(copy, F_OFD_SETLK, W, 2, 1) == 0);
	CHECK(lock(other, F_OFD_SETLK, R, 0, 1) == EAGAIN);
	CHECK(lock(fd, F_SETLK, R, 0, 1) == EAGAIN); /* POSIX: meets it */
	CHECK(fcntl(other, F_OFD_GETLK, &l) == 0);
	CHECK(l.l_type == W && l.l_pid == -1 && l.l_start == 0 && l.l_len == 5);
	l = (struct flock){.l_type = W, .l_start = 0, .l_len = 9};
	CHECK(fcntl(copy, F_OFD_GETLK, &l) == 0 && l.l_type == U);
	l = (struct flock){.l_type = W, .l_start = 0, .l_len = 9};
	CHECK(fcntl(fd, F_GETLK, &l) == 0 && l.l_type == W && l.l_pid == -1);
	CHECK(in_child(has_ofd, &fd) == 0);
	/* Only the last close of this open file releases. */
	close(other);
	close(copy);
	CHECK(seen("rwwww..............."));
	close(fd);
	CHECK(seen("...................."));
}

/* A pid must not be said, else they are as the others. */
TEST(ofd__errors)
{
	struct flock l = {.l_type = W, .l_len = 1, .l_pid = 1};
	int fd = fresh(), in = open(name, O_RDONLY);

	CHECK(fcntl(fd, F_OFD_SETLK, &l) < 0 && errno == EINVAL);
	CHECK(fcntl(fd, F_OFD_SETLKW, &l) < 0 && errno == EINVAL);
	CHECK(fcntl(fd, F_OFD_GETLK, &l) < 0 && errno == EINVAL);
	CHECK(lock(in, F_OFD_SETLK, W, 0, 1) == EBADF);
	CHECK(lock(in, F_OFD_SETLK, R, 0, 1) == 0);
	CHECK(lock(fd, F_OFD_SETLK, W, -1, 1) == EINVAL);
}

/* It waits for the other open file's end. */
TEST(ofd__waits)
{
	int fd = fresh();
	pid_t pid;

	CHECK(lock(fd, F_OFD_SETLK, W, 0, 0) == 0);
	pid = fork();
	if (pid == 0) {
		int other = again();

		close(fd);
		_exit(lock(other, F_OFD_SETLKW, W, 5, 1));
	}
	until_asleep(pid);
	close(fd);
	CHECK(tap_wait(pid) == 0);
}

static int flock_errno(int fd, int how)
{
	return flock(fd, how) < 0 ? errno : 0;
}

/* Shared and exclusive, by open file; independent of record locks. */
TEST(flock__shared_and_exclusive)
{
	int a = fresh(), b = again(), c = again(), in;

	CHECK(flock_errno(a, LOCK_SH) == 0 && flock_errno(b, LOCK_SH) == 0);
	CHECK(flock_errno(c, LOCK_EX | LOCK_NB) == EWOULDBLOCK);
	CHECK(flock_errno(a, LOCK_UN) == 0 && flock_errno(b, LOCK_UN) == 0);
	CHECK(flock_errno(c, LOCK_EX | LOCK_NB) == 0);
	CHECK(flock_errno(a, LOCK_SH | LOCK_NB) == EWOULDBLOCK);
	CHECK(lock(a, F_SETLK, W, 0, 0) == 0);
	CHECK(lock(a, F_OFD_SETLK, U, 0, 0) == 0);
	CHECK(flock_errno(c, LOCK_SH) == 0); /* converted down */
	CHECK(flock_errno(a, LOCK_SH | LOCK_NB) == 0);
	CHECK(flock_errno(a, LOCK_UN) == 0);
	CHECK(flock_errno(c, LOCK_EX | LOCK_NB) == 0); /* and up */
	CHECK(flock_errno(c, LOCK_UN) == 0 && flock_errno(c, LOCK_UN) == 0);
	/* The mode of the file does not matter; directories too. */
	in = open(name, O_RDONLY);
	CHECK(flock_errno(in, LOCK_EX | LOCK_NB) == 0);
	in = open(".", O_RDONLY | O_DIRECTORY);
	CHECK(flock_errno(in, LOCK_EX | LOCK_NB) == 0);
	CHECK(flock_errno(open(".", O_RDONLY), LOCK_EX | LOCK_NB) == EAGAIN);
	CHECK(flock_errno(a, 0) == EINVAL);
	CHECK(flock_errno(a, LOCK_SH | LOCK_EX) == EINVAL);
	CHECK(flock_errno(999, LOCK_SH) == EBADF);
}

static int unlock_it(void *arg)
{
	return flock_errno(*(int *)arg, LOCK_UN);
}

/* Copies share it; the last close releases it, or any unlock. */
TEST(flock__shared_by_copies)
{
	int a = fresh(), b = again(), copy = dup(a);

	CHECK(flock_errno(a, LOCK_EX) == 0);
	CHECK(flock_errno(copy, LOCK_EX | LOCK_NB) == 0);
	close(a);
	CHECK(flock_errno(b, LOCK_SH | LOCK_NB) == EAGAIN);
	CHECK(close(again()) == 0); /* not as POSIX locks */
	CHECK(flock_errno(b, LOCK_SH | LOCK_NB) == EAGAIN);
	CHECK(in_child(unlock_it, &copy) == 0); /* the child has it too */
	CHECK(flock_errno(b, LOCK_EX | LOCK_NB) == 0);
	close(b);
	CHECK(flock_errno(copy, LOCK_EX | LOCK_NB) == 0);
	close(copy);
	CHECK(flock_errno(again(), LOCK_EX | LOCK_NB) == 0);
}

/* It waits, and the end of the holder wakes it; a signal interrupts. */
TEST(flock__waits)
{
	int fd = fresh(), ready[2], s;
	pid_t pid, waiter;

	CHECK(pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		CHECK(flock_errno(again(), LOCK_EX) == 0);
		say(ready[1]);
		for (;;)
			pause();
	}
	hear(ready[0]);
	waiter = fork();
	if (waiter == 0) {
		interrupt_soon();
		_exit(flock_errno(again(), LOCK_SH) != EINTR);
	}
	CHECK(tap_wait(waiter) == 0);
	waiter = fork();
	if (waiter == 0)
		_exit(flock_errno(again(), LOCK_EX));
	until_asleep(waiter);
	CHECK(kill(pid, SIGKILL) == 0);
	s = tap_wait(pid);
	CHECK(WIFSIGNALED(s) && tap_wait(waiter) == 0);
	CHECK(flock_errno(fd, LOCK_EX | LOCK_NB) == 0);
}

TAP_MAIN
