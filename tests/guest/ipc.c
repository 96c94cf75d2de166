/* tests/guest/ipc.c -- ports, calls, replies, windows. */
/* SPDX-License-Identifier: MIT */
/* linux: skip these calls are Strat9's own */
/* build: lib/ipc.S */
#include "tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include "abi/rights.h"
#include "lib/ipc.h"

enum { PAGE = 4096, ADD = 1, QUIT, EXIT, READ, WRITE, TAKE, REFUSE, SLOW };

/* A port, and a capability to call it with that badge. */
static int new_port(int *sender, uint64_t badge)
{
	int port = (int)port_create(0);

	CHECK(port >= 0);
	*sender = (int)port_mint(port, badge, RIGHT_CALL | RIGHT_GRANT);
	CHECK(*sender >= 0);
	return port;
}

static uint64_t deadline_in(double seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec +
	       (uint64_t)(seconds * 1e9);
}

static struct ipc_msg verb(uint32_t v, uint64_t a, uint64_t b)
{
	return (struct ipc_msg){IPC_TAG(v, 2), {a, b}};
}

/* What the server of the tests does with one call; false: to end. */
static bool serve_one(
    struct ipc_msg *m, const struct ipc_from *from, struct ipc_more *more)
{
	static char page[2 * PAGE];
	char c = 0;

	switch (IPC_TAG_VERB(m->tag)) {
	case ADD:
		m->word[0] += m->word[1];
		m->word[1] = from->badge;
		m->word[2] = from->sid;
		m->word[3] = from->label;
		m->tag = IPC_TAG(ADD, 4);
		return true;
	case READ:
		m->word[0] = (uint64_t)msg_read(m->word[0], page, m->word[1]);
		for (unsigned i = 0; i < sizeof(page); i++)
			c ^= page[i];
		m->word[1] = (uint64_t)c;
		return true;
	case WRITE:
		memset(page, 0x5a, sizeof(page));
		m->word[0] = (uint64_t)msg_write(m->word[0], page, m->word[1]);
		return true;
	case TAKE: /* write a byte into the descriptor that came */
		m->word[0] = (uint64_t)write(more->descs[0], "x", 1);
		close(more->descs[0]);
		m->tag = IPC_TAG(TAKE, 1);
		return true;
	case EXIT:
		_exit(0);
	case QUIT:
		return false;
	default:
		return true;
	}
}

static void serve(int port)
{
	struct ipc_more more = {0};
	struct ipc_from from;
	struct ipc_msg m = {0};
	long e = ipc_receive((uint64_t)port, &m, &more, &from);

	while (e == 0) {
		bool on = serve_one(&m, &from, &more);

		if (IPC_TAG_VERB(m.tag) == REFUSE) {
			m.tag = 13;
			e = ipc_reply_receive(
			    IPC_FD(port, IPC_REFUSE), &m, &more, &from);
			continue;
		}
		if (!on) {
			ipc_reply(0, &m, NULL);
			return;
		}
		e = ipc_reply_receive((uint64_t)port, &m, &more, &from);
	}
	printf("# server: %ld\n", e);
	fflush(stdout);
	_exit(1);
}

static pid_t server(int port)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		serve(port);
		_exit(0);
	}
	close(port); /* so that its death is the end of the port */
	return pid;
}

static void quit(int sender, pid_t pid)
{
	struct ipc_msg m = verb(QUIT, 0, 0);

	CHECK(ipc_call((uint64_t)sender, &m, NULL) == 0);
	CHECK(tap_wait(pid) == 0);
}

TEST(call__is_answered_and_stamped)
{
	int sender, port = new_port(&sender, 0x1122334455667788);
	pid_t pid = server(port);

	for (uint64_t i = 0; i < 1000; i++) {
		struct ipc_msg m = verb(ADD, i, 5);

		CHECK(ipc_call((uint64_t)sender, &m, NULL) == 0);
		CHECK(m.word[0] == i + 5);
		CHECK(m.word[1] == 0x1122334455667788);
		CHECK(m.word[2] == 1); /* the boot silo */
		CHECK(IPC_TAG_WORDS(m.tag) == 4);
	}
	quit(sender, pid);
}

