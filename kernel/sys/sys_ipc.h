/* kernel/sys/sys_ipc.h -- system calls of synchronous messages. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * abi/ipc.h describes the registers. Errors beside those of message.h:
 * E_BADF, E_ACCES (right missing), E_INVAL (not a port, flags, tag), E_FAULT.
 */
long sys_port_create(uint32_t flags);
long sys_port_mint(int fd, uint64_t badge, uint32_t rights);
long sys_ipc_call(void);
long sys_ipc_receive(void);
/* Answers first, if there is a caller; then as ipc_receive. */
long sys_ipc_reply_receive(void);
/* E_CANCELED: nobody waits for an answer (any more). */
long sys_ipc_reply(void);
/* The right to answer the present caller, as a descriptor. E_CANCELED. */
long sys_ipc_detach(void);

/*
 * Copy from, to the window of the caller that we are to answer, from `offset`
 * bytes into its readable, writable part. Bytes copied: less at its end; 0
 * beyond. E_CANCELED: no caller (any more); E_FAULT on either side.
 */
long sys_msg_read(uint64_t offset, struct uptr to, uint64_t size);
long sys_msg_write(uint64_t offset, struct uptr from, uint64_t size);
/* The same of the caller behind a reply right. */
long sys_reply_read(int fd, uint64_t offset, struct uptr to, uint64_t size);
long sys_reply_write(int fd, uint64_t offset, struct uptr from, uint64_t size);
