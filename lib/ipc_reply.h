/* lib/ipc_reply.h -- answering later, and others than the last caller. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "lib/ipc.h"

/* The right to answer the present caller as a descriptor; or an error. */
long ipc_detach(void);

/* Answer through it, once; flags: 0 or IPC_REFUSE. Close it afterwards. */
long ipc_answer(
    int reply, uint32_t flags, const struct ipc_msg *m, struct ipc_more *more);

/* msg_read, msg_write of that caller. */
long reply_read(int reply, uint64_t offset, void *to, uint64_t size);
long reply_write(int reply, uint64_t offset, const void *from, uint64_t size);
