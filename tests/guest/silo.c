/* tests/guest/silo.c -- silos: making, starting, ending, and what is refused. */
/* SPDX-License-Identifier: MIT */
/* linux: skip it has no silos */
/* build: lib/silo.c */
#include "abi/rights.h"
#include "tests/guest/silo.h"

#define NOT(call, e) CHECK((call) == -1 && errno == (e))

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

/* Suspended silos do nothing, resumed ones go on, stopped ones end. */
TEST(silo_control__suspends_resumes_and_stops)
{
	struct silo_info i;
	int fd = silo_new(), p[2], out = dup(1);
	char c;

	CHECK(silo_control(fd, SILO_STOP) == -1 && errno == ESRCH);
	CHECK(silo_control(fd, 77) == -1 && errno == EINVAL);
	CHECK(pipe2(p, O_NONBLOCK) == 0);
	dup2(p[1], 1);
	CHECK(silo_part(fd, "tick") > 0);
	while (read(p[0], &c, 1) != 1)
		poll(0, 0, 1);
	CHECK(silo_control(fd, SILO_SUSPEND) == 0);
	CHECK(silo_await(fd, SILO_EV_SUSPENDED).kind == SILO_EV_SUSPENDED);
	CHECK(silo_part(fd, "tick") == -1 && errno == EBUSY);
	poll(0, 0, 30);
	while (read(p[0], &c, 1) == 1)
		;
	poll(0, 0, 50);
	CHECK(read(p[0], &c, 1) == -1 && errno == EAGAIN);
	CHECK(silo_info(fd, &i) == 0 && i.state == SILO_SUSPENDED);
	CHECK(silo_control(fd, SILO_RESUME) == 0);
	while (read(p[0], &c, 1) != 1)
		poll(0, 0, 1);
	CHECK(silo_control(fd, SILO_SUSPEND) == 0);
	CHECK(silo_control(fd, SILO_STOP) == 0);
	CHECK(silo_await(fd, SILO_EV_END).signal == SIGTERM);
	CHECK(silo_part(fd, "tick") > 0);
	CHECK(silo_control(fd, SILO_KILL) == 0);
	CHECK(silo_await(fd, SILO_EV_END).signal == SIGKILL);
	CHECK(silo_part(fd, "tick") > 0);
	CHECK(silo_control(fd, SILO_DESTROY) == 0);
	CHECK(silo_await(fd, SILO_EV_END).signal == SIGKILL);
	CHECK(silo_part(fd, "tick") == -1 && errno == ESRCH);
	CHECK(silo_info(fd, &i) == 0 && i.state == SILO_DESTROYED);
	dup2(out, 1);
}

/* A kill of the whole silo leaves no child behind, not even one just born. */
TEST(silo_control__kills_forking_children)
{
	int fd = silo_new();

	for (int i = 0; i < 10; i++) {
		CHECK(silo_part(fd, "breed") > 0);
		poll(0, 0, i * 3);
		CHECK(silo_control(fd, SILO_KILL) == 0);
		silo_await(fd, SILO_EV_END);
		CHECK(silo_empty(fd));
	}
}

/* The boot silo is nobody's to control. */
TEST(silo_open__gives_what_the_mode_allows)
{
	int fd = silo_open(SID_BOOT, RIGHT_READ | RIGHT_SIGNAL | RIGHT_MANAGE);
	int mine = silo_new(), again;
	struct silo_info i;

	CHECK(fd >= 0);
	CHECK(silo_control(fd, SILO_KILL) == -1 && errno == EPERM);
	CHECK(silo_control(fd, SILO_DESTROY) == -1 && errno == EPERM);
	CHECK(silo_narrow(fd, 0, 0) == -1 && errno == EPERM);
	CHECK(silo_part(fd, "tick") == -1 && errno == EPERM);
	CHECK(silo_info(mine, &i) == 0);
	again = silo_open(i.sid, RIGHT_READ);
	CHECK(again >= 0);
	CHECK(silo_control(again, SILO_KILL) == -1 && errno == EACCES);
	CHECK(silo_open(i.sid, 0) == -1 && errno == EINVAL);
	CHECK(silo_open(2999999, RIGHT_READ) == -1 && errno == ESRCH);
	CHECK(silo_rename(mine, "other") == 0);
	CHECK(silo_info(again, &i) == 0 && !strcmp(i.name, "other"));
}

