/* tests/guest/restrict.c -- pledge, unveil, sandbox: given up for good. */
/* SPDX-License-Identifier: MIT */
/* linux: skip it has no silos */
/* build: lib/silo.c */
#include <pthread.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "abi/rights.h"
#include "tests/guest/silo.h"

#define GONE(call)   CHECK((call) == -1 && errno == ENOENT)
#define DENIED(call) CHECK((call) == -1 && errno == EACCES)
#define NEVER(call)  CHECK((call) == -1 && errno == EPERM)

static const char text[] = "hello";

static void put(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

	CHECK(fd >= 0 && write(fd, text, 5) == 5 && close(fd) == 0);
}

/* /tmp/v/{ro/f,rw/f,hidden/f,link -> hidden/f, in -> ro/f} */
static void tree(void)
{
	(void)mkdir("/tmp/v", 0755);
	(void)mkdir("/tmp/v/ro", 0755);
	(void)mkdir("/tmp/v/rw", 0755);
	(void)mkdir("/tmp/v/hidden", 0755);
	put("/tmp/v/ro/f");
	put("/tmp/v/rw/f");
	put("/tmp/v/hidden/f");
	(void)symlink("hidden/f", "/tmp/v/link");
	(void)symlink("ro/f", "/tmp/v/in");
}

/* pledge takes bits away, and none comes back by any way. */
TEST(pledge__only_takes_away)
{
	int fd = silo_new();

	CHECK(silo_list(0, (uint32_t[1]){0}, 1) == 1);
	CHECK(pledge(MODE_LOOKUP | MODE_SPAWN) == 0);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	NEVER(silo_list(0, (uint32_t[1]){0}, 1));
	NEVER(pledge(MODE_ALL));
	NEVER(pledge(MODE_LIST));
	CHECK(pledge(MODE_LOOKUP | MODE_SPAWN) == 0);
	if (fork() == 0) {
		NEVER(pledge(MODE_ALL));
		NEVER(silo_list(0, (uint32_t[1]){0}, 1));
		_exit(0);
	}
	CHECK(tap_wait(-1) == 0);
	/* A silo's descriptor is nothing to hold without a control bit. */
	CHECK(pledge(MODE_LOOKUP) == 0);
	CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
	CHECK(fcntl(1, F_GETFD) == 0);
}

/* Only unveiled paths exist, each with its rights. */
TEST(unveil__hides_all_else)
{
	struct stat st;
	char buf[8];
	int fd;

	tree();
	CHECK(unveil("/tmp/v/ro", UNVEIL_READ) == 0);
	CHECK(unveil("/tmp/v/rw", UNVEIL_READ | UNVEIL_WRITE | UNVEIL_CREATE) ==
	      0);
	fd = open("/tmp/v/ro/f", O_RDONLY);
	CHECK(fd >= 0 && read(fd, buf, 8) == 5);
	DENIED(open("/tmp/v/ro/f", O_WRONLY));
	DENIED(open("/tmp/v/ro/new", O_WRONLY | O_CREAT, 0644));
	DENIED(unlink("/tmp/v/ro/f"));
	DENIED(truncate("/tmp/v/ro/f", 0));
	DENIED(chmod("/tmp/v/ro/f", 0600));
	GONE(open("/tmp/v/hidden/f", O_RDONLY));
	GONE(stat("/tmp/v/hidden", &st));
	GONE(stat("/tmp/v/hidden/none", &st));
	GONE(stat("/tmp/v", &st));
	GONE(open("/", O_RDONLY));
	GONE(open("/tmp/v/new", O_WRONLY | O_CREAT, 0644));
	GONE(mkdir("/tmp/v/dir", 0755));
	GONE(rename("/tmp/v/rw/f", "/tmp/v/hidden/g"));
	GONE(access("/bin/sh", X_OK));
	fd = open("/tmp/v/rw/new", O_RDWR | O_CREAT, 0644);
	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(rename("/tmp/v/rw/new", "/tmp/v/rw/newer") == 0);
	CHECK(unlink("/tmp/v/rw/newer") == 0);
}