TEST(call__carries_all_words)
{
	int sender, port = new_port(&sender, 0);
	pid_t pid = server(port);
	struct ipc_msg m = {IPC_TAG(99, 8), {1, 2, 3, 4, 5, 6, 7, 8}};

	CHECK(ipc_call((uint64_t)sender, &m, NULL) == 0);
	for (uint64_t i = 0; i < 8; i++)
		CHECK(m.word[i] == i + 1);
	quit(sender, pid);
}

TEST(call__to_a_dead_server_is_refused)
{
	int sender, port = new_port(&sender, 0);
	pid_t pid = server(port);
	struct ipc_msg m = verb(EXIT, 0, 0);

	CHECK(ipc_call((uint64_t)sender, &m, NULL) == -ECONNRESET);
	CHECK(tap_wait(pid) == 0);
	m = verb(ADD, 1, 1);
	CHECK(ipc_call((uint64_t)sender, &m, NULL) == -ECONNRESET);
}

TEST(call__queued_at_a_port_that_closes_is_refused)
{
	int sender, port = new_port(&sender, 0);
	pid_t pid = fork();

	if (pid == 0) {
		struct ipc_msg m = verb(ADD, 1, 1);

		close(port);
		_exit(ipc_call((uint64_t)sender, &m, NULL) == -ECONNRESET ? 0
		                                                          : 1);
	}
	usleep(50000);
	close(port);
	CHECK(tap_wait(pid) == 0);
}

TEST(call__does_not_wait_when_told)
{
	int sender, port = new_port(&sender, 0);
	struct ipc_msg m = verb(ADD, 1, 1);
	struct ipc_more more = {.deadline = deadline_in(0.05)};
	uint64_t fd = IPC_FD(sender, IPC_NONBLOCK);

	CHECK(ipc_call(fd, &m, NULL) == -EAGAIN);
	CHECK(ipc_call(IPC_FD(sender, IPC_TIMED), &m, &more) == -ETIMEDOUT);
	CHECK(deadline_in(0) >= more.deadline);
	CHECK(
	    ipc_receive(IPC_FD(port, IPC_NONBLOCK), &m, NULL, NULL) == -EAGAIN);
	more.deadline = deadline_in(0.05);
	CHECK(ipc_receive(IPC_FD(port, IPC_TIMED), &m, &more, NULL) ==
	      -ETIMEDOUT);
	CHECK(ipc_call(IPC_FD(sender, IPC_TIMED), &m, NULL) == -EFAULT);
}

TEST(reply__may_refuse)
{
	int sender, port = new_port(&sender, 0);
	pid_t pid = server(port);
	struct ipc_msg m = verb(REFUSE, 0, 0);

	CHECK(ipc_call((uint64_t)sender, &m, NULL) == -EACCES);
	quit(sender, pid);
}

TEST(reply__only_once_and_only_to_a_caller)
{
	int sender, port = new_port(&sender, 0);
	struct ipc_msg m = verb(ADD, 1, 1);
	pid_t pid;

	CHECK(ipc_reply(0, &m, NULL) == -ECANCELED);
	pid = fork();
	if (pid == 0)
		_exit(ipc_call((uint64_t)sender, &m, NULL) == 0 ? 0 : 1);
	CHECK(ipc_receive((uint64_t)port, &m, NULL, NULL) == 0);
	CHECK(ipc_receive((uint64_t)port, &m, NULL, NULL) == -EBUSY);
	CHECK(ipc_reply(0, &m, NULL) == 0);
	CHECK(ipc_reply(0, &m, NULL) == -ECANCELED);
	CHECK(tap_wait(pid) == 0);
}

