/* bench/osbench.c -- benchmarks of an operating system in one static binary. */
/* SPDX-License-Identifier: MIT */
/*
 * osbench - OS micro and macro benchmarks in one static Linux binary.
 *
 *   musl-gcc -std=gnu11 -O2 -Wall -Wextra -static -o osbench osbench.c
 *
 *   osbench [options] [name...]
 *     --list        list the benchmarks (name, unit, what one operation is)
 *     --json        one JSON document instead of "name value unit" lines
 *     --scale F     multiply every iteration count by F (default 1)
 *     --batches N   timed batches per benchmark, 1..32 (default 5)
 *     --timeout S   seconds allowed per benchmark (default 20)
 *     --dir D       directory for test files (default /tmp)
 *     --inline      run the benchmarks in this process (no fork per benchmark)
 *     --child       exit at once (target of the fork+exec benchmark)
 *
 * Each benchmark warms up with 1/8 of its iterations, then times N batches of
 * a fixed number of iterations with CLOCK_MONOTONIC; the value is the median
 * batch.  Nothing adapts to the clock, so that under QEMU's -icount shift=0
 * the whole run is one fixed sequence of guest instructions.
 *
 * It is made to run on unfinished systems.  Each benchmark runs in a child of
 * its own process group.  A failing system call, a crash or a timeout gives
 * "name - (reason)" and the run goes on.  Where fork() fails the benchmarks
 * run inline, with SIGALRM to leave a stuck one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_BATCHES 32
#define PAGE 4096UL
#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)

enum unit { NS, US, MBS };                      /* MB/s: higher is better */
static const char *const unit_name[] = { "ns", "us", "MB/s" };

struct bench {
	const char *name;
	enum unit unit;
	long iters;                             /* per batch, at --scale 1 */
	void (*fn)(void);
	const char *what;
};

/* State of the benchmark that runs now. */
static struct {
	const struct bench *b;
	long iters;
	double value[MAX_BATCHES];
	int n;
	pid_t pid;
	sigjmp_buf escape;
	char error[128];
} run;

static int opt_json, opt_inline, opt_batches = 5, opt_timeout = 20;
static double opt_scale = 1;
static char dir[256] = "/tmp", self[256];
static char buf[KIB(64)] __attribute__((aligned(64)));

/* ------------------------------------------------------------------ */
/* Measuring                                                          */

static inline uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Give up on the current benchmark; in a helper process, just end it. */
static _Noreturn void give_up(const char *what, int err)
{
	if (getpid() != run.pid)
		_exit(1);
	snprintf(run.error, sizeof run.error, "%s: %s", what, strerror(err));
	siglongjmp(run.escape, 1);
}

/* Pass the result of a system call on, or give up if it failed. */
static inline long ck(long r, const char *what)
{
	if (__builtin_expect(r < 0, 0))
		give_up(what, errno);
	return r;
}

/* One timed batch: `ops` operations (or bytes, for MB/s) took `ns`. */
static void sample(uint64_t ns, double ops)
{
	double v = run.b->unit == MBS ? ops * 1e3 / (ns ? (double)ns : 1)
	         : run.b->unit == US ? (double)ns / ops / 1e3
	         : (double)ns / ops;

	if (run.n < MAX_BATCHES)
		run.value[run.n++] = v;
}

/* Warm up, then time the statement; one execution is `per` ops (or bytes). */
#define MEASURE(per, ...) do {                                              \
	for (long i = 0; i < run.iters / 8 + 1; i++) { __VA_ARGS__; }           \
	for (int b_ = 0; b_ < opt_batches; b_++) {                              \
		uint64_t t_ = now();                                            \
		for (long i = 0; i < run.iters; i++) { __VA_ARGS__; }           \
		sample(now() - t_, (double)run.iters * (double)(per));          \
	}                                                                       \
} while (0)

/* ------------------------------------------------------------------ */
/* Helpers                                                            */

static char *path(const char *leaf)
{
	static char p[2][512];
	static int k;

	k ^= 1;
	snprintf(p[k], sizeof p[k], "%s/osb.%d.%s", dir, (int)getpid(), leaf);
	return p[k];
}