/* Records wait for readers, each reader sees all, and poll tells of them. */
TEST(silo__records_are_read_and_polled)
{
	struct silo_event ev[SILO_EVENTS_MAX + 1];
	struct silo_info i;
	int fd = silo_new(), other;
	struct pollfd p = {fd, POLLIN, 0};

	CHECK(silo_info(fd, &i) == 0);
	other = silo_open(i.sid, RIGHT_READ);
	CHECK(poll(&p, 1, 0) == 0);
	CHECK(fcntl(other, F_SETFL, O_NONBLOCK) == 0);
	NOT((int)read(other, ev, sizeof(ev)), EAGAIN);
	NOT((int)read(other, ev, 1), EINVAL);
	for (int n = 0; n < 15; n++) {
		CHECK(silo_part(fd, "exit42") > 0);
		while (silo_control(fd, SILO_RESUME) == 0)
			poll(0, 0, 1);
	}
	CHECK(poll(&p, 1, 60000) == 1);
	CHECK(read(other, ev, sizeof(ev)) > 0);
	/* The oldest were overwritten; the gap shows it. */
	CHECK(ev[0].number > 0);
	for (int n = 1; n < SILO_EVENTS_MAX; n++)
		CHECK(ev[n].number == ev[0].number + (uint32_t)n);
}

/* Hostile arguments of a start leave nothing behind. */
TEST(silo_start__checks_its_arguments)
{
	struct silo_fd f[2] = {{0, 0, 0, 0}, {1, 0, 0, 0}};
	struct silo_spawn s = {
	    .path = (uintptr_t)"/bin/true", .fds = (uintptr_t)f, .fd_count = 1};
	int fd = silo_new();

	NOT(silo_start(fd, 0), EFAULT);
	s.fd_count = SILO_FDS_MAX + 1;
	NOT(silo_start(fd, &s), EINVAL);
	s.fd_count = 2;
	NOT(silo_start(fd, &s), EEXIST);
	s.fd_count = 1, s.flags = 8;
	NOT(silo_start(fd, &s), EINVAL);
	s.flags = 0, f[0].from = 400;
	NOT(silo_start(fd, &s), EBADF);
	f[0].from = 0, f[0].to = -1;
	NOT(silo_start(fd, &s), EINVAL);
	f[0].to = INT32_MAX;
	NOT(silo_start(fd, &s), EBADF);
	/* No application may hold a silo. */
	f[0].from = fd, f[0].to = 0;
	NOT(silo_start(fd, &s), EPERM);
	f[0].from = 0, f[0].rights = 1u << 30;
	NOT(silo_start(fd, &s), EINVAL);
	f[0].rights = 0, s.fds = 8;
	NOT(silo_start(fd, &s), EFAULT);
	s.fds = (uintptr_t)f, s.path = 8;
	NOT(silo_start(fd, &s), EFAULT);
	s.path = (uintptr_t)"/bin/true", s.argv = 8;
	NOT(silo_start(fd, &s), EFAULT);
	NOT(silo_start(1, &s), EINVAL);
	CHECK(silo_empty(fd));
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

static int tick(void)
{
	for (;;) {
		(void)!write(1, ".", 1);
		poll(0, 0, 2);
	}
}

static int breed(void)
{
	for (int i = 0; i < 400; i++) {
		if (fork() == 0 && i % 3)
			pause();
	}
	pause();
	return 0;
}

static int self(int argc, char **argv)
{
	const char *part = argv[1];

	(void)argc;
	if (!strcmp(part, "exit42"))
		return 42;
	if (!strcmp(part, "tick"))
		return tick();
	if (!strcmp(part, "breed"))
		return breed();
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