TEST(reply__to_a_killed_caller_is_dropped)
{
	int sender, port = new_port(&sender, 0);
	struct ipc_msg m;
	char c = 'x';

	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			m = verb(ADD, 1, 1);
			ipc_call((uint64_t)sender, &m, NULL);
			_exit(0);
		}
		CHECK(ipc_receive((uint64_t)port, &m, NULL, NULL) == 0);
		kill(pid, SIGKILL);
		if (i % 2)
			CHECK(tap_wait(pid) == SIGKILL);
		CHECK(msg_write(0, &c, 1) < 0);
		(void)ipc_reply(0, &m, NULL);
		CHECK(ipc_reply(0, &m, NULL) == -ECANCELED);
		if (i % 2 == 0)
			tap_wait(pid);
	}
}

static void on_signal(int s)
{
	(void)s;
}

TEST(call__is_interrupted_by_a_signal)
{
	int sender, port = new_port(&sender, 0);
	struct sigaction sa = {.sa_handler = on_signal};
	struct ipc_msg m;
	pid_t pid;

	sigaction(SIGUSR1, &sa, NULL);
	pid = fork();
	if (pid == 0) {
		m = verb(ADD, 1, 1);
		_exit(ipc_call((uint64_t)sender, &m, NULL) == -EINTR ? 0 : 1);
	}
	CHECK(ipc_receive((uint64_t)port, &m, NULL, NULL) == 0);
	usleep(20000);
	kill(pid, SIGUSR1);
	CHECK(tap_wait(pid) == 0);
	CHECK(ipc_reply(0, &m, NULL) == -ECANCELED);
}

TEST(call__restarts_when_nothing_had_happened)
{
	int sender, port = new_port(&sender, 0);
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct ipc_msg m;
	pid_t pid;

	sigaction(SIGUSR1, &sa, NULL);
	pid = fork();
	if (pid == 0) {
		m = verb(ADD, 1, 1);
		_exit(ipc_call((uint64_t)sender, &m, NULL) == 0 ? 0 : 1);
	}
	usleep(20000);
	kill(pid, SIGUSR1);
	usleep(20000);
	CHECK(ipc_receive((uint64_t)port, &m, NULL, NULL) == 0);
	CHECK(m.word[0] == 1 && m.word[1] == 1);
	CHECK(ipc_reply(0, &m, NULL) == 0);
	CHECK(tap_wait(pid) == 0);
}

TEST(message__brings_a_descriptor_with_fewer_rights)
{
	int sender, port = new_port(&sender, 0);
	pid_t pid = server(port);
	struct ipc_more more = {0};
	struct ipc_msg m = {IPC_TAG(TAKE, 0) | 1ull << 36, {0}};
	int p[2];
	char c = 0;

	CHECK(pipe(p) == 0);
	more.descs[0] = p[1];
	more.rights[0] = RIGHT_WRITE;
	CHECK(ipc_call((uint64_t)sender, &m, &more) == 0);
	CHECK(m.word[0] == 1 && read(p[0], &c, 1) == 1 && c == 'x');
	m.tag = IPC_TAG(TAKE, 0) | 1ull << 36;
	more.rights[0] = RIGHT_READ;
	CHECK(ipc_call((uint64_t)sender, &m, &more) == 0);
	CHECK((long)m.word[0] < 0); /* not given on for writing */
	m.tag = IPC_TAG(TAKE, 0) | 1ull << 36;
	more.descs[0] = 999;
	CHECK(ipc_call((uint64_t)sender, &m, &more) == -EBADF);
	quit(sender, pid);
}