static void *map(size_t n, int flags)
{
	void *p = mmap(0, n, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	ck((long)p, "mmap");
	return p;
}

/* Anonymous private memory in base pages (where the system listens). */
static char *map_small(size_t n)
{
	char *p = map(n, MAP_PRIVATE);

	madvise(p, n, MADV_NOHUGEPAGE);
	return p;
}

static void touch(char *p, size_t n)
{
	for (size_t o = 0; o < n; o += PAGE)
		((volatile char *)p)[o] = 1;
}

/* A file of n bytes, open for reading and writing, already unlinked. */
static int scratch_file(size_t n)
{
	char *p = path("file");
	int fd = (int)ck(open(p, O_RDWR | O_CREAT | O_TRUNC, 0600), "open");

	for (size_t o = 0; o < n; o += sizeof buf)
		ck(write(fd, buf, sizeof buf), "write");
	unlink(p);
	return fd;
}

static pid_t do_fork(void)
{
	return (pid_t)ck(fork(), "fork");
}

static void reap(pid_t pid)
{
	while (waitpid(pid, 0, 0) < 0)
		if (errno != EINTR)
			give_up("waitpid", errno);
}

static void stop(pid_t pid)
{
	ck(kill(pid, SIGKILL), "kill");
	reap(pid);
}

static void read_full(int fd, char *p, size_t n)
{
	while (n) {
		long r = ck(read(fd, p, n), "read");
		if (!r)
			give_up("read", EPIPE);
		p += r;
		n -= (size_t)r;
	}
}

/* Child side of every ping-pong: send each byte back until end of file. */
static _Noreturn void echo(int in, int out)
{
	char c;

	while (read(in, &c, 1) == 1 && write(out, &c, 1) == 1)
		;
	_exit(0);
}

/* Round trips of one byte with a process that holds the other ends. */
static void ping(int in, int out, int peer_in, int peer_out)
{
	char c = 0;
	pid_t pid = do_fork();

	if (!pid) {
		close(in);                      /* so that it ends with its parent */
		close(out);
		echo(peer_in, peer_out);
	}
	MEASURE(1, ck(write(out, &c, 1), "write"); ck(read(in, &c, 1), "read"));
	stop(pid);
}

/* Receive what a child sends endlessly in 64 KiB writes. */
static void flood(int in, int peer_out)
{
	pid_t pid = do_fork();

	if (!pid) {
		close(in);
		while (write(peer_out, buf, sizeof buf) > 0)
			;
		_exit(0);
	}
	MEASURE(sizeof buf, read_full(in, buf, sizeof buf));
	stop(pid);
}

static struct sockaddr_in loopback(int fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;

	ck(bind(fd, (struct sockaddr *)&a, n), "bind");
	ck(getsockname(fd, (struct sockaddr *)&a, &n), "getsockname");
	return a;
}

static int tcp_listen(struct sockaddr_in *a)
{
	int fd = (int)ck(socket(AF_INET, SOCK_STREAM, 0), "socket");

	*a = loopback(fd);
	ck(listen(fd, 16), "listen");
	return fd;
}

static void tcp_pair(int s[2])
{
	struct sockaddr_in a;
	int one = 1, l = tcp_listen(&a);

	s[0] = (int)ck(socket(AF_INET, SOCK_STREAM, 0), "socket");
	ck(connect(s[0], (struct sockaddr *)&a, sizeof a), "connect");
	s[1] = (int)ck(accept(l, 0, 0), "accept");
	for (int k = 0; k < 2; k++)
		setsockopt(s[k], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	close(l);
}

/* ------------------------------------------------------------------ */
/* Controls: no kernel involved                                       */

static inline void spin(long n)
{
#ifdef __x86_64__
	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n) : : "cc");
#else
	for (; n; n--)
		__asm__ volatile("" : "+r"(n));
#endif
}

static void b_intloop(void)
{
	MEASURE(1000, spin(1000));
}

static char *copy_src, *copy_dst;

static void copy_setup(void)
{
	copy_src = map_small(KIB(256));
	copy_dst = map_small(KIB(256));
	touch(copy_src, KIB(256));
	touch(copy_dst, KIB(256));
}

static void b_memcpy(void)
{
	copy_setup();
	MEASURE(KIB(256), memcpy(copy_dst, copy_src, KIB(256));
	        __asm__ volatile("" : : "r"(copy_dst) : "memory"));
}

#ifdef __x86_64__
static void b_rep_movsb(void)
{
	copy_setup();
	MEASURE(KIB(256), void *d = copy_dst; void *s = copy_src; size_t n = KIB(256);
	        __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory"));
}

static void b_rep_movsq(void)
{
	copy_setup();
	MEASURE(KIB(256), void *d = copy_dst; void *s = copy_src; size_t n = KIB(32);
	        __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(n) : : "memory"));
}
#endif

/* ------------------------------------------------------------------ */
/* System call entry                                                  */

static inline long bare_getppid(void)
{
#ifdef __x86_64__
	long r = SYS_getppid;

	__asm__ volatile("syscall" : "+a"(r) : : "rcx", "r11", "memory");
	return r;
#else
	return syscall(SYS_getppid);
#endif
}

static void b_null(void)
{
	MEASURE(1, ck(bare_getppid(), "getppid"));
}

