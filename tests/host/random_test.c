/* tests/host/random_test.c -- the random generator: what its state promises. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/core/random.c kernel/core/chacha.c tests/host/shim.c */
#include <string.h>
#include "shim.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/core/random.h"

/* Neither RDRAND nor RDSEED. */
struct cpu_features cpu_features;

/* The same call never gives the same bytes, of any two sizes and places. */
static void bytes__never_repeat(void **state)
{
	uint8_t all[64][48];

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		random_bytes(all[i], sizeof(all[i]));
	for (unsigned i = 0; i < 64; i++)
		for (unsigned j = 0; j < i; j++) {
			assert_memory_not_equal(all[i], all[j], 16);
			assert_memory_not_equal(all[i] + 32, all[j] + 32, 16);
			assert_memory_not_equal(all[i] + 32, all[j], 16);
		}
}

/* Exactly the bytes asked for are written. */
static void bytes__fill_what_was_asked(void **state)
{
	uint8_t buf[100], seen[100] = {0};

	(void)state;
	for (unsigned round = 0; round < 64; round++) {
		memset(buf, 0, sizeof(buf));
		random_bytes(buf + 7, 71);
		for (unsigned i = 0; i < sizeof(buf); i++)
			seen[i] |= buf[i];
	}
	for (unsigned i = 0; i < sizeof(buf); i++)
		assert_int_equal(seen[i] != 0, i >= 7 && i < 78);
}

/* With no source but time it says so, once; a loader's seed is enough. */
static void init__says_when_entropy_is_weak(void **state)
{
	static const uint8_t seed[32] = {1};

	(void)state;
	shim_log_count = 0;
	random_init(NULL, 0);
	assert_int_equal(shim_log_count, 1);
	assert_non_null(strstr(shim_log_text, "weak entropy"));
	assert_false(random_is_seeded());
	random_init(seed, sizeof(seed));
	assert_int_equal(shim_log_count, 1);
	assert_true(random_is_seeded());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes__never_repeat),
	    cmocka_unit_test(bytes__fill_what_was_asked),
	    cmocka_unit_test(init__says_when_entropy_is_weak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
