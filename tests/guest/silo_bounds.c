/* tests/guest/silo_bounds.c -- silos apart: processes, sockets, quotas, abi. */
/* SPDX-License-Identifier: MIT */
/* linux: skip it has no silos */
/* build: lib/silo.c */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "abi/rights.h"
#include "tests/guest/silo.h"

#define NOT(call, e) CHECK((call) == -1 && errno == (e))

/* Parts: each runs in a silo and exits with 0 when all it claims is true. */

/* Another silo's process, by its number, is as if it were not there. */
static int outside(const char *arg)
{
	int pid = atoi(arg), n = 0;
	char path[64];
	struct sched_param sp;
	struct rlimit lim;
	struct dirent *d;
	DIR *proc;

	CHECK(getppid() == 0);
	NOT(kill(pid, 0), ESRCH);
	NOT(kill(pid, SIGKILL), ESRCH);
	NOT(kill(1, SIGTERM), ESRCH);
	NOT(kill(-pid, SIGKILL), ESRCH);
	NOT(kill(-1, SIGKILL), ESRCH);
	NOT((int)syscall(SYS_tkill, pid, SIGKILL), ESRCH);
	NOT((int)syscall(SYS_tgkill, pid, pid, SIGKILL), ESRCH);
	NOT(getpgid(pid), ESRCH);
	NOT(getsid(pid), ESRCH);
	NOT(setpriority(PRIO_PROCESS, (id_t)pid, 5), ESRCH);
	NOT(setpriority(PRIO_PGRP, (id_t)pid, 5), ESRCH);
	errno = 0;
	CHECK(getpriority(PRIO_PROCESS, (id_t)pid) == -1 && errno == ESRCH);
	NOT((int)syscall(SYS_sched_getparam, pid, &sp), ESRCH);
	NOT(prlimit(pid, RLIMIT_NOFILE, 0, &lim), ESRCH);
	snprintf(path, sizeof(path), "/proc/%d", pid);
	NOT(open(path, O_RDONLY), ENOENT);
	NOT(open("/proc/1/stat", O_RDONLY), ENOENT);
	proc = opendir("/proc");
	CHECK(proc);
	while ((d = readdir(proc)))
		n += d->d_name[0] >= '0' && d->d_name[0] <= '9';
	CHECK(n == 1);
	return 0;
}

/* fork, thread and exec stay inside. */
static void *thread_sid(void *arg)
{
	return (void *)(intptr_t)silo_info(-1, arg);
}

static int inside(const char *arg)
{
	char *argv[] = {"/proc/self/exe", "is_sid", (char *)arg, 0};
	uint32_t sid = (uint32_t)atoi(arg);
	struct silo_info i;
	pthread_t t;

	CHECK(silo_info(-1, &i) == 0 && i.sid == sid);
	memset(&i, 0, sizeof(i));
	CHECK(pthread_create(&t, 0, thread_sid, &i) == 0);
	CHECK(pthread_join(t, 0) == 0 && i.sid == sid);
	if (vfork() == 0) {
		execv(argv[0], argv);
		_exit(50);
	}
	CHECK(tap_wait(-1) == 0);
	return 0;
}

static int is_sid(const char *arg)
{
	struct silo_info i;

	CHECK(silo_info(-1, &i) == 0 && i.sid == (uint32_t)atoi(arg));
	return 0;
}

/* Root of an application's silo is not the machine's. */
static int no_root(void)
{
	struct timespec ts = {1, 0};
	struct sched_param sp = {.sched_priority = 50};

	CHECK(geteuid() == 0);
	NOT(sethostname("evil", 4), EPERM);
	NOT(clock_settime(CLOCK_REALTIME, &ts), EPERM);
	NOT((int)syscall(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc, 0),
	    EPERM);
	NOT((int)syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &sp), EPERM);
	NOT(mount("x", "/tmp", "devtmpfs", 0, ""), EPERM);
	NOT(umount("/proc"), EPERM);
	NOT((int)write(open("/proc/sys/kernel/hostname", O_WRONLY), "x", 1),
	    EPERM);
	CHECK(mount("x", "/tmp", "tmpfs", 0, "") == 0);
	CHECK(umount("/tmp") == 0);
	/* What it inherited stays, and hides what it hides. */
	NOT(mount("/proc", "/etc", "", MS_MOVE, ""), EPERM);
	NOT(mount("/", "/etc", "", MS_BIND, ""), EPERM);
	NOT(mount("", "/tmp/ro", "", MS_REMOUNT, ""), EPERM);
	CHECK(mount("/tmp/ro", "/etc", "", MS_BIND, "") == 0);
	NOT(mount("", "/etc", "", MS_REMOUNT, ""), EPERM);
	NOT(open("/etc/f", O_WRONLY | O_CREAT, 0644), EROFS);
	CHECK(umount("/etc") == 0);
	return 0;
}