static void b_getpid(void)
{
	MEASURE(1, ck(getpid(), "getpid"));
}

static void b_clock(void)
{
	struct timespec t;

	MEASURE(1, ck(clock_gettime(CLOCK_MONOTONIC, &t), "clock_gettime"));
}

static void b_clock_sys(void)
{
	struct timespec t;

	MEASURE(1, ck(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t), "clock_gettime"));
}

static void b_read_zero(void)
{
	int fd = (int)ck(open("/dev/zero", O_RDONLY), "open /dev/zero");

	MEASURE(1, ck(read(fd, buf, 1), "read"));
}

static void b_write_null(void)
{
	int fd = (int)ck(open("/dev/null", O_WRONLY), "open /dev/null");

	MEASURE(1, ck(write(fd, buf, 1), "write"));
}

/* ------------------------------------------------------------------ */
/* Files                                                              */

static void b_open_close(void)
{
	char *p = path("open");

	close((int)ck(open(p, O_RDWR | O_CREAT, 0600), "open"));
	MEASURE(1, ck(close((int)ck(open(p, O_RDONLY), "open")), "close"));
	unlink(p);
}

static void b_stat(void)
{
	char *p = path("stat");
	struct stat st;

	close((int)ck(open(p, O_RDWR | O_CREAT, 0600), "open"));
	MEASURE(1, ck(stat(p, &st), "stat"));
	unlink(p);
}

/* Sequential pread or pwrite of `n` bytes, round and round a 1 MiB file. */
static void file_io(size_t n, int writing)
{
	int fd = scratch_file(MIB(1));
	size_t off = 0;

	if (writing)
		MEASURE(n, ck(pwrite(fd, buf, n, (off_t)off), "pwrite");
		        off = (off + n) % MIB(1));
	else
		MEASURE(n, ck(pread(fd, buf, n, (off_t)off), "pread");
		        off = (off + n) % MIB(1));
}

static void b_read_4k(void) { file_io(KIB(4), 0); }
static void b_read_64k(void) { file_io(KIB(64), 0); }
static void b_write_4k(void) { file_io(KIB(4), 1); }

static void b_create_unlink(void)
{
	char *p = path("new");

	MEASURE(1, ck(close((int)ck(open(p, O_RDWR | O_CREAT | O_EXCL, 0600), "create")),
	              "close"); ck(unlink(p), "unlink"));
}

static void b_readdir(void)
{
	char *d = path("dir"), f[600];
	long seen = 0;

	ck(mkdir(d, 0700), "mkdir");
	for (int i = 0; i < 1000; i++) {
		snprintf(f, sizeof f, "%s/entry-%04d", d, i);
		close((int)ck(open(f, O_RDWR | O_CREAT, 0600), "create"));
	}
	MEASURE(1, DIR *h = opendir(d);
	        if (!h) give_up("opendir", errno);
	        for (seen = 0; readdir(h); seen++) {}
	        closedir(h));
	for (int i = 0; i < 1000; i++) {
		snprintf(f, sizeof f, "%s/entry-%04d", d, i);
		unlink(f);
	}
	rmdir(d);
	if (seen < 1000)
		give_up("readdir saw too few entries", ENOENT);
}

/* ------------------------------------------------------------------ */
/* Communication                                                      */

static void b_pipe_ping(void)
{
	int a[2], b[2];

	ck(pipe(a), "pipe");
	ck(pipe(b), "pipe");
	ping(b[0], a[1], a[0], b[1]);
}

static void b_pipe_bw(void)
{
	int p[2];

	ck(pipe(p), "pipe");
	flood(p[0], p[1]);
}

static void b_unix_ping(void)
{
	int s[2];

	ck(socketpair(AF_UNIX, SOCK_STREAM, 0, s), "socketpair");
	ping(s[0], s[0], s[1], s[1]);
}

static void b_tcp_ping(void)
{
	int s[2];

	tcp_pair(s);
	ping(s[0], s[0], s[1], s[1]);
}

static void b_tcp_bw(void)
{
	int s[2];

	tcp_pair(s);
	flood(s[0], s[1]);
}

static void b_tcp_connect(void)
{
	struct sockaddr_in a;
	int l = tcp_listen(&a);

	MEASURE(1, int c = (int)ck(socket(AF_INET, SOCK_STREAM, 0), "socket");
	        ck(connect(c, (struct sockaddr *)&a, sizeof a), "connect");
	        close((int)ck(accept(l, 0, 0), "accept"));
	        close(c));
}

