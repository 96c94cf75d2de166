/* kernel/sys/sys_event.h -- native calls on events. See abi/event.h. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* A new event: its descriptor. E_INVAL (flags), E_NOMEM, E_MFILE. */
long sys_event_create(uint32_t flags);

/* Set bits. Needs RIGHT_SIGNAL. E_BADF, E_ACCES, E_INVAL (no event). */
long sys_event_signal(int fd, uint64_t bits);

/*
 * Wait for bits of mask and clear them; they are in rdx. Needs RIGHT_WAIT. With
 * EVENT_SIGNAL, sys_event_signal(signal_fd, signal_bits) comes first.
 * E_INVAL (no event, no bits, flags), E_AGAIN, E_TIMEDOUT.
 */
long sys_event_wait(int fd, uint64_t mask, uint64_t deadline, uint32_t flags,
    int signal_fd, uint64_t signal_bits);

/*
 * Have a cause signal bits. Needs RIGHT_SIGNAL. E_INVAL, E_CHILD (EVENT_ON_EXIT
 * of a process that is no child), E_NOBUFS, E_NOMEM.
 */
long sys_event_bind(
    int fd, uint64_t bits, uint32_t cause, uint64_t a, uint64_t b);
