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

struct poll_table;

/*
 * A poll method calls this for each queue whose wake-ups may change what it
 * returns, before it looks at the state. pt NULL: only the state is asked.
 */
void poll_wait(struct poll_table *pt, struct wait_queue *q);