static void b_udp_ping(void)
{
	int s[2];
	struct sockaddr_in a[2];

	for (int k = 0; k < 2; k++) {
		s[k] = (int)ck(socket(AF_INET, SOCK_DGRAM, 0), "socket");
		a[k] = loopback(s[k]);
	}
	for (int k = 0; k < 2; k++)
		ck(connect(s[k], (struct sockaddr *)&a[!k], sizeof a[0]), "connect");
	ping(s[0], s[0], s[1], s[1]);
}

static void b_poll(void)
{
	struct pollfd p[100];
	int e[2];

	for (int k = 0; k < 100; k++) {
		ck(pipe(e), "pipe");
		p[k] = (struct pollfd){ .fd = e[0], .events = POLLIN };
	}
	ck(write(e[1], buf, 1), "write");       /* the last one is ready */
	MEASURE(1, if (ck(poll(p, 100, 0), "poll") != 1) give_up("poll", EIO));
}

/* An epoll instance that watches fd. */
static int epoll_on(int fd)
{
	int ep = (int)ck(epoll_create1(0), "epoll_create1");
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	ck(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), "epoll_ctl");
	return ep;
}

static void epoll_turn(int ep, int fd, char *c)
{
	struct epoll_event ev;

	ck(epoll_wait(ep, &ev, 1, -1), "epoll_wait");
	read_full(fd, c, 1);
}

static void b_epoll_ready(void)
{
	struct epoll_event ev;
	int e[2], ep;

	ck(pipe(e), "pipe");
	ep = epoll_on(e[0]);
	ck(write(e[1], buf, 1), "write");
	MEASURE(1, if (ck(epoll_wait(ep, &ev, 1, 0), "epoll_wait") != 1)
	        give_up("epoll_wait", EIO));
}

static void b_epoll_ping(void)
{
	int s[2], ep;
	char c = 0;
	pid_t pid;

	ck(socketpair(AF_UNIX, SOCK_STREAM, 0, s), "socketpair");
	pid = do_fork();
	if (!pid) {
		close(s[0]);
		ep = epoll_on(s[1]);
		for (;;) {
			epoll_turn(ep, s[1], &c);
			ck(write(s[1], &c, 1), "write");
		}
	}
	ep = epoll_on(s[0]);
	MEASURE(1, ck(write(s[0], &c, 1), "write"); epoll_turn(ep, s[0], &c));
	stop(pid);
}

/* A token goes round a ring of 8 processes over 8 pipes. */
static void b_ring(void)
{
	int p[8][2];
	pid_t pid[8];
	char c = 0;

	for (int k = 0; k < 8; k++)
		ck(pipe(p[k]), "pipe");
	for (int k = 1; k < 8; k++) {
		pid[k] = do_fork();
		if (!pid[k]) {
			for (int j = 0; j < 8; j++) {
				if (j != k - 1) close(p[j][0]);
				if (j != k) close(p[j][1]);
			}
			echo(p[k - 1][0], p[k][1]);
		}
	}
	MEASURE(8, ck(write(p[0][1], &c, 1), "write"); ck(read(p[7][0], &c, 1), "read"));
	for (int k = 1; k < 8; k++)
		stop(pid[k]);
}

/* ------------------------------------------------------------------ */
/* Threads, processes, signals                                        */

static _Atomic int turn;

/* Wait for the turn `from`, make it `to`, wake the other side; or an errno. */
static int futex_pass(int from, int to)
{
	while (atomic_load(&turn) != from)
		if (syscall(SYS_futex, &turn, 128 /* WAIT_PRIVATE */, to, 0) < 0 &&
		    errno != EAGAIN && errno != EINTR)
			return errno;
	atomic_store(&turn, to);
	return syscall(SYS_futex, &turn, 129 /* WAKE_PRIVATE */, 1) < 0 ? errno : 0;
}

static void *futex_peer(void *arg)
{
	while (!futex_pass(1, 0))
		;
	return arg;
}

static void b_futex_ping(void)
{
	pthread_t t;
	int e = pthread_create(&t, 0, futex_peer, 0);

	if (e)
		give_up("pthread_create", e);
	MEASURE(1, if ((e = futex_pass(0, 1))) give_up("futex", e));
	/* The peer lives until this process exits. */
}

static void *thread_nop(void *arg)
{
	return arg;
}

static void b_thread(void)
{
	pthread_t t;
	int e;

	MEASURE(1, if ((e = pthread_create(&t, 0, thread_nop, 0)) || (e = pthread_join(t, 0)))
	        give_up("pthread_create", e));
}

static void b_fork(void)
{
	MEASURE(1, pid_t p = do_fork(); if (!p) _exit(0); reap(p));
}

static void b_fork_exec(void)
{
	char *argv[] = { self, "--child", 0 }, *envp[] = { 0 };

	ck(access(self, X_OK), self);
	MEASURE(1, pid_t p = do_fork();
	        if (!p) { execve(self, argv, envp); _exit(1); }
	        int st; ck(waitpid(p, &st, 0), "waitpid");
	        if (st) give_up("execve", EIO));
}

