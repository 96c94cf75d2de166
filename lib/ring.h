/* lib/ring.h -- rings: bulk between two programs that need no trust. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/err.h"
#include "abi/ring.h"

/* The counts of one direction as this end knows them. */
struct ring_lane {
	struct ring_queue *shared;
	uint8_t *items;
	uint32_t mine;   /* what we count: sent, or received */
	uint32_t theirs; /* the other end's, as last seen and checked */
};

/* One end. The fields are the library's. */
struct ring {
	uint32_t item_size, count;
	struct ring_lane send, receive;
	int wait, signal; /* events: ours, the other end's */
	bool broken, gone;
};

/* Memory that a ring takes; 0: no such ring. */
size_t ring_bytes(uint32_t item_size, uint32_t count);

/* Lay out an empty ring in zeroed memory. E_INVAL: shape, or too small. */
enum err ring_format(
    void *base, size_t size, uint32_t item_size, uint32_t count);

/*
 * Become end 0 or 1 of the ring in [base, base + size), whose shape is looked at
 * once and checked; r->item_size and r->count say it. Each end attaches once.
 * E_PROTO: no ring, or none that fits.
 */
enum err ring_attach(struct ring *r, void *base, size_t size, unsigned end,
    int wait, int signal);

/*
 * Send up to n items, or receive up to n into memory of our own; wakes the
 * other end if it sleeps. Their number, 0 when there is no room or no item;
 * E_PROTO, for good, when the other end lies.
 */
long ring_send(struct ring *r, const void *items, uint32_t n);
long ring_receive(struct ring *r, void *items, uint32_t n);

/*
 * Sleep until there is room to send (RING_ROOM) or an item (RING_ITEMS), as
 * `what` asks: E_TIMEDOUT, E_INTR, E_PROTO; E_CONNRESET: our event got
 * RING_GONE, and there is nothing to wait for.
 */
enum err ring_wait(struct ring *r, unsigned what, uint64_t deadline);
