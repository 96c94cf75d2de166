/* kernel/object/poll.h -- readiness: poll, select, and later epoll. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/wait.h"

enum poll_events {
	EV_IN = 0x001, /* = Linux POLL* */
	EV_PRI = 0x002,
	EV_OUT = 0x004,
	EV_ERR = 0x008,
	EV_HUP = 0x010,
	EV_NVAL = 0x020,
	EV_RDNORM = 0x040,
	EV_RDBAND = 0x080,
	EV_WRNORM = 0x100,
	EV_WRBAND = 0x200,
	EV_RDHUP = 0x2000,
};

struct object;
struct poll_table;

/*
 * A poll method calls this for each queue whose wake-ups may change what it
 * returns, before it looks at the state. pt NULL: only the state is asked.
 */
void poll_wait(struct poll_table *pt, struct wait_queue *q);

/*
 * What an object is ready for now; an object without the method is always
 * ready, as a file is. Registers with pt unless NULL.
 */
uint32_t object_poll(struct object *o, struct poll_table *pt);

/* One registration; the object is kept until the end of the table if `ref`. */
struct poll_entry {
	struct waiter waiter;
	struct poll_table *table;
	struct object *ref;
};
struct poll_chunk;

enum { POLL_INLINE = 6 };

/*
 * The registrations of one waiting call; lives on its stack. Any wake-up of
 * any of the queues sets `woken` and wakes the thread. `join`, when set, takes
 * over from that: epoll's registrations outlive the call.
 */
struct poll_table {
	_Atomic bool woken;
	bool hold;      /* objects need a reference while we wait */
	enum err error; /* E_NOMEM: a registration was lost */
	struct thread *thread;
	struct object *object; /* whose method is being called */
	unsigned used;         /* of inline_entries */
	struct poll_chunk *chunks;
	void (*join)(struct poll_table *pt, struct wait_queue *q);
	struct poll_entry inline_entries[POLL_INLINE];
};

/* hold: other threads may close descriptors while the caller waits. */
void poll_begin(struct poll_table *pt, bool hold);

/*
 * Sleep until a wake-up came since poll_begin or the last return. As
 * wait_sleep: OK, E_INTR, E_TIMEDOUT.
 */
enum err poll_sleep(struct poll_table *pt, nsec_t deadline);

/* Leave all queues. */
void poll_end(struct poll_table *pt);
