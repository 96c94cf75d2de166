/* tests/host/supervise_test.c -- restarts by a clock that the test holds. */
/* SPDX-License-Identifier: MIT */
/* build: strates/init/supervise.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "strates/init/supervise.h"

#define MS ((uint64_t)1000000)

static uint64_t now; /* ns */

static struct supervisor fresh(enum restart_policy policy, uint32_t limit)
{
	struct manifest_silo s = {.restart = policy, .restart_limit = limit};

	now = 1000 * MS;
	return supervisor_new(&s);
}

/* Start it, let it run, let it end; how many ms it waits then, -1: never. */
static long end_after(
    struct supervisor *s, uint64_t ran_ms, enum end_cause cause)
{
	uint64_t at = 0;

	supervisor_started(s, now);
	now += ran_ms * MS;
	if (supervisor_ended(s, cause, now, &at) != RESTART_AT)
		return -1;
	assert_true(at >= now);
	ran_ms = (at - now) / MS;
	now = at;
	return (long)ran_ms;
}

/* At once, then 100 ms, doubled each time, never more than 30 s. */
static void supervisor__backs_off_up_to_30_s(void **state)
{
	static const long want[] = {0, 100, 200, 400, 800, 1600, 3200, 6400,
	    12800, 25600, 30000, 30000};
	struct supervisor s = fresh(RESTART_ALWAYS, 0);

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++)
		assert_int_equal(end_after(&s, 10, END_FAULT), want[i]);
	s.faults = UINT32_MAX;
	assert_int_equal(end_after(&s, 10, END_FAULT), 30000);
}

/* Every end of its own doing counts alike. */
static void supervisor__counts_own_ends(void **state)
{
	static const enum end_cause own[] = {
	    END_FAULT, END_FAILURE, END_PROTOCOL, END_EXIT};
	struct supervisor s = fresh(RESTART_ALWAYS, 0);

	(void)state;
	for (size_t i = 0; i < COUNT(own); i++) {
		assert_true(end_is_own(own[i]));
		assert_int_equal(
		    end_after(&s, 0, own[i]), i == 0 ? 0 : 50l << i);
	}
}

/* A minute of health makes a new beginning; a moment less does not. */
static void supervisor__forgets_after_a_minute(void **state)
{
	struct supervisor s = fresh(RESTART_ALWAYS, 0);

	(void)state;
	assert_int_equal(end_after(&s, 0, END_FAULT), 0);
	assert_int_equal(end_after(&s, 0, END_FAULT), 100);
	assert_int_equal(end_after(&s, 59999, END_FAULT), 200);
	assert_int_equal(end_after(&s, 60000, END_FAULT), 0);
	assert_int_equal(end_after(&s, 0, END_FAULT), 100);
}

/* Who kills a silo a thousand times never makes it wait, nor be given up. */
static void supervisor__does_not_count_kills(void **state)
{
	struct supervisor s = fresh(RESTART_LIMITED, 1);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(end_after(&s, 1, END_KILLED), 0);
	assert_int_equal(end_after(&s, 1, END_FAULT), 0);
	assert_int_equal(end_after(&s, 1, END_KILLED), 0);
	/* Nor does a kill clear what the silo did by itself. */
	assert_int_equal(end_after(&s, 1, END_FAULT), -1);
}

/* limited:N starts again N times in a row, then no more. */
static void supervisor__gives_up_after_its_limit(void **state)
{
	struct supervisor s = fresh(RESTART_LIMITED, 3);
	uint64_t at;

	(void)state;
	assert_int_equal(end_after(&s, 1, END_FAULT), 0);
	assert_int_equal(end_after(&s, 1, END_FAULT), 100);
	assert_int_equal(end_after(&s, 1, END_FAULT), 200);
	assert_int_equal(
	    supervisor_ended(&s, END_FAULT, now, &at), RESTART_STOP);
	/* A minute of health gives it all of them again. */
	assert_int_equal(end_after(&s, 60000, END_FAULT), 0);
	assert_int_equal(end_after(&s, 1, END_FAULT), 100);
	assert_int_equal(end_after(&s, 1, END_FAULT), 200);
	assert_int_equal(end_after(&s, 1, END_FAULT), -1);
}

