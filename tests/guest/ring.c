/* tests/guest/ring.c -- a ring between two processes. */
/* SPDX-License-Identifier: MIT */
/* build: lib/event.c lib/ring.c */
/* linux: skip native calls */
#include <sys/mman.h>
#include "lib/event.h"
#include "lib/ring.h"
#include "tap.h"

enum { SIZE = 64, PLACES = 128, ITEMS = 100000 };

struct item {
	uint64_t number, sum[7];
};
static_assert(sizeof(struct item) == SIZE, "an item");

static void *memory;
static int events[2];

static void make(void)
{
	size_t size = ring_bytes(SIZE, PLACES);
	int fd = (int)vmo_create(size, 0);

	CHECK(fd >= 0);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED);
	CHECK(ring_format(memory, size, SIZE, PLACES) == OK);
	events[0] = (int)event_create(0);
	events[1] = (int)event_create(0);
}

static struct ring attach(unsigned end)
{
	struct ring r;

	CHECK(ring_attach(&r, memory, ring_bytes(SIZE, PLACES), end,
	          events[end], events[!end]) == OK);
	return r;
}

static void send_all(struct ring *r, uint64_t count)
{
	struct item it;
	long n;

	for (uint64_t i = 0; i < count; i++) {
		for (int k = 0; k < 7; k++)
			it.sum[k] = i * (uint64_t)(k + 3);
		it.number = i;
		while ((n = ring_send(r, &it, 1)) == 0)
			CHECK(ring_wait(r, RING_ROOM, EVENT_FOREVER) == OK);
		CHECK(n == 1);
	}
}

static void receive_all(struct ring *r, uint64_t count)
{
	struct item it[16];
	long n;

	for (uint64_t i = 0; i < count;) {
		n = ring_receive(r, it, 16);
		CHECK(n >= 0);
		for (long j = 0; j < n; j++, i++)
			CHECK(it[j].number == i && it[j].sum[6] == i * 9);
		if (n == 0)
			CHECK(ring_wait(r, RING_ITEMS, EVENT_FOREVER) == OK);
	}
}

/* Every item comes once, in order and whole, and no end sleeps on. */
TEST(ring__carries_between_processes)
{
	struct ring r;
	pid_t pid;

	make();
	pid = fork();
	if (pid == 0) {
		r = attach(1);
		receive_all(&r, ITEMS);
		send_all(&r, ITEMS);
		_exit(0);
	}
	r = attach(0);
	send_all(&r, ITEMS);
	receive_all(&r, ITEMS);
	CHECK(tap_wait(pid) == 0);
}

/* The end of the other side is seen, after what it had sent. */
TEST(ring__sees_the_other_end_die)
{
	struct ring r;
	struct item it;
	pid_t pid;

	make();
	pid = fork();
	if (pid == 0) {
		r = attach(1);
		send_all(&r, 3);
		_exit(0);
	}
	r = attach(0);
	CHECK(event_bind(
	          events[0], RING_GONE, EVENT_ON_EXIT, (uint64_t)pid, 0) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(ring_wait(&r, RING_ITEMS, EVENT_FOREVER) == OK);
		CHECK(ring_receive(&r, &it, 1) == 1);
	}
	CHECK(ring_wait(&r, RING_ITEMS, EVENT_FOREVER) == E_CONNRESET);
	CHECK(tap_wait(pid) == 0);
}

/* Counts that lie break the ring, and nothing else. */
TEST(ring__survives_a_peer_that_lies)
{
	struct ring r;
	struct ring_header *h;
	struct item it = {0};

	make();
	h = memory;
	r = attach(0);
	h->queues[1].tail = PLACES + 1;
	CHECK(ring_receive(&r, &it, 1) == E_PROTO);
	h->queues[1].tail = 0;
	CHECK(ring_receive(&r, &it, 1) == E_PROTO);
	CHECK(ring_wait(&r, RING_ITEMS, EVENT_FOREVER) == E_PROTO);
	r = attach(0);
	h->queues[0].head = ~0u;
	for (int i = 0; i < PLACES; i++)
		CHECK(ring_send(&r, &it, 1) == 1);
	CHECK(ring_send(&r, &it, 1) == E_PROTO);
}

TAP_MAIN