static volatile sig_atomic_t got;

static void on_usr1(int s)
{
	(void)s;
	got++;
}

static void b_signal(void)
{
	struct sigaction sa = { .sa_handler = on_usr1 };
	pid_t me = getpid();

	ck(sigaction(SIGUSR1, &sa, 0), "sigaction");
	MEASURE(1, ck(kill(me, SIGUSR1), "kill"));
	if (!got)
		give_up("signal not delivered", EIO);
}

/* ------------------------------------------------------------------ */
/* Memory                                                             */

static void b_mmap(void)
{
	MEASURE(1, void *p = map(MIB(1), MAP_PRIVATE); ck(munmap(p, MIB(1)), "munmap"));
}

/* Untimed setup and teardown round a timed touch of every page of `n` bytes. */
static void faults(size_t n, double ops, char *(*up)(size_t), void (*down)(char *, size_t))
{
	for (int b = -1; b < opt_batches; b++) {
		uint64_t ns = 0;

		for (long i = 0; i < run.iters; i++) {
			char *p = up(n);
			uint64_t t = now();

			touch(p, n);
			ns += now() - t;
			down(p, n);
		}
		if (b >= 0)
			sample(ns, ops * (double)run.iters);
	}
}

static void unmap(char *p, size_t n)
{
	munmap(p, n);
}

static char *map_any(size_t n)
{
	return map(n, MAP_PRIVATE);
}

static int cow_pipe[2];
static pid_t cow_child;

static char *cow_up(size_t n)
{
	char c, *p = map_small(n);

	touch(p, n);
	ck(pipe(cow_pipe), "pipe");
	cow_child = do_fork();
	if (!cow_child) {                       /* holds the pages until EOF */
		close(cow_pipe[1]);
		_exit(read(cow_pipe[0], &c, 1) != 0);
	}
	close(cow_pipe[0]);
	return p;
}

static void cow_down(char *p, size_t n)
{
	close(cow_pipe[1]);
	reap(cow_child);
	munmap(p, n);
}

static void b_fault_anon(void) { faults(MIB(4), 1024, map_small, unmap); }
static void b_fault_cow(void) { faults(MIB(4), 1024, cow_up, cow_down); }
static void b_touch_16m(void) { faults(MIB(16), 1, map_any, unmap); }

static int fault_fd;

static char *file_up(size_t n)
{
	void *p = mmap(0, n, PROT_READ | PROT_WRITE, MAP_SHARED, fault_fd, 0);

	ck((long)p, "mmap file");
	return p;
}

static void b_fault_file(void)
{
	fault_fd = scratch_file(MIB(1));
	faults(MIB(1), 256, file_up, unmap);
}

static void b_mprotect(void)
{
	char *p = map_small(KIB(64));

	touch(p, KIB(64));
	MEASURE(2, ck(mprotect(p, KIB(64), PROT_READ), "mprotect");
	        ck(mprotect(p, KIB(64), PROT_READ | PROT_WRITE), "mprotect"));
}

/* ------------------------------------------------------------------ */
/* Macro                                                              */

/* 10 directories of 10 files of 1 KiB: make, look up, read back, remove. */
static void file_tree(void)
{
	char top[300], d[400], f[500];
	struct stat st;

	snprintf(top, sizeof top, "%s/osb.%d.tree", dir, (int)getpid());
	ck(mkdir(top, 0700), "mkdir");
	for (int k = 0; k < 10; k++) {
		snprintf(d, sizeof d, "%s/d%d", top, k);
		ck(mkdir(d, 0700), "mkdir");
		for (int j = 0; j < 10; j++) {
			snprintf(f, sizeof f, "%s/f%d", d, j);
			int fd = (int)ck(open(f, O_WRONLY | O_CREAT, 0600), "create");
			ck(write(fd, buf, 1024), "write");
			close(fd);
		}
	}
	for (int k = 0; k < 10; k++) {
		snprintf(d, sizeof d, "%s/d%d", top, k);
		DIR *h = opendir(d);
		if (!h)
			give_up("opendir", errno);
		for (struct dirent *e; (e = readdir(h));) {
			if (e->d_name[0] == '.')
				continue;
			snprintf(f, sizeof f, "%s/%.90s", d, e->d_name);
			ck(stat(f, &st), "stat");
			int fd = (int)ck(open(f, O_RDONLY), "open");
			ck(read(fd, buf, 1024), "read");
			close(fd);
		}
		closedir(h);
		for (int j = 0; j < 10; j++) {
			snprintf(f, sizeof f, "%s/f%d", d, j);
			ck(unlink(f), "unlink");
		}
		ck(rmdir(d), "rmdir");
	}
	ck(rmdir(top), "rmdir");
}

