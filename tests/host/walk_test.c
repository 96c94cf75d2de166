/* tests/host/walk_test.c -- splitting path text, by words and by bytes. */
/* SPDX-License-Identifier: MIT */
/* build: tests/host/shim.c */
#include <stdlib.h>
#include <string.h>
#include "shim.h"
#include "kernel/vfs/walk_text.h"

uint64_t name_hash_secret = 0x1234567890abcdef;

/* Lengths and hashes are right at every alignment and for every length. */
static void component_scan__finds_the_end(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift < 8; shift++)
		for (unsigned len = 1; len < 40; len++)
			for (unsigned end = 0; end < 2; end++) {
				char *buf =
				    malloc(shift + len + 1 + PATH_SLACK);
				char *s = buf + shift;
				struct component c;

				memset(s, 0x2e, len + 1 + PATH_SLACK);
				for (unsigned i = 0; i < len; i++)
					s[i] = (char)(0x30 + shim_random(200));
				s[len] = end ? '/' : '\0';
				component_scan(s, &c);
				assert_int_equal(c.len, len);
				assert_int_equal(c.hash, name_hash(s, len));
				free(buf);
			}
}

/* Equal names are equal, and one changed byte makes them differ. */
static void component_equal__compares_all_bytes(void **state)
{
	(void)state;
	for (unsigned len = 1; len < 40; len++) {
		char padded[48] = {0}, other[48 + PATH_SLACK];

		memset(other, 'x', sizeof(other));
		for (unsigned i = 0; i < len; i++)
			padded[i] = other[i] = (char)(1 + shim_random(255));
		assert_true(component_equal(padded, other, len));
		for (unsigned i = 0; i < len; i++) {
			other[i] ^= 1;
			assert_false(component_equal(padded, other, len));
			other[i] ^= 1;
		}
	}
}

/* A link's target and the rest become one path, or are too long. */
static void path_splice__joins_or_refuses(void **state)
{
	char buf[16] = "target";

	(void)state;
	assert_true(path_splice(buf, sizeof(buf), 6, "/rest"));
	assert_string_equal(buf, "target/rest");
	assert_true(path_splice(buf, sizeof(buf), 6, "/12345678"));
	assert_false(path_splice(buf, sizeof(buf), 6, "/123456789"));
	assert_false(path_splice(buf, sizeof(buf), 16, ""));
}

/* "." and ".." are told from names that begin like them. */
static void component__dots(void **state)
{
	static const char *const text[] = {".", "..", "...", ".a", "a."};
	char buf[16 + PATH_SLACK] = {0};
	struct component c;

	(void)state;
	for (unsigned i = 0; i < COUNT(text); i++) {
		strcpy(buf, text[i]);
		component_scan(buf, &c);
		assert_int_equal(component_is_dot(&c), i == 0);
		assert_int_equal(component_is_dotdot(&c), i == 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(component_scan__finds_the_end),
	    cmocka_unit_test(component_equal__compares_all_bytes),
	    cmocka_unit_test(path_splice__joins_or_refuses),
	    cmocka_unit_test(component__dots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
