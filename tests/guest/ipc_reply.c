/* tests/guest/ipc_reply.c -- reply rights as descriptors, cycles of calls. */
/* SPDX-License-Identifier: MIT */
/* linux: skip these calls are Strat9's own */
/* build: lib/ipc.S lib/ipc_reply.S */
#include "tap.h"
#include <fcntl.h>
#include "abi/rights.h"
#include "lib/ipc_reply.h"

enum { CLIENTS = 5 };

static int new_port(int *sender)
{
	int port = (int)port_create(0);

	CHECK(port >= 0);
	*sender = (int)port_mint(port, 0, RIGHT_CALL | RIGHT_GRANT);
	CHECK(*sender >= 0);
	return port;
}

static struct ipc_msg word(uint64_t w)
{
	return (struct ipc_msg){IPC_TAG(1, 1), {w}};
}

/* A child that calls with w and ends well when the answer is `want`. */
static pid_t caller(int sender, uint64_t w, long e, uint64_t want)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		struct ipc_msg m = word(w);
		long r = ipc_call((uint64_t)sender, &m, NULL);

		_exit(r == e && (r || m.word[0] == want) ? 0 : 1);
	}
	return pid;
}

TEST(detach__lets_a_server_answer_in_any_order)
{
	int sender, port = new_port(&sender), reply[CLIENTS];
	uint64_t got[CLIENTS];
	pid_t pid[CLIENTS];
	struct ipc_msg m;

	for (int i = 0; i < CLIENTS; i++)
		pid[i] = caller(sender, (uint64_t)i, 0, (uint64_t)i * 10);
	for (int i = 0; i < CLIENTS; i++) {
		CHECK(ipc_receive((uint64_t)port, &m, NULL, NULL) == 0);
		got[i] = m.word[0];
		reply[i] = (int)ipc_detach();
		CHECK(reply[i] >= 0);
	}
	for (int i = CLIENTS - 1; i >= 0; i--) {
		m = word(got[i] * 10);
		CHECK(ipc_answer(reply[i], 0, &m, NULL) == 0);
		CHECK(ipc_answer(reply[i], 0, &m, NULL) == -ECANCELED);
		close(reply[i]);
	}
	for (int i = 0; i < CLIENTS; i++)
		CHECK(tap_wait(pid[i]) == 0);
}

TEST(detach__without_a_caller_is_refused)
{
	int sender, port = new_port(&sender);
	struct ipc_msg m = word(1);
	int null = open("/dev/null", O_RDWR);

	CHECK(ipc_detach() == -ECANCELED);
	CHECK(ipc_answer(port, 0, &m, NULL) == -EACCES);
	CHECK(ipc_answer(sender, 0, &m, NULL) == -EINVAL);
	CHECK(ipc_answer(null, 0, &m, NULL) == -EINVAL);
	CHECK(ipc_answer(999, 0, &m, NULL) == -EBADF);
	CHECK(reply_read(null, 0, &m, 8) == -EINVAL);
}

TEST(reply__that_is_closed_fails_the_call)
{
	int sender, port = new_port(&sender);
	pid_t pid = caller(sender, 1, -ECONNRESET, 0);
	struct ipc_msg m;
	int fd;

	CHECK(ipc_receive((uint64_t)port, &m, NULL, NULL) == 0);
	fd = (int)ipc_detach();
	CHECK(fd >= 0);
	close(fd);
	CHECK(tap_wait(pid) == 0);
}

TEST(reply__may_refuse_and_be_given_to_a_child)
{
	int sender, port = new_port(&sender);
	pid_t pid = caller(sender, 1, -EACCES, 0), helper;
	struct ipc_msg m;
	int fd;

	CHECK(ipc_receive((uint64_t)port, &m, NULL, NULL) == 0);
	fd = (int)ipc_detach();
	helper = fork();
	if (helper == 0) {
		m.tag = IPC_TAG(EACCES, 0);
		_exit(ipc_answer(fd, IPC_REFUSE, &m, NULL) == 0 ? 0 : 1);
	}
	close(fd);
	CHECK(tap_wait(helper) == 0);
	CHECK(tap_wait(pid) == 0);
}

TEST(reply__to_a_killed_caller_is_dropped)
{
	int sender, port = new_port(&sender);
	struct ipc_msg m;

	for (int i = 0; i < 50; i++) {
		pid_t pid = caller(sender, 1, 0, 1);
		int fd;

		CHECK(ipc_receive((uint64_t)port, &m, NULL, NULL) == 0);
		if (i % 2)
			kill(pid, SIGKILL); /* while it is taken out */
		fd = (int)ipc_detach();
		kill(pid, SIGKILL);
		CHECK(tap_wait(pid) == SIGKILL);
		if (fd >= 0) {
			CHECK(ipc_answer(fd, 0, &m, NULL) == -ECANCELED);
			close(fd);
		} else {
			CHECK(fd == -ECANCELED);
		}
	}
}

TEST(reply__reaches_the_window_of_its_caller)
{
	int sender, port = new_port(&sender), fd;
	static char mine[16] = "to the server", theirs[16];
	struct ipc_vector v[2] = {
	    {(uintptr_t)mine, 16}, {(uintptr_t)theirs, 16}};
	struct ipc_more more = {
	    .vectors = (uintptr_t)v, .readable_count = 1, .writable_count = 1};
	struct ipc_msg m;
	char b[16] = "";
	pid_t pid = fork();

	if (pid == 0) {
		m = word(0);
		m.tag |= IPC_TAG_WINDOW;
		_exit(ipc_call((uint64_t)sender, &m, &more) == 0 &&
		              !strcmp(theirs, "to the client")
		          ? 0
		          : 1);
	}
	CHECK(ipc_receive((uint64_t)port, &m, NULL, NULL) == 0);
	fd = (int)ipc_detach();
	CHECK(reply_read(fd, 0, b, 16) == 16 && !strcmp(b, "to the server"));
	CHECK(reply_write(fd, 0, "to the client", 14) == 14);
	CHECK(ipc_answer(fd, 0, &m, NULL) == 0);
	CHECK(reply_read(fd, 0, b, 16) == -ECANCELED);
	CHECK(tap_wait(pid) == 0);
}

/* A server that calls its own port would wait for ever. */
TEST(cycle__of_one_is_refused)
{
	int sender, port = new_port(&sender);
	pid_t pid = caller(sender, 1, 0, 1);
	struct ipc_msg m, again = word(2);

	CHECK(ipc_receive((uint64_t)port, &m, NULL, NULL) == 0);
	CHECK(ipc_call((uint64_t)sender, &again, NULL) == -EDEADLK);
	CHECK(ipc_reply(0, &m, NULL) == 0);
	CHECK(tap_wait(pid) == 0);
}

/* a calls b, b calls c, c calls a. */
TEST(cycle__of_three_is_refused)
{
	int sender[3], port[3];
	struct ipc_msg m = word(3);
	pid_t pid[3];

	for (int i = 0; i < 3; i++)
		port[i] = new_port(&sender[i]);
	for (int i = 0; i < 3; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		if (ipc_receive((uint64_t)port[i], &m, NULL, NULL))
			_exit(1);
		m.word[0] =
		    (uint64_t)ipc_call((uint64_t)sender[(i + 1) % 3], &m, NULL);
		_exit(ipc_reply(0, &m, NULL) == 0 ? 0 : 2);
	}
	CHECK(ipc_call((uint64_t)sender[0], &m, NULL) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(tap_wait(pid[i]) == 0);
}

TAP_MAIN
