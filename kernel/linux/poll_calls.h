/* kernel/linux/poll_calls.h -- ppoll, select, pselect6. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_ppoll(struct uptr fds, unsigned n, struct uptr timeout,
    struct uptr mask, size_t mask_size);
long sys_select(int n, struct uptr in, struct uptr out, struct uptr ex,
    struct uptr timeout);
long sys_pselect6(int n, struct uptr in, struct uptr out, struct uptr ex,
    struct uptr timeout, struct uptr mask_and_size);
