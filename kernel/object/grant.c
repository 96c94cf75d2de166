/* kernel/object/grant.c -- the derivation tree of capabilities. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/object.h"
#include "kernel/object/silo.h"
#include "kernel/mm/slab.h"
#include "kernel/core/panic.h"

/*
 * Invariants:
 * 1. A child's rights are a subset of its parent's.
 * 2. A child is in its parent's `children` from birth to its last put, and
 *    holds a reference to the parent: a parent outlives its children.
 * 3. `revoked` is set under the object's grant_lock, and derive tests it under
 *    the same lock: whoever is derived later sees it, whoever was derived
 *    before is in the tree that revoke walks.
 * The chain of parents ends at the root, which is part of the object; so a
 * child keeps its object alive.
 */

struct grant *grant_get(struct grant *g)
{
	atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
	return g;
}

void grant_put(struct grant *g)
{
	struct grant *parent;
	struct object *o;

	for (;; g = parent) {
		/* As in object_put: both sides of the count are ordered. */
		if (atomic_fetch_sub_explicit(
		        &g->refs, 1, memory_order_acq_rel) != 1)
			return;
		o = g->object;
		parent = g->parent;
		if (!parent) {
			object_release(o);
			return;
		}
		lock_take(&o->grant_lock);
		KASSERT_SLOW(list_empty(&g->children));
		list_remove(&g->sibling);
		lock_drop(&o->grant_lock);
		silo_unpin(g->silo);
		silo_unpin(silo_by_index(g->granter));
		kfree(g);
	}
}

enum err grant_derive(struct grant *g, struct silo *to, uint32_t rights,
    uint64_t badge, struct grant **out)
{
	struct object *o = g->object;
	struct grant *child;

	if (rights & ~g->rights)
		return E_ACCES;
	child = kmalloc(sizeof(*child));
	if (!child)
		return E_NOMEM;
	atomic_init(&child->refs, 1);
	atomic_init(&child->revoked, false);
	child->rights = rights;
	/* Whoever calls us, it is the holder of g who gives it on. */
	child->granter_sid = g->silo->sid;
	child->granter = g->silo->index;
	child->badge = g->badge ? g->badge : badge;
	child->object = o;
	child->parent = g;
	child->silo = to;
	list_init(&child->children);
	lock_take(&o->grant_lock);
	if (atomic_load_explicit(&g->revoked, memory_order_relaxed)) {
		lock_drop(&o->grant_lock);
		kfree(child);
		return E_PERM;
	}
	grant_get(g);
	list_push_back(&g->children, &child->sibling);
	lock_drop(&o->grant_lock);
	/* The node names both: neither's SID is given out again before it goes */
	silo_pin(to);
	silo_pin(g->silo);
	*out = child;
	return OK;
}

/* The node after g in a walk, parents first, of the tree below `top`. */
static struct grant *grant_walk_next(struct grant *g, struct grant *top)
{
	if (!list_empty(&g->children))
		return list_first(&g->children, struct grant, sibling);
	while (g != top) {
		if (g->sibling.next != &g->parent->children)
			return list_entry(
			    g->sibling.next, struct grant, sibling);
		g = g->parent;
	}
	return NULL;
}

void grant_revoke(struct grant *g)
{
	struct object *o = g->object;
	struct grant *n;

	lock_take(&o->grant_lock);
	for (n = g; n; n = grant_walk_next(n, g))
		atomic_store_explicit(&n->revoked, true, memory_order_release);
	lock_drop(&o->grant_lock);
	/*
	 * A look-up that read the mark before us runs with preemption off, or
	 * belongs to the only thread of its process; after this no new use
	 * begins.
	 */
	rcu_sync();
}
