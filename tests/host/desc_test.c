/* tests/host/desc_test.c -- descriptor tables and grant nodes. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/object/desc.c kernel/object/desc_table.c */
/* build: kernel/object/object.c kernel/object/grant.c kernel/object/silo.c */
/* build: tests/host/shim.c */
#include <stdlib.h>
#include <string.h>
#include "shim.h"
#include "kernel/object/desc_table.h"
#include "kernel/object/slotmap.h"

static struct process process;
static struct thread thread = {.process = &process};
static unsigned released, flushed;

struct thread *thread_hosted_current(void)
{
	return &thread;
}

static void thing_release(struct object *o)
{
	released++;
	free(o);
}

static void thing_flush(struct object *o, const struct desc_table *table)
{
	(void)o;
	(void)table;
	flushed++;
}

static const struct object_ops thing_ops = {
    .kind = "thing", .release = thing_release, .flush = thing_flush};

static struct object *thing(uint32_t rights)
{
	struct object *o = malloc(sizeof(*o));

	object_init(o, &thing_ops, 0, rights);
	return o;
}

static int open_thing(void)
{
	struct object *o = thing(RIGHTS_ALL);
	int fd = -1;

	if (desc_install(o, RIGHTS_ALL, 0, 0, &fd) != OK) {
		object_put(o);
		return -1;
	}
	return fd;
}

static int setup(void **state)
{
	(void)state;
	released = flushed = 0;
	process.thread_count = 1;
	process.silo = &silo_boot;
	process.rlimits[RL_NOFILE].cur = 4096;
	silo_set_limit(&silo_boot, SILO_DESCRIPTORS, INT64_MAX);
	assert_int_equal(desc_table_create(&process.descs), OK);
	return 0;
}

/* Whatever a test did: everything is gone with the table. */
static int teardown(void **state)
{
	(void)state;
	if (process.descs)
		desc_table_put(process.descs);
	process.descs = NULL;
	rcu_barrier();
	assert_int_equal(silo_used(&silo_boot, SILO_DESCRIPTORS), 0);
	assert_int_equal(kalloc_live(), 0);
	return 0;
}

/* Look-ups of both kinds agree. */
static enum err hold(int fd, uint32_t rights)
{
	struct held a, b;
	enum err e = desc_hold(fd, rights, &a);

	assert_int_equal(desc_hold_counted(process.descs, fd, rights, &b), e);
	if (e == OK) {
		assert_ptr_equal(a.obj, b.obj);
		assert_int_equal(a.rights, b.rights);
		assert_true(b.counted);
		desc_release(&b);
		desc_release(&a);
	}
	return e;
}

/* Always the lowest free integer, as POSIX wants, also beyond a growth. */
static void desc_install__gives_the_lowest(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++)
		assert_int_equal(open_thing(), i);
	assert_int_equal(desc_close(7), OK);
	assert_int_equal(desc_close(299), OK);
	assert_int_equal(desc_close(70), OK);
	assert_int_equal(open_thing(), 7);
	assert_int_equal(open_thing(), 70);
	assert_int_equal(open_thing(), 299);
	assert_int_equal(open_thing(), 300);
	assert_int_equal(desc_count(process.descs), 301);
}

/* Against a plain model: opens, closes, dups in any order. */
static void desc__agrees_with_a_model(void **state)
{
	static bool used[4097];

	(void)state;
	memset(used, 0, sizeof(used));
	for (unsigned step = 0; step < 40000; step++) {
		int fd = (int)shim_random(600), to, min, want;
		enum err e;

		switch (shim_random(4)) {
		case 0:
			e = desc_close(fd);
			assert_int_equal(e, used[fd] ? OK : E_BADF);
			used[fd] = false;
			break;
		case 1:
			min = (int)shim_random(500);
			if (desc_count(process.descs) > 500)
				break;
			e = desc_dup(fd, min, 0, &to);
			assert_int_equal(e, used[fd] ? OK : E_BADF);
			if (e != OK)
				break;
			for (want = min; used[want]; want++)
				continue;
			assert_int_equal(to, want);
			used[to] = true;
			break;
		case 2:
			to = (int)shim_random(600);
			e = fd == to ? E_BADF : desc_dup_to(fd, to, 0);
			assert_int_equal(e, fd != to && used[fd] ? OK : E_BADF);
			if (e == OK)
				used[to] = true;
			break;
		default:
			for (want = 0; used[want]; want++)
				continue;
			if (want > 500)
				break;
			assert_int_equal(open_thing(), want);
			used[want] = true;
			break;
		}
		assert_int_equal(hold(fd, 0), used[fd] ? OK : E_BADF);
	}
}