/* Neither "..", nor links, nor descriptors lead out. */
TEST(unveil__has_no_way_round)
{
	struct stat st;
	char path[64];
	int dir, out;

	tree();
	out = open("/tmp/v/hidden/f", O_RDONLY);
	CHECK(unveil("/tmp/v/ro", UNVEIL_READ) == 0);
	CHECK(unveil("/tmp/v/rw", UNVEIL_READ | UNVEIL_WRITE | UNVEIL_CREATE) ==
	      0);
	dir = open("/tmp/v/ro", O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0);
	GONE(openat(dir, "../hidden/f", O_RDONLY));
	GONE(openat(dir, "..", O_RDONLY));
	GONE(openat(dir, "../../../bin/sh", O_RDONLY));
	CHECK(openat(dir, "../rw/f", O_RDONLY) >= 0);
	CHECK(openat(dir, "f", O_RDONLY) >= 0);
	GONE(stat("/tmp/v/link", &st));
	CHECK(stat("/tmp/v/in", &st) == 0);
	CHECK(symlink("/tmp/v/hidden/f", "/tmp/v/rw/way") == 0);
	GONE(open("/tmp/v/rw/way", O_RDONLY));
	CHECK(unlink("/tmp/v/rw/way") == 0);
	/* More rights by another name of the same file. */
	DENIED(link("/tmp/v/ro/f", "/tmp/v/rw/more"));
	DENIED(rename("/tmp/v/ro/f", "/tmp/v/rw/more"));
	NEVER(mount("/tmp/v/ro", "/tmp/v/rw", "", MS_BIND, ""));
	/* What is held stays usable, but opens nothing. */
	CHECK(read(out, path, 5) == 5);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", out);
	GONE(open(path, O_RDONLY));
	CHECK(fchdir(dir) == 0);
	GONE(open("../hidden/f", O_RDONLY));
	CHECK(open("f", O_RDONLY) >= 0);
}

/* A view is never widened: not by rights, a path, a child or an exec. */
TEST(unveil__cannot_be_widened)
{
	tree();
	CHECK(unveil("/tmp/v/ro", UNVEIL_READ) == 0);
	NEVER(unveil("/tmp/v/ro", UNVEIL_READ | UNVEIL_WRITE));
	NEVER(unveil("/tmp/v/ro/f", UNVEIL_WRITE));
	CHECK(unveil("/tmp/v/rw", UNVEIL_READ) == 0);
	if (fork() == 0) {
		/* A child's is the same, and locked. */
		GONE(open("/tmp/v/hidden/f", O_RDONLY));
		NEVER(unveil("/tmp/v/hidden", UNVEIL_READ));
		NEVER(unveil("/", UNVEIL_READ));
		CHECK(unveil("/tmp/v/ro/f", 0) == 0);
		DENIED(open("/tmp/v/ro/f", O_RDONLY));
		_exit(0);
	}
	CHECK(tap_wait(-1) == 0);
	CHECK(unveil(0, 0) == 0);
	NEVER(unveil("/tmp/v/hidden", UNVEIL_READ));
	NEVER(unveil("/tmp/v", UNVEIL_READ));
	NEVER(unveil("/", UNVEIL_ALL));
	NEVER(unveil("/tmp/v/none/x", UNVEIL_READ));
	CHECK(unveil("/tmp/v/ro", 0) == 0);
	DENIED(open("/tmp/v/ro/f", O_RDONLY));
	NEVER(unveil("/tmp/v/ro", UNVEIL_READ));
}

/* exec keeps the view and locks it. */
TEST(unveil__holds_after_exec)
{
	static char path[256];
	char *argv[] = {path, "look", 0};
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	CHECK(n > 0);
	tree();
	CHECK(unveil(path, UNVEIL_READ | UNVEIL_EXEC) == 0);
	CHECK(unveil("/tmp/v/ro", UNVEIL_READ) == 0);
	if (fork() == 0) {
		execv(path, argv);
		_exit(50);
	}
	CHECK(tap_wait(-1) == 0);
	/* And without EXEC nothing is executed. */
	CHECK(unveil(path, UNVEIL_READ) == 0);
	if (fork() == 0) {
		execv(path, argv);
		_exit(errno == EACCES ? 0 : 51);
	}
	CHECK(tap_wait(-1) == 0);
}