/* Up to the quota, then E_AGAIN; its children count. */
static int processes(void)
{
	int p[2], n = 0;

	CHECK(pipe(p) == 0);
	for (; n < 20; n++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(p[1]);
			_exit((int)read(p[0], &n, 1));
		}
		if (pid < 0)
			break;
	}
	CHECK(n == 4 && errno == EAGAIN);
	close(p[1]);
	for (; n > 0; n--)
		CHECK(tap_wait(-1) == 0);
	CHECK(fork() != 0 || (_exit(0), 0));
	return 0;
}

static void *idle(void *arg)
{
	pause();
	return arg;
}

static int threads(void)
{
	pthread_t t;
	int n = 0;

	while (n < 20 && pthread_create(&t, 0, idle, 0) == 0)
		n++;
	CHECK(n == 5);
	return 0;
}

static int descriptors(void)
{
	int n = 3;

	while (n < 500 && dup(0) >= 0)
		n++;
	CHECK(n == 60 && errno == EMFILE);
	/* A child's table counts too: there is no room for one. */
	CHECK(fork() == -1 && errno == EMFILE);
	return 0;
}

static int memory(void)
{
	char *m = mmap(0, 64 << 20, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(m != MAP_FAILED);
	for (size_t i = 0; i < 64 << 20; i += 4096)
		m[i] = 1;
	return 0;
}

/* A native silo has the listed calls and the native ones. */
static int native(void)
{
	struct silo_info i;
	int fd = openat(AT_FDCWD, "/tmp", O_RDONLY);

	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(syscall(NR_native_null) == 0);
	NOT((int)syscall(SYS_getppid), EPERM);
	NOT((int)syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0), EPERM);
	NOT((int)syscall(SYS_execve, "/bin/true", 0, 0), EPERM);
	NOT((int)syscall(SYS_kill, 1, 9), EPERM);
	NOT((int)syscall(SYS_fork), EPERM);
	NOT((int)syscall(511), EPERM);
	NOT((int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0), EPERM);
	CHECK(silo_info(-1, &i) == 0 && i.refused == 6);
	return 0;
}

static struct sockaddr_un address(void)
{
	return (struct sockaddr_un){
	    .sun_family = AF_UNIX, .sun_path = "/tmp/silo-socket"};
}

