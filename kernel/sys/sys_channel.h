/* kernel/sys/sys_channel.h -- native calls on channels and semaphores. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * A new channel, as *spec says; fds[0] sends, fds[1] receives. E_INVAL,
 * E_FAULT, E_NOMEM, E_MFILE.
 */
long sys_channel_create(struct uptr spec, struct uptr fds);

/*
 * Send or receive one struct channel_message. Needs RIGHT_WRITE or RIGHT_READ.
 * Errors as channel_send and channel_receive; E_FAULT of the latter loses the
 * message.
 */
long sys_channel_send(
    int fd, struct uptr message, uint64_t deadline, uint32_t flags);
long sys_channel_receive(
    int fd, struct uptr message, uint64_t deadline, uint32_t flags);

/* A new semaphore: its descriptor. E_INVAL, E_NOMEM, E_MFILE. */
long sys_semaphore_create(uint64_t initial, uint64_t limit, uint32_t flags);

/* Add n. Needs RIGHT_SIGNAL. E_OVERFLOW, E_INVAL (no semaphore). */
long sys_semaphore_post(int fd, uint64_t n);

/* Take one. Needs RIGHT_WAIT. E_AGAIN, E_TIMEDOUT, E_INVAL. */
long sys_semaphore_wait(int fd, uint64_t deadline, uint32_t flags);

/* New memory: its descriptor. E_INVAL, E_NOMEM, E_MFILE. */
long sys_vmo_create(uint64_t size, uint32_t flags);

/* From writable to executable, for good. Needs RIGHT_EXEC. E_PERM, E_INVAL. */
long sys_vmo_seal_exec(int fd);
