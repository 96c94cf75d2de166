/* tests/guest/ipc_fast.c -- calls that switch straight to the other side. */
/* SPDX-License-Identifier: MIT */
/* linux: skip these calls are Strat9's own */
/* build: lib/ipc.S */
#include "tap.h"
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include "abi/rights.h"
#include "lib/ipc.h"

enum { ADD = 1, QUIT };

/* A port, and a capability to call it. */
static int new_port(int *sender)
{
	int port = (int)port_create(0);

	CHECK(port >= 0);
	*sender = (int)port_mint(port, 0, RIGHT_CALL);
	CHECK(*sender >= 0);
	return port;
}

static struct ipc_msg verb(uint32_t v, uint64_t a, uint64_t b)
{
	return (struct ipc_msg){IPC_TAG(v, 2), {a, b}};
}

static void one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK(sched_setaffinity(0, sizeof(set), &set) == 0);
}

/* The first n words are what they should be, the others 0. */
static bool words_are(const struct ipc_msg *m, unsigned n, uint64_t first)
{
	for (unsigned i = 0; i < IPC_WORDS; i++)
		if (m->word[i] != (i < n ? first + i : 0))
			return false;
	return true;
}

static void fill_words(struct ipc_msg *m, uint64_t first)
{
	for (unsigned i = 0; i < IPC_WORDS; i++)
		m->word[i] = first + i;
}

/* Answers each call by the words 100... and its verdict as the verb. */
static void serve_words(int port)
{
	struct ipc_msg m;
	long e = ipc_receive((uint64_t)port, &m, NULL, NULL);

	for (unsigned round = 0; e == 0; round++) {
		bool good = words_are(&m, IPC_TAG_WORDS(m.tag), 10);

		if (IPC_TAG_VERB(m.tag) == QUIT) {
			ipc_reply(0, &m, NULL);
			_exit(0);
		}
		fill_words(&m, 100);
		m.tag = IPC_TAG(good, round / 9 % 9);
		e = ipc_reply_receive((uint64_t)port, &m, NULL, NULL);
	}
	_exit(1);
}

TEST(words__past_the_count_arrive_as_zero)
{
	int sender, port = new_port(&sender);
	struct ipc_msg m;
	pid_t pid;

	one_cpu();
	pid = fork();
	if (pid == 0)
		serve_words(port);
	for (unsigned i = 0; i < 4 * 81; i++) {
		fill_words(&m, 10);
		m.tag = IPC_TAG(ADD, i % 9);
		CHECK(ipc_call((uint64_t)sender, &m, NULL) == 0);
		CHECK(IPC_TAG_VERB(m.tag) == 1);
		CHECK(IPC_TAG_WORDS(m.tag) == i / 9 % 9);
		CHECK(words_are(&m, IPC_TAG_WORDS(m.tag), 100));
	}
	m = verb(QUIT, 0, 0);
	CHECK(ipc_call((uint64_t)sender, &m, NULL) == 0);
	CHECK(tap_wait(pid) == 0);
}

static volatile unsigned long ticks;

static void on_tick(int s)
{
	(void)s;
	ticks++;
}

static void start_ticks(int flags)
{
	struct sigaction sa = {.sa_handler = on_tick, .sa_flags = flags};
	struct itimerval it = {{0, 150}, {0, 150}};

	CHECK(sigaction(SIGALRM, &sa, NULL) == 0);
	CHECK(setitimer(ITIMER_REAL, &it, NULL) == 0);
}

static void stop_ticks(void)
{
	struct itimerval it = {0};

	CHECK(setitimer(ITIMER_REAL, &it, NULL) == 0);
}

/* Adds, and goes on whatever signal cuts its wait short. */
static void serve_ticking(int port, int flags)
{
	struct ipc_msg m;
	long e;

	start_ticks(flags);
	e = ipc_receive((uint64_t)port, &m, NULL, NULL);
	for (;;) {
		if (e == -EINTR) {
			e = ipc_receive((uint64_t)port, &m, NULL, NULL);
			continue;
		}
		if (e)
			_exit(1);
		if (IPC_TAG_VERB(m.tag) == QUIT)
			break;
		m.word[0] += m.word[1];
		m.word[1] = 77;
		e = ipc_reply_receive((uint64_t)port, &m, NULL, NULL);
	}
	stop_ticks();
	ipc_reply(0, &m, NULL);
	_exit(ticks == 0);
}

/* Signals on both sides, on the way there, in between and on the way back. */
static void call_ticking(int flags)
{
	int sender, port = new_port(&sender);
	unsigned long cut = 0, done = 0;
	struct ipc_msg m;
	pid_t pid;

	one_cpu();
	pid = fork();
	if (pid == 0)
		serve_ticking(port, flags);
	ticks = 0;
	start_ticks(flags);
	for (uint64_t i = 0; ticks < 300 || i < 20000; i++) {
		long e;

		m = verb(ADD, i, 5);
		e = ipc_call((uint64_t)sender, &m, NULL);
		cut += e == -EINTR;
		done += e == 0 && m.word[0] == i + 5 && m.word[1] == 77 &&
		        m.word[2] == 0 && m.word[7] == 0;
		if (cut + done != i + 1)
			break;
	}
	stop_ticks();
	CHECK(ticks >= 300 && done > cut);
	printf("# %lu calls, %lu cut short\n", done, cut);
	m = verb(QUIT, 0, 0);
	CHECK(ipc_call((uint64_t)sender, &m, NULL) == 0);
	CHECK(tap_wait(pid) == 0);
}

TEST(call__under_a_storm_of_signals)
{
	call_ticking(0);
}

TEST(call__under_a_storm_of_restarting_signals)
{
	call_ticking(SA_RESTART);
}

TAP_MAIN
