/* kernel/linux/poll_calls.h -- ppoll, select, pselect6. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* ppoll(2); what is left of the time is written back. */
long sys_ppoll(struct uptr fds, unsigned n, struct uptr timeout,
    struct uptr mask, size_t mask_size);
/* select(2); what is left of the time is written back. */
long sys_select(int n, struct uptr in, struct uptr out, struct uptr ex,
    struct uptr timeout);
/* pselect(2), its mask and the mask's size behind one pointer. */
long sys_pselect6(int n, struct uptr in, struct uptr out, struct uptr ex,
    struct uptr timeout, struct uptr mask_and_size);
