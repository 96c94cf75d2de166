/* lib/event.h -- events, channels, semaphores, memory objects: the calls. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/event.h"

/* All give a value or a negative error of abi/err.h, where errno is not set. */
long event_create(uint32_t flags);
long event_signal(int fd, uint64_t bits);
/* *out: the bits that were set, with 0. */
long event_wait(
    int fd, uint64_t mask, uint64_t deadline, uint32_t flags, uint64_t *out);
long event_bind(int fd, uint64_t bits, uint32_t cause, uint64_t a, uint64_t b);
