/* tests/guest/silo.h -- making silos and running parts of a test in them. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include "abi/native.h"
#include "lib/silo.h"
#include "tests/guest/tap.h"

/* An ordinary application's silo; a test changes what it is about. */
static inline struct silo_config silo_plain(void)
{
	return (struct silo_config){
	    .size = sizeof(struct silo_config),
	    .mode = 0,
	    .family = FAMILY_USR,
	    .flow = FLOW(FAMILY_USR) | FLOW(FAMILY_FS) | FLOW(FAMILY_NET),
	    .flags = SILO_LINUX,
	    .name = "test",
	};
}

static inline int silo_new(void)
{
	struct silo_config c = silo_plain();

	return silo_create(&c);
}

/* Run what tap_self does for `part` in the silo, with up to one argument. */
static inline int silo_part_arg(int silo, const char *part, const char *arg)
{
	static char self[256];
	char *argv[] = {self, (char *)part, (char *)arg, 0};
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return -1;
	self[n] = '\0';
	return silo_run(silo, self, argv);
}

static inline int silo_part(int silo, const char *part)
{
	return silo_part_arg(silo, part, 0);
}

/* The next record of that kind, within a minute. */
static inline struct silo_event silo_await(int silo, uint32_t kind)
{
	struct silo_event ev = {0};

	while (read(silo, &ev, sizeof(ev)) == sizeof(ev) && ev.kind != kind)
		;
	return ev;
}

/* Wait until nothing is used; false: not within a minute. */
static inline bool silo_empty(int silo)
{
	struct silo_info i;
	uint64_t sum;

	for (int n = 0; n < 60000; n++) {
		if (silo_info(silo, &i) < 0)
			return false;
		sum = 0;
		for (int q = 0; q < QUOTAS; q++)
			sum += i.used[q];
		if (sum == 0)
			return true;
		poll(0, 0, 1);
	}
	return false;
}

/* Run a part to its end: its exit code, 1000 + the signal, or -1. */
static inline int silo_outcome(int silo, const char *part, const char *arg)
{
	int pid = silo_part_arg(silo, part, arg);
	struct silo_event ev;

	if (pid < 0)
		return -1;
	ev = silo_await(silo, SILO_EV_END);
	return ev.signal ? 1000 + (int)ev.signal : ev.code;
}
