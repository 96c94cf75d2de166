/* kernel/ipc/reply.c -- the right to answer, as a descriptor. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/ipc/reply.h"
#include "kernel/core/string.h"
#include "kernel/core/thread.h"
#include "kernel/ipc/message.h"
#include "kernel/mm/slab.h"

enum err reply_create(struct reply **out)
{
	struct reply *r = kmalloc(sizeof(*r));

	if (!r)
		return E_NOMEM;
	memset(r, 0, sizeof(*r));
	object_init(
	    &r->object, &reply_ops, 0, RIGHT_CALL | RIGHT_GRANT | RIGHT_REVOKE);
	*out = r;
	return OK;
}

enum err reply_take(struct reply *r, struct reply_slot *from)
{
	struct thread *c;

	/* A caller that gives up meanwhile looks at its `answer` again. */
	preempt_disable();
	c = atomic_exchange(&from->caller, NULL);
	if (c) {
		atomic_store(&c->ipc.answer, &r->slot);
		atomic_store(&r->slot.caller, c);
	}
	preempt_enable();
	return c ? OK : E_CANCELED;
}

static void reply_free(struct rcu_head *h)
{
	kfree(container_of(h, struct reply, object.rcu));
}

static void reply_release(struct object *o)
{
	struct reply *r = container_of(o, struct reply, object);

	(void)message_reply(&r->slot, NULL, E_CONNRESET);
	/* A caller that gives up may still look at the slot. */
	rcu_call(&o->rcu, reply_free);
}

const struct object_ops reply_ops = {.kind = "reply", .release = reply_release};