static void desc_hold__checks_rights(void **state)
{
	struct object *o = thing(RIGHT_READ | RIGHT_SEEK);
	int fd;

	(void)state;
	/* Cut to what the object's root grant has. */
	assert_int_equal(desc_install(o, RIGHTS_ALL, 0, 0, &fd), OK);
	assert_int_equal(hold(fd, RIGHT_READ), OK);
	assert_int_equal(hold(fd, RIGHT_READ | RIGHT_SEEK), OK);
	assert_int_equal(hold(fd, RIGHT_WRITE), E_BADF);
	assert_int_equal(hold(fd, RIGHT_MAP), E_ACCES);
	assert_int_equal(desc_limit(fd, RIGHT_READ | RIGHT_MAP), E_ACCES);
	assert_int_equal(desc_limit(fd, RIGHT_READ), OK);
	assert_int_equal(hold(fd, RIGHT_SEEK), E_ACCES);
	assert_int_equal(hold(-1, 0), E_BADF);
	assert_int_equal(hold(INT32_MAX, 0), E_BADF);
}

/* Closing tells the object; the last reference frees it. */
static void desc_close__flushes_and_releases(void **state)
{
	int fd = open_thing(), to;

	(void)state;
	assert_int_equal(desc_dup(fd, 0, 0, &to), OK);
	assert_int_equal(desc_close(fd), OK);
	assert_int_equal(flushed, 1);
	assert_int_equal(released, 0);
	assert_int_equal(desc_close(to), OK);
	assert_int_equal(flushed, 2);
	assert_int_equal(released, 1);
	assert_int_equal(desc_close(to), E_BADF);
}

/* An object that is held outlives the closing of its descriptor. */
static void desc_hold__keeps_what_is_closed(void **state)
{
	int fd = open_thing();
	struct held h;

	(void)state;
	process.thread_count = 2;
	assert_int_equal(desc_hold(fd, 0, &h), OK);
	assert_true(h.counted);
	assert_int_equal(desc_close(fd), OK);
	assert_int_equal(released, 0);
	desc_release(&h);
	assert_int_equal(released, 1);
}

static void desc_install__stops_at_the_limits(void **state)
{
	int fd;

	(void)state;
	process.rlimits[RL_NOFILE].cur = 40;
	for (int i = 0; i < 40; i++)
		assert_int_equal(open_thing(), i);
	assert_int_equal(open_thing(), -1);
	assert_int_equal(desc_dup(0, 0, 0, &fd), E_MFILE);
	assert_int_equal(desc_dup(0, 40, 0, &fd), E_INVAL);
	assert_int_equal(desc_dup_to(0, 40, 0), E_BADF);
	assert_int_equal(desc_dup_to(0, 39, 0), OK);
}

/* The silo's quota is met exactly, although it is charged in batches. */
static void desc_install__stops_at_the_quota(void **state)
{
	(void)state;
	silo_set_limit(&silo_boot, SILO_DESCRIPTORS, 50);
	for (int i = 0; i < 50; i++)
		assert_int_equal(open_thing(), i);
	assert_int_equal(open_thing(), -1);
	assert_int_equal(desc_dup_to(0, 49, 0), OK);
	assert_int_equal(desc_dup_to(0, 50, 0), E_MFILE);
	assert_int_equal(desc_close(3), OK);
	assert_int_equal(open_thing(), 3);
}

static void desc_table_copy__shares_objects(void **state)
{
	struct desc_table *child, *parent = process.descs;

	(void)state;
	for (int i = 0; i < 100; i++)
		open_thing();
	assert_int_equal(desc_close(50), OK);
	assert_int_equal(desc_set_flags(3, DESC_CLOEXEC), OK);
	released = 0;
	assert_int_equal(desc_table_copy(parent, &child), OK);
	assert_int_equal(desc_count(child), 99);
	desc_table_put(parent);
	assert_int_equal(released, 0);
	process.descs = child;
	assert_int_equal(open_thing(), 50);
	desc_close_on_exec(child);
	assert_int_equal(released, 1);
	assert_int_equal(hold(3, 0), E_BADF);
	assert_int_equal(hold(99, 0), OK);
}

static void desc_close_range__closes_or_marks(void **state)
{
	unsigned flags;

	(void)state;
	for (int i = 0; i < 10; i++)
		open_thing();
	assert_int_equal(desc_close_range(8, 5, false), E_INVAL);
	assert_int_equal(desc_close_range(8, ~0u, true), OK);
	assert_int_equal(desc_get_flags(8, &flags), OK);
	assert_int_equal(flags, DESC_CLOEXEC);
	assert_int_equal(desc_close_range(3, 4, false), OK);
	assert_int_equal(released, 2);
	assert_int_equal(desc_close_range(5, ~0u, false), OK);
	assert_int_equal(desc_count(process.descs), 3);
}

