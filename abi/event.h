/* abi/event.h -- events, channels and semaphores: flags, messages, causes. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/base.h"

/* Deadlines are absolute, on the monotonic clock, in ns. */
#define EVENT_FOREVER UINT64_MAX

enum event_flags {
	/* Creation. */
	EVENT_CLOEXEC = 1,
	/* Waiting, sending, receiving: E_AGAIN in place of a sleep. */
	EVENT_NONBLOCK = 2,
	/*
	 * event_wait: signal another event first, in the same call: its
	 * descriptor and bits are the fifth and sixth argument. If a signal
	 * interrupts the wait, a restarted call signals again.
	 */
	EVENT_SIGNAL = 4,
};

/*
 * Calls, beside those whose result is only 0 or an error:
 *
 *	event_create(flags)			a descriptor
 *	event_signal(fd, bits)
 *	event_wait(fd, mask, deadline, flags, ...)
 *						rdx: the bits, which are cleared
 *	event_bind(fd, bits, cause, a, b)
 *	channel_create(struct channel_spec *, int32_t fds[2])
 *	channel_send(fd, struct channel_message *, deadline, flags)
 *	channel_receive(fd, struct channel_message *, deadline, flags)
 *	semaphore_create(initial, limit, flags)	a descriptor
 *	semaphore_post(fd, n)
 *	semaphore_wait(fd, deadline, flags)
 *	vmo_create(size, flags)			a descriptor
 *	vmo_seal_exec(fd)
 */

/* event_bind: what else signals the bits. */
enum event_cause {
	/*
	 * a: deadline, 0 stops it; b: interval, 0 for once. An event has one
	 * timer. A periodic one is started again when its bits are taken.
	 */
	EVENT_ON_TIMER = 1,
	EVENT_ON_EXIT = 2, /* a: pid of a child; the end of its process */
};

/* A channel's messages: a fixed size, and descriptors. */
enum {
	CHANNEL_SIZE_MAX = 64,
	CHANNEL_DESCS_MAX = 4,
	CHANNEL_DEPTH_MAX = 1024,
};

struct channel_spec {
	uint32_t size;     /* of each message, 1..CHANNEL_SIZE_MAX */
	uint32_t depth;    /* messages that may wait, 1..CHANNEL_DEPTH_MAX */
	uint32_t flags;    /* EVENT_CLOEXEC */
	uint32_t reserved; /* 0 */
};
static_assert(sizeof(struct channel_spec) == 16, "struct channel_spec is ABI");

struct channel_message {
	uint8_t data[CHANNEL_SIZE_MAX];
	uint32_t count;                     /* of descs */
	uint32_t reserved;                  /* 0 */
	int32_t descs[CHANNEL_DESCS_MAX];   /* receiver: newly installed here */
	uint32_t rights[CHANNEL_DESCS_MAX]; /* upper bound of what is given */
};
static_assert(
    sizeof(struct channel_message) == 104, "struct channel_message is ABI");

enum vmo_flags {
	VMO_CLOEXEC = 1,
	VMO_SEALABLE = 2, /* vmo_seal_exec may be called */
};
