/* kernel/ipc/reply.h -- the right to answer, as a descriptor. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/ipc/ipc_thread.h"
#include "kernel/object/object.h"

extern const struct object_ops reply_ops;

/*
 * A thread answers one caller at a time. To receive further calls before it
 * answers, it takes the right out as an object, which any holder may use once.
 * Closing the last descriptor unanswered gives the caller E_CONNRESET.
 */
struct reply {
	struct object object;
	struct reply_slot slot;
};

/* Without a caller. One reference to the caller. E_NOMEM. */
enum err reply_create(struct reply **out);

/* Move the caller that `from` names into r. E_CANCELED: there is none. */
enum err reply_take(struct reply *r, struct reply_slot *from);

/* The reply whose object o is; NULL: o is something else. */
static inline struct reply *reply_of(struct object *o)
{
	return o->ops == &reply_ops ? container_of(o, struct reply, object)
	                            : NULL;
}
