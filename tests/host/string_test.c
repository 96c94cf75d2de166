/* tests/host/string_test.c -- memory and string routines against libc's. */
/* SPDX-License-Identifier: MIT */
/* build: tests/host/kernel_string.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/host/kernel_string.h"

enum { SIZE = 300 };

static void fill(uint8_t *p, unsigned seed)
{
	for (unsigned i = 0; i < SIZE; i++)
		p[i] = (uint8_t)(i * 31 + seed);
}

/* Every length and several alignments, in exact blocks that ASan watches. */
static void memcpy__copies_exactly_n_bytes(void **state)
{
	uint8_t from[SIZE];

	(void)state;
	fill(from, 7);
	for (size_t n = 0; n < 200; n++)
		for (size_t off = 0; off < 9; off++) {
			uint8_t *src = malloc(n + off + 1);
			uint8_t *dst = malloc(n + off + 1);

			memcpy(src, from, n + off);
			dst[n + off] = 0xee;
			assert_ptr_equal(
			    k_memcpy(dst + off, src + off, n), dst + off);
			assert_memory_equal(dst + off, src + off, n);
			assert_int_equal(dst[n + off], 0xee);
			free(src);
			free(dst);
		}
}

/* Both directions, every overlap. */
static void memmove__allows_any_overlap(void **state)
{
	uint8_t a[SIZE], b[SIZE];

	(void)state;
	for (size_t n = 0; n < 120; n++)
		for (int shift = -40; shift <= 40; shift++) {
			fill(a, 1);
			fill(b, 1);
			k_memmove(a + 80 + shift, a + 80, n);
			memmove(b + 80 + shift, b + 80, n);
			assert_memory_equal(a, b, SIZE);
		}
}

/* No byte before, none behind. */
static void memset__sets_exactly_n_bytes(void **state)
{
	uint8_t a[SIZE], b[SIZE];

	(void)state;
	for (size_t n = 0; n < 200; n++)
		for (size_t off = 0; off < 9; off++) {
			fill(a, 3);
			fill(b, 3);
			k_memset(a + off, 0x1a5, n);
			memset(b + off, 0xa5, n);
			assert_memory_equal(a, b, SIZE);
		}
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

/* The first byte that differs decides, compared without a sign. */
static void memcmp__orders_as_libc_does(void **state)
{
	uint8_t a[40], b[40];

	(void)state;
	for (size_t n = 0; n < 40; n++)
		for (size_t at = 0; at < 40; at++) {
			memset(a, 0x80, sizeof(a));
			memset(b, 0x80, sizeof(b));
			a[at] = 0xff;
			b[at] = 0x01;
			assert_int_equal(
			    sign(k_memcmp(a, b, n)), sign(memcmp(a, b, n)));
		}
}

/* Found and not found, with the terminator as a character. */
static void searches__agree_with_libc(void **state)
{
	static const char *const texts[] = {
	    "", "a", "abc", "aabaab", "needle in hay", "nneedle"};
	static const char *const words[] = {"", "a", "ab", "needle", "z"};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		const char *t = texts[i];

		assert_int_equal(k_strlen(t), strlen(t));
		assert_int_equal(k_strnlen(t, 3), strnlen(t, 3));
		for (int c = 0; c < 256; c++) {
			assert_ptr_equal(k_strchr(t, c), strchr(t, c));
			assert_ptr_equal(k_strrchr(t, c), strrchr(t, c));
			assert_ptr_equal(
			    k_memchr(t, c, strlen(t)), memchr(t, c, strlen(t)));
		}
		for (size_t w = 0; w < 5; w++) {
			assert_ptr_equal(
			    k_strstr(t, words[w]), strstr(t, words[w]));
			assert_int_equal(sign(k_strcmp(t, words[w])),
			    sign(strcmp(t, words[w])));
			assert_int_equal(sign(k_strncmp(t, words[w], 2)),
			    sign(strncmp(t, words[w], 2)));
		}
	}
}

/* Cut to the size, always ended, and the full length is told. */
static void kstrlcpy__always_terminates(void **state)
{
	char buf[4];

	(void)state;
	assert_int_equal(kstrlcpy(buf, "abcdef", sizeof(buf)), 6);
	assert_string_equal(buf, "abc");
	assert_int_equal(kstrlcpy(buf, "", sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(kstrlcpy(buf, "xyz", 1), 3);
	assert_string_equal(buf, "");
}

static void check_number(const char *s, uint64_t value, size_t used)
{
	const char *end;

	assert_int_equal(kstrtou64(s, &end), value);
	assert_int_equal(end - s, used);
}

/* Decimal and 0x; what is too large saturates and is read to its end. */
static void kstrtou64__reads_and_saturates(void **state)
{
	(void)state;
	check_number("", 0, 0);
	check_number("42x", 42, 2);
	check_number("0x1fg", 0x1f, 4);
	check_number("0x", 0, 1);
	check_number("-1", 0, 0);
	check_number("18446744073709551615", UINT64_MAX, 20);
	check_number("18446744073709551616", UINT64_MAX, 20);
	check_number("99999999999999999999999", UINT64_MAX, 23);
	check_number("0xffffffffffffffff", UINT64_MAX, 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memcpy__copies_exactly_n_bytes),
	    cmocka_unit_test(memmove__allows_any_overlap),
	    cmocka_unit_test(memset__sets_exactly_n_bytes),
	    cmocka_unit_test(memcmp__orders_as_libc_does),
	    cmocka_unit_test(searches__agree_with_libc),
	    cmocka_unit_test(kstrlcpy__always_terminates),
	    cmocka_unit_test(kstrtou64__reads_and_saturates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
