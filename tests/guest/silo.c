/* tests/guest/silo.c -- silos: making, starting, ending, and what is refused. */
/* SPDX-License-Identifier: MIT */
/* linux: skip it has no silos */
/* build: lib/silo.c */
#include "abi/rights.h"
#include "tests/guest/silo.h"

/* A silo that exists has the identity it was given, and nothing in it. */
TEST(silo_create__gives_what_was_asked)
{
	struct silo_config c = silo_plain();
	struct silo_info i;
	int fd;

	c.compartment = 77;
	c.mode = MODE_LOOKUP;
	c.quota[QUOTA_PROCESSES] = 5;
	fd = silo_create(&c);
	CHECK(fd >= 0);
	CHECK(silo_info(fd, &i) == 0);
	CHECK(i.sid >= SID_USER_FIRST && i.state == SILO_CREATED);
	CHECK(i.label == LABEL(TIER_USER, FAMILY_USR, 77));
	CHECK(i.mode == MODE_LOOKUP && i.flow == c.flow);
	CHECK(i.quota[QUOTA_PROCESSES] == 5 && i.creator == SID_BOOT);
	CHECK(strcmp(i.name, "test") == 0);
	for (int q = 0; q < QUOTAS; q++)
		CHECK(i.used[q] == 0);
}

/* A program runs in it as that silo, and its end is told with the reason. */
TEST(silo_start__runs_a_program_and_tells_its_end)
{
	struct silo_event ev[4];
	struct silo_info i;
	int fd = silo_new(), pid = silo_part(fd, "exit42");

	CHECK(pid > 0);
	CHECK(silo_await(fd, SILO_EV_STARTED).pid == (uint32_t)pid);
	ev[0] = silo_await(fd, SILO_EV_STRATE_END);
	CHECK(ev[0].pid == (uint32_t)pid && ev[0].code == 42);
	CHECK(ev[0].signal == 0);
	ev[0] = silo_await(fd, SILO_EV_END);
	CHECK(ev[0].code == 42 && ev[0].time > 0);
	CHECK(silo_info(fd, &i) == 0);
	CHECK(i.state == SILO_DEAD && i.starts == 1);
	CHECK(i.last.kind == SILO_EV_END && i.sid == ev[0].sid);
	CHECK(silo_outcome(fd, "exit42", 0) == 42);
}

/* A fault is told with its signal and address. */
TEST(silo_start__tells_signal_and_address_of_a_crash)
{
	struct silo_event ev;
	int fd = silo_new();

	CHECK(silo_part(fd, "crash") > 0);
	ev = silo_await(fd, SILO_EV_END);
	CHECK(ev.signal == SIGSEGV && ev.address == 0x1230);
}

/* What cannot run says why, and leaves nothing. */
TEST(silo_start__says_why_a_program_does_not_run)
{
	char *argv[] = {"x", 0};
	int fd = silo_new();

	CHECK(silo_run(fd, "/no/such/file", argv) == -1 && errno == ENOENT);
	CHECK(silo_run(fd, "/etc", argv) == -1 && errno == EACCES);
	CHECK(silo_run(fd, "/etc/passwd", argv) == -1);
	CHECK(silo_empty(fd));
}

/* All that a silo's processes used is given back, to the last unit. */
TEST(silo__gives_back_all_that_it_used)
{
	uint32_t sid, found;
	struct silo_info i;
	int fd = silo_new();

	for (int n = 0; n < 10; n++)
		CHECK(silo_outcome(fd, "busy", 0) == 0);
	CHECK(silo_empty(fd));
	CHECK(silo_info(fd, &i) == 0 && i.starts == 10);
	CHECK(i.memory_peak > 100 && i.cpu_ns > 0);
	sid = i.sid;
	CHECK(silo_list(sid - 1, &found, 1) == 1 && found == sid);
	CHECK(close(fd) == 0);
	/* Nothing names it any more: it is gone from the table. */
	for (int n = 0; n < 60000; n++) {
		if (silo_list(sid - 1, &found, 1) == 0 || found != sid)
			break;
		poll(0, 0, 1);
	}
	CHECK(silo_list(sid - 1, &found, 1) == 0 || found != sid);
	CHECK(silo_open(sid, RIGHT_READ) == -1 && errno == ESRCH);
}

/* Use some of everything, and leave it to exit. */
static int busy(void)
{
	char *m = malloc(1 << 20);
	int fds[2];

	memset(m, 1, 1 << 20);
	for (int i = 0; i < 20; i++)
		pipe(fds);
	if (write(fds[1], m, 4096) != 4096 || open("/tmp", O_RDONLY) < 0)
		return 1;
	for (int i = 0; i < 3; i++) {
		if (fork() == 0) {
			memset(m, 2, 1 << 20);
			_exit(0);
		}
	}
	tap_wait(-1);
	return 0;
}

static int self(int argc, char **argv)
{
	const char *part = argv[1];

	(void)argc;
	if (!strcmp(part, "exit42"))
		return 42;
	if (!strcmp(part, "busy"))
		return busy();
	if (!strcmp(part, "crash"))
		*(volatile int *)0x1230 = 1;
	return 99;
}

__attribute__((constructor)) static void parts(void)
{
	tap_self = self;
}

TAP_MAIN
