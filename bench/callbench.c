/* bench/callbench.c -- what Strat9's own calls cost; prints as osbench does. */
/* SPDX-License-Identifier: MIT */
/*
 * Each row is the time of one operation, the user's stubs included. Under
 * qemu -icount shift=0 a nanosecond is an instruction. A row is the least of
 * several rounds, as in osbench.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "abi/native.h"
#include "abi/rights.h"
#include "lib/ipc.h"

enum { ROUNDS = 5, CALLS = 2000, WINDOW = 4096 };

enum verb { EMPTY, FULL, READ, QUIT };

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void need(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "callbench: %s failed\n", what);
	exit(1);
}

static void row(const char *name, double ns)
{
	printf("{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"ns\","
	       "\"better\":\"lower\"}\n",
	    name, ns);
	fflush(stdout);
}

/* In line, and so is fn: the loop is part of the row. */
static inline __attribute__((always_inline)) void bench(
    const char *name, void (*fn)(void))
{
	double best = 1e18;

	fn(); /* what is lazy is there then */
	for (int r = 0; r < ROUNDS; r++) {
		uint64_t t = now();

		for (int i = 0; i < CALLS; i++)
			fn();
		t = now() - t;
		if ((double)t / CALLS < best)
			best = (double)t / CALLS;
	}
	row(name, best);
}

static int sender;
static char window[WINDOW] __attribute__((aligned(WINDOW)));

static inline void null_native(void)
{
	long r = NR_native_null;

	__asm__ volatile("syscall" : "+a"(r) : : "rcx", "r11", "memory");
}

static inline void call_empty(void)
{
	need(
	    ipc_call0_inline((uint64_t)sender, IPC_TAG(EMPTY, 0)) == 0, "call");
}

static inline void call_full(void)
{
	struct ipc_msg m = {IPC_TAG(FULL, 8), {1, 2, 3, 4, 5, 6, 7, 8}};

	need(ipc_call_inline((uint64_t)sender, &m, NULL) == 0, "call");
}

static inline void call_window(void)
{
	static struct ipc_vector v = {(uintptr_t)window, WINDOW};
	static struct ipc_more more = {
	    .vectors = (uintptr_t)&v, .readable_count = 1};
	struct ipc_msg m = {IPC_TAG(READ, 1) | IPC_TAG_WINDOW, {WINDOW}};

	need(ipc_call_inline((uint64_t)sender, &m, &more) == 0 &&
	         m.word[0] == WINDOW,
	    "window");
}

static void serve(int port)
{
	static char buffer[WINDOW] __attribute__((aligned(WINDOW)));
	struct ipc_msg m;
	struct ipc_from from;
	long e = ipc_receive((uint64_t)port, &m, NULL, &from);

	while (e == 0) {
		switch (IPC_TAG_VERB(m.tag)) {
		case READ:
			m.word[0] = (uint64_t)msg_read(0, buffer, m.word[0]);
			break;
		case QUIT:
			ipc_reply(0, &m, NULL);
			return;
		default:
			break;
		}
		e = ipc_reply_receive_inline((uint64_t)port, &m, NULL, &from);
	}
}

int main(void)
{
	int port = (int)port_create(0);
	struct ipc_msg m = {IPC_TAG(QUIT, 0), {0}};
	pid_t pid;

	need(port >= 0, "port_create");
	sender = (int)port_mint(port, 1, RIGHT_CALL);
	need(sender >= 0, "port_mint");
	memset(window, 1, sizeof(window));
	pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		serve(port);
		_exit(0);
	}
	close(port);
	bench("null_native", null_native);
	bench("ipc_call_empty", call_empty);
	bench("ipc_call_full", call_full);
	bench("ipc_window_4k", call_window);
	need(ipc_call((uint64_t)sender, &m, NULL) == 0, "quit");
	waitpid(pid, 0, 0);
	return 0;
}
