/* kernel/socket/unix_gc.h -- sockets that only messages refer to. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/mutex.h"

struct object;

/* Users with descriptors in flight, and the counts of sockets in flight. */
extern struct mutex rights_lock;

/*
 * One message more (or less) has a reference to o. True when o is a socket
 * that other messages still refer to: cycles may be left.
 */
bool unix_gc_count(struct object *o, int change) REQUIRES(&rights_lock);
