/* tests/guest/channel.c -- channels, semaphores, memory objects. */
/* SPDX-License-Identifier: MIT */
/* build: lib/event.c */
/* linux: skip native calls */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include "abi/err.h"
#include "lib/event.h"
#include "tap.h"

static uint64_t in_ms(uint64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec +
	       ms * 1000000u;
}

static void channel(int32_t fds[2], uint32_t size, uint32_t depth)
{
	struct channel_spec s = {.size = size, .depth = depth};

	CHECK(channel_create(&s, fds) == 0);
}

/* Messages come in order, each once; a full and an empty one say so. */
TEST(channel__keeps_order_and_its_bound)
{
	struct channel_message m = {0};
	int32_t c[2];

	channel(c, 8, 3);
	for (uint64_t i = 0; i < 3; i++) {
		memcpy(m.data, &i, 8);
		CHECK(channel_send(c[0], &m, 0, EVENT_NONBLOCK) == 0);
	}
	CHECK(channel_send(c[0], &m, 0, EVENT_NONBLOCK) == E_AGAIN);
	CHECK(channel_send(c[0], &m, in_ms(10), 0) == E_TIMEDOUT);
	for (uint64_t i = 0, v; i < 3; i++) {
		CHECK(channel_receive(c[1], &m, EVENT_FOREVER, 0) == 0);
		memcpy(&v, m.data, 8);
		CHECK(v == i && m.count == 0);
	}
	CHECK(channel_receive(c[1], &m, 0, EVENT_NONBLOCK) == E_AGAIN);
	CHECK(channel_receive(c[1], &m, in_ms(10), 0) == E_TIMEDOUT);
}

/* Only `size` bytes go through. */
TEST(channel__moves_no_more_than_its_size)
{
	struct channel_message m = {0};
	int32_t c[2];

	channel(c, 3, 1);
	memset(m.data, 7, sizeof(m.data));
	CHECK(channel_send(c[0], &m, EVENT_FOREVER, 0) == 0);
	memset(&m, 0xff, sizeof(m));
	CHECK(channel_receive(c[1], &m, EVENT_FOREVER, 0) == 0);
	CHECK(m.data[2] == 7 && m.data[3] == 0 && m.data[63] == 0);
}

/* Specifications, ends, messages and addresses that are wrong. */
TEST(channel__refuses_nonsense)
{
	struct channel_spec bad[] = {{0, 1, 0, 0}, {65, 1, 0, 0}, {8, 0, 0, 0},
	    {8, 1025, 0, 0}, {8, 1, 4, 0}, {8, 1, 0, 1}};
	struct channel_message m = {0};
	int32_t c[2], p[2];

	for (size_t i = 0; i < COUNT(bad); i++)
		CHECK(channel_create(&bad[i], c) == E_INVAL);
	CHECK(channel_create((void *)8, c) == E_FAULT);
	CHECK(channel_create(&(struct channel_spec){8, 1, 0, 0}, (void *)8) ==
	      E_FAULT);
	channel(c, 8, 1);
	CHECK(pipe(p) == 0);
	CHECK(channel_send(c[1], &m, 0, 0) == E_BADF);
	CHECK(channel_receive(c[0], &m, 0, 0) == E_BADF);
	CHECK(channel_send(p[1], &m, 0, 0) == E_INVAL);
	CHECK(channel_receive(p[0], &m, 0, 0) == E_INVAL);
	CHECK(channel_send(c[0], (void *)8, 0, 0) == E_FAULT);
	CHECK(channel_send(c[0], &m, 0, 4) == E_INVAL);
	m.count = 5;
	CHECK(channel_send(c[0], &m, 0, 0) == E_INVAL);
	m = (struct channel_message){.reserved = 1};
	CHECK(channel_send(c[0], &m, 0, 0) == E_INVAL);
	m = (struct channel_message){.count = 1, .descs = {777}};
	CHECK(channel_send(c[0], &m, 0, 0) == E_BADF);
}

/* Both ends in two processes; each waits for the other. */
TEST(channel__carries_between_processes)
{
	struct channel_message m = {0};
	int32_t c[2];
	uint64_t v;
	pid_t pid;

	channel(c, 8, 4);
	pid = fork();
	if (pid == 0) {
		for (uint64_t i = 0; i < 5000; i++) {
			memcpy(m.data, &i, 8);
			CHECK(channel_send(c[0], &m, EVENT_FOREVER, 0) == 0);
		}
		_exit(0);
	}
	close(c[0]);
	for (uint64_t i = 0; i < 5000; i++) {
		CHECK(channel_receive(c[1], &m, EVENT_FOREVER, 0) == 0);
		memcpy(&v, m.data, 8);
		CHECK(v == i);
	}
	CHECK(channel_receive(c[1], &m, EVENT_FOREVER, 0) == E_PIPE);
	CHECK(tap_wait(pid) == 0);
}

