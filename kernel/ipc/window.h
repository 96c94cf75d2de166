/* kernel/ipc/window.h -- reaching into the memory of a waiting caller. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"
#include "kernel/ipc/ipc_thread.h"

/*
 * Copy up to size bytes between the current process's memory and the window of
 * the caller in `slot`. Bytes copied, or E_CANCELED, E_FAULT, E_NOMEM. Pages
 * that are not there are faulted in as the caller. May sleep. Nothing is
 * written to a caller that gave up.
 */
long window_read(
    struct reply_slot *slot, uint64_t offset, struct uptr to, uint64_t size);
long window_write(
    struct reply_slot *slot, uint64_t offset, struct uptr from, uint64_t size);