/* Serve until descriptor 0 ends. */
static int server(void)
{
	struct sockaddr_un a = address();
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	char c;

	unlink(a.sun_path);
	CHECK(bind(s, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(listen(s, 5) == 0 && write(1, "+", 1) == 1);
	return read(0, &c, 1) == 0 ? 0 : 1;
}

static int client(void)
{
	struct sockaddr_un a = address();
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	return connect(s, (struct sockaddr *)&a, sizeof(a)) ? errno : 0;
}

static int send_fd(void)
{
	char byte = 1, space[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = space,
	    .msg_controllen = sizeof(space)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	int out = 1;

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &out, sizeof(int));
	return sendmsg(0, &m, 0) == 1 ? 0 : 1;
}

/* 0: a descriptor came; 1: it was cut off. */
static int receive_fd(void)
{
	char byte, space[CMSG_SPACE(sizeof(int))];
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = space,
	    .msg_controllen = sizeof(space)};

	CHECK(recvmsg(0, &m, 0) == 1);
	return m.msg_flags & MSG_CTRUNC ? 1 : 0;
}

/* Tests. */

TEST(silo__other_silos_processes_do_not_exist)
{
	char pid[16];
	int fd = silo_new();

	snprintf(pid, sizeof(pid), "%d", getpid());
	CHECK(silo_outcome(fd, "outside", pid) == 0);
}

/* Seen with LIST, and no more than that. */
TEST(silo__list_shows_and_does_not_touch)
{
	struct silo_config c = silo_plain();
	char pid[16];
	int fd;

	c.sid = 910;
	c.mode = MODE_LIST;
	fd = silo_create(&c);
	snprintf(pid, sizeof(pid), "%d", getpid());
	CHECK(silo_outcome(fd, "watch", pid) == 0);
}

TEST(silo__children_threads_and_programs_stay_inside)
{
	struct silo_info i;
	char sid[16];
	int fd = silo_new();

	CHECK(silo_info(fd, &i) == 0);
	snprintf(sid, sizeof(sid), "%u", i.sid);
	CHECK(silo_outcome(fd, "inside", sid) == 0);
	CHECK(silo_empty(fd));
}

TEST(silo__root_of_an_application_is_not_the_machines)
{
	CHECK(mkdir("/tmp/ro", 0755) == 0 || errno == EEXIST);
	CHECK(mount("x", "/tmp/ro", "tmpfs", MS_RDONLY, "") == 0);
	CHECK(silo_outcome(silo_new(), "no_root", 0) == 0);
	CHECK(umount("/tmp/ro") == 0);
}

/* Each quota holds exactly, for all of a silo together, and is given back. */
static void quota(enum silo_quota q, uint64_t limit, const char *part)
{
	struct silo_config c = silo_plain();
	int fd;

	c.quota[q] = limit;
	fd = silo_create(&c);
	for (int i = 0; i < 3; i++)
		CHECK(silo_outcome(fd, part, 0) == 0);
	CHECK(silo_empty(fd));
}

TEST(silo_quota__holds_for_processes)
{
	quota(QUOTA_PROCESSES, 5, "processes");
}

TEST(silo_quota__holds_for_threads)
{
	quota(QUOTA_THREADS, 6, "threads");
}

TEST(silo_quota__holds_for_descriptors)
{
	quota(QUOTA_DESCRIPTORS, 60, "descriptors");
}

/* Who takes more memory than it may ends; others do not notice. */
TEST(silo_quota__holds_for_memory)
{
	struct silo_config c = silo_plain();
	struct silo_info i;
	int fd, r;

	c.quota[QUOTA_MEMORY] = 2000;
	fd = silo_create(&c);
	r = silo_outcome(fd, "memory", 0);
	CHECK(r == 1000 + SIGKILL || r == 1000 + SIGBUS);
	CHECK(silo_info(fd, &i) == 0);
	CHECK(i.memory_peak <= 2000 && i.memory_peak > 1500);
	CHECK(silo_empty(fd));
}

TEST(silo__native_abi_has_the_listed_calls)
{
	struct silo_config c = silo_plain();
	int fd;

	c.flags = 0;
	fd = silo_create(&c);
	CHECK(silo_outcome(fd, "native", 0) == 0);
}

/* A server in a silo of compartment 1; the client's as told. */
static int meet(uint32_t compartment, uint32_t peer, uint32_t flow)
{
	struct silo_config c = silo_plain();
	int to[2], from[2], a, b, r, in = dup(0), out = dup(1);
	char byte;

	CHECK(pipe(to) == 0 && pipe(from) == 0);
	c.compartment = 1;
	a = silo_create(&c);
	c.compartment = compartment;
	c.flow = flow;
	c.peer_count = peer != 0;
	c.peers[0] = peer;
	b = silo_create(&c);
	CHECK(a >= 0 && b >= 0);
	dup2(to[0], 0), dup2(from[1], 1);
	r = silo_part(a, "server");
	dup2(in, 0), dup2(out, 1);
	CHECK(r > 0 && close(to[0]) == 0 && close(from[1]) == 0);
	CHECK(read(from[0], &byte, 1) == 1);
	r = silo_outcome(b, "client", 0);
	CHECK(close(to[1]) == 0);
	CHECK(silo_await(a, SILO_EV_END).code == 0);
	return r;
}

/* Two applications meet by their compartments, and not else. */
TEST(silo__flow_decides_who_connects)
{
	uint32_t usr = FLOW(FAMILY_USR);

	CHECK(meet(1, 0, usr) == 0);
	CHECK(meet(2, 0, usr) == EACCES);
	CHECK(meet(2, 1, usr) == 0);
	CHECK(meet(2, 3, usr) == EACCES);
	CHECK(meet(1, 0, FLOW(FAMILY_FS)) == EACCES);
}

static int hand_over(uint32_t compartment)
{
	struct silo_config c = silo_plain();
	int pair[2], a, b, in = dup(0);

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	c.compartment = 1;
	a = silo_create(&c);
	c.compartment = compartment;
	b = silo_create(&c);
	dup2(pair[0], 0);
	CHECK(silo_outcome(a, "send_fd", 0) == 0);
	dup2(pair[1], 0);
	a = silo_outcome(b, "receive_fd", 0);
	dup2(in, 0);
	return a;
}

/* A descriptor passes where the flow lets it, also over a held socket. */
TEST(silo__flow_decides_where_descriptors_go)
{
	CHECK(hand_over(1) == 0);
	CHECK(hand_over(2) == 1);
}

static int watch(const char *arg)
{
	int pid = atoi(arg);
	char path[64];

	NOT(kill(pid, 0), EPERM);
	NOT(kill(pid, SIGKILL), EPERM);
	NOT(kill(-1, SIGKILL), ESRCH);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	CHECK(open(path, O_RDONLY) >= 0);
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	CHECK(read(open(path, O_RDONLY), path, 1) == -1);
	CHECK(silo_open(SID_BOOT, RIGHT_READ) >= 0);
	NOT(silo_open(SID_BOOT, RIGHT_SIGNAL), EPERM);
	return 0;
}

static int self(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
		int (*run_with)(const char *arg);
	} parts[] = {{"outside", 0, outside}, {"inside", 0, inside},
	    {"is_sid", 0, is_sid}, {"watch", 0, watch}, {"no_root", no_root, 0},
	    {"processes", processes, 0}, {"threads", threads, 0},
	    {"descriptors", descriptors, 0}, {"memory", memory, 0},
	    {"native", native, 0}, {"server", server, 0}, {"client", client, 0},
	    {"send_fd", send_fd, 0}, {"receive_fd", receive_fd, 0}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(argv[1], parts[i].name))
			continue;
		return parts[i].run
		           ? parts[i].run()
		           : parts[i].run_with(argc > 2 ? argv[2] : "0");
	}
	return 99;
}

__attribute__((constructor)) static void parts(void)
{
	tap_self = self;
}

TAP_MAIN
