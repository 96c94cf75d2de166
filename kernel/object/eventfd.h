/* kernel/object/eventfd.h -- a counter to wait for. See eventfd(4). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/object.h"

enum eventfd_flags { EVENTFD_SEMAPHORE = 1 };

/* Gives a reference. oflags: O_NONBLOCK or 0. E_NOMEM. */
enum err eventfd_create(
    uint64_t initial, bool semaphore, uint32_t oflags, struct object **out);