static void b_file_tree(void)
{
	MEASURE(1, file_tree());
}

/* Like a shell's `a | b | c`: 256 KiB in 4 KiB pieces through 3 new processes. */
static void pipeline(void)
{
	int p[2], q[2];
	pid_t pid[3];
	long n;

	ck(pipe(p), "pipe");
	ck(pipe(q), "pipe");
	for (int k = 0; k < 3; k++) {
		if ((pid[k] = do_fork()))
			continue;
		if (k != 0) close(p[1]);
		if (k != 1) close(q[1]);
		if (k == 0)
			for (int j = 0; j < 64; j++)
				if (write(p[1], buf, 4096) != 4096)
					_exit(1);
		if (k == 1)
			while ((n = read(p[0], buf, 4096)) > 0)
				if (write(q[1], buf, (size_t)n) != n)
					_exit(1);
		if (k == 2)
			while (read(q[0], buf, 4096) > 0)
				;
		_exit(0);
	}
	for (int k = 0; k < 2; k++) {
		close(p[k]);
		close(q[k]);
	}
	for (int k = 0; k < 3; k++)
		reap(pid[k]);
}

static void b_pipeline(void)
{
	MEASURE(1, pipeline());
}

/* hackbench: 5 senders each send 20 messages of 100 bytes to 5 receivers. */
static void hackbench(void)
{
	int s[5][2];
	pid_t pid[10];

	for (int k = 0; k < 5; k++)
		ck(socketpair(AF_UNIX, SOCK_STREAM, 0, s[k]), "socketpair");
	for (int k = 0; k < 10; k++) {
		if ((pid[k] = do_fork()))
			continue;
		if (k < 5) {
			for (long left = 5 * 20 * 100, r; left > 0; left -= r)
				if ((r = read(s[k][0], buf, 100)) <= 0)
					_exit(1);
		} else {
			for (int m = 0; m < 100; m++)
				if (write(s[m % 5][1], buf, 100) != 100)
					_exit(1);
		}
		_exit(0);
	}
	for (int k = 0; k < 10; k++)
		reap(pid[k]);
	for (int k = 0; k < 5; k++) {
		close(s[k][0]);
		close(s[k][1]);
	}
}

static void b_hackbench(void)
{
	MEASURE(1, hackbench());
}

/* ------------------------------------------------------------------ */

static const struct bench table[] = {
	{ "ctl_intloop", NS, 2000, b_intloop, "control: one dec+jnz (2 instructions)" },
	{ "ctl_memcpy", MBS, 40, b_memcpy, "control: libc memcpy, 256 KiB" },
#ifdef __x86_64__
	{ "ctl_rep_movsb", MBS, 10, b_rep_movsb, "control: rep movsb, 256 KiB" },
	{ "ctl_rep_movsq", MBS, 40, b_rep_movsq, "control: rep movsq, 256 KiB" },
#endif
	{ "null_syscall", NS, 20000, b_null, "getppid, bare syscall instruction" },
	{ "getpid", NS, 20000, b_getpid, "getpid through libc" },
	{ "clock_gettime", NS, 20000, b_clock, "CLOCK_MONOTONIC through libc (vDSO if any)" },
	{ "clock_gettime_sys", NS, 20000, b_clock_sys, "CLOCK_MONOTONIC, system call" },
	{ "read_zero", NS, 10000, b_read_zero, "read 1 byte of /dev/zero" },
	{ "write_null", NS, 10000, b_write_null, "write 1 byte to /dev/null" },
	{ "open_close", NS, 2000, b_open_close, "open + close an existing file" },
	{ "stat", NS, 4000, b_stat, "stat an existing file" },
	{ "file_read_4k", MBS, 2000, b_read_4k, "pread 4 KiB, cached 1 MiB file" },
	{ "file_read_64k", MBS, 200, b_read_64k, "pread 64 KiB, cached 1 MiB file" },
	{ "file_write_4k", MBS, 2000, b_write_4k, "pwrite 4 KiB over a 1 MiB file" },
	{ "create_unlink", NS, 1000, b_create_unlink, "create + close + unlink a file" },
	{ "readdir_1000", US, 10, b_readdir, "list a directory of 1000 files" },
	{ "pipe_pingpong", NS, 1000, b_pipe_ping, "1 byte there and back, 2 processes" },
	{ "pipe_bw", MBS, 100, b_pipe_bw, "64 KiB writes, 2 processes" },
	{ "unix_pingpong", NS, 1000, b_unix_ping, "socketpair, 1 byte there and back" },
	{ "futex_pingpong", NS, 1000, b_futex_ping, "2 threads, there and back" },
	{ "epoll_ready", NS, 5000, b_epoll_ready, "epoll_wait, 1 fd ready" },
	{ "epoll_pingpong", NS, 1000, b_epoll_ping, "socketpair + epoll_wait, there and back" },
	{ "poll_100", NS, 500, b_poll, "poll 100 pipes, 1 ready" },
	{ "tcp_pingpong", NS, 300, b_tcp_ping, "loopback, 1 byte there and back" },
	{ "tcp_bw", MBS, 500, b_tcp_bw, "loopback, 64 KiB writes" },
	{ "tcp_connect", NS, 100, b_tcp_connect, "loopback connect + accept + 2 close" },
	{ "udp_pingpong", NS, 500, b_udp_ping, "loopback, 1 byte there and back" },
	{ "ctx_ring8", NS, 200, b_ring, "one hop of a token round 8 processes" },
	{ "thread_create", NS, 200, b_thread, "pthread_create + join" },
	{ "fork_exit", NS, 50, b_fork, "fork + exit + wait" },
	{ "fork_exec", NS, 30, b_fork_exec, "fork + execve(self) + exit + wait" },
	{ "signal", NS, 5000, b_signal, "kill(self, SIGUSR1) with a handler" },
	{ "mmap_munmap", NS, 2000, b_mmap, "map + unmap 1 MiB, untouched" },
	{ "fault_anon", NS, 2, b_fault_anon, "first touch of one anonymous page" },
	{ "fault_cow", NS, 2, b_fault_cow, "write one page shared by fork" },
	{ "fault_file", NS, 10, b_fault_file, "write one page of a mapped cached file" },
	{ "touch_16m", US, 1, b_touch_16m, "touch 16 MiB, page size left to the system" },
	{ "mprotect", NS, 2000, b_mprotect, "flip protection of 16 touched pages" },
	{ "macro_file_tree", US, 3, b_file_tree, "make, walk and remove 100 files" },
	{ "macro_pipeline", US, 5, b_pipeline, "a|b|c: 3 processes, 256 KiB" },
	{ "macro_hackbench", US, 3, b_hackbench, "5 senders x 5 receivers, 500 messages" },
};
#define NBENCH (sizeof table / sizeof *table)

