/* tests/host/futex_test.c -- futex queues: who is woken, moved, refused. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/object/futex.c tests/host/shim.c */
#include "shim.h"
#include "kernel/core/clock.h"
#include "kernel/core/sched.h"
#include "kernel/core/wait.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/futex.h"
#include "kernel/object/process.h"

/*
 * One thread: what the others would do meanwhile is done by `meanwhile`, which
 * is called when a waiter goes to sleep.
 */
static struct process process;
static struct thread thread = {.process = &process};
static void (*meanwhile)(void);
static long result;
static unsigned wakes;
static _Atomic uint32_t word, other;

struct thread *thread_hosted_current(void)
{
	return &thread;
}

struct thread *thread_get(struct thread *t)
{
	return t;
}

void thread_put(struct thread *t)
{
	(void)t;
}

bool sched_wake(struct thread *t)
{
	assert_ptr_equal(t, &thread);
	wakes++;
	return true;
}

enum err wait_flag(_Atomic bool *flag, enum wait_mode mode, nsec_t deadline)
{
	(void)mode;
	(void)deadline;
	if (meanwhile)
		meanwhile();
	return atomic_exchange(flag, false) ? OK : E_TIMEDOUT;
}

enum err aspace_futex_key(
    struct aspace *a, vaddr_t va, bool write, struct futex_key *out)
{
	(void)a;
	(void)write;
	*out = (struct futex_key){&process, va};
	return OK;
}

enum err user_read_u32(struct uptr p, uint32_t *out)
{
	*out = *(uint32_t *)p.addr;
	return OK;
}

enum err user_read_u64(struct uptr p, uint64_t *out)
{
	*out = *(uint64_t *)p.addr;
	return OK;
}

enum err user_read_u32_nofault(struct uptr p, uint32_t *out)
{
	return user_read_u32(p, out);
}

enum err user_cmpxchg_u32(
    struct uptr p, uint32_t old, uint32_t new, uint32_t *seen)
{
	*seen = old;
	atomic_compare_exchange_strong((_Atomic uint32_t *)p.addr, seen, new);
	return OK;
}

static struct uptr at(_Atomic uint32_t *w)
{
	return (struct uptr){(uintptr_t)w};
}

static long wait_for(uint32_t expect, uint32_t bits)
{
	return futex_wait(at(&word), true, expect, bits, WAIT_FOREVER, false);
}

static int setup(void **state)
{
	(void)state;
	futex_init();
	meanwhile = NULL;
	word = other = 0;
	wakes = 0;
	result = -1;
	return 0;
}

static void wake_one(void)
{
	word = 1;
	result = futex_wake(at(&word), true, 1, UINT32_MAX);
}

/* A wake between the look at the word and the sleep reaches the waiter. */
static void wake__reaches_the_waiter(void **state)
{
	(void)state;
	meanwhile = wake_one;
	assert_int_equal(wait_for(0, UINT32_MAX), 0);
	assert_int_equal(result, 1);
	assert_int_equal(wakes, 1);
	assert_int_equal(futex_wake(at(&word), true, 1, UINT32_MAX), 0);
}

/* Another value: no sleep. */
static void wait__looks_at_the_word(void **state)
{
	(void)state;
	word = 3;
	meanwhile = wake_one;
	assert_int_equal(wait_for(0, UINT32_MAX), E_AGAIN);
	assert_int_equal(result, -1);
	assert_int_equal(wait_for(3, 0), E_INVAL);
}

static void wake_other_bits(void)
{
	result = futex_wake(at(&word), true, 1, 2);
	result += futex_wake(at(&other), true, 1, UINT32_MAX);
	result += futex_wake(at(&word), false, 1, UINT32_MAX);
}

/* Other bits, another word, a shared wake of a private wait: not meant. */
static void wake__spares_who_is_not_meant(void **state)
{
	(void)state;
	meanwhile = wake_other_bits;
	assert_int_equal(wait_for(0, 1), E_TIMEDOUT);
	assert_int_equal(result, 0);
	assert_int_equal(wakes, 0);
}

static void requeue_and_wake(void)
{
	uint32_t no = 9, yes = 0;

	assert_int_equal(
	    futex_requeue(at(&word), at(&other), true, 0, 1, &no), E_AGAIN);
	assert_int_equal(
	    futex_requeue(at(&word), at(&other), true, 0, 1, &yes), 1);
	assert_int_equal(wakes, 0);
	assert_int_equal(futex_wake(at(&word), true, 1, UINT32_MAX), 0);
	result = futex_wake(at(&other), true, 1, UINT32_MAX);
}

/* Who was moved is woken by the new word, and by that only. */
static void requeue__moves_waiters(void **state)
{
	(void)state;
	meanwhile = requeue_and_wake;
	assert_int_equal(wait_for(0, UINT32_MAX), 0);
	assert_int_equal(result, 1);
}

static void requeue_only(void)
{
	uint32_t yes = 0;

	result = futex_requeue(at(&word), at(&other), true, 0, 1, &yes);
}

/* A wait that ends by itself leaves the queue that it was moved to. */
static void wait__leaves_nothing_behind(void **state)
{
	(void)state;
	meanwhile = requeue_only;
	assert_int_equal(wait_for(0, UINT32_MAX), E_TIMEDOUT);
	assert_int_equal(result, 1);
	assert_int_equal(futex_wake(at(&other), true, 1, UINT32_MAX), 0);
	assert_int_equal(futex_wake(at(&word), true, 1, UINT32_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(wake__reaches_the_waiter, setup),
	    cmocka_unit_test_setup(wait__looks_at_the_word, setup),
	    cmocka_unit_test_setup(wake__spares_who_is_not_meant, setup),
	    cmocka_unit_test_setup(requeue__moves_waiters, setup),
	    cmocka_unit_test_setup(wait__leaves_nothing_behind, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