TEST(window__is_read_and_written_in_pieces)
{
	int sender, port = new_port(&sender, 0);
	pid_t pid = server(port);
	char *mem = mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipc_vector v[3] = {{(uintptr_t)mem + 100, 50},
	    {(uintptr_t)mem + PAGE - 20, 60}, {(uintptr_t)mem + 3 * PAGE, 40}};
	struct ipc_more more = {
	    .vectors = (uintptr_t)v, .readable_count = 2, .writable_count = 1};
	struct ipc_msg m = verb(READ, 0, 200);

	CHECK(mem != MAP_FAILED);
	mem[120] = 3;
	mem[PAGE + 39] = 5; /* the last byte */
	mem[PAGE + 40] = 9; /* outside */
	m.tag |= IPC_TAG_WINDOW;
	CHECK(ipc_call((uint64_t)sender, &m, &more) == 0);
	CHECK(m.word[0] == 110 && m.word[1] == (3 ^ 5));
	m = verb(READ, 105, 200);
	CHECK(ipc_call((uint64_t)sender, &m, &more) == 0);
	CHECK(m.word[0] == 5);
	m = verb(READ, 5000, 200);
	CHECK(ipc_call((uint64_t)sender, &m, &more) == 0);
	CHECK(m.word[0] == 0);
	m = verb(WRITE, 10, 200); /* into a page that is not there yet */
	CHECK(ipc_call((uint64_t)sender, &m, &more) == 0);
	CHECK(m.word[0] == 30);
	CHECK(mem[3 * PAGE + 9] == 0 && mem[3 * PAGE + 10] == 0x5a);
	CHECK(mem[3 * PAGE + 39] == 0x5a && mem[3 * PAGE + 40] == 0);
	quit(sender, pid);
}

TEST(window__reaches_nothing_that_was_not_given)
{
	int sender, port = new_port(&sender, 0);
	pid_t pid = server(port);
	char *mem = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipc_vector v = {(uintptr_t)mem, 2 * PAGE};
	struct ipc_more more = {.vectors = (uintptr_t)&v, .readable_count = 1};
	struct ipc_msg m = verb(WRITE, 0, 10);

	CHECK(ipc_call((uint64_t)sender, &m, &more) == 0);
	CHECK(m.word[0] == 0); /* nothing is writable */
	more.writable_count = 1;
	more.readable_count = 0;
	CHECK(mprotect(mem, PAGE, PROT_READ) == 0);
	m = verb(WRITE, 0, 10);
	CHECK(ipc_call((uint64_t)sender, &m, &more) == 0);
	CHECK((long)m.word[0] < 0 && mem[0] == 0);
	CHECK(munmap(mem + PAGE, PAGE) == 0);
	more.readable_count = 1;
	m = verb(READ, 0, 2 * PAGE);
	CHECK(ipc_call((uint64_t)sender, &m, &more) == 0);
	CHECK(m.word[0] == PAGE); /* as far as there was memory */
	v.address = 0xffffffff80000000;
	m = verb(READ, 0, 10);
	CHECK(ipc_call((uint64_t)sender, &m, &more) == 0);
	CHECK((long)m.word[0] == -EFAULT);
	more.vectors = 8;
	m = verb(READ, 0, 10);
	CHECK(ipc_call((uint64_t)sender, &m, &more) == 0);
	CHECK((long)m.word[0] == -EFAULT);
	m = verb(READ, 0, 10);
	CHECK(ipc_call((uint64_t)sender, &m, NULL) == 0);
	CHECK((long)m.word[0] == -EFAULT);
	quit(sender, pid);
}

TEST(arguments__that_are_wrong_are_refused)
{
	int sender, port = new_port(&sender, 0), null = open("/dev/null", 2);
	struct ipc_msg m = verb(ADD, 0, 0);

	CHECK(ipc_call(999, &m, NULL) == -EBADF);
	CHECK(ipc_call((uint64_t)null, &m, NULL) == -EINVAL);
	CHECK(ipc_call((uint64_t)port, &m, NULL) == -EACCES);
	CHECK(ipc_receive((uint64_t)sender, &m, NULL, NULL) == -EACCES);
	CHECK(ipc_receive((uint64_t)null, &m, NULL, NULL) == -EINVAL);
	CHECK(ipc_call(IPC_FD(sender, 0x80), &m, NULL) == -EINVAL);
	m.tag = IPC_TAG(1, 9);
	CHECK(ipc_call((uint64_t)sender, &m, NULL) == -EINVAL);
	m.tag = 1ull << 60;
	CHECK(ipc_call((uint64_t)sender, &m, NULL) == -EINVAL);
	m.tag = IPC_TAG(1, 0) | 5ull << 36;
	CHECK(ipc_call((uint64_t)sender, &m, NULL) == -EINVAL);
	m.tag = IPC_TAG(1, 0) | 1ull << 36;
	CHECK(ipc_call((uint64_t)sender, &m, NULL) == -EFAULT);
	CHECK(port_create(0xffff) == -EINVAL);
	CHECK(port_mint(null, 1, RIGHT_CALL) == -EINVAL);
	CHECK(port_mint(sender, 1, RIGHT_CALL) == -EACCES);
	CHECK(port_mint(port, 1, RIGHT_SERVE) == -EINVAL);
	CHECK(msg_read(0, &m, 8) == -ECANCELED);
	CHECK(msg_write(0, &m, 8) == -ECANCELED);
}

