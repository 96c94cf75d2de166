/* kernel/object/epoll.h -- waiting for many objects, without looking at all. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/object.h"

/* Above the bits of enum poll_events, as Linux's EPOLL*. */
enum epoll_flags {
	EPOLL_EXCLUSIVE = 1 << 28,
	EPOLL_WAKEUP = 1 << 29, /* no suspend here to keep off: ignored */
	EPOLL_ONESHOT = 1 << 30,
};
#define EPOLL_EDGE (1u << 31)

enum epoll_operation { EPOLL_ADD = 1, EPOLL_DEL = 2, EPOLL_MOD = 3 };

struct epoll_event { /* = Linux's: 12 bytes */
	uint32_t events;
	uint64_t data;
} packed_struct;
static_assert(sizeof(struct epoll_event) == 12, "as on Linux");

/* Gives a reference. E_NOMEM. */
enum err epoll_create(struct object **out);

/*
 * Add, change or remove the watch of `fd`, which names `target`. E_EXIST,
 * E_NOENT, E_PERM (cannot be waited for), E_INVAL, E_LOOP (epolls watching
 * each other, or nested too deep), E_NOMEM. ep: E_INVAL when it is no epoll.
 */
enum err epoll_control(struct object *ep, enum epoll_operation op, int fd,
    struct object *target, const struct epoll_event *ev);

/*
 * Events into user memory, at most max; waits for one until the absolute
 * deadline (0: only look). Their number, or E_INTR, E_FAULT, E_INVAL.
 */
long epoll_wait(
    struct object *ep, struct uptr events, int max, nsec_t deadline);

/* Boot: caches. */
void epoll_init(void);
