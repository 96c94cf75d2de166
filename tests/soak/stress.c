/* tests/soak/stress.c -- mixed stress: fork, signals, futex, pipes, memory. */
/* SPDX-License-Identifier: MIT */
/*
 * stress SECONDS [WORKER...]: each worker is a process that does one kind of
 * work over and over, checks every result, and ends when the time is up.  Two
 * rounds are run.  What the system has in use after the second must be what it
 * was after the first: caches are warm by then, so growth is a leak.
 * Exit status 0 and "stress: done" when all was right.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, LEAK_KIB = 512, COUNT_SLACK = 64, COUNTERS_MAX = 160 };

static double deadline;
static uint64_t seed;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool more(void)
{
	return now() < deadline;
}

/* xorshift64*: any sequence will do, but a known one. */
static unsigned any(unsigned n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (unsigned)((seed * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

#define NEED(cond)                                                      \
	do {                                                            \
		if (!(cond)) {                                          \
			dprintf(2, "stress: %s:%d: %s: %s\n", __func__, \
			    __LINE__, #cond, strerror(errno));          \
			_exit(1);                                       \
		}                                                       \
	} while (0)

static int reap(pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	NEED(got == pid);
	return status;
}

/* Copy-on-write over three generations; each sees its own value. */
static void work_fork(void)
{
	unsigned pages = 1 + any(64);
	char *m = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned at = any(pages) * PAGE;
	pid_t pid;

	NEED(m != MAP_FAILED);
	memset(m, 1, pages * PAGE);
	pid = fork();
	NEED(pid >= 0);
	if (pid == 0) {
		m[at] = 2;
		pid = fork();
		NEED(pid >= 0);
		if (pid == 0) {
			m[at] = 3;
			_exit(m[at] == 3 ? 7 : 1);
		}
		NEED(reap(pid) == 7 << 8);
		_exit(m[at] == 2 ? 9 : 1);
	}
	m[at] = 4;
	NEED(reap(pid) == 9 << 8);
	NEED(m[at] == 4 && m[(at + PAGE) % (pages * PAGE)] != 2);
	NEED(munmap(m, pages * PAGE) == 0);
}

static _Atomic int caught;

static void on_signal(int s)
{
	(void)s;
	atomic_fetch_add(&caught, 1);
}

/* A child signals us; another is killed while it sleeps or spins. */
static void work_signal(void)
{
	struct sigaction a = {.sa_handler = on_signal};
	sigset_t block, old;
	pid_t pid;

	NEED(sigaction(SIGUSR1, &a, 0) == 0);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	NEED(sigprocmask(SIG_BLOCK, &block, &old) == 0);
	caught = 0;
	pid = fork();
	NEED(pid >= 0);
	if (pid == 0) {
		kill(getppid(), SIGUSR1);
		for (;;)
			if (any(2))
				pause();
	}
	while (!caught)
		sigsuspend(&old);
	NEED(sigprocmask(SIG_SETMASK, &old, 0) == 0);
	NEED(kill(pid, SIGKILL) == 0);
	NEED(WTERMSIG(reap(pid)) == SIGKILL);
}

struct turn {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	int whose, rounds;
};

static void *take_turns(void *arg)
{
	struct turn *t = arg;

	pthread_mutex_lock(&t->lock);
	while (t->rounds > 0) {
		int mine = t->whose;

		t->whose = mine + 1;
		t->rounds--;
		pthread_cond_broadcast(&t->moved);
		if (t->rounds > 0)
			pthread_cond_wait(&t->moved, &t->lock);
	}
	pthread_cond_broadcast(&t->moved);
	pthread_mutex_unlock(&t->lock);
	return arg;
}

/* Threads hand a turn around through a mutex and a condition. */
static void work_futex(void)
{
	struct turn t = {
	    PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 200};
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		NEED(pthread_create(&threads[i], 0, take_turns, &t) == 0);
	for (int i = 0; i < 4; i++)
		NEED(pthread_join(threads[i], 0) == 0);
	NEED(t.whose == 200);
}

/*
 * The same while they are sent from CPU to CPU and change their class: asleep,
 * about to sleep, and waiting for the CPU.
 */
static void work_move(void)
{
	struct turn t = {
	    PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 400};
	pthread_t threads[3];
	struct sched_param p = {0};

	for (int i = 0; i < 3; i++)
		NEED(pthread_create(&threads[i], 0, take_turns, &t) == 0);
	for (int i = 0; i < 200; i++) {
		unsigned which = any(3);
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(any(4), &set);
		CPU_SET(any(4), &set);
		pthread_setaffinity_np(threads[which], sizeof(set), &set);
		pthread_setschedparam(
		    threads[which], any(2) ? SCHED_BATCH : SCHED_OTHER, &p);
	}
	for (int i = 0; i < 3; i++)
		NEED(pthread_join(threads[i], 0) == 0);
	NEED(t.whose == 400);
}

/* Bytes through a pipe arrive in order, whatever the sizes. */
static void work_pipe(void)
{
	static unsigned char b[8192];
	unsigned total = 1 + any(100000), sent = 0, got = 0;
	int p[2];
	pid_t pid;

	NEED(pipe(p) == 0);
	pid = fork();
	NEED(pid >= 0);
	if (pid == 0) {
		close(p[0]);
		while (sent < total) {
			unsigned n = 1 + any(sizeof(b));

			n = n < total - sent ? n : total - sent;
			for (unsigned i = 0; i < n; i++)
				b[i] = (unsigned char)((sent + i) * 7);
			for (unsigned at = 0; at < n;) {
				ssize_t w = write(p[1], b + at, n - at);

				NEED(w > 0);
				at += (unsigned)w;
			}
			sent += n;
		}
		_exit(0);
	}
	close(p[1]);
	for (;;) {
		ssize_t n = read(p[0], b, 1 + any(sizeof(b)));

		NEED(n >= 0);
		if (n == 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			NEED(b[i] == (unsigned char)((got + (unsigned)i) * 7));
		got += (unsigned)n;
	}
	NEED(got == total);
	NEED(reap(pid) == 0);
	close(p[0]);
}

static _Atomic bool stop_touching;

static void *touch(void *arg)
{
	volatile char *m = arg;

	while (!stop_touching)
		for (int i = 0; i < 32; i++)
			m[i * PAGE]++;
	return 0;
}

/* Mappings come and go while another thread writes beside them. */
static void work_map(void)
{
	char *shared = mmap(0, 32 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t t;

	NEED(shared != MAP_FAILED);
	stop_touching = false;
	NEED(pthread_create(&t, 0, touch, shared) == 0);
	for (int i = 0; i < 50; i++) {
		unsigned n = 1 + any(40);
		char *m = mmap(0, n * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		NEED(m != MAP_FAILED);
		for (unsigned k = 0; k < n; k++) {
			NEED(m[k * PAGE] == 0);
			m[k * PAGE] = 1;
		}
		NEED(mprotect(m, PAGE, PROT_READ) == 0);
		if (n > 2)
			NEED(munmap(m + PAGE, PAGE) == 0);
		NEED(m[0] == 1);
		NEED(munmap(m, n * PAGE) == 0);
	}
	stop_touching = true;
	NEED(pthread_join(t, 0) == 0);
	NEED(munmap(shared, 32 * PAGE) == 0);
}

/* A file is written, moved, truncated, mapped and removed. */
static void work_file(void)
{
	char a[64], b[64], buf[PAGE], *m;
	unsigned size = PAGE + any(60000);
	int fd;

	snprintf(a, sizeof(a), "/tmp/stress.%d.a", getpid());
	snprintf(b, sizeof(b), "/tmp/stress.%d.b", getpid());
	fd = open(a, O_RDWR | O_CREAT | O_TRUNC, 0600);
	NEED(fd >= 0);
	memset(buf, 'x', sizeof(buf));
	for (unsigned at = 0; at < size; at += sizeof(buf))
		NEED(write(fd, buf, sizeof(buf)) == (ssize_t)sizeof(buf));
	NEED(rename(a, b) == 0);
	m = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(m != MAP_FAILED && m[PAGE - 1] == 'x');
	m[17] = 'y';
	NEED(pread(fd, buf, 1, 17) == 1 && buf[0] == 'y');
	NEED(ftruncate(fd, 18) == 0);
	NEED(lseek(fd, 0, SEEK_END) == 18);
	NEED(munmap(m, PAGE) == 0);
	NEED(unlink(b) == 0 && access(b, F_OK) < 0);
	NEED(close(fd) == 0);
}

/* exec of ourselves, which says its number by its status. */
static void work_exec(void)
{
	pid_t pid = vfork();

	NEED(pid >= 0);
	if (pid == 0) {
		execl("/proc/self/exe", "stress", "--status", "5", (char *)0);
		_exit(1);
	}
	NEED(reap(pid) == 5 << 8);
}

static void (*const works[])(void) = {work_fork, work_signal, work_futex,
    work_move, work_pipe, work_map, work_file, work_exec};
enum { WORKS = sizeof(works) / sizeof(*works) };

/* One round: every kind of work in two processes, until the time is up. */
static bool round_of(double seconds)
{
	pid_t pids[2 * WORKS];
	bool good = true;

	deadline = now() + seconds;
	for (int i = 0; i < 2 * WORKS; i++) {
		pids[i] = fork();
		NEED(pids[i] >= 0);
		if (pids[i] == 0) {
			seed = 88172645463325252ULL + (unsigned)getpid();
			while (more())
				works[i % WORKS]();
			_exit(0);
		}
	}
	for (int i = 0; i < 2 * WORKS; i++) {
		int status = reap(pids[i]);

		if (status)
			printf("stress: work %d ended with %#x\n", i % WORKS,
			    (unsigned)status);
		good = good && status == 0;
	}
	return good;
}

static long field(const char *path, const char *key)
{
	char line[256];
	long value = -1;
	FILE *f = fopen(path, "r");

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			value = strtol(line + strlen(key), 0, 10);
	fclose(f);
	return value;
}

struct counters {
	char name[COUNTERS_MAX][40];
	long value[COUNTERS_MAX];
	int count;
};

/* "NAME NUMBER ..." lines of a file, where there is one. */
static void count_lines(struct counters *c, const char *path, const char *mark)
{
	char line[256], name[32];
	FILE *f = fopen(path, "r");

	while (f && c->count < COUNTERS_MAX && fgets(line, sizeof(line), f))
		if (sscanf(line, "%31s %ld", name, &c->value[c->count]) == 2)
			snprintf(c->name[c->count++], sizeof(c->name[0]),
			    "%s%s", mark, name);
	if (f)
		fclose(f);
}

/*
 * Live objects of each kind, where the system tells. Deferred frees and caches
 * are not in use: they are given back first.
 */
static void count_objects(struct counters *c)
{
	int fd;

	c->count = 0;
	if (access("/proc/objects", F_OK) < 0)
		return;
	fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
	NEED(fd >= 0 && write(fd, "3", 1) == 1);
	close(fd);
	count_lines(c, "/proc/objects", "");
	count_lines(c, "/proc/slabinfo", "slab ");
}

/*
 * How many more may be alive: names and their nodes are cached anew. What the
 * CPUs' magazines hold is counted while they change. Magazines are the
 * allocator's own.
 */
static long slack(const char *name)
{
	static const char *const exact[] = {
	    "process", "thread", "aspace", "vmo", "descriptor"};

	if (!strcmp(name, "free_frame") || !strncmp(name, "slab magazine", 13))
		return LONG_MAX;
	for (size_t i = 0; i < sizeof(exact) / sizeof(*exact); i++)
		if (!strcmp(name, exact[i]))
			return 0;
	return COUNT_SLACK;
}

static bool same_objects(const struct counters *a, const struct counters *b)
{
	bool good = true;

	for (int i = 0; i < a->count && i < b->count; i++) {
		long grown = b->value[i] - a->value[i];

		if (strcmp(a->name[i], b->name[i]) ||
		    grown <= slack(a->name[i]))
			continue;
		printf("stress: %s grew from %ld to %ld objects\n", a->name[i],
		    a->value[i], b->value[i]);
		good = false;
	}
	return good;
}

int main(int argc, char **argv)
{
	static struct counters before, after;
	double seconds = argc > 1 ? atof(argv[1]) : 10;
	bool good;
	long was, is;

	if (argc == 3 && !strcmp(argv[1], "--status"))
		return atoi(argv[2]);
	setvbuf(stdout, 0, _IOLBF, 0);
	good = round_of(seconds / 2);
	count_objects(&before);
	was = field("/proc/meminfo", "MemAvailable:");
	good = round_of(seconds / 2) && good;
	count_objects(&after);
	is = field("/proc/meminfo", "MemAvailable:");
	printf("stress: %ld KiB free, then %ld; %d object counts\n", was, is,
	    before.count);
	if (was - is > LEAK_KIB) {
		printf("stress: %ld KiB are gone\n", was - is);
		good = false;
	}
	good = same_objects(&before, &after) && good;
	if (good)
		printf("stress: done\n");
	return good ? 0 : 1;
}
