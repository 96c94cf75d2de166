/* tests/host/ring_test.c -- rings: two threads, and peers that lie. */
/* SPDX-License-Identifier: MIT */
/* build: lib/ring.c tests/host/shim.c */
#include "shim.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "lib/event.h"
#include "lib/ring.h"

/* Two events, as the kernel's: sticky bits. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	uint64_t bits;
	unsigned signals;
} events[2] = {{PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0},
    {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0}};

long event_signal(int fd, uint64_t bits)
{
	pthread_mutex_lock(&events[fd].lock);
	events[fd].bits |= bits;
	events[fd].signals++;
	pthread_cond_broadcast(&events[fd].cond);
	pthread_mutex_unlock(&events[fd].lock);
	return 0;
}

long event_wait(
    int fd, uint64_t mask, uint64_t deadline, uint32_t flags, uint64_t *out)
{
	(void)flags;
	pthread_mutex_lock(&events[fd].lock);
	while (!(events[fd].bits & mask) && deadline)
		pthread_cond_wait(&events[fd].cond, &events[fd].lock);
	*out = events[fd].bits & mask;
	events[fd].bits &= ~mask;
	pthread_mutex_unlock(&events[fd].lock);
	return *out ? 0 : E_TIMEDOUT;
}

/* A ring in memory of exactly its size, so that a byte beyond is found. */
static struct ring_header *make(
    uint32_t size, uint32_t count, struct ring *a, struct ring *b)
{
	size_t n = ring_bytes(size, count);
	void *m = NULL;

	assert_int_equal(posix_memalign(&m, 64, n), 0);
	memset(m, 0, n);
	assert_int_equal(ring_format(m, n, size, count), OK);
	assert_int_equal(ring_attach(a, m, n, 0, 0, 1), OK);
	assert_int_equal(ring_attach(b, m, n, 1, 1, 0), OK);
	for (int i = 0; i < 2; i++)
		events[i].bits = events[i].signals = 0;
	return m;
}

/* Shapes that are none are refused, by who lays out and who attaches. */
static void ring_attach__checks_the_shape(void **state)
{
	static aligned_to(64) uint8_t m[RING_DATA + 2 * 64 * 4];
	struct ring_header *h = (void *)m;
	struct ring r;

	(void)state;
	assert_int_equal(ring_format(m, sizeof(m), 0, 4), E_INVAL);
	assert_int_equal(ring_format(m, sizeof(m), 64, 3), E_INVAL);
	assert_int_equal(ring_format(m, sizeof(m), 64, 0), E_INVAL);
	assert_int_equal(ring_format(m, sizeof(m), 64, 8), E_INVAL);
	assert_int_equal(ring_attach(&r, m, sizeof(m), 0, 0, 1), E_PROTO);
	assert_int_equal(ring_format(m, sizeof(m), 64, 4), OK);
	assert_int_equal(ring_attach(&r, m, sizeof(m), 0, 0, 1), OK);
	assert_int_equal(ring_attach(&r, m, sizeof(m), 2, 0, 1), E_PROTO);
	assert_int_equal(ring_attach(&r, m, sizeof(m) - 1, 0, 0, 1), E_PROTO);
	assert_int_equal(ring_attach(&r, m, 16, 0, 0, 1), E_PROTO);
	h->count = 0x80000000u;
	assert_int_equal(ring_attach(&r, m, sizeof(m), 0, 0, 1), E_PROTO);
	h->count = 4;
	h->item_size = 0x40000001;
	assert_int_equal(ring_attach(&r, m, sizeof(m), 0, 0, 1), E_PROTO);
}

/* Items come in order, no more of them than there is room. */
static void ring_send__keeps_order_and_bound(void **state)
{
	struct ring a, b;
	struct ring_header *h = make(4, 8, &a, &b);
	uint32_t in[16], out[16], sent = 0, got = 0;

	(void)state;
	for (uint32_t round = 0; round < 1000; round++) {
		uint32_t n = round % 11;
		long r;

		for (uint32_t i = 0; i < n; i++)
			in[i] = sent + i;
		r = ring_send(&a, in, n);
		assert_true(r >= 0 && (uint32_t)r <= n);
		sent += (uint32_t)r;
		assert_true(sent - got <= 8);
		r = ring_receive(&b, out, round % 7);
		assert_true(r >= 0);
		for (long i = 0; i < r; i++)
			assert_int_equal(out[i], got++);
	}
	assert_true(got > 1000);
	free(h);
}

/* The counts pass 2^32 as if it were nothing. */
static void ring_send__counts_wrap(void **state)
{
	struct ring a, b;
	struct ring_header *h = make(4, 4, &a, &b);
	uint32_t v;

	(void)state;
	h->queues[0].head = h->queues[0].tail = 0xfffffffe;
	a.send.mine = a.send.theirs = 0xfffffffe;
	b.receive.mine = b.receive.theirs = 0xfffffffe;
	for (uint32_t i = 0; i < 20; i++) {
		assert_int_equal(ring_send(&a, &i, 1), 1);
		assert_int_equal(ring_receive(&b, &v, 1), 1);
		assert_int_equal(v, i);
	}
	free(h);
}

