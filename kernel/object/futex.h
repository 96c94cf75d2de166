/* kernel/object/futex.h -- waiting on words of user memory. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/thread.h"

/* Wake up to n waiters of the (shared or private) word; number woken. */
int futex_wake_user(struct uptr addr, int n);

/*
 * Sleep while the word holds `expect`, until woken through a bit of bitset or
 * the absolute deadline. 0, E_AGAIN (other value), E_TIMEDOUT, E_FAULT,
 * E_INVAL, or a restart code (relative: one that keeps the deadline).
 */
long futex_wait(struct uptr addr, bool private, uint32_t expect,
    uint32_t bitset, nsec_t deadline, bool relative);
long futex_wake(struct uptr addr, bool private, int n, uint32_t bitset);

/*
 * Wake `wake` waiters of from, move `move` more to the queue of to; expect:
 * only if from holds it (E_AGAIN). Number woken and moved.
 */
long futex_requeue(struct uptr from, struct uptr to, bool private, int wake,
    int move, const uint32_t *expect);

/* FUTEX_WAKE_OP: change b as code says, wake a's, and b's if it held. */
long futex_wake_op(
    struct uptr a, struct uptr b, bool private, int n1, int n2, uint32_t code);

/*
 * A thread ends: walk its robust list, mark the owned words FUTEX_OWNER_DIED
 * and wake one waiter each. Bounded; user memory is hostile.
 */
void futex_exit_robust(struct thread *t);
void futex_init(void);
