/* tests/host/chacha_test.c -- the block function against RFC 8439. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/core/chacha.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/core/chacha.h"

/* RFC 8439 section 2.3.2: the example block, word for word. */
static void block__is_the_one_of_the_rfc(void **state)
{
	static const uint32_t expect[16] = {0xe4e7f110, 0x15593bd1, 0x1fdd0f50,
	    0xc47120a3, 0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
	    0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9, 0xd19c12b5,
	    0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
	uint32_t key[8], out[16];
	uint8_t bytes[32];

	(void)state;
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	memcpy(key, bytes, sizeof(key));
	/* counter 1, nonce 00:00:00:09:00:00:00:4a:00:00:00:00 */
	chacha20_block(key, 1 | (uint64_t)0x09000000 << 32, 0x4a000000, out);
	assert_memory_equal(out, expect, sizeof(expect));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(block__is_the_one_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
