/* tests/guest/locks.c -- record locks that a process has. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "locks.h"
#include <limits.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/syscall.h>

static int lock_at(int fd, int type, int whence, off_t start, off_t len)
{
	struct flock l = {.l_type = (short)type,
	    .l_whence = (short)whence,
	    .l_start = start,
	    .l_len = len};

	return fcntl(fd, F_SETLK, &l) < 0 ? errno : 0;
}

/* Ranges of one process are joined, cut and replaced. */
TEST(setlk__ranges_split_and_merge)
{
	int fd = fresh();

	CHECK(lock(fd, F_SETLK, W, 2, 10) == 0);
	CHECK(seen("..wwwwwwwwww........"));
	CHECK(lock(fd, F_SETLK, U, 5, 3) == 0); /* cut in two */
	CHECK(seen("..www...wwww........"));
	CHECK(lock(fd, F_SETLK, R, 9, 1) == 0); /* another type in the middle */
	CHECK(seen("..www...wrww........"));
	CHECK(lock(fd, F_SETLK, W, 5, 3) == 0); /* joins both sides */
	CHECK(seen("..wwwwwwwrww........"));
	CHECK(lock(fd, F_SETLK, R, 0, 4) == 0); /* from the left */
	CHECK(seen("rrrrwwwwwrww........"));
	CHECK(lock(fd, F_SETLK, R, 11, 3) == 0); /* from the right */
	CHECK(seen("rrrrwwwwwrwrrr......"));
	CHECK(lock(fd, F_SETLK, R, 1, 12) == 0); /* over all of them */
	CHECK(seen("rrrrrrrrrrrrrr......"));
	CHECK(lock(fd, F_SETLK, W, 16, 0) == 0);
	CHECK(seen("rrrrrrrrrrrrrr..wwww"));
	CHECK(lock(fd, F_SETLK, U, 18, 1) == 0); /* cut what has no end */
	CHECK(seen("rrrrrrrrrrrrrr..ww.w"));
	CHECK(lock(fd, F_SETLK, U, 0, 0) == 0);
	CHECK(seen("...................."));
}

static int one_lock(void *arg)
{
	struct flock *l = arg;
	int fd = again();
	pid_t parent = getppid();

	CHECK(fcntl(fd, F_GETLK, l) == 0);
	CHECK(l->l_type == W && l->l_whence == SEEK_SET);
	CHECK(l->l_pid == parent);
	CHECK(l->l_start == 10 && l->l_len == 5);
	*l = (struct flock){.l_type = R, .l_start = 50, .l_len = 1};
	CHECK(fcntl(fd, F_GETLK, l) == 0);
	CHECK(l->l_type == W && l->l_start == 40 && l->l_len == 0);
	/* Where nothing is in the way only the type changes. */
	*l = (struct flock){
	    .l_type = W, .l_whence = SEEK_END, .l_start = -99, .l_len = 3};
	CHECK(fcntl(fd, F_GETLK, l) == 0);
	CHECK(l->l_type == U && l->l_whence == SEEK_END && l->l_start == -99);
	CHECK(l->l_len == 3);
	return 0;
}

/* The lock in the way is told, whole, with its process. */
TEST(getlk__tells_the_lock_in_the_way)
{
	int fd = fresh();
	struct flock l = {.l_type = R, .l_start = 0, .l_len = 20};

	/* Joined when it is told. */
	CHECK(lock(fd, F_SETLK, W, 10, 2) == 0);
	CHECK(lock(fd, F_SETLK, W, 12, 3) == 0);
	CHECK(lock(fd, F_SETLK, W, 40, 0) == 0);
	CHECK(in_child(one_lock, &l) == 0);
	/* One's own are not in the way. */
	CHECK(fcntl(fd, F_GETLK, &l) == 0 && l.l_type == U);
}

static int try_both(void *arg)
{
	int fd = again(), *want = arg;

	CHECK(lock(fd, F_SETLK, R, 0, 10) == want[0]);
	CHECK(lock(fd, F_SETLK, U, 0, 10) == 0);
	CHECK(lock(fd, F_SETLK, W, 0, 10) == want[1]);
	return 0;
}

/* Readers share, a writer is alone; locks side by side do not meet. */
TEST(setlk__shared_and_exclusive)
{
	int fd = fresh();

	CHECK(lock(fd, F_SETLK, R, 5, 1) == 0);
	CHECK(in_child(try_both, (int[]){0, EAGAIN}) == 0);
	CHECK(lock(fd, F_SETLK, W, 5, 1) == 0);
	CHECK(in_child(try_both, (int[]){EAGAIN, EAGAIN}) == 0);
	CHECK(lock(fd, F_SETLK, U, 5, 1) == 0);
	CHECK(lock(fd, F_SETLK, W, 10, 0) == 0);
	CHECK(in_child(try_both, (int[]){0, 0}) == 0);
}

