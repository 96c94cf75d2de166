/* kernel/object/object.c -- the common part of every kernel object. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/object.h"
#include "kernel/object/silo.h"
#include "kernel/core/panic.h"

/*
 * An object lives as long as its root grant has references: descriptors,
 * child grants and kernel users all count there. The reference count never
 * comes back from zero: look-ups that race with the last close are kept out by
 * the descriptor table (desc.c), not here.
 */

void (*object_gone)(struct object *o);

void object_init(struct object *o, const struct object_ops *ops,
    uint32_t oflags, uint32_t rights)
{
	struct silo *s = silo_current();

	o->ops = ops;
	atomic_init(&o->oflags, oflags);
	lock_init(&o->grant_lock, RANK_GRANT);
	atomic_init(&o->root.refs, 1);
	atomic_init(&o->root.revoked, false);
	o->root.rights = rights;
	o->root.granter_sid = s->sid;
	o->root.badge = 0;
	o->root.object = o;
	o->root.parent = NULL;
	list_init(&o->root.children);
	list_init(&o->root.sibling);
	o->root.granter = s->index;
	o->root.silo = s;
	silo_pin(s);
	o->watchers = NULL;
}

void object_set_silo(struct object *o, struct silo *s)
{
	silo_pin(s);
	silo_unpin(o->root.silo);
	o->root.granter_sid = s->sid;
	o->root.granter = s->index;
	o->root.silo = s;
}

void object_release(struct object *o)
{
	struct silo *s = o->root.silo;

	if (unlikely(o->watchers))
		object_gone(o);
	o->ops->release(o);
	silo_unpin(s);
}

void object_put(struct object *o)
{
	/* Release: our writes come before the free; acquire: others' too. */
	uint32_t was =
	    atomic_fetch_sub_explicit(&o->root.refs, 1, memory_order_acq_rel);

	KASSERT_SLOW(was != 0);
	if (was == 1)
		object_release(o);
}
