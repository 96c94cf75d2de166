/* kernel/ipc/semaphore.h -- counting semaphores as descriptors. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/object.h"

struct semaphore;

#define SEMAPHORE_RIGHTS \
	(RIGHT_SIGNAL | RIGHT_WAIT | RIGHT_GRANT | RIGHT_REVOKE)

/*
 * Gives a reference; charged to the current silo. E_INVAL: initial > limit, or
 * limit 0; E_NOMEM.
 */
enum err semaphore_create(
    uint64_t initial, uint64_t limit, struct object **out);

/* The semaphore that o is, or NULL. */
struct semaphore *semaphore_of(struct object *o);

/*
 * Add n and wake as many. Any context; locks that the caller holds have a rank
 * below RANK_WAITQ. E_OVERFLOW: the limit would be passed, nothing was added.
 */
enum err semaphore_post(struct semaphore *s, uint64_t n);

/*
 * Take one; sleeps until there is one. deadline as event_wait's. E_AGAIN,
 * E_TIMEDOUT, E_RESTARTSYS.
 */
enum err semaphore_wait(struct semaphore *s, nsec_t deadline);

/* Live semaphores, for leak checks. */
uint64_t semaphore_live(void);