/* Nobody is signalled who does not sleep. */
static void ring_send__wakes_sleepers_only(void **state)
{
	struct ring a, b;
	struct ring_header *h = make(4, 4, &a, &b);
	uint32_t v = 0;

	(void)state;
	assert_int_equal(ring_send(&a, &v, 1), 1);
	assert_int_equal(events[1].signals, 0);
	h->queues[0].receiver_sleeps = 1;
	assert_int_equal(ring_send(&a, &v, 1), 1);
	assert_int_equal(ring_send(&a, &v, 1), 1);
	assert_int_equal(events[1].signals, 1);
	assert_int_equal(events[1].bits, RING_ITEMS);
	assert_int_equal(ring_wait(&a, RING_ITEMS, 0), E_TIMEDOUT);
	assert_int_equal(h->queues[1].receiver_sleeps, 0);
	free(h);
}

enum { MANY = 200000 };

static void *receiver(void *arg)
{
	uint64_t v[5], want = 0;
	struct ring *r = arg;
	long n;

	while (want < MANY) {
		n = ring_receive(r, v, 5);
		if (n == 0 && ring_wait(r, RING_ITEMS, UINT64_MAX) != OK)
			return NULL;
		for (long i = 0; i < n; i++)
			if (v[i] != want++)
				return NULL;
		if (n < 0)
			return NULL;
	}
	return arg;
}

/* Two threads, both sleeping now and then: all arrives, in order. */
static void ring__between_threads(void **state)
{
	struct ring a, b;
	struct ring_header *h = make(8, 16, &a, &b);
	void *good = NULL;
	pthread_t t;
	long n;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, receiver, &b), 0);
	for (uint64_t i = 0; i < MANY; i++) {
		while ((n = ring_send(&a, &i, 1)) == 0)
			assert_int_equal(
			    ring_wait(&a, RING_ROOM, UINT64_MAX), OK);
		assert_int_equal(n, 1);
	}
	pthread_join(t, &good);
	assert_ptr_equal(good, &b);
	free(h);
}

/* What is received was sent before the other end was gone. */
static void ring_wait__other_end_is_gone(void **state)
{
	struct ring a, b;
	struct ring_header *h = make(4, 4, &a, &b);
	uint32_t v = 9;

	(void)state;
	assert_int_equal(ring_send(&a, &v, 1), 1);
	event_signal(1, RING_GONE);
	assert_int_equal(ring_wait(&b, RING_ITEMS, UINT64_MAX), OK);
	assert_int_equal(ring_receive(&b, &v, 1), 1);
	assert_int_equal(ring_wait(&b, RING_ITEMS, UINT64_MAX), E_CONNRESET);
	assert_int_equal(ring_wait(&b, RING_ITEMS, UINT64_MAX), E_CONNRESET);
	free(h);
}

/* A count beyond what was sent or has room, or going back, breaks the ring. */
static void ring__counts_that_lie_break_it(void **state)
{
	struct ring a, b;
	struct ring_header *h = make(4, 4, &a, &b);
	uint32_t v[4] = {0};

	(void)state;
	h->queues[0].tail = 5;
	assert_int_equal(ring_receive(&b, v, 1), E_PROTO);
	h->queues[0].tail = 1;
	assert_int_equal(ring_receive(&b, v, 1), E_PROTO);
	assert_int_equal(ring_send(&b, v, 1), E_PROTO);
	free(h);
	h = make(4, 4, &a, &b);
	assert_int_equal(ring_send(&a, v, 3), 3);
	h->queues[0].head = 4;
	assert_int_equal(ring_send(&a, v, 2), E_PROTO);
	free(h);
	h = make(4, 4, &a, &b);
	assert_int_equal(ring_send(&a, v, 2), 2);
	assert_int_equal(ring_receive(&b, v, 2), 2);
	h->queues[0].tail = 1; /* back */
	assert_int_equal(ring_receive(&b, v, 1), E_PROTO);
	free(h);
}

struct liar {
	struct ring_header *h;
	_Atomic bool stop;
};

/* Writes counts that may just be true, or not, all the time. */
static void *lie(void *arg)
{
	struct liar *l = arg;
	unsigned seed = 1;

	while (!l->stop) {
		seed = seed * 1103515245 + 12345;
		l->h->queues[1].tail += seed >> 16 & 3;
		l->h->queues[0].head = l->h->queues[0].tail - (seed >> 20 & 3);
		l->h->queues[0].receiver_sleeps = seed >> 24 & 1;
		l->h->item_size = l->h->count = seed;
		if ((seed >> 16 & 0xff) == 0)
			l->h->queues[1].tail = seed;
	}
	return NULL;
}

/* Against a peer that scribbles while we work, no byte beyond is touched. */
static void ring__hostile_peer_at_work(void **state)
{
	struct liar l = {0};
	struct ring a, b;
	uint8_t v[12 * 64];
	pthread_t t;
	long n;

	(void)state;
	for (int round = 0; round < 50; round++) {
		l.h = make(64, 8, &a, &b);
		l.stop = false;
		assert_int_equal(pthread_create(&t, NULL, lie, &l), 0);
		for (int i = 0; i < 2000; i++) {
			n = ring_receive(&a, v, 12);
			assert_true(n == E_PROTO || (n >= 0 && n <= 8));
			n = ring_send(&a, v, 12);
			assert_true(n == E_PROTO || (n >= 0 && n <= 8));
		}
		l.stop = true;
		pthread_join(t, NULL);
		free(l.h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ring_attach__checks_the_shape),
	    cmocka_unit_test(ring_send__keeps_order_and_bound),
	    cmocka_unit_test(ring_send__counts_wrap),
	    cmocka_unit_test(ring_send__wakes_sleepers_only),
	    cmocka_unit_test(ring__between_threads),
	    cmocka_unit_test(ring_wait__other_end_is_gone),
	    cmocka_unit_test(ring__counts_that_lie_break_it),
	    cmocka_unit_test(ring__hostile_peer_at_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
