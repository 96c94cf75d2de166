/* kernel/sys/sys_poll.h -- poll, and what its relatives share with it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

enum { POLL_NO_WAIT = 0 }; /* as a deadline: only look */

/*
 * Poll `n` user pollfds until the absolute monotonic `deadline`: POLL_NO_WAIT,
 * a time, or WAIT_FOREVER. Number ready, or an error (E_INTR when a signal
 * came).
 */
long poll_user(struct uptr fds, unsigned n, nsec_t deadline);

/* now + ns, never wrapping and never POLL_NO_WAIT for ns > 0. */
nsec_t poll_deadline(uint64_t ns);

/* poll(2); after a stop it waits for the rest of its time. */
long sys_poll(struct uptr fds, unsigned n, int timeout_ms);
