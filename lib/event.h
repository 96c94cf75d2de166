/* lib/event.h -- events, channels, semaphores, memory objects: the calls. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/event.h"
#include "abi/native.h"

/* All give a value or a negative error of abi/err.h, where errno is not set. */
long event_create(uint32_t flags);
long event_signal(int fd, uint64_t bits);
/* *out: the bits that were set, with 0. */
long event_wait(
    int fd, uint64_t mask, uint64_t deadline, uint32_t flags, uint64_t *out);
long event_bind(int fd, uint64_t bits, uint32_t cause, uint64_t a, uint64_t b);
long channel_create(const struct channel_spec *spec, int32_t fds[2]);
long channel_send(
    int fd, const struct channel_message *m, uint64_t deadline, uint32_t flags);
long channel_receive(
    int fd, struct channel_message *m, uint64_t deadline, uint32_t flags);
long semaphore_create(uint64_t initial, uint64_t limit, uint32_t flags);
long semaphore_post(int fd, uint64_t n);
long semaphore_wait(int fd, uint64_t deadline, uint32_t flags);
long vmo_create(uint64_t size, uint32_t flags);
long vmo_seal_exec(int fd);

/* A native call of six arguments; rdx may come back changed. */
static inline long event_native(long nr, uint64_t a, uint64_t b, uint64_t *c,
    uint64_t d, uint64_t e, uint64_t f)
{
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = e;
	register uint64_t r9 __asm__("r9") = f;
	long r = nr;

	__asm__ volatile("syscall"
	    : "+a"(r), "+d"(*c)
	    : "D"(a), "S"(b), "r"(r10), "r"(r8), "r"(r9)
	    : "rcx", "r11", "memory");
	return r;
}

/* Signal one event, then wait without end for another, in one call. */
static inline long event_signal_wait(
    int signal_fd, uint64_t signal_bits, int fd, uint64_t mask, uint64_t *out)
{
	uint64_t bits = EVENT_FOREVER;
	long r = event_native(NR_event_wait, (uint32_t)fd, mask, &bits,
	    EVENT_SIGNAL, (uint32_t)signal_fd, signal_bits);

	*out = bits;
	return r;
}
