/* tests/fuzz/ring.c -- a ring whose other end is the fuzzer. */
/* SPDX-License-Identifier: MIT */
/* build: lib/ring.c */
#include <stdlib.h>
#include <string.h>
#include "lib/event.h"
#include "lib/ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A peer that signals whatever it likes: the input's bytes. */
static const uint8_t *at, *end;

static uint8_t next(void)
{
	return at < end ? *at++ : 0;
}

long event_signal(int fd, uint64_t bits)
{
	(void)fd;
	(void)bits;
	return 0;
}

long event_wait(
    int fd, uint64_t mask, uint64_t deadline, uint32_t flags, uint64_t *out)
{
	(void)fd;
	(void)deadline;
	(void)flags;
	*out = next() & mask;
	return *out ? 0 : E_TIMEDOUT;
}

/* The peer writes a byte, or a word where it counts. */
static void scribble(uint8_t *m, size_t n)
{
	struct ring_header *h = (void *)m;
	uint32_t v = (uint32_t)next();
	uint8_t where = next();

	switch (where & 7) {
	case 0:
		h->queues[1].tail += v;
		break;
	case 1:
		h->queues[0].head += v;
		break;
	case 2:
		h->queues[1].tail = v << 24;
		break;
	case 3:
		h->queues[0].receiver_sleeps = v;
		break;
	case 4:
		h->count = v << (where >> 3);
		break;
	case 5:
		h->item_size = v << (where >> 3);
		break;
	default:
		m[(where * 251u + v) % n] = (uint8_t)v;
	}
}

/* No count of the peer's makes us touch a byte outside, or move too many. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t sizes[] = {1, 8, 64, 100};
	uint32_t item, count;
	uint8_t *m, *mine;
	struct ring r;
	size_t n;

	at = data;
	end = data + size;
	item = sizes[next() & 3];
	count = 1u << (next() & 5);
	n = ring_bytes(item, count);
	if (posix_memalign((void **)&m, 64, n))
		abort();
	memset(m, 0, n);
	if (ring_format(m, n, item, count) != OK)
		abort();
	if (next() & 1)
		scribble(m, n);
	if (ring_attach(&r, m, n, 0, 0, 1) == OK) {
		if (ring_bytes(r.item_size, r.count) > n)
			abort();
		mine = malloc((size_t)r.item_size * 9);
		memset(mine, 1, (size_t)r.item_size * 9);
		while (at < end) {
			uint32_t want = next() % 10;
			uint8_t op = next();
			long got = 0;

			if (op % 4 == 0)
				got = ring_send(&r, mine, want);
			else if (op % 4 == 1)
				got = ring_receive(&r, mine, want);
			else if (op % 4 == 2)
				(void)ring_wait(&r, op >> 6, 1);
			else
				scribble(m, n);
			if (got != E_PROTO &&
			    (got < 0 || got > want || got > (long)r.count))
				abort();
		}
		free(mine);
	}
	free(m);
	return 0;
}
