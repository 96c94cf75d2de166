/* tests/host/wait_test.c -- wait queues: no wake-up is lost. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/core/wait.c tests/host/shim.c */
#include "shim.h"
#include "kernel/core/sched.h"
#include "kernel/core/timer.h"
#include "kernel/core/wait.h"

static struct thread threads[3];
static struct thread *awake[8];
static unsigned woken;

bool sched_wake(struct thread *t)
{
	assert_true(woken < 8);
	awake[woken++] = t;
	return true;
}

void sched_prepare_sleep(void)
{
}

/* Nobody else runs here: a test that gets this far would sleep for ever. */
void schedule(void)
{
	fail_msg("%s", "a wake-up was lost");
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	t->fn = fn;
}

void timer_start(struct timer *t, nsec_t deadline)
{
	(void)deadline;
	t->fn(t); /* it is late already */
}

bool timer_cancel(struct timer *t)
{
	(void)t;
	return false;
}

static int setup(void **state)
{
	(void)state;
	woken = 0;
	return 0;
}

static void join(struct wait_queue *q, struct waiter *w, unsigned n, bool one)
{
	*w = (struct waiter){.thread = &threads[n], .exclusive = one};
	wait_join(q, w);
}

/* A wake makes the thread runnable and is seen by who sleeps only now. */
static void wake__before_the_sleep_counts(void **state)
{
	struct wait_queue q;
	struct waiter w;

	(void)state;
	wait_queue_init(&q);
	wait_begin(&q, &w);
	wait_wake_all(&q);
	assert_int_equal(woken, 1);
	assert_ptr_equal(awake[0], w.thread);
	assert_int_equal(wait_sleep(&w, WAIT_UNINTR, WAIT_FOREVER), OK);
	wait_end(&w);
}

/* One exclusive waiter, the first, and all the others are woken. */
static void wake__takes_one_exclusive_waiter(void **state)
{
	struct wait_queue q;
	struct waiter a, b, c;

	(void)state;
	wait_queue_init(&q);
	join(&q, &a, 0, true);
	join(&q, &b, 1, true);
	join(&q, &c, 2, false);
	wait_wake(&q);
	assert_int_equal(woken, 2);
	assert_true(a.woken && c.woken && !b.woken);
	/* The first has its wake already: the next one goes to the second. */
	wait_wake(&q);
	assert_true(b.woken);
	assert_int_equal(woken, 3);
}

/* Who leaves without using an exclusive wake hands it on. */
static void end__passes_an_unused_wake_on(void **state)
{
	struct wait_queue q;
	struct waiter a, b;

	(void)state;
	wait_queue_init(&q);
	join(&q, &a, 0, true);
	join(&q, &b, 1, true);
	wait_wake(&q);
	wait_end(&a); /* a signal or a timeout came at the same time */
	assert_true(b.woken);
	assert_int_equal(woken, 2);
	assert_ptr_equal(awake[1], &threads[1]);
}

/* A deadline that has passed ends the sleep. */
static void sleep__ends_at_its_deadline(void **state)
{
	struct wait_queue q;
	struct waiter w;

	(void)state;
	wait_queue_init(&q);
	wait_begin(&q, &w);
	assert_int_equal(wait_sleep(&w, WAIT_UNINTR, 5), E_TIMEDOUT);
	wait_end(&w);
	wait_wake_all(&q);
	assert_int_equal(woken, 1); /* by the timer, not by the queue */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(wake__before_the_sleep_counts, setup),
	    cmocka_unit_test_setup(wake__takes_one_exclusive_waiter, setup),
	    cmocka_unit_test_setup(end__passes_an_unused_wake_on, setup),
	    cmocka_unit_test_setup(sleep__ends_at_its_deadline, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