/* Whence, lengths of zero and below, and their ends. */
TEST(setlk__where_a_range_lies)
{
	int fd = fresh();

	CHECK(lseek(fd, 7, SEEK_SET) == 7);
	CHECK(lock_at(fd, W, SEEK_CUR, 1, 2) == 0);
	CHECK(seen("........ww.........."));
	CHECK(lock_at(fd, W, SEEK_CUR, 0, -3) == 0);
	CHECK(seen("....www.ww.........."));
	CHECK(lock_at(fd, W, SEEK_END, -82, 1) == 0);
	CHECK(seen("....www.ww........w."));
	CHECK(lock_at(fd, U, SEEK_END, -94, 0) == 0);
	CHECK(seen("....ww.............."));
	CHECK(lock_at(fd, W, SEEK_SET, 2, -2) == 0);
	CHECK(seen("ww..ww.............."));
	CHECK(lock_at(fd, W, SEEK_SET, 2, -3) == EINVAL);
	CHECK(lock_at(fd, W, SEEK_SET, -1, 1) == EINVAL);
	CHECK(lock_at(fd, W, SEEK_SET, -1, 0) == EINVAL);
	CHECK(lock_at(fd, W, SEEK_CUR, -8, 20) == EINVAL);
	CHECK(lock_at(fd, W, SEEK_END, LONG_MIN, -1) == EINVAL);
	CHECK(lock_at(fd, W, SEEK_SET, LONG_MIN, -1) == EINVAL);
	CHECK(lock_at(fd, W, SEEK_SET, 0, LONG_MIN) == EINVAL);
	CHECK(lock_at(fd, W, SEEK_SET, LONG_MIN, LONG_MIN) == EINVAL);
	CHECK(lock_at(fd, W, SEEK_CUR, LONG_MAX, 1) == EOVERFLOW);
	CHECK(lock_at(fd, W, SEEK_SET, LONG_MAX, 2) == EOVERFLOW);
	CHECK(lock_at(fd, W, SEEK_SET, LONG_MAX, 1) == 0);
	CHECK(lock_at(fd, W, SEEK_SET, 1, LONG_MAX) == 0);
	CHECK(lock_at(fd, W, 3, 0, 1) == EINVAL);
	CHECK(lock_at(fd, W, -1, 0, 1) == EINVAL);
	CHECK(seen("wwwwwwwwwwwwwwwwwwww"));
}

/* What is asked wrongly, of what. */
TEST(setlk__errors)
{
	struct flock l = {.l_type = U};
	int fd = fresh(), in, out, path;

	in = open(name, O_RDONLY);
	out = open(name, O_WRONLY);
	path = open(name, O_PATH);
	CHECK(in >= 0 && out >= 0 && path >= 0);
	CHECK(lock(fd, F_SETLK, 3, 0, 1) == EINVAL);
	CHECK(lock(fd, F_SETLK, -1, 0, 1) == EINVAL);
	CHECK(lock(in, F_SETLK, W, 0, 1) == EBADF);
	CHECK(lock(in, F_SETLKW, W, 0, 1) == EBADF);
	CHECK(lock(out, F_SETLK, R, 0, 1) == EBADF);
	CHECK(lock(in, F_SETLK, R, 0, 1) == 0);
	CHECK(lock(out, F_SETLK, W, 0, 1) == 0);
	CHECK(lock(path, F_SETLK, U, 0, 1) == EBADF);
	CHECK(flock(path, LOCK_SH) < 0 && errno == EBADF);
	CHECK(lock(999, F_SETLK, W, 0, 1) == EBADF);
	CHECK(fcntl(fd, F_GETLK, &l) < 0 && errno == EINVAL);
	CHECK(fcntl(fd, F_GETLK, (void *)8) < 0 && errno == EFAULT);
	CHECK(fcntl(fd, F_SETLK, (void *)8) < 0 && errno == EFAULT);
	/* To look needs no mode. */
	l.l_type = W;
	CHECK(fcntl(in, F_GETLK, &l) == 0 && l.l_type == U);
}

static int has_none(void *arg)
{
	(void)arg;
	return lock(again(), F_SETLK, W, 0, 0) != EAGAIN;
}

/* A child has none of its parent's locks. */
TEST(setlk__is_not_inherited)
{
	int fd = fresh();

	CHECK(lock(fd, F_SETLK, W, 0, 0) == 0);
	CHECK(in_child(has_none, 0) == 0);
	CHECK(seen("wwwwwwwwwwwwwwwwwwww")); /* its exit took nothing */
}

static int other_half(int argc, char **argv)
{
	(void)argc;
	CHECK(seen("ww.................."));
	CHECK(lock(atoi(argv[1]), F_SETLK, W, 1, 3) == 0);
	return seen("wwww................") ? 0 : 1;
}

