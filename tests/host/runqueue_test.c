/* tests/host/runqueue_test.c -- who is due next, and after whom. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/core/runqueue.c kernel/core/rbtree.c tests/host/shim.c */
#include <string.h>
#include "shim.h"
#include "kernel/core/runqueue.h"

enum { THREADS = 200 };
static struct runqueue rq;
static struct thread idle, threads[THREADS];

static int fresh(void **state)
{
	(void)state;
	memset(threads, 0, sizeof(threads));
	runqueue_init(&rq, 0, &idle);
	for (int i = 0; i < THREADS; i++) {
		threads[i].class = CLASS_FAIR;
		threads[i].weight = 1024;
		atomic_store(&threads[i].affinity.bits[0], ~0ull);
		list_init(&threads[i].run_link);
	}
	return 0;
}

static void make_rt(struct thread *t, int prio)
{
	t->class = CLASS_RT;
	t->rt_prio = (uint8_t)prio;
}

/* Fair threads leave in the order of their virtual run time. */
static void take_first__gives_least_vruntime(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		threads[i].vruntime = shim_random(50);
		runqueue_insert(&rq, &threads[i]);
	}
	assert_int_equal(rq.queued, THREADS);
	for (int i = 0; i < THREADS; i++) {
		struct thread *t = runqueue_take_first(&rq);

		assert_non_null(t);
		assert_false(t->queued);
		assert_true(t->vruntime >= last);
		last = t->vruntime;
	}
	assert_null(runqueue_take_first(&rq));
}

/* Threads of equal virtual run time keep their order: nobody starves. */
static void insert__is_fifo_among_equals(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		runqueue_insert(&rq, &threads[i]);
	for (int i = 0; i < 10; i++)
		assert_ptr_equal(runqueue_take_first(&rq), &threads[i]);
}

/* The order survives the wrap of the 64-bit virtual clock. */
static void insert__compares_across_the_wrap(void **state)
{
	(void)state;
	threads[0].vruntime = 5;
	threads[1].vruntime = UINT64_MAX - 5;
	runqueue_insert(&rq, &threads[0]);
	runqueue_insert(&rq, &threads[1]);
	assert_ptr_equal(runqueue_take_first(&rq), &threads[1]);
}

/* Real-time threads go before fair ones, the highest priority first. */
static void take_first__prefers_real_time(void **state)
{
	(void)state;
	make_rt(&threads[1], 10);
	make_rt(&threads[2], 70);
	make_rt(&threads[3], 70);
	make_rt(&threads[4], 99);
	for (int i = 0; i < 5; i++)
		runqueue_insert(&rq, &threads[i]);
	assert_ptr_equal(runqueue_take_first(&rq), &threads[4]);
	assert_ptr_equal(runqueue_take_first(&rq), &threads[2]);
	assert_ptr_equal(runqueue_take_first(&rq), &threads[3]);
	assert_ptr_equal(runqueue_take_first(&rq), &threads[1]);
	assert_ptr_equal(runqueue_take_first(&rq), &threads[0]);
}

/* Who was pushed aside in its turn goes on before its equals. */
static void insert_front__keeps_the_turn(void **state)
{
	(void)state;
	make_rt(&threads[0], 50);
	make_rt(&threads[1], 50);
	runqueue_insert(&rq, &threads[1]);
	runqueue_insert_front(&rq, &threads[0]);
	assert_ptr_equal(runqueue_take_first(&rq), &threads[0]);
	assert_ptr_equal(runqueue_take_first(&rq), &threads[1]);
}

/* Removal from anywhere keeps the rest in order and the counts right. */
static void remove__leaves_the_others_in_order(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		threads[i].vruntime = shim_random(1000);
		runqueue_insert(&rq, &threads[i]);
	}
	for (int i = 0; i < THREADS; i += 2)
		runqueue_remove(&rq, &threads[i]);
	for (int i = 0; i < THREADS / 2; i++) {
		struct thread *t = runqueue_take_first(&rq);

		assert_true((t - threads) % 2 == 1);
		assert_true(t->vruntime >= last);
		last = t->vruntime;
	}
	assert_int_equal(rq.queued, 0);
}

/* min_vruntime follows the least of running and queued, and never falls. */
static void advance__never_goes_back(void **state)
{
	uint64_t start = rq.min_vruntime;

	(void)state;
	threads[0].vruntime = start + 100;
	threads[1].vruntime = start + 40;
	runqueue_insert(&rq, &threads[1]);
	runqueue_advance(&rq, &threads[0]);
	assert_int_equal(rq.min_vruntime, start + 40);
	threads[2].vruntime = start + 10;
	runqueue_advance(&rq, &threads[2]);
	assert_int_equal(rq.min_vruntime, start + 40);
}

/* A yielding thread goes behind everybody else. */
static void yield__puts_the_thread_last(void **state)
{
	(void)state;
	threads[0].vruntime = 1;
	threads[1].vruntime = 10;
	threads[2].vruntime = 20;
	runqueue_insert(&rq, &threads[1]);
	runqueue_insert(&rq, &threads[2]);
	runqueue_yield(&rq, &threads[0]);
	assert_true(threads[0].vruntime > 20);
}

/* Stealing takes only a thread that may run on the thief's CPU. */
static void steal__respects_affinity(void **state)
{
	(void)state;
	atomic_store(&threads[0].affinity.bits[0], 1);
	atomic_store(&threads[1].affinity.bits[0], 2);
	runqueue_insert(&rq, &threads[0]);
	assert_null(runqueue_steal(&rq, 1));
	runqueue_insert(&rq, &threads[1]);
	assert_ptr_equal(runqueue_steal(&rq, 1), &threads[1]);
	assert_int_equal(rq.queued, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(take_first__gives_least_vruntime, fresh),
	    cmocka_unit_test_setup(insert__is_fifo_among_equals, fresh),
	    cmocka_unit_test_setup(insert__compares_across_the_wrap, fresh),
	    cmocka_unit_test_setup(take_first__prefers_real_time, fresh),
	    cmocka_unit_test_setup(insert_front__keeps_the_turn, fresh),
	    cmocka_unit_test_setup(remove__leaves_the_others_in_order, fresh),
	    cmocka_unit_test_setup(advance__never_goes_back, fresh),
	    cmocka_unit_test_setup(yield__puts_the_thread_last, fresh),
	    cmocka_unit_test_setup(steal__respects_affinity, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
