/* abi/ring.h -- rings: the layout of two queues in shared memory. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdatomic.h>
#include "abi/base.h"

/*
 * A ring joins two ends, 0 and 1, by a memory object that both map and an event
 * for each. Queue i carries items from end i to the other: equal in size, and a
 * power of two of them. The memory holds struct ring_header, at RING_DATA the
 * items of queue 0, behind them those of queue 1.
 *
 * tail and head count items ever sent and received, modulo 2^32; item k lies at
 * place k modulo count. Only the sender writes tail, only the receiver head.
 * Either end may write whatever it likes into the memory at any time: an end
 * believes nothing there, keeps its own counts in memory of its own, and gives
 * up with E_PROTO on a count that cannot be (lib/ring.c does all this).
 *
 * An end that is about to sleep says so in its line of the queue, looks again,
 * and waits for its event; the other, after it moved its count, looks there,
 * clears it, and signals. Both need a full barrier between the two.
 */
enum {
	RING_MAGIC = 0x47523953, /* "S9RG" */
	RING_VERSION = 1,
	RING_DATA = 4096,
	RING_ITEM_MAX = 4096,
	RING_COUNT_MAX = 1 << 16,
};

/* Bits of an end's event. */
enum ring_bits {
	RING_ITEMS = 1, /* there may be some to receive */
	RING_ROOM = 2,  /* there may be room to send */
	RING_GONE = 4,  /* the other end is no more (event_bind) */
};

struct ring_queue {
	aligned_to(64) _Atomic uint32_t tail; /* by the sender */
	_Atomic uint32_t sender_sleeps;
	aligned_to(64) _Atomic uint32_t head; /* by the receiver */
	_Atomic uint32_t receiver_sleeps;
};
static_assert(sizeof(struct ring_queue) == 128, "struct ring_queue is ABI");

struct ring_header {
	uint32_t magic, version;
	uint32_t item_size; /* bytes, 1..RING_ITEM_MAX */
	uint32_t count;     /* a power of two, 1..RING_COUNT_MAX */
	struct ring_queue queues[2];
};
static_assert(offsetof(struct ring_header, queues) == 64, "ring layout");
static_assert(sizeof(struct ring_header) == 320, "ring layout");
static_assert(sizeof(_Atomic uint32_t) == 4, "ring layout");