__attribute__((constructor)) static void have_other_half(void)
{
	tap_self = other_half;
}

/* A new program is the same process with the same descriptors. */
TEST(setlk__outlives_exec)
{
	char number[12];
	int fd = fresh();
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(number, sizeof(number), "%d", fd);
		CHECK(lock(fd, F_SETLK, W, 0, 2) == 0);
		execl("/proc/self/exe", "locks", number, NULL);
		_exit(9);
	}
	CHECK(tap_wait(pid) == 0);
	CHECK(seen("...................."));
}

/* Any close of the file, by any descriptor, gives up all. */
TEST(setlk__any_close_releases)
{
	int fd = fresh(), other = again(), copy;

	CHECK(lock(fd, F_SETLK, W, 0, 3) == 0);
	CHECK(lock(other, F_SETLK, R, 5, 3) == 0); /* one owner */
	CHECK(seen("www..rrr............"));
	close(other);
	CHECK(seen("...................."));
	CHECK(lock(fd, F_SETLK, W, 0, 3) == 0);
	copy = dup(fd);
	close(copy);
	CHECK(seen("...................."));
	CHECK(lock(fd, F_SETLK, W, 0, 3) == 0);
	copy = again();
	CHECK(dup2(fd, copy) == copy); /* it closes, too */
	CHECK(seen("...................."));
	/* A file that has no name any more. */
	CHECK(lock(fd, F_SETLK, W, 0, 3) == 0 && unlink(name) == 0);
	CHECK(close(fd) == 0 && close(copy) == 0);
}

/* The process's end releases, also by a signal. */
TEST(setlk__exit_releases)
{
	int fd = fresh(), ready[2], s;
	pid_t pid;

	CHECK(pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		CHECK(lock(again(), F_SETLK, W, 0, 5) == 0);
		say(ready[1]);
		for (;;)
			pause();
	}
	hear(ready[0]);
	CHECK(lock(fd, F_SETLK, R, 0, 1) == EAGAIN);
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK(lock(fd, F_SETLKW, R, 0, 1) == 0);
	s = tap_wait(pid);
	CHECK(WIFSIGNALED(s));
}

/* Waits until all that is in the way is gone. */
TEST(setlkw__waits)
{
	int fd = fresh();
	pid_t pid;

	CHECK(lock(fd, F_SETLK, W, 0, 4) == 0);
	CHECK(lock(fd, F_SETLK, R, 8, 4) == 0);
	pid = fork();
	if (pid == 0) {
		fd = again();
		CHECK(lock(fd, F_SETLKW, W, 2, 8) == 0);
		CHECK(lock(fd, F_SETLKW, R, 10, 1) == 0);
		_exit(0);
	}
	until_asleep(pid);
	CHECK(lock(fd, F_SETLK, U, 0, 4) == 0);
	until_asleep(pid);
	CHECK(waitpid(pid, 0, WNOHANG) == 0);
	CHECK(lock(fd, F_SETLK, U, 8, 2) == 0); /* the part that it needs */
	CHECK(tap_wait(pid) == 0);
}

/* A weaker lock lets those in who can share it. */
TEST(setlkw__downgrade_wakes)
{
	int fd = fresh();
	pid_t pid;

	CHECK(lock(fd, F_SETLK, W, 0, 0) == 0);
	pid = fork();
	if (pid == 0)
		_exit(lock(again(), F_SETLKW, R, 0, 0));
	until_asleep(pid);
	CHECK(lock(fd, F_SETLK, R, 0, 0) == 0);
	CHECK(tap_wait(pid) == 0);
}

/* Who would wait for itself is told. */
TEST(setlkw__deadlock_of_two)
{
	int fd = fresh(), ready[2];
	pid_t pid;

	CHECK(pipe(ready) == 0);
	CHECK(lock(fd, F_SETLK, W, 0, 1) == 0);
	pid = fork();
	if (pid == 0) {
		CHECK(lock(fd, F_SETLK, W, 1, 1) == 0);
		say(ready[1]);
		_exit(lock(fd, F_SETLKW, W, 0, 1));
	}
	hear(ready[0]);
	until_asleep(pid);
	CHECK(lock(fd, F_SETLKW, W, 1, 1) == EDEADLK);
	CHECK(lock(fd, F_SETLKW, R, 1, 0) == EDEADLK);
	/* What does not meet it may be waited for; ours is still there. */
	CHECK(lock(fd, F_SETLKW, W, 2, 1) == 0);
	CHECK(lock(fd, F_SETLK, U, 0, 1) == 0);
	CHECK(tap_wait(pid) == 0);
}