/* The death of the other end's last holder ends a wait. */
TEST(channel__ends_with_its_holder)
{
	struct channel_message m = {0};
	struct pollfd p;
	int32_t c[2];
	pid_t pid;

	channel(c, 8, 1);
	pid = fork();
	if (pid == 0) {
		close(c[1]);
		pause();
	}
	close(c[0]);
	p = (struct pollfd){c[1], POLLIN, 0};
	CHECK(poll(&p, 1, 0) == 0);
	kill(pid, SIGKILL);
	CHECK(channel_receive(c[1], &m, EVENT_FOREVER, 0) == E_PIPE);
	CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLHUP);
	CHECK(tap_wait(pid) == SIGKILL);
	channel(c, 8, 1);
	p = (struct pollfd){c[0], POLLOUT, 0};
	CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLOUT);
	CHECK(channel_send(c[0], &m, 0, 0) == 0);
	CHECK(poll(&p, 1, 0) == 0);
	close(c[1]);
	CHECK(channel_send(c[0], &m, EVENT_FOREVER, 0) == E_PIPE);
	CHECK(poll(&p, 1, 0) == 1 && p.revents & POLLERR);
}

/* Descriptors go along, with no more rights than were given. */
TEST(channel__passes_descriptors)
{
	struct channel_message m = {.count = 2};
	int32_t c[2], p[2];
	char b = 'x';

	channel(c, 1, 2);
	CHECK(pipe(p) == 0);
	m.descs[0] = p[0];
	m.descs[1] = p[1];
	m.rights[0] = ~0u;
	m.rights[1] = 1; /* RIGHT_READ, which is no use to write */
	CHECK(channel_send(c[0], &m, 0, 0) == 0);
	CHECK(channel_send(c[0], &m, 0, 0) == 0); /* left in the queue */
	CHECK(channel_receive(c[1], &m, 0, 0) == 0 && m.count == 2);
	CHECK(m.descs[0] >= 0 && m.descs[1] >= 0);
	CHECK(write(m.descs[1], &b, 1) < 0 && errno == EBADF);
	CHECK(write(p[1], &b, 1) == 1);
	CHECK(read(m.descs[0], &b, 1) == 1);
}

/* What could hold a channel cannot wait in one: no cycles in flight. */
TEST(channel__carries_no_carriers)
{
	struct channel_message m = {.count = 1, .rights = {~0u}};
	int32_t c[2], s[2];

	channel(c, 1, 2);
	m.descs[0] = c[1];
	CHECK(channel_send(c[0], &m, 0, 0) == E_INVAL);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	m.descs[0] = s[0];
	CHECK(channel_send(c[0], &m, 0, 0) == E_INVAL);
}

/* The count is taken one by one, up to its limit. */
TEST(semaphore__counts)
{
	long s = semaphore_create(2, 3, 0);
	struct pollfd p = {(int)s, POLLIN | POLLOUT, 0};

	CHECK(s >= 0);
	CHECK(semaphore_wait((int)s, EVENT_FOREVER, 0) == 0);
	CHECK(semaphore_wait((int)s, EVENT_FOREVER, 0) == 0);
	CHECK(semaphore_wait((int)s, 0, EVENT_NONBLOCK) == E_AGAIN);
	CHECK(semaphore_wait((int)s, in_ms(10), 0) == E_TIMEDOUT);
	CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLOUT);
	CHECK(semaphore_post((int)s, 4) == E_OVERFLOW);
	CHECK(semaphore_post((int)s, ~0ull) == E_OVERFLOW);
	CHECK(semaphore_post((int)s, 3) == 0);
	CHECK(semaphore_post((int)s, 1) == E_OVERFLOW);
	CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLIN);
	CHECK(semaphore_create(2, 1, 0) == E_INVAL);
	CHECK(semaphore_create(0, 0, 0) == E_INVAL);
	CHECK(semaphore_create(0, 1, 8) == E_INVAL);
	CHECK(semaphore_wait(0, 0, 0) < 0 && semaphore_post(-1, 1) == E_BADF);
}

static int sem, sum;

static void *worker(void *arg)
{
	(void)arg;
	for (int i = 0; i < 500; i++) {
		while (semaphore_wait(sem, in_ms(1), 0) != 0)
			;
		__atomic_fetch_add(&sum, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* Waiters that time out lose no unit; as many go on as were posted. */
TEST(semaphore__loses_nothing_to_timeouts)
{
	pthread_t t[4];

	sem = (int)semaphore_create(0, 100000, 0);
	for (int i = 0; i < 4; i++)
		CHECK(pthread_create(&t[i], NULL, worker, NULL) == 0);
	for (int i = 0; i < 2000; i++) {
		CHECK(semaphore_post(sem, 1) == 0);
		if (i % 50 == 0)
			usleep(1000);
	}
	for (int i = 0; i < 4; i++)
		CHECK(pthread_join(t[i], NULL) == 0);
	CHECK(sum == 2000);
	CHECK(semaphore_wait(sem, 0, EVENT_NONBLOCK) == E_AGAIN);
}

/* Memory is shared through its descriptor, has a size, and keeps it. */
TEST(vmo__is_shared_memory)
{
	int fd = (int)vmo_create(10000, 0);
	struct stat st;
	uint32_t *p;
	pid_t pid;

	CHECK(fd >= 0);
	CHECK(fstat(fd, &st) == 0 && st.st_size == 10000);
	CHECK(ftruncate(fd, 5) < 0);
	p = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED && p[0] == 0);
	pid = fork();
	if (pid == 0) {
		p[1000] = 77;
		_exit(0);
	}
	CHECK(tap_wait(pid) == 0 && p[1000] == 77);
	CHECK(vmo_create(0, 0) == E_INVAL);
	CHECK(vmo_create(~0ull, 0) == E_INVAL);
	CHECK(vmo_create(4096, 0x40) == E_INVAL);
}

static int faults(char *p, bool write)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (write)
			*(volatile char *)p = 1;
		else
			((void (*)(void))p)();
		_exit(0);
	}
	return tap_wait(pid);
}