enum { CLIENTS = 6, SERVERS = 3, CALLS = 2000 };
static int shared_port, shared_sender;
static _Atomic unsigned long served;

static void *serve_thread(void *arg)
{
	struct ipc_from from;
	struct ipc_msg m;

	if (ipc_receive((uint64_t)shared_port, &m, NULL, &from))
		return NULL;
	for (;;) {
		if (IPC_TAG_VERB(m.tag) == QUIT) {
			ipc_reply(0, &m, NULL);
			return arg;
		}
		served++;
		m.word[0] += from.badge;
		if (ipc_reply_receive((uint64_t)shared_port, &m, NULL, &from))
			return NULL;
	}
}

static void *call_thread(void *arg)
{
	for (uint64_t i = 0; i < CALLS; i++) {
		struct ipc_msg m = verb(ADD, i, 0);

		if (ipc_call((uint64_t)shared_sender, &m, NULL) ||
		    m.word[0] != i + 7)
			return NULL;
	}
	return arg;
}

TEST(call__many_clients_many_servers)
{
	pthread_t c[CLIENTS], s[SERVERS];
	struct ipc_msg m;
	void *r;

	shared_port = new_port(&shared_sender, 7);
	for (int i = 0; i < SERVERS; i++)
		CHECK(pthread_create(&s[i], 0, serve_thread, &served) == 0);
	for (int i = 0; i < CLIENTS; i++)
		CHECK(pthread_create(&c[i], 0, call_thread, &served) == 0);
	for (int i = 0; i < CLIENTS; i++)
		CHECK(pthread_join(c[i], &r) == 0 && r);
	CHECK(served == CLIENTS * CALLS);
	for (int i = 0; i < SERVERS; i++) {
		m = verb(QUIT, 0, 0);
		CHECK(ipc_call((uint64_t)shared_sender, &m, NULL) == 0);
	}
	for (int i = 0; i < SERVERS; i++)
		CHECK(pthread_join(s[i], &r) == 0 && r);
}

/* Clients and servers are killed at random; nobody hangs. */
TEST(call__survives_deaths_on_both_sides)
{
	int cut = 0;

	for (int round = 0; round < 40; round++) {
		int sender, port = new_port(&sender, 0);
		pid_t pid = server(port), c[4];

		for (int i = 0; i < 4; i++) {
			c[i] = fork();
			if (c[i] == 0) {
				struct ipc_msg m;
				long e;

				do {
					m = verb(ADD, 1, 2);
					e = ipc_call(
					    (uint64_t)sender, &m, NULL);
				} while (e == 0 && m.word[0] == 3);
				_exit(e == -ECONNRESET ? 0 : 1);
			}
		}
		usleep((unsigned)(1000 + round * 317 % 5000));
		kill(c[round % 4], SIGKILL);
		usleep(500);
		kill(pid, SIGKILL);
		CHECK(tap_wait(pid) == SIGKILL);
		for (int i = 0; i < 4; i++) {
			int s = tap_wait(c[i]);

			CHECK(s == 0 || (i == round % 4 && s == SIGKILL));
			cut += s == 0;
		}
		close(sender);
	}
	CHECK(cut >= 100);
}

TAP_MAIN
