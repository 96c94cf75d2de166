/* kernel/ipc/transfer.h -- descriptors that travel with a message. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/thread.h"

/*
 * Put the first n descriptors of *more into t->ipc, each with its right GRANT
 * checked and its rights cut. E_BADF, E_ACCES; then none is there.
 */
enum err transfer_collect(
    struct thread *t, const struct ipc_more *more, unsigned n);

/* Drop what is in t->ipc. */
void transfer_drop(struct thread *t);

/*
 * The end of a call or receive of the current thread t: install what came and
 * write the numbers into its struct ipc_more, errors in place of those that
 * found no room. Returns result.
 */
long transfer_received(struct thread *t, long result);