/* Memory is writable or executable, never both, through no mapping. */
TEST(vmo__is_written_or_executed)
{
	int fd = (int)vmo_create(4096, VMO_SEALABLE);
	int plain = (int)vmo_create(4096, 0);
	int rw = PROT_READ | PROT_WRITE, rx = PROT_READ | PROT_EXEC;
	char *w = mmap(NULL, 4096, rw, MAP_SHARED, fd, 0), *x, *c;

	CHECK(w != MAP_FAILED);
	c = mmap(NULL, 4096, rw, MAP_PRIVATE, fd, 0);
	CHECK(c != MAP_FAILED);
	w[0] = (char)0xc3; /* ret */
	CHECK(mprotect(w, 4096, rx) < 0 && mprotect(c, 4096, rx) < 0);
	CHECK(mmap(NULL, 4096, rx, MAP_SHARED, fd, 0) == MAP_FAILED);
	CHECK(mmap(NULL, 4096, rx, MAP_PRIVATE, fd, 0) == MAP_FAILED);
	CHECK(vmo_seal_exec(plain) == E_PERM);
	CHECK(vmo_seal_exec(0) < 0);
	CHECK(faults(w, true) == 0);
	w[0] = (char)0xc3;
	CHECK(vmo_seal_exec(fd) == 0);
	CHECK(faults(w, true) != 0); /* mapped before, writes no more */
	x = mmap(NULL, 4096, rx, MAP_SHARED, fd, 0);
	CHECK(x != MAP_FAILED);
	CHECK(faults(x, false) == 0);
	CHECK(mprotect(x, 4096, rw) < 0);
	CHECK(mmap(NULL, 4096, rw, MAP_SHARED, fd, 0) == MAP_FAILED);
	CHECK(mmap(NULL, 4096, rw, MAP_PRIVATE, fd, 0) == MAP_FAILED);
	CHECK(read(open("/dev/zero", O_RDONLY), w, 1) < 0 && errno == EFAULT);
}

/* A line of /proc/objects. */
static long objects(const char *kind)
{
	char text[4096], *at;
	int fd = open("/proc/objects", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	CHECK(n > 0);
	close(fd);
	text[n] = 0;
	at = strstr(text, kind);
	CHECK(at);
	return atol(at + strlen(kind));
}

/* Makes one of each, uses it, passes them about, and dies with all. */
static void use_all(void)
{
	struct channel_message m = {.count = 3, .rights = {~0u, ~0u, ~0u}};
	int32_t c[2];

	channel(c, 64, 100);
	m.descs[0] = (int)event_create(0);
	m.descs[1] = (int)semaphore_create(1, 1, 0);
	m.descs[2] = (int)vmo_create(1 << 20, 0);
	CHECK(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
	          MAP_SHARED | MAP_POPULATE, m.descs[2], 0) != MAP_FAILED);
	CHECK(event_bind(m.descs[0], 1, EVENT_ON_TIMER, in_ms(1000), 1) == 0);
	for (int i = 0; i < 100; i++)
		CHECK(channel_send(c[0], &m, 0, EVENT_NONBLOCK) == 0);
	for (int i = 0; i < 10; i++)
		CHECK(channel_receive(c[1], &m, 0, 0) == 0);
	kill(getpid(), SIGKILL);
}

/* What a killed process held is gone with it. */
TEST(ipc__leaks_nothing)
{
	static const char *const kinds[] = {"event ", "channel ", "semaphore ",
	    "vmo ", "descriptor ", "charged_frame "};
	long before[COUNT(kinds)], now;

	for (int round = 0; round < 2; round++) {
		for (size_t k = 0; round && k < COUNT(kinds); k++)
			before[k] = objects(kinds[k]);
		for (int i = 0; i < 20; i++) {
			pid_t pid = fork();

			if (pid == 0)
				use_all();
			CHECK(tap_wait(pid) == SIGKILL);
		}
	}
	for (size_t k = 0; k < COUNT(kinds); k++) {
		now = 0;
		/* Grace periods, and batches of charges. */
		for (int i = 0; i < 100; i++) {
			now = objects(kinds[k]);
			if (now <= before[k])
				break;
			usleep(20000);
		}
		if (now > before[k])
			printf("# %s: %ld -> %ld\n", kinds[k], before[k], now);
		/* Slabs that the kernel keeps are its own. */
		CHECK(now <= before[k] + (k == 5 ? 8 : 0));
	}
}

TAP_MAIN
