/* tests/host/tmpfs_dir_test.c -- the directory index against a plain model. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/vfs/tmpfs_dir.c tests/host/shim.c */
#include <stdio.h>
#include <string.h>
#include "shim.h"
#include "kernel/vfs/tmpfs_dir.h"
#include "kernel/vfs/walk_text.h"

uint64_t name_hash_secret = 42;
enum { NAMES = 500 };

static struct node *tag(unsigned i)
{
	return (struct node *)(uintptr_t)(i + 1);
}

/* After any mix of insertions and removals both know the same names. */
static void tmpdir__agrees_with_a_model(void **state)
{
	bool there[NAMES] = {false};
	struct tmpdir_entry *e;
	struct tmpdir d;
	unsigned live = 0;
	char name[24];

	(void)state;
	tmpdir_init(&d);
	for (unsigned round = 0; round < 60000; round++) {
		unsigned i = shim_random(NAMES);
		size_t n = (size_t)sprintf(name, "name-%u", i);

		e = tmpdir_find(&d, name, n);
		assert_int_equal(e != NULL, there[i]);
		if (e) {
			assert_ptr_equal(e->node, tag(i));
			if (shim_random(2)) {
				tmpdir_remove(&d, e);
				there[i] = false;
				live--;
			}
		} else if (round % 20000 < 10000 || shim_random(8) == 0) {
			assert_int_equal(
			    tmpdir_insert(&d, name, n, tag(i)), OK);
			there[i] = true;
			live++;
		}
		assert_int_equal(d.live, live);
	}
	tmpdir_free(&d);
	assert_int_equal(kalloc_live(), 0);
}

/* What stays is listed exactly once, whatever comes and goes meanwhile. */
static void tmpdir_next__is_stable(void **state)
{
	unsigned seen[NAMES] = {0};
	struct tmpdir_entry *e;
	struct tmpdir d;
	uint64_t at = 0;
	char name[24];

	(void)state;
	tmpdir_init(&d);
	for (unsigned i = 0; i < NAMES; i++)
		assert_int_equal(tmpdir_insert(&d, name,
		                     (size_t)sprintf(name, "%u", i), tag(i)),
		    OK);
	while ((e = tmpdir_next(&d, at)) != NULL) {
		at = e->slot + 1ul;
		if ((uintptr_t)e->node <= NAMES)
			seen[(uintptr_t)e->node - 1]++;
		/* An odd name goes, a new one comes. */
		unsigned victim = shim_random(NAMES) | 1;
		struct tmpdir_entry *v =
		    tmpdir_find(&d, name, (size_t)sprintf(name, "%u", victim));

		if (v)
			tmpdir_remove(&d, v);
		if (tmpdir_find(
		        &d, name, (size_t)sprintf(name, "n%u", victim)) == NULL)
			assert_int_equal(tmpdir_insert(&d, name, strlen(name),
			                     tag(NAMES + victim)),
			    OK);
	}
	for (unsigned i = 0; i < NAMES; i += 2)
		assert_int_equal(seen[i], 1);
	for (unsigned i = 1; i < NAMES; i += 2)
		assert_true(seen[i] <= 1);
	tmpdir_free(&d);
}

/* A failed allocation changes nothing and leaks nothing. */
static void tmpdir_insert__survives_allocation_failure(void **state)
{
	struct tmpdir d;
	long n = 0;

	(void)state;
	tmpdir_init(&d);
	for (;; n++) {
		kalloc_fail_after(n);
		enum err e = tmpdir_insert(&d, "x", 1, tag(0));

		kalloc_fail_after(-1);
		if (e == OK)
			break;
		assert_int_equal(e, E_NOMEM);
		assert_null(tmpdir_find(&d, "x", 1));
	}
	assert_true(n > 0);
	tmpdir_free(&d);
	assert_int_equal(kalloc_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tmpdir__agrees_with_a_model),
	    cmocka_unit_test(tmpdir_next__is_stable),
	    cmocka_unit_test(tmpdir_insert__survives_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