/* A ring of four. */
TEST(setlkw__deadlock_of_more)
{
	enum { RING = 4 };
	int fd = fresh(), ready[2];
	pid_t pid[RING];

	CHECK(pipe(ready) == 0);
	CHECK(lock(fd, F_SETLK, W, 0, 1) == 0);
	for (int i = 1; i < RING; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			CHECK(lock(fd, F_SETLK, W, i, 1) == 0);
			say(ready[1]);
			_exit(lock(fd, F_SETLKW, W, i - 1, 1));
		}
		hear(ready[0]);
		until_asleep(pid[i]);
	}
	CHECK(lock(fd, F_SETLKW, W, RING - 1, 1) == EDEADLK);
	CHECK(lock(fd, F_SETLK, U, 0, 1) == 0);
	for (int i = 1; i < RING; i++)
		CHECK(tap_wait(pid[i]) == 0);
}

/* Two hand a pair of locks to and fro: none waits for itself, ever. */
TEST(setlkw__no_false_deadlock)
{
	int fd = fresh();
	pid_t pid = fork();

	for (int i = 0; i < 500; i++) {
		CHECK(lock(fd, F_SETLKW, W, 0, 1) == 0);
		CHECK(lock(fd, F_SETLKW, W, 1, 1) == 0);
		CHECK(lock(fd, F_SETLK, U, 0, 1) == 0);
		CHECK(lock(fd, F_SETLK, U, 1, 1) == 0);
	}
	if (pid == 0)
		_exit(0);
	CHECK(tap_wait(pid) == 0);
}

/* A handler ends the wait, and nothing was taken. */
TEST(setlkw__interrupted)
{
	int fd = fresh(), ready[2], done[2];
	pid_t pid;

	CHECK(pipe(ready) == 0 && pipe(done) == 0);
	pid = fork();
	if (pid == 0) {
		CHECK(lock(fd, F_SETLK, W, 0, 1) == 0);
		say(ready[1]);
		hear(done[0]);
		_exit(0);
	}
	hear(ready[0]);
	interrupt_soon();
	CHECK(lock(fd, F_SETLKW, W, 0, 0) == EINTR);
	CHECK(lock(again(), F_OFD_SETLKW, W, 0, 0) == EINTR);
	say(done[1]);
	CHECK(tap_wait(pid) == 0 || errno == EINTR);
	CHECK(seen("...................."));
}

struct late {
	int fd, result;
	_Atomic pid_t tid;
};

static void *lock_late(void *arg)
{
	struct late *l = arg;

	l->tid = (pid_t)syscall(SYS_gettid);
	l->result = lock(l->fd, F_SETLKW, W, 0, 1);
	return NULL;
}

/* A lock that comes when its descriptor has gone is none. */
TEST(setlkw__closed_while_it_waits)
{
	struct late l = {.fd = fresh()};
	int ready[2], done[2];
	pthread_t t;
	pid_t pid;

	CHECK(pipe(ready) == 0 && pipe(done) == 0);
	pid = fork();
	if (pid == 0) {
		CHECK(lock(l.fd, F_SETLK, W, 0, 1) == 0);
		say(ready[1]);
		hear(done[0]);
		_exit(0);
	}
	hear(ready[0]);
	CHECK(pthread_create(&t, 0, lock_late, &l) == 0);
	while (!l.tid)
		sched_yield();
	until_asleep_thread(getpid(), l.tid);
	CHECK(close(l.fd) == 0);
	say(done[1]);
	CHECK(tap_wait(pid) == 0);
	CHECK(pthread_join(t, 0) == 0 && l.result == EBADF);
	CHECK(seen("...................."));
}

static int lock_and_go(void *arg)
{
	return lock(*(int *)arg, F_SETLK, W, 0, 1);
}

/* Who shares the descriptors shares the locks; one's end keeps them. */
TEST(setlk__belongs_to_the_table)
{
	static uint8_t stack[65536] __attribute__((aligned(16)));
	int fd = fresh();
	pid_t pid = clone(lock_and_go, stack + sizeof(stack),
	    CLONE_FILES | CLONE_VM | SIGCHLD, &fd);

	CHECK(pid > 0 && tap_wait(pid) == 0);
	CHECK(lock(fd, F_SETLK, R, 0, 1) == 0);
	CHECK(seen("r..................."));
	CHECK(lock(fd, F_SETLK, W, 3, 1) == 0);
	CHECK(unlink(name) == 0 && close(fd) == 0);
}

/* Character devices can be locked, and let go again. */
TEST(setlk__of_a_device)
{
	int fd = open("/dev/zero", O_RDWR), s;
	pid_t pid;

	CHECK(fd >= 0 && lock(fd, F_SETLK, W, 0, 1) == 0);
	CHECK(close(fd) == 0);
	pid = fork();
	if (pid == 0)
		_exit(lock(open("/dev/zero", O_RDWR), F_SETLK, W, 0, 1));
	s = tap_wait(pid);
	CHECK(s == 0);
}

TAP_MAIN
