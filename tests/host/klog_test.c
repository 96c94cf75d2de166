/* tests/host/klog_test.c -- the log ring and its consoles. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/core/klog.c kernel/core/kprintf.c tests/host/kernel_string.c tests/host/shim.c */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "tests/host/shim.h"
#include "kernel/core/klog.h"

static char shown[65536];
static size_t shown_len;

static void console_out(struct console *c, const char *s, size_t n)
{
	(void)c;
	if (shown_len + n < sizeof(shown))
		memcpy(shown + shown_len, s, n);
	shown_len += n;
	shown[shown_len < sizeof(shown) ? shown_len : 0] = 0;
}

static struct console console = {.name = "test", .write = console_out};

/* One line per record, with time and subsystem, at or below the level only. */
static void klog__prints_by_level(void **state)
{
	(void)state;
	console_register(&console);
	klog_console_level = LOG_WARN;
	klog(LOG_WARN, "sub", "hello n=%d\nsecond", 5);
	klog(LOG_INFO, "sub", "quiet");
	assert_non_null(strstr(shown, "] sub: hello n=5 second\n"));
	assert_null(strstr(shown, "quiet"));
}

/* In order, each once, in the form of /dev/kmsg. */
static void klog_read__gives_each_record_once(void **state)
{
	uint64_t seq = klog_next_seq(), first = seq;
	char buf[300], want[64];

	(void)state;
	klog(LOG_ERR, "a", "one");
	klog(LOG_DEBUG, "b", "two");
	assert_true(klog_read(&seq, buf, sizeof(buf)) > 0);
	snprintf(want, sizeof(want), "3,%lu,", first);
	assert_memory_equal(buf, want, strlen(want));
	assert_non_null(strstr(buf, ",-;a: one\n"));
	assert_true(klog_read(&seq, buf, sizeof(buf)) > 0);
	assert_non_null(strstr(buf, ",-;b: two\n"));
	assert_int_equal(klog_read(&seq, buf, sizeof(buf)), 0);
}

/* A reader that is far behind goes on with the oldest that is left. */
static void klog_read__skips_what_was_overwritten(void **state)
{
	uint64_t seq = 0;
	char buf[300];
	unsigned n = 0;

	(void)state;
	for (int i = 0; i < 2000; i++)
		klog(LOG_DEBUG, "fill", "line %d", i);
	while (klog_read(&seq, buf, sizeof(buf)) > 0)
		n++;
	assert_true(n >= 256 && n < 2000);
	assert_non_null(strstr(buf, "line 1999"));
}

/* A buffer that is too small gives a cut line that still ends. */
static void klog_read__cuts_long_lines(void **state)
{
	uint64_t seq = klog_next_seq();
	char buf[20];

	(void)state;
	klog(LOG_DEBUG, "x", "%0200d", 1);
	assert_int_equal(klog_read(&seq, buf, sizeof(buf)), sizeof(buf));
	assert_int_equal(buf[sizeof(buf) - 1], '\n');
	assert_int_equal(klog_read(&seq, buf, sizeof(buf)), 0);
}

static void *writer(void *arg)
{
	for (int i = 0; i < 20000; i++)
		klog(LOG_DEBUG, "thread", "%s %d %s", (const char *)arg, i,
		    (const char *)arg);
	return NULL;
}

/* Several writers and a reader at once: no record is ever torn. */
static void klog__records_are_never_torn(void **state)
{
	static char *const names[] = {"aaaa", "bbbbbbbb", "cccccccccccc"};
	pthread_t t[3];
	uint64_t seq = klog_next_seq();
	char buf[300], a[32], b[32];
	int i;

	(void)state;
	for (int n = 0; n < 3; n++)
		pthread_create(&t[n], NULL, writer, names[n]);
	for (int n = 0; n < 30000; n++) {
		if (klog_read(&seq, buf, sizeof(buf)) == 0)
			continue;
		assert_int_equal(sscanf(strchr(buf, ';') + 1,
		                     "thread: %31s %d %31s", a, &i, b),
		    3);
		assert_string_equal(a, b);
	}
	for (int n = 0; n < 3; n++)
		pthread_join(t[n], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(klog__prints_by_level),
	    cmocka_unit_test(klog_read__gives_each_record_once),
	    cmocka_unit_test(klog_read__skips_what_was_overwritten),
	    cmocka_unit_test(klog_read__cuts_long_lines),
	    cmocka_unit_test(klog__records_are_never_torn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
