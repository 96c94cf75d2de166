/* lib/ipc.h -- ports and synchronous messages, for C. See abi/ipc.h. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/ipc.h"

struct ipc_msg {
	uint64_t tag; /* IPC_TAG(verb, words) */
	uint64_t word[IPC_WORDS];
};

/* Who sent it, stamped by the kernel. */
struct ipc_from {
	uint64_t badge;
	uint32_t sid, label;
};

/* fd with IPC_* flags in its upper half. */
#define IPC_FD(fd, flags) ((uint64_t)(uint32_t)(fd) | (uint64_t)(flags) << 32)

/*
 * Send *m and wait; *m is the answer when 0 is returned. more may be NULL.
 * Else a negative error, the server's own refusal among them.
 */
long ipc_call(uint64_t fd, struct ipc_msg *m, struct ipc_more *more);

/* Wait for a call. Then answer it by one of the next two. */
long ipc_receive(uint64_t fd, struct ipc_msg *m, struct ipc_more *more,
    struct ipc_from *from);
/* Answer with *m, if there is a caller, and wait for the next call. */
long ipc_reply_receive(uint64_t fd, struct ipc_msg *m, struct ipc_more *more,
    struct ipc_from *from);
long ipc_reply(uint64_t flags, const struct ipc_msg *m, struct ipc_more *more);

/*
 * The same for messages without words: no memory is touched. A receiver gets
 * the words of a message that has some, all the same.
 */
long ipc_call0(uint64_t fd, uint64_t tag);
long ipc_reply_receive0(uint64_t fd, struct ipc_msg *m, struct ipc_from *from);

/* Descriptors of a new port, of a capability to call it; or an error. */
long port_create(uint32_t flags);
long port_mint(int port, uint64_t badge, uint32_t rights);

/* Reach into the window of the caller; bytes, or an error. */
long msg_read(uint64_t offset, void *to, uint64_t size);
long msg_write(uint64_t offset, const void *from, uint64_t size);
