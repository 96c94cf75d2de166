/* kernel/core/mutex.h -- sleeping locks: mutex, reader-writer lock. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/lock.h"
#include "kernel/core/list.h"

struct thread;

/*
 * A mutex. owner is the holding thread's address, bit 0 set when somebody
 * waits. Fast paths are one compare-and-swap; waiters queue under `lock` in
 * FIFO order and get the mutex handed over.
 */
struct ANNOTATE(capability("mutex")) mutex {
	_Atomic uintptr_t owner;
	struct lock lock;
	uint8_t rank; /* const after init */
	struct list waiters GUARDED_BY(&lock);
};

/* A free mutex of that rank. */
void mutex_init(struct mutex *m, enum lock_rank rank);

/* May sleep, not interruptible. Never in interrupts or under a spinlock. */
void mutex_take(struct mutex *m) ANNOTATE(acquire_capability(m));
void mutex_drop(struct mutex *m) ANNOTATE(release_capability(m));
bool mutex_try(struct mutex *m) ANNOTATE(try_acquire_capability(true, m));

/* mutex_take of a rank already held; the caller's line says the order. */
void mutex_take_nested(struct mutex *m) ANNOTATE(acquire_capability(m));
bool mutex_held(const struct mutex *m); /* by the current thread */

/*
 * A reader-writer lock that sleeps. state: number of readers, RW_WRITER set
 * while a writer holds it, RW_WAIT set while somebody waits. New readers queue
 * behind waiting writers.
 */
struct ANNOTATE(capability("rwlock")) rwlock {
	_Atomic uint64_t state;
	struct lock lock;
	uint8_t rank; /* const after init */
	struct list waiters GUARDED_BY(&lock);
};

/* Any number of readers or one writer; both sleep until they may. */
void rwlock_init(struct rwlock *l, enum lock_rank rank);
void rwlock_read(struct rwlock *l) ANNOTATE(acquire_shared_capability(l));
void rwlock_read_drop(struct rwlock *l) ANNOTATE(release_shared_capability(l));
void rwlock_write(struct rwlock *l) ANNOTATE(acquire_capability(l));
/* rwlock_write of a rank already held; the caller's line says the order. */
void rwlock_write_nested(struct rwlock *l) ANNOTATE(acquire_capability(l));
void rwlock_write_drop(struct rwlock *l) ANNOTATE(release_capability(l));
bool rwlock_write_held(const struct rwlock *l);
