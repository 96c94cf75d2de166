/* bench/ipcbench.c -- what the native asynchronous IPC costs. */
/* SPDX-License-Identifier: MIT */
/*
 *   musl-gcc -std=gnu2x -O2 -static -I. -o ipcbench bench/ipcbench.c \
 *       lib/event.c lib/ring.c
 *
 *   ipcbench [NAME...]	result lines as of osbench --json
 *
 * Two processes on one CPU, a fixed number of rounds: under -icount shift=0 a
 * nanosecond is an instruction. The value is the median of the batches.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/event.h"
#include "lib/ring.h"

enum { BATCHES = 5 };

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void need(long r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "ipcbench: %s: error %ld\n", what, r);
	exit(1);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(const char *name, double *v, long rounds)
{
	qsort(v, BATCHES, sizeof(*v), by_value);
	printf("{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"ns\","
	       "\"better\":\"lower\",\"min\":%.4f,\"max\":%.4f,"
	       "\"iters\":%ld,\"samples\":[%.2f,%.2f,%.2f,%.2f,%.2f]}\n",
	    name, v[BATCHES / 2], v[0], v[BATCHES - 1], rounds, v[0], v[1],
	    v[2], v[3], v[4]);
}

enum { PINGS = 2000, WARM = PINGS / 8 };

static void pong(int a, int b, long n)
{
	uint64_t bits;

	for (long i = 0; i < n; i++) {
		event_wait(a, 1, EVENT_FOREVER, 0, &bits);
		event_signal(b, 1);
	}
}

static void event_two_calls(void)
{
	int a = (int)event_create(0), b = (int)event_create(0);
	double v[BATCHES];
	uint64_t bits, t;
	pid_t pid;

	need(a, "event_create");
	need(b, "event_create");
	pid = fork();
	need(pid, "fork");
	if (pid == 0) {
		pong(a, b, WARM + (long)BATCHES * PINGS);
		_exit(0);
	}
	for (int k = -1; k < BATCHES; k++) {
		long n = k < 0 ? WARM : PINGS;

		t = now();
		for (long i = 0; i < n; i++) {
			event_signal(a, 1);
			event_wait(b, 1, EVENT_FOREVER, 0, &bits);
		}
		if (k >= 0)
			v[k] = (double)(now() - t) / PINGS;
	}
	waitpid(pid, NULL, 0);
	report("event_two_calls", v, PINGS);
}

static void pong_one_call(int a, int b, long n)
{
	uint64_t bits;

	event_wait(a, 1, EVENT_FOREVER, 0, &bits);
	for (long i = 1; i < n; i++)
		event_signal_wait(b, 1, a, 1, &bits);
	event_signal(b, 1);
}

static void event_pingpong(void)
{
	int a = (int)event_create(0), b = (int)event_create(0);
	double v[BATCHES];
	uint64_t bits, t;
	pid_t pid = fork();

	need(pid, "fork");
	if (pid == 0) {
		pong_one_call(a, b, WARM + (long)BATCHES * PINGS);
		_exit(0);
	}
	for (int k = -1; k < BATCHES; k++) {
		long n = k < 0 ? WARM : PINGS;

		t = now();
		for (long i = 0; i < n; i++)
			event_signal_wait(a, 1, b, 1, &bits);
		if (k >= 0)
			v[k] = (double)(now() - t) / PINGS;
	}
	waitpid(pid, NULL, 0);
	report("event_pingpong", v, PINGS);
}

enum { ITEM = 64, PLACES = 512, ITEMS = 50000 };

/*
 * Run send() here and receive() in a child; `done` (a pipe) tells when the
 * latter has had ITEMS more.
 */
static void stream(const char *name, void (*send)(void), void (*receive)(void))
{
	double v[BATCHES];
	uint64_t t;
	int done[2];
	pid_t pid;
	char c = 0;

	need(pipe(done), "pipe");
	pid = fork();
	need(pid, "fork");
	for (int k = -1; pid == 0 && k < BATCHES; k++) {
		receive();
		need(write(done[1], &c, 1), "write");
	}
	if (pid == 0)
		_exit(0);
	for (int k = -1; k < BATCHES; k++) {
		t = now();
		send();
		need(read(done[0], &c, 1), "read");
		if (k >= 0)
			v[k] = (double)(now() - t) / ITEMS;
	}
	waitpid(pid, NULL, 0);
	report(name, v, ITEMS);
}

static uint64_t item[ITEM / 8], items[32][ITEM / 8];
static void *memory;
static int events[2];

/* The two ends, each used in one process; attached in turn. */
static struct ring ends[2];

static void ring_out(void)
{
	long n;

	for (long i = 0; i < ITEMS; i++) {
		item[0] = (uint64_t)i;
		while ((n = ring_send(&ends[0], item, 1)) == 0)
			need(ring_wait(&ends[0], RING_ROOM, EVENT_FOREVER),
			    "ring_wait");
		need(n, "ring_send");
	}
}

static void ring_in(void)
{
	long n;

	for (long i = 0; i < ITEMS; i += n) {
		n = ring_receive(&ends[1], items,
		    ITEMS - i < 32 ? (uint32_t)(ITEMS - i) : 32);
		need(n, "ring_receive");
		if (n == 0)
			need(ring_wait(&ends[1], RING_ITEMS, EVENT_FOREVER),
			    "ring_wait");
	}
}

/* One item sent at a time, received by as many as there are. */
static void ring_64b(void)
{
	size_t size = ring_bytes(ITEM, PLACES);
	int fd = (int)vmo_create(size, 0);

	need(fd, "vmo_create");
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	need(ring_format(memory, size, ITEM, PLACES), "ring_format");
	for (unsigned i = 0; i < 2; i++)
		events[i] = (int)event_create(0);
	for (unsigned i = 0; i < 2; i++)
		need(ring_attach(
		         &ends[i], memory, size, i, events[i], events[!i]),
		    "ring_attach");
	stream("ring_64b", ring_out, ring_in);
}

static int p[2];

static void pipe_out(void)
{
	for (long i = 0; i < ITEMS; i++) {
		item[0] = (uint64_t)i;
		need(write(p[1], item, ITEM), "write");
	}
}

static void pipe_in(void)
{
	long n;

	for (long i = 0; i < (long)ITEMS * ITEM; i += n) {
		long left = (long)ITEMS * ITEM - i;

		n = read(p[0], items,
		    left < (long)sizeof(items) ? (size_t)left : sizeof(items));
		need(n, "read");
	}
}

/* The same by a pipe; runs on Linux too. */
static void pipe_64b(void)
{
	need(pipe(p), "pipe");
	stream("pipe_64b", pipe_out, pipe_in);
}

static const struct {
	const char *name;
	void (*run)(void);
} rows[] = {
    {"event_pingpong", event_pingpong}, /* signal and wait in one call */
    {"event_two_calls", event_two_calls},
    {"ring_64b", ring_64b},
    {"pipe_64b", pipe_64b},
};

static int wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return 1;
	return argc < 2;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (wanted(rows[i].name, argc, argv))
			rows[i].run();
	return 0;
}