/* What was stopped, or never is started again, stays down. */
static void supervisor__leaves_down_what_was_stopped(void **state)
{
	struct supervisor s = fresh(RESTART_ALWAYS, 0);
	uint64_t at;

	(void)state;
	assert_int_equal(
	    supervisor_ended(&s, END_STOPPED, now, &at), RESTART_NOT);
	assert_int_equal(s.faults, 0);
	s = fresh(RESTART_NEVER, 0);
	assert_int_equal(
	    supervisor_ended(&s, END_FAULT, now, &at), RESTART_NOT);
	assert_int_equal(
	    supervisor_ended(&s, END_KILLED, now, &at), RESTART_NOT);
}

/* A clock that jumped back is no minute of health. */
static void supervisor__survives_a_clock_that_goes_back(void **state)
{
	struct supervisor s = fresh(RESTART_ALWAYS, 0);
	uint64_t at;

	(void)state;
	assert_int_equal(end_after(&s, 0, END_FAULT), 0);
	supervisor_started(&s, now);
	assert_int_equal(
	    supervisor_ended(&s, END_FAULT, now - 1, &at), RESTART_AT);
	assert_true(at == now - 1 + 100 * MS);
}

/* Signals that code raises are faults; the same ones sent are kills. */
static void end_cause_of__tells_faults_from_kills(void **state)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};

	(void)state;
	assert_int_equal(end_cause_of(0, 0, false), END_EXIT);
	assert_int_equal(end_cause_of(3, 0, false), END_FAILURE);
	assert_int_equal(end_cause_of(0, SIGABRT, false), END_FAILURE);
	assert_int_equal(end_cause_of(0, SIGABRT, true), END_KILLED);
	assert_int_equal(end_cause_of(0, SIGSYS, false), END_PROTOCOL);
	assert_int_equal(end_cause_of(0, SIGSYS, true), END_KILLED);
	assert_int_equal(end_cause_of(0, SIGKILL, true), END_KILLED);
	assert_int_equal(end_cause_of(0, SIGKILL, false), END_KILLED);
	assert_int_equal(end_cause_of(0, SIGTERM, true), END_KILLED);
	for (size_t i = 0; i < COUNT(faults); i++) {
		assert_int_equal(end_cause_of(0, faults[i], false), END_FAULT);
		assert_int_equal(end_cause_of(0, faults[i], true), END_KILLED);
	}
}

/* The request whose thread faulted twice fails; all others go on. */
static void blame__fails_a_request_the_second_time(void **state)
{
	struct blame b = {0};

	(void)state;
	assert_int_equal(blame_request(&b, 7, END_FAULT, true), BLAME_AGAIN);
	assert_int_equal(blame_request(&b, 8, END_FAULT, false), BLAME_AGAIN);
	assert_int_equal(blame_request(&b, 8, END_FAULT, false), BLAME_AGAIN);
	assert_int_equal(blame_request(&b, 7, END_KILLED, true), BLAME_AGAIN);
	assert_int_equal(blame_request(&b, 7, END_STOPPED, true), BLAME_AGAIN);
	assert_int_equal(blame_request(&b, 7, END_PROTOCOL, true), BLAME_FAIL);
	assert_int_equal(b.count, 0);
	assert_int_equal(blame_request(&b, 8, END_FAULT, true), BLAME_AGAIN);
	blame_forget(&b, 8);
	blame_forget(&b, 9);
	assert_int_equal(blame_request(&b, 8, END_FAULT, true), BLAME_AGAIN);
}

/* A full table fails what it cannot remember, and keeps what it knows. */
static void blame__is_bounded(void **state)
{
	struct blame b = {0};

	(void)state;
	for (uint64_t i = 0; i < BLAME_MAX; i++)
		assert_int_equal(
		    blame_request(&b, i, END_FAULT, true), BLAME_AGAIN);
	assert_int_equal(blame_request(&b, 99, END_FAULT, true), BLAME_FAIL);
	assert_int_equal(b.count, BLAME_MAX);
	assert_int_equal(blame_request(&b, 0, END_FAULT, true), BLAME_FAIL);
	assert_int_equal(blame_request(&b, 99, END_FAULT, true), BLAME_AGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(supervisor__backs_off_up_to_30_s),
	    cmocka_unit_test(supervisor__counts_own_ends),
	    cmocka_unit_test(supervisor__forgets_after_a_minute),
	    cmocka_unit_test(supervisor__does_not_count_kills),
	    cmocka_unit_test(supervisor__gives_up_after_its_limit),
	    cmocka_unit_test(supervisor__leaves_down_what_was_stopped),
	    cmocka_unit_test(supervisor__survives_a_clock_that_goes_back),
	    cmocka_unit_test(end_cause_of__tells_faults_from_kills),
	    cmocka_unit_test(blame__fails_a_request_the_second_time),
	    cmocka_unit_test(blame__is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
