/* tests/guest/tap.h -- the few lines a guest test needs to print TAP. */
/* SPDX-License-Identifier: MIT */
/*
 * A test is a function; TEST(name) defines and registers it, CHECK ends it at
 * the first claim that is false.  Each runs in a child process, so that a crash
 * or a hang (60 s) is that test's failure alone.  End the file with TAP_MAIN.
 *
 *	TEST(pipe__read_after_close_is_end)
 *	{
 *		CHECK(read(fd, &c, 1) == 0);
 *	}
 *	TAP_MAIN
 */
#pragma once
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TAP_TESTS_MAX = 128, TAP_SECONDS = 60 };

struct tap_test {
	const char *name;
	void (*run)(void);
};
static struct tap_test tap_tests[TAP_TESTS_MAX];
static int tap_count;
/* What a test's own exec of this program runs, with its arguments. */
static int (*tap_self)(int argc, char **argv);

#define TEST(id)                                                     \
	static void id(void);                                        \
	__attribute__((constructor)) static void id##_register(void) \
	{                                                            \
		tap_tests[tap_count++] = (struct tap_test){#id, id}; \
	}                                                            \
	static void id(void)

/* In a test, or in a child that a test forked. */
#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond)) {                                                 \
			int tap_e = errno;                                     \
			printf("# %s:%d: not true: %s (errno %d)\n", __FILE__, \
			    __LINE__, #cond, tap_e);                           \
			fflush(stdout);                                        \
			_exit(1);                                              \
		}                                                              \
	} while (0)

/* Leave the test as passed, with a reason why it could say nothing. */
#define SKIP(why)                           \
	do {                                \
		printf("# skip %s\n", why); \
		fflush(stdout);             \
		_exit(77);                  \
	} while (0)

/* Wait for a child; its wait status. */
static inline int tap_wait(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static inline int tap_run(const struct tap_test *t)
{
	pid_t pid = fork();

	if (pid == 0) {
		alarm(TAP_SECONDS);
		t->run();
		fflush(stdout);
		_exit(0);
	}
	return pid < 0 ? -1 : tap_wait(pid);
}

#define TAP_MAIN                                                              \
	int main(int argc, char **argv)                                       \
	{                                                                     \
		int failed = 0;                                               \
                                                                              \
		if (argc > 1 && tap_self)                                     \
			return tap_self(argc, argv);                          \
		setvbuf(stdout, 0, _IOLBF, 0);                                \
		printf("1..%d\n", tap_count);                                 \
		for (int i = 0; i < tap_count; i++) {                         \
			int s = tap_run(&tap_tests[i]);                       \
			bool skip = s == 77 << 8;                             \
                                                                              \
			if (s && !skip)                                       \
				printf("# wait status %#x\n", (unsigned)s);   \
			printf("%sok %d - %s%s\n", s && !skip ? "not " : "",  \
			    i + 1, tap_tests[i].name, skip ? " # SKIP" : ""); \
			failed += s && !skip;                                 \
		}                                                             \
		return failed ? 1 : 0;                                        \
	}
