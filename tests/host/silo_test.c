/* tests/host/silo_test.c -- charging: exact, and failing exactly at the limit. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/object/silo.c tests/host/shim.c */
#include "shim.h"
#include "kernel/object/silo.h"

/* What was charged is used, whatever lies in the stocks. */
static void silo_used__is_exact(void **state)
{
	int64_t expect = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int64_t n = shim_random(5);

		if (shim_random(2) && expect >= n) {
			silo_uncharge(&silo_boot, SILO_MEMORY, n);
			expect -= n;
		} else {
			assert_int_equal(
			    silo_charge(&silo_boot, SILO_MEMORY, n), OK);
			expect += n;
		}
		assert_int_equal(silo_used(&silo_boot, SILO_MEMORY), expect);
	}
	silo_uncharge(&silo_boot, SILO_MEMORY, expect);
	assert_int_equal(silo_used(&silo_boot, SILO_MEMORY), 0);
}

/* Exactly `limit` units can be charged, each resource with its own error. */
static void silo_charge__fails_at_the_limit(void **state)
{
	static const enum err errors[] = {
	    E_NOMEM, E_AGAIN, E_AGAIN, E_MFILE, E_NOMEM};

	(void)state;
	for (int r = 0; r < SILO_RESOURCES; r++) {
		silo_boot.limit[r] = 1000 + silo_used(&silo_boot, r);
		for (int i = 0; i < 1000; i++)
			assert_int_equal(silo_charge(&silo_boot, r, 1), OK);
		assert_int_equal(silo_charge(&silo_boot, r, 1), errors[r]);
		assert_int_equal(silo_charge(&silo_boot, r, 0), OK);
		silo_uncharge(&silo_boot, r, 1);
		assert_int_equal(silo_charge(&silo_boot, r, 1), OK);
		assert_int_equal(silo_charge(&silo_boot, r, 1), errors[r]);
		silo_uncharge(&silo_boot, r, 1000);
		assert_int_equal(silo_used(&silo_boot, r), 0);
		silo_boot.limit[r] = INT64_MAX;
	}
}

/* A second silo on the same CPU neither loses nor gains units. */
static void silo_charge__keeps_silos_apart(void **state)
{
	static struct silo other = {.index = 1, .limit = {10, 10, 10, 10}};
	enum err e;

	(void)state;
	/* Index 1 belongs to the boot silo: the other one has none yet. */
	other.index = 2;
	assert_int_equal(silo_charge(&silo_boot, SILO_THREADS, 3), OK);
	e = silo_charge(&other, SILO_THREADS, 11);
	assert_int_equal(e, E_AGAIN);
	assert_int_equal(silo_charge(&other, SILO_THREADS, 5), OK);
	assert_int_equal(silo_used(&other, SILO_THREADS), 5);
	assert_int_equal(silo_used(&silo_boot, SILO_THREADS), 3);
	silo_uncharge(&silo_boot, SILO_THREADS, 3);
	assert_int_equal(silo_used(&silo_boot, SILO_THREADS), 0);
}

/* The kernel (NULL) is never refused, and counts nowhere. */
static void silo_charge__never_refuses_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(silo_charge(NULL, SILO_MEMORY, 1l << 40), OK);
	silo_uncharge(NULL, SILO_MEMORY, 1l << 40);
	assert_null(silo_by_index(0));
	assert_ptr_equal(silo_by_index(1), &silo_boot);
	assert_null(silo_by_index(65535));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(silo_used__is_exact),
	    cmocka_unit_test(silo_charge__fails_at_the_limit),
	    cmocka_unit_test(silo_charge__keeps_silos_apart),
	    cmocka_unit_test(silo_charge__never_refuses_the_kernel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
