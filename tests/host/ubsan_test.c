/* tests/host/ubsan_test.c -- the kernel's sanitizer runtime: what it says. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/core/ubsan.c tests/host/shim.c */
/* flags: -Wno-builtin-declaration-mismatch */
#include <string.h>
#include "shim.h"
#include "kernel/core/ubsan.h"

struct location {
	const char *file;
	uint32_t line, column;
};
struct type {
	uint16_t kind, info;
	char name[16];
};
struct arith_site {
	struct location at;
	const struct type *type;
};
void __ubsan_handle_add_overflow(struct arith_site *, uintptr_t, uintptr_t);
void __ubsan_handle_builtin_unreachable(struct location *);

static const struct type int_type = {0, 5 << 1 | 1, "'int'"};

/* A report names file, line, values and type. */
static void ubsan__reports_values(void **state)
{
	struct arith_site s = {{"a.c", 7, 3}, &int_type};

	(void)state;
	__ubsan_handle_add_overflow(&s, 2147483647, 0xffffffff);
	assert_string_equal(
	    shim_log_text, "ubsan: a.c:7: overflow: 2147483647 + -1 as 'int'");
}

/* A site is reported once, but every event counts. */
static void ubsan__reports_a_site_once(void **state)
{
	struct arith_site s = {{"b.c", 1, 1}, &int_type};
	unsigned lines = shim_log_count, reports = ubsan_reports;

	(void)state;
	for (int i = 0; i < 5; i++)
		__ubsan_handle_add_overflow(&s, 1, 1);
	assert_int_equal(shim_log_count, lines + 1);
	assert_int_equal(ubsan_reports, reports + 5);
}

/* There is no way on from unreachable code. */
static void ubsan__panics_where_nothing_can_go_on(void **state)
{
	struct location at = {"c.c", 9, 1};

	(void)state;
	assert_true(SHIM_PANICS(__ubsan_handle_builtin_unreachable(&at)));
	assert_non_null(strstr(shim_panic_text, "c.c:9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ubsan__reports_values),
	    cmocka_unit_test(ubsan__reports_a_site_once),
	    cmocka_unit_test(ubsan__panics_where_nothing_can_go_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
