/* tests/guest/audit.c -- what is refused or changed leaves a record. */
/* SPDX-License-Identifier: MIT */
/* linux: skip the records are Strat9's own */
/* build: lib/silo.c */
#include "tap.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include "abi/audit.h"
#include "abi/silo.h"
#include "lib/silo.h"

static int audit_fd(void)
{
	int fd = open("/dev/audit", O_RDONLY | O_NONBLOCK);

	CHECK(fd >= 0);
	return fd;
}

static void drain(int fd)
{
	struct audit_record r[64];

	while (read(fd, r, sizeof(r)) > 0)
		;
}

/* The first record of that action since the last drain. */
static struct audit_record find(int fd, unsigned action)
{
	struct audit_record r = {0};

	while (read(fd, &r, sizeof(r)) == sizeof(r))
		if (r.action == action)
			return r;
	return (struct audit_record){0};
}

TEST(pledge__is_noted)
{
	int fd = audit_fd();
	struct audit_record r;
	pid_t pid;

	drain(fd);
	pid = fork();
	if (pid == 0) {
		CHECK(pledge(MODE_LOOKUP) == 0);
		CHECK(pledge(MODE_ALL) < 0);
		_exit(0);
	}
	CHECK(tap_wait(pid) == 0);
	r = find(fd, AUDIT_PLEDGE);
	CHECK(r.actor == SID_BOOT && r.pid == (uint32_t)pid);
	CHECK(r.result == 0 && r.detail == MODE_LOOKUP && r.count == 1);
	CHECK(r.time > 1000000000ull * 1000000000);
	r = find(fd, AUDIT_PLEDGE);
	CHECK(r.result == -EPERM && r.detail == MODE_ALL);
}

TEST(crash__is_noted)
{
	int fd = audit_fd();
	struct audit_record r;
	pid_t pid;

	drain(fd);
	pid = fork();
	if (pid == 0) {
		*(volatile int *)8 = 1;
		_exit(0);
	}
	CHECK(tap_wait(pid) == SIGSEGV);
	r = find(fd, AUDIT_CRASH);
	CHECK(r.detail == ((uint64_t)pid << 32 | SIGSEGV));
}

TEST(repeats__are_counted)
{
	int fd = audit_fd();
	struct audit_record r;
	pid_t pid;

	drain(fd);
	pid = fork();
	if (pid == 0) {
		CHECK(pledge(0) == 0);
		for (int i = 0; i < 9999; i++)
			CHECK(pledge(MODE_ALL) < 0);
		_exit(0);
	}
	CHECK(tap_wait(pid) == 0);
	find(fd, AUDIT_PLEDGE);
	r = find(fd, AUDIT_PLEDGE);
	CHECK(r.result == -EPERM && r.count == 9999);
}

/* More different ones than there is room for: the last of them are there. */
TEST(flood__loses_the_oldest_and_says_so)
{
	int fd = audit_fd();
	struct audit_record r;
	uint32_t seen = 0, dropped = 0;
	pid_t pid;

	drain(fd);
	pid = fork();
	if (pid == 0) {
		CHECK(pledge(0) == 0);
		for (uint32_t i = 1; i <= 3 * AUDIT_RECORDS_MAX; i++)
			CHECK(pledge(i << 10) < 0);
		_exit(0);
	}
	CHECK(tap_wait(pid) == 0);
	while (read(fd, &r, sizeof(r)) == sizeof(r)) {
		seen++;
		dropped += r.dropped;
	}
	CHECK(seen == AUDIT_RECORDS_MAX);
	CHECK(r.detail == (uint64_t)(3 * AUDIT_RECORDS_MAX) << 10);
	CHECK(dropped > 0);
}

TEST(read__gives_whole_records)
{
	int fd = audit_fd();
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char small[sizeof(struct audit_record) - 1];
	struct audit_record r[2];
	pid_t pid;

	drain(fd);
	CHECK(poll(&p, 1, 0) == 0);
	CHECK(read(fd, r, sizeof(r)) < 0 && errno == EAGAIN);
	CHECK(read(fd, small, sizeof(small)) < 0 && errno == EINVAL);
	pid = fork();
	if (pid == 0)
		_exit(pledge(0) == 0 ? 0 : 1);
	CHECK(tap_wait(pid) == 0);
	CHECK(poll(&p, 1, 1000) == 1);
	CHECK(read(fd, r, sizeof(r) - 1) == sizeof(r[0]));
}

TAP_MAIN
