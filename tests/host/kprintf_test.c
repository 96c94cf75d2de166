/* tests/host/kprintf_test.c -- formatted text against the C library's. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/core/kprintf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/core/klog.h"

#define SAME(...)                                                \
	do {                                                     \
		char a_[128], b_[128];                           \
		int n_ = ksnprintf(a_, sizeof(a_), __VA_ARGS__); \
		int m_ = snprintf(b_, sizeof(b_), __VA_ARGS__);  \
		assert_string_equal(a_, b_);                     \
		assert_int_equal(n_, m_);                        \
	} while (0)

/* Every conversion with its flags, widths, precisions, lengths. */
static void ksnprintf__prints_as_libc_does(void **state)
{
	(void)state;
	SAME("%d %i %u", -5, 0, 4000000000u);
	SAME("%5d|%-5d|%05d|%+d|% d", 42, 42, -42, 42, 42);
	SAME("%.3d|%8.3d|%-8.3d|%.0d", 7, 7, 7, 0);
	SAME("%x %X %#x %#X %08x %#010x", 255, 255, 255, 255, 255, 255);
	SAME("%o %#x", 8, 0);
	SAME("%ld %lu %lx", INT64_MIN, UINT64_MAX, UINT64_MAX);
	SAME("%lld %llu", (long long)INT64_MIN, 1ull << 63);
	SAME("%zu %hhu %hu %hhd %hd", (size_t)7, 255, 65535, -1, -1);
	SAME("%s|%5s|%-5s|%.2s|%5.1s", "abc", "ab", "ab", "abc", "xy");
	SAME("%c%c|%3c|%-3c|", 'a', 'b', 'c', 'd');
	SAME("%%|%*d|%-*d|%.*s", 6, 1, 6, 2, 2, "abc");
	SAME("%*d", -4, 9);
	SAME("%p", (void *)(uintptr_t)0x1234);
	SAME("plain");
}

/* A buffer that is too small is filled and ended; the length is the whole. */
static void ksnprintf__truncates(void **state)
{
	char buf[8];

	(void)state;
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(ksnprintf(buf, 4, "%s", "abcdef"), 6);
	assert_string_equal(buf, "abc");
	assert_int_equal(buf[4], 'x');
	assert_int_equal(ksnprintf(buf, 0, "abc"), 3);
	assert_int_equal(ksnprintf(buf, 1, "abc"), 3);
	assert_string_equal(buf, "");
}

__attribute__((format(printf, 2, 0))) static int odd(
    char *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = kvsnprintf(buf, 64, fmt, ap);
	va_end(ap);
	return n;
}

/* What nobody knows is printed as it stands; NULL is no crash. */
static void kvsnprintf__survives_nonsense(void **state)
{
	char buf[64];
	const char *volatile unknown = "%q|%", *volatile text = "%s";

	(void)state;
	assert_int_equal(odd(buf, unknown), 3);
	assert_string_equal(buf, "%q|");
	odd(buf, text, NULL);
	assert_string_equal(buf, "(null)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ksnprintf__prints_as_libc_does),
	    cmocka_unit_test(ksnprintf__truncates),
	    cmocka_unit_test(kvsnprintf__survives_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