/* An exec without a fork, which would have locked it already. */
TEST(unveil__is_locked_by_exec)
{
	static char path[256];
	char *argv[] = {path, "look", 0};

	CHECK(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	tree();
	CHECK(unveil(path, UNVEIL_READ | UNVEIL_EXEC) == 0);
	CHECK(unveil("/tmp/v/ro", UNVEIL_READ) == 0);
	execv(path, argv);
	_exit(50);
}

static void *open_hidden(void *arg)
{
	*(int *)arg = open("/tmp/v/hidden/f", O_RDONLY) == -1 ? errno : 0;
	return 0;
}

/* It is the process's, not the thread's. */
TEST(unveil__holds_for_all_threads)
{
	pthread_t t;
	int got = 0;

	tree();
	CHECK(unveil("/tmp/v/ro", UNVEIL_READ) == 0);
	CHECK(pthread_create(&t, 0, open_hidden, &got) == 0);
	CHECK(pthread_join(t, 0) == 0 && got == ENOENT);
}

/* A path that does not exist yet can be unveiled, and made again. */
TEST(unveil__is_about_paths_not_files)
{
	int fd;

	tree();
	(void)unlink("/tmp/v/later");
	CHECK(unveil("/tmp/v/later", UNVEIL_ALL) == 0);
	GONE(open("/tmp/v/later", O_RDONLY));
	for (int i = 0; i < 2; i++) {
		fd = open("/tmp/v/later", O_RDWR | O_CREAT, 0644);
		CHECK(fd >= 0 && close(fd) == 0);
		CHECK(unlink("/tmp/v/later") == 0);
	}
	GONE(open("/tmp/v/later2", O_RDWR | O_CREAT, 0644));
}

/* Hostile arguments. */
TEST(unveil__checks_its_arguments)
{
	CHECK(unveil("/tmp", 16) == -1 && errno == EINVAL);
	CHECK(unveil((char *)8, 1) == -1 && errno == EFAULT);
	CHECK(unveil("/no/such/dir", 1) == -1 && errno == ENOENT);
	CHECK(unveil("", 1) == -1);
	CHECK(access("/bin", F_OK) == 0); /* none of them began a view */
	tree();
	for (int i = 0; i < 64; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/tmp/v/ro/%d", i);
		CHECK(unveil(path, UNVEIL_READ) == 0);
	}
	CHECK(unveil("/tmp/v/rw", 1) == -1 && errno == ENOSPC);
}

/* In a sandbox there are descriptors, and no names of any kind. */
TEST(sandbox__leaves_descriptors_only)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/tmp/v/s"};
	struct silo_config c = silo_plain();
	struct stat st;
	char buf[8];
	int fd, dir, s, p[2];

	tree();
	fd = open("/tmp/v/ro/f", O_RDONLY);
	dir = open("/tmp/v/ro", O_RDONLY | O_DIRECTORY);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(fd >= 0 && dir >= 0 && s >= 0);
	CHECK(sandbox_enter() == 0);
	CHECK(read(fd, buf, 8) == 5 && fstat(fd, &st) == 0);
	CHECK(pipe(p) == 0 && write(p[1], buf, 5) == 5);
	NEVER(open("/tmp/v/ro/f", O_RDONLY));
	NEVER(openat(dir, "f", O_RDONLY));
	NEVER(stat("/", &st));
	NEVER(unlink("/tmp/v/ro/f"));
	NEVER(chdir("/"));
	NEVER(bind(s, (struct sockaddr *)&a, sizeof(a)));
	NEVER(connect(s, (struct sockaddr *)&a, sizeof(a)));
	a.sun_path[0] = '\0';
	NEVER(connect(s, (struct sockaddr *)&a, sizeof(a)));
	NEVER(execv("/bin/true", (char *[]){"true", 0}));
	NEVER(silo_create(&c));
	NEVER(silo_open(SID_BOOT, RIGHT_READ));
	NEVER(unveil("/", UNVEIL_ALL));
	NEVER(kill(getppid(), SIGTERM));
	if (fork() == 0) {
		NEVER(open("/tmp/v/ro/f", O_RDONLY));
		_exit(0);
	}
	CHECK(tap_wait(-1) == 0);
}

/* No descriptor comes in by a message. */
TEST(sandbox__takes_no_descriptors)
{
	char byte = 1, space[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = space,
	    .msg_controllen = sizeof(space)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	int pair[2], before, zero = 0;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &zero, sizeof(int));
	CHECK(sendmsg(pair[0], &m, 0) == 1);
	before = dup(1);
	CHECK(close(before) == 0);
	CHECK(sandbox_enter() == 0);
	m.msg_controllen = sizeof(space);
	CHECK(recvmsg(pair[1], &m, 0) == 1);
	CHECK((m.msg_flags & MSG_CTRUNC) && fcntl(before, F_GETFD) == -1);
}

/* Who gave up something has no power over who did not. */
TEST(restrict__a_less_restricted_sibling_is_out_of_reach)
{
	char path[64];
	int ready[2];
	pid_t free_one;
	char c;

	tree();
	CHECK(pipe(ready) == 0);
	free_one = fork();
	if (free_one == 0) {
		close(ready[1]);
		_exit(read(ready[0], &c, 1) == 0 ? 0 : 1);
	}
	CHECK(unveil("/proc", UNVEIL_READ) == 0);
	NEVER(kill(free_one, SIGKILL));
	NEVER(kill(free_one, 0));
	snprintf(path, sizeof(path), "/proc/%d/fd/0", free_one);
	CHECK(open(path, O_RDONLY) == -1);
	snprintf(path, sizeof(path), "/proc/%d/root/tmp/v/hidden/f", free_one);
	CHECK(open(path, O_RDONLY) == -1);
	snprintf(path, sizeof(path), "/proc/%d/maps", free_one);
	CHECK(read(open(path, O_RDONLY), path, 1) == -1);
	close(ready[0]);
	close(ready[1]);
	CHECK(tap_wait(free_one) == 0);
}

static int look(void)
{
	GONE(open("/tmp/v/hidden/f", O_RDONLY));
	CHECK(open("/tmp/v/ro/f", O_RDONLY) >= 0);
	NEVER(unveil("/tmp/v/hidden", UNVEIL_READ));
	return 0;
}

static int self(int argc, char **argv)
{
	(void)argc;
	return strcmp(argv[1], "look") ? 99 : look();
}

__attribute__((constructor)) static void parts(void)
{
	tap_self = self;
}

TAP_MAIN