/* ------------------------------------------------------------------ */
/* Running and reporting                                              */

static void out(const char *fmt, ...)
{
	char line[1200];
	int n;
	va_list ap;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	for (long o = 0, w; o < n; o += w)
		if ((w = write(1, line + o, (size_t)(n - o))) <= 0)
			return;
	syscall(SYS_ioctl, 1, 0x5409 /* TCSBRK */, 1);  /* drain a terminal */
}

static const char *comma = "";          /* before a JSON result: "" or "," */

static void report_error(const struct bench *b, const char *why)
{
	if (opt_json)
		out("%s{\"name\":\"%s\",\"unit\":\"%s\",\"error\":\"%s\"}\n",
		    comma, b->name, unit_name[b->unit], why);
	else
		out("%s - (%s)\n", b->name, why);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(const struct bench *b)
{
	double v[MAX_BATCHES];
	char samples[MAX_BATCHES * 20];
	int n = run.n, at = 0;

	for (int k = 0; k < n; k++) {           /* in the order of time */
		v[k] = run.value[k];
		at += snprintf(samples + at, sizeof samples - (size_t)at, "%s%.2f",
		               k ? "," : "", v[k]);
	}
	qsort(v, (size_t)n, sizeof *v, by_value);
	double med = n & 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
	if (opt_json)
		out("%s{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"%s\",\"better\":\"%s\","
		    "\"min\":%.4f,\"max\":%.4f,\"iters\":%ld,\"samples\":[%s]}\n",
		    comma, b->name, med, unit_name[b->unit],
		    b->unit == MBS ? "higher" : "lower", v[0], v[n - 1], run.iters, samples);
	else
		out("%s %.2f %s\n", b->name, med, unit_name[b->unit]);
}

/* Run one benchmark in this process and report it. */
static void run_here(const struct bench *b)
{
	run.b = b;
	run.n = 0;
	run.pid = getpid();
	run.iters = (long)((double)b->iters * opt_scale);
	if (run.iters < 1)
		run.iters = 1;
	if (sigsetjmp(run.escape, 1)) {
		alarm(0);
		report_error(b, run.error);
		return;
	}
	alarm((unsigned)opt_timeout);
	b->fn();
	alarm(0);
	if (run.n)
		report(b);
	else
		report_error(b, "no samples");
}

static volatile pid_t running;
static volatile sig_atomic_t timed_out;

static void on_alarm(int s)
{
	(void)s;
	if (opt_inline) {
		give_up("timeout", ETIMEDOUT);
	} else {
		timed_out = 1;
		kill(running, SIGKILL);
	}
}

/* Wait for the benchmark's process, for the time allowed and a little more. */
static int wait_for(pid_t pid, int *status)
{
	uint64_t end = now() + (uint64_t)(opt_timeout + 5) * 1000000000u;
	int r, poll_it;

	running = pid;
	timed_out = 0;
	errno = 0;
	alarm((unsigned)opt_timeout + 5);
	poll_it = errno == ENOSYS;      /* no timer: poll instead of block */
	while ((r = waitpid(pid, status, poll_it ? WNOHANG : 0)) != pid) {
		struct timespec ms10 = { 0, 10000000 };

		if (r < 0 && errno != EINTR)
			return -1;
		if (poll_it && nanosleep(&ms10, 0) < 0)
			sched_yield();
		if (now() > end) {
			timed_out = 1;
			kill(pid, SIGKILL);
		}
	}
	alarm(0);
	return 0;
}

/* Run one benchmark in a process of its own. */
static void run_isolated(const struct bench *b)
{
	char why[64];
	int st = 0;
	pid_t pid = fork();

	if (pid < 0) {
		opt_inline = 1;
		run_here(b);
		return;
	}
	if (!pid) {
		setpgid(0, 0);
		signal(SIGALRM, SIG_DFL);
		run_here(b);
		_exit(0);
	}
	setpgid(pid, pid);
	if (wait_for(pid, &st) < 0)
		snprintf(why, sizeof why, "wait: %s", strerror(errno));
	else if (timed_out || (WIFSIGNALED(st) && WTERMSIG(st) == SIGALRM))
		snprintf(why, sizeof why, "timeout");
	else if (WIFSIGNALED(st))
		snprintf(why, sizeof why, "killed by signal %d", WTERMSIG(st));
	else
		why[0] = 0;
	kill(-pid, SIGKILL);            /* whatever the benchmark left behind */
	if (why[0])
		report_error(b, why);
}

static const struct bench *find(const char *name)
{
	for (size_t k = 0; k < NBENCH; k++)
		if (!strcmp(table[k].name, name))
			return &table[k];
	return 0;
}

int main(int argc, char **argv)
{
	const struct bench *want[256];
	size_t nwant = 0;
	struct utsname u = { 0 };

	if (argc == 2 && !strcmp(argv[1], "--child"))
		_exit(0);
	for (int k = 1; k < argc; k++) {
		const char *a = argv[k], *v = k + 1 < argc ? argv[k + 1] : "";

		if (!strcmp(a, "--list")) {
			for (size_t j = 0; j < NBENCH; j++)
				printf("%-18s %-5s %s\n", table[j].name,
				       unit_name[table[j].unit], table[j].what);
			return 0;
		} else if (!strcmp(a, "--json")) {
			opt_json = 1;
		} else if (!strcmp(a, "--inline")) {
			opt_inline = 1;
		} else if (!strcmp(a, "--scale")) {
			opt_scale = atof(v), k++;
		} else if (!strcmp(a, "--batches")) {
			opt_batches = atoi(v), k++;
		} else if (!strcmp(a, "--timeout")) {
			opt_timeout = atoi(v), k++;
		} else if (!strcmp(a, "--dir")) {
			snprintf(dir, sizeof dir, "%s", v), k++;
		} else if (a[0] != '-' && find(a) && nwant < 256) {
			want[nwant++] = find(a);
		} else {
			dprintf(2, "osbench: %s? (see --list)\n", a);
			return 2;
		}
	}
	if (opt_scale <= 0 || opt_batches < 1 || opt_batches > MAX_BATCHES || opt_timeout < 1) {
		dprintf(2, "osbench: bad --scale, --batches or --timeout\n");
		return 2;
	}
	if (!nwant)
		for (; nwant < NBENCH; nwant++)
			want[nwant] = &table[nwant];

	if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0)
		snprintf(self, sizeof self, "%s", argv[0]);
	memset(buf, 'x', sizeof buf);
	signal(SIGPIPE, SIG_IGN);
	struct sigaction sa = { .sa_handler = on_alarm };       /* no SA_RESTART */
	sigaction(SIGALRM, &sa, 0);

	uname(&u);
	if (opt_json)
		out("{\"osbench\":1,\"os\":\"%s %s %s\",\"scale\":%g,\"results\":[\n",
		    u.sysname, u.release, u.machine, opt_scale);
	for (size_t k = 0; k < nwant; k++) {
		comma = k ? "," : "";
		if (opt_inline)
			run_here(want[k]);
		else
			run_isolated(want[k]);
	}
	if (opt_json)
		out("]}\n");
	return 0;
}
