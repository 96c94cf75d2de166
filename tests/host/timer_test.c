/* tests/host/timer_test.c -- one-shot timers under a fake clock. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/core/timer.c kernel/core/rbtree.c tests/host/shim.c */
#include <string.h>
#include "shim.h"
#include "kernel/core/clock.h"
#include "kernel/core/sched.h"
#include "kernel/core/timer.h"
#include "kernel/arch/x86_64/irq.h"

static nsec_t now, programmed;
static int ticks;

nsec_t clock_now(void)
{
	return now;
}

void lapic_timer_program(uint64_t deadline)
{
	programmed = deadline;
}

void sched_tick(void)
{
	ticks++;
}

/* The hardware: fire as long as a programmed shot is due. */
static void run_until(nsec_t t)
{
	while (programmed <= t) {
		now = programmed > now ? programmed : now;
		programmed = UINT64_MAX;
		timer_interrupt();
	}
	now = t;
}

struct probe {
	struct timer timer;
	int fired;
	nsec_t at;
	nsec_t again;
};

static void fire(struct timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);

	p->fired++;
	p->at = now;
	if (p->again) {
		nsec_t next = now + p->again;

		p->again = 0;
		timer_start(t, next);
	}
}

static int fresh(void **state)
{
	(void)state;
	now = 1000;
	programmed = UINT64_MAX;
	ticks = 0;
	timer_init_cpu();
	return 0;
}

/* Each timer fires once, at its time, whatever the order of starting. */
static void start__fires_each_once_in_order(void **state)
{
	static struct probe p[300];

	(void)state;
	memset(p, 0, sizeof(p));
	for (int i = 0; i < 300; i++) {
		timer_init(&p[i].timer, fire);
		timer_start(&p[i].timer, now + 1 + shim_random(5000));
	}
	run_until(now + 10000);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(p[i].fired, 1);
		assert_int_equal(p[i].at, p[i].timer.deadline);
		assert_false(p[i].timer.queued);
	}
}

/* A cancelled timer never fires; cancel says whether it was pending. */
static void cancel__prevents_the_shot(void **state)
{
	struct probe p = {0};

	(void)state;
	timer_init(&p.timer, fire);
	assert_false(timer_cancel(&p.timer));
	timer_start(&p.timer, now + 100);
	assert_true(timer_cancel(&p.timer));
	assert_false(timer_cancel(&p.timer));
	run_until(now + 1000);
	assert_int_equal(p.fired, 0);
}

/* Starting a pending timer moves it, to sooner and to later. */
static void start__moves_a_pending_timer(void **state)
{
	struct probe p = {0};

	(void)state;
	timer_init(&p.timer, fire);
	timer_start(&p.timer, now + 500);
	timer_start(&p.timer, now + 100);
	run_until(now + 200);
	assert_int_equal(p.fired, 1);
	timer_start(&p.timer, now + 100);
	timer_start(&p.timer, now + 900);
	run_until(now + 500);
	assert_int_equal(p.fired, 1);
	run_until(now + 500);
	assert_int_equal(p.fired, 2);
}

/* A handler may start its own timer again. */
static void fire__may_restart_itself(void **state)
{
	struct probe p = {.again = 50};

	(void)state;
	timer_init(&p.timer, fire);
	timer_start(&p.timer, now + 10);
	run_until(now + 1000);
	assert_int_equal(p.fired, 2);
}

/* The scheduler's wish is kept though a later timer is queued. */
static void want__gives_a_tick_in_time(void **state)
{
	struct probe p = {0};

	(void)state;
	timer_init(&p.timer, fire);
	timer_start(&p.timer, now + 1000);
	timer_want(now + 100);
	run_until(now + 150);
	assert_int_equal(ticks, 1);
	assert_int_equal(p.fired, 0);
	run_until(now + 2000);
	assert_int_equal(ticks, 1);
	assert_int_equal(p.fired, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(start__fires_each_once_in_order, fresh),
	    cmocka_unit_test_setup(cancel__prevents_the_shot, fresh),
	    cmocka_unit_test_setup(start__moves_a_pending_timer, fresh),
	    cmocka_unit_test_setup(fire__may_restart_itself, fresh),
	    cmocka_unit_test_setup(want__gives_a_tick_in_time, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
