/* tests/guest/time.c -- clocks, sleeping, timers by the vDSO and by calls. */
/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

static int64_t ns(clockid_t c)
{
	struct timespec t;

	CHECK(clock_gettime(c, &t) == 0);
	CHECK(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Time never goes back, whoever is asked, on whatever CPU. */
TEST(clock__is_monotonic)
{
	int64_t last = 0;

	for (int i = 0; i < 20000; i++) {
		struct timespec t;
		int64_t now;

		if (i & 1)
			now = ns(CLOCK_MONOTONIC);
		else {
			CHECK(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t) ==
			      0);
			now = t.tv_sec * 1000000000LL + t.tv_nsec;
		}
		CHECK(now >= last);
		last = now;
	}
}

/* The wall clock is in this century and agrees with its other callers. */
TEST(clock__realtime)
{
	struct timeval tv;
	int64_t a = ns(CLOCK_REALTIME);
	time_t t = time(0);

	CHECK(a > 1700000000LL * 1000000000 && a < 4102444800LL * 1000000000);
	CHECK(gettimeofday(&tv, 0) == 0);
	CHECK(t - a / 1000000000 >= 0 && t - a / 1000000000 <= 1);
	CHECK(tv.tv_sec - a / 1000000000 <= 1);
}

/* All clocks that programs ask for are there, and unknown ones are not. */
TEST(clock__kinds)
{
	static const clockid_t all[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,
	    CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
	    CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE,
	    CLOCK_BOOTTIME};
	struct timespec t;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		CHECK(ns(all[i]) >= 0);
		CHECK(clock_getres(all[i], &t) == 0 && t.tv_sec == 0 &&
		      t.tv_nsec > 0);
	}
	CHECK(clock_gettime(77, &t) < 0 && errno == EINVAL);
	CHECK(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 8L) < 0 &&
	      errno == EFAULT);
}

/* Never too short, by relative and by absolute time. */
TEST(nanosleep__is_long_enough)
{
	for (int i = 0; i < 10; i++) {
		struct timespec t = {0, 1000000 * i + 12345};
		int64_t a = ns(CLOCK_MONOTONIC), end;

		CHECK(nanosleep(&t, 0) == 0);
		CHECK(ns(CLOCK_MONOTONIC) - a >= t.tv_nsec);
		end = ns(CLOCK_MONOTONIC) + 3000000;
		t = (struct timespec){end / 1000000000, end % 1000000000};
		CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0) ==
		      0);
		CHECK(ns(CLOCK_MONOTONIC) >= end);
	}
}

/* Nonsense is refused. */
TEST(nanosleep__errors)
{
	struct timespec t = {0, 1000000000};

	CHECK(nanosleep(&t, 0) < 0 && errno == EINVAL);
	t = (struct timespec){-1, 0};
	CHECK(nanosleep(&t, 0) < 0 && errno == EINVAL);
	CHECK(syscall(SYS_nanosleep, 8L, 0L) < 0 && errno == EFAULT);
}

/* Work is charged to the worker, sleep to nobody. */
TEST(cputime__counts_work)
{
	struct timespec t = {0, 30000000};
	struct rusage u;
	volatile long sink = 0;
	int64_t a = ns(CLOCK_PROCESS_CPUTIME_ID), b;

	CHECK(nanosleep(&t, 0) == 0);
	b = ns(CLOCK_PROCESS_CPUTIME_ID);
	CHECK(b - a < 20000000);
	while (ns(CLOCK_PROCESS_CPUTIME_ID) - b < 30000000)
		sink++;
	CHECK(ns(CLOCK_THREAD_CPUTIME_ID) >= 30000000);
	CHECK(getrusage(RUSAGE_SELF, &u) == 0);
	CHECK(u.ru_utime.tv_sec * 1000000L + u.ru_utime.tv_usec +
	          u.ru_stime.tv_sec * 1000000L + u.ru_stime.tv_usec >=
	      20000);
}

/* The kernel names its vDSO. */
TEST(vdso__is_there)
{
	const char *elf = (const char *)getauxval(AT_SYSINFO_EHDR);

	CHECK(elf && !memcmp(elf, "\177ELF", 4));
}

TAP_MAIN
