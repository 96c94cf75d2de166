/* tests/host/boot_args_test.c -- the kernel's command line. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/boot/boot_args.c tests/host/kernel_string.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/boot/boot_info.h"

static char reported[256];
static struct boot_args args;

static void report(const char *word, const char *why)
{
	assert_non_null(why);
	strncat(reported, word, sizeof(reported) - strlen(reported) - 1);
	strncat(reported, ";", sizeof(reported) - strlen(reported) - 1);
}

static void parse(const char *line)
{
	reported[0] = 0;
	boot_args_parse(&args, line, report);
}

/* With nothing said: two consoles, all CPUs, info, /sbin/init. */
static void boot_args_parse__has_defaults(void **state)
{
	(void)state;
	parse("");
	assert_int_equal(args.loglevel, 6);
	assert_int_equal(args.console_count, 2);
	assert_string_equal(args.console[0], "ttyS0");
	assert_string_equal(args.console[1], "tty0");
	assert_string_equal(args.init, "/sbin/init");
	assert_int_equal(args.smp_max, 0);
	assert_int_equal(args.pti, -1);
	assert_int_equal(args.panic_timeout, 0);
	assert_false(args.nokaslr);
	assert_string_equal(reported, "");
}

/* Every argument once, with odd spaces. */
static void boot_args_parse__takes_all(void **state)
{
	(void)state;
	parse("  loglevel=7 console=tty0\tconsole=ttyS1,115200n8  init=/bin/x "
	      "smp=4 nokaslr panic=-1 pti=on\n");
	assert_string_equal(reported, "");
	assert_int_equal(args.loglevel, 7);
	assert_int_equal(args.console_count, 2);
	assert_string_equal(args.console[0], "tty0");
	assert_string_equal(args.console[1], "ttyS1");
	assert_string_equal(args.init, "/bin/x");
	assert_int_equal(args.smp_max, 4);
	assert_true(args.nokaslr);
	assert_int_equal(args.panic_timeout, -1);
	assert_int_equal(args.pti, 1);
}

/* Each wrong word is reported as it was written, and changes nothing. */
static void boot_args_parse__reports_what_is_wrong(void **state)
{
	(void)state;
	parse("quiet loglevel=8 loglevel= smp=x smp=-1 init=rel console=com1 "
	      "panic=1s pti=maybe nokaslr=1 foo=bar =");
	assert_string_equal(reported,
	    "quiet;loglevel=8;loglevel=;smp=x;smp=-1;init=rel;console=com1;"
	    "panic=1s;pti=maybe;nokaslr=1;foo=bar;=;");
	assert_int_equal(args.loglevel, 6);
	assert_int_equal(args.smp_max, 0);
}

/* A word longer than any of ours is cut, not overrun. */
static void boot_args_parse__bounds_long_words(void **state)
{
	char line[600];

	(void)state;
	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	memcpy(line, "init=/", 6);
	parse(line);
	assert_memory_equal(reported, "init=/aaaa", 10);
	assert_string_equal(args.init, "/sbin/init");
	parse("console=ttyS0 console=tty0 console=ttyS1");
	assert_string_equal(reported, "console=ttyS1;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(boot_args_parse__has_defaults),
	    cmocka_unit_test(boot_args_parse__takes_all),
	    cmocka_unit_test(boot_args_parse__reports_what_is_wrong),
	    cmocka_unit_test(boot_args_parse__bounds_long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