static void desc_next__visits_all(void **state)
{
	struct object *o;
	uint32_t rights;
	int fd = 0, seen = 0;

	(void)state;
	for (int i = 0; i < 80; i++)
		open_thing();
	for (int i = 0; i < 80; i += 3)
		assert_int_equal(desc_close(i), OK);
	for (; desc_next(process.descs, &fd, &o, &rights); fd++, seen++) {
		assert_int_not_equal(fd % 3, 0);
		object_put(o);
	}
	assert_int_equal(seen, desc_count(process.descs));
}

/* Each allocation in turn fails: an error, and nothing is lost. */
static void desc__survives_allocation_failures(void **state)
{
	(void)state;
	for (long n = 0; n < 5; n++) {
		struct desc_table *child;
		int before = (int)desc_count(process.descs);

		kalloc_fail_after(n);
		for (int i = 0; i < 200; i++)
			open_thing();
		if (desc_table_copy(process.descs, &child) == OK)
			desc_table_put(child);
		kalloc_fail_after(-1);
		assert_int_equal(hold(0, 0), OK);
		assert_true((int)desc_count(process.descs) > before);
	}
}

/* Revoking kills what was derived, and nothing else. */
static void grant_revoke__kills_the_subtree(void **state)
{
	struct object *o = thing(RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT);
	struct grant *a, *b, *c, *none;

	(void)state;
	assert_int_equal(
	    grant_derive(&o->root, &silo_boot, RIGHT_EXEC, 0, &none), E_ACCES);
	assert_int_equal(
	    grant_derive(&o->root, &silo_boot, RIGHT_READ | RIGHT_WRITE, 7, &a),
	    OK);
	assert_int_equal(grant_derive(a, &silo_boot, RIGHT_READ, 9, &b), OK);
	assert_int_equal(
	    grant_derive(&o->root, &silo_boot, RIGHT_READ, 0, &c), OK);
	/* The badge is fixed under derivation. */
	assert_int_equal(b->badge, 7);
	assert_int_equal(
	    grant_derive(b, &silo_boot, RIGHT_WRITE, 0, &none), E_ACCES);
	grant_revoke(a);
	assert_true(a->revoked && b->revoked);
	assert_false(c->revoked || o->root.revoked);
	assert_int_equal(
	    grant_derive(b, &silo_boot, RIGHT_READ, 0, &none), E_PERM);
	/* A parent outlives its children, in whatever order they go. */
	grant_put(a);
	object_put(o);
	grant_put(c);
	assert_int_equal(released, 0);
	grant_put(b);
	assert_int_equal(released, 1);
}

static void desc_hold__refuses_what_is_revoked(void **state)
{
	struct object *o = thing(RIGHTS_ALL);
	int fd;

	(void)state;
	assert_int_equal(desc_install(o, RIGHTS_ALL, 0, 0, &fd), OK);
	grant_revoke(&o->root);
	assert_int_equal(hold(fd, 0), E_BADF);
	assert_int_equal(desc_close(fd), OK);
	assert_int_equal(released, 1);
}

static void slotmap__finds_bits(void **state)
{
	uint64_t map[3] = {~0ull, ~0ull, 0};

	(void)state;
	assert_int_equal(slotmap_lowest(map, 3, 0), 128);
	assert_int_equal(slotmap_lowest(map, 2, 0), -1);
	assert_int_equal(slotmap_lowest(map, 3, 200), -1);
	slotmap_clear(map, 70);
	assert_int_equal(slotmap_lowest(map, 3, 0), 70);
	assert_int_equal(slotmap_lowest(map, 3, 71), 128);
	slotmap_set(map, 191);
	assert_int_equal(slotmap_next(map, 3, 128), 191);
	assert_int_equal(slotmap_next(map, 3, 192), -1);
	assert_true(slotmap_test(map, 191));
	assert_false(slotmap_test(map, 70));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(desc_install__gives_the_lowest),
	    T(desc__agrees_with_a_model),
	    T(desc_hold__checks_rights),
	    T(desc_close__flushes_and_releases),
	    T(desc_hold__keeps_what_is_closed),
	    T(desc_install__stops_at_the_limits),
	    T(desc_install__stops_at_the_quota),
	    T(desc_table_copy__shares_objects),
	    T(desc_close_range__closes_or_marks),
	    T(desc_next__visits_all),
	    T(desc__survives_allocation_failures),
	    T(grant_revoke__kills_the_subtree),
	    T(desc_hold__refuses_what_is_revoked),
	    cmocka_unit_test(slotmap__finds_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
