/* kernel/object/poll.c -- waiting on many queues at once. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/poll.h"
#include "kernel/object/object.h"
#include "kernel/core/thread.h"
#include "kernel/core/sched.h"
#include "kernel/mm/slab.h"

/*
 * The caller first asks all objects for their state without a table. Only if
 * nothing is ready and it may wait, it makes a table and asks again: methods
 * join their queues before they look, so what becomes ready after the look
 * sets `woken`. Then it sleeps until that flag, and asks for states alone.
 */
enum { POLL_CHUNK = 48 };

struct poll_chunk {
	struct poll_chunk *next;
	unsigned used;
	struct poll_entry entries[POLL_CHUNK];
};

uint32_t object_poll(struct object *o, struct poll_table *pt)
{
	if (!o->ops->poll)
		return EV_IN | EV_OUT | EV_RDNORM | EV_WRNORM;
	if (pt)
		pt->object = o;
	return o->ops->poll(o, pt);
}

/* Under the queue's lock, interrupts off. */
static bool poll_fire(struct waiter *w, uint32_t events)
{
	struct poll_table *pt =
	    container_of(w, struct poll_entry, waiter)->table;

	(void)events;
	if (!atomic_exchange(&pt->woken, true))
		sched_wake(pt->thread);
	return true;
}

static struct poll_entry *entry_alloc(struct poll_table *pt)
{
	struct poll_chunk *c = pt->chunks;

	if (pt->used < POLL_INLINE)
		return &pt->inline_entries[pt->used++];
	if (!c || c->used == POLL_CHUNK) {
		c = kmalloc(sizeof(*c));
		if (!c)
			return NULL;
		c->used = 0;
		c->next = pt->chunks;
		pt->chunks = c;
	}
	return &c->entries[c->used++];
}

void poll_wait(struct poll_table *pt, struct wait_queue *q)
{
	struct poll_entry *e;

	if (!pt)
		return;
	if (pt->join) {
		pt->join(pt, q);
		return;
	}
	e = entry_alloc(pt);
	if (!e) {
		pt->error = E_NOMEM;
		return;
	}
	e->table = pt;
	e->ref = pt->hold && pt->object ? object_get(pt->object) : NULL;
	e->waiter.thread = pt->thread;
	e->waiter.fn = poll_fire;
	e->waiter.exclusive = false;
	wait_join(q, &e->waiter);
}

void poll_begin(struct poll_table *pt, bool hold)
{
	atomic_init(&pt->woken, false);
	pt->hold = hold;
	pt->error = OK;
	pt->thread = thread_current();
	pt->object = NULL;
	pt->used = 0;
	pt->chunks = NULL;
	pt->join = NULL;
}

enum err poll_sleep(struct poll_table *pt, nsec_t deadline)
{
	return wait_flag(&pt->woken, WAIT_INTR, deadline);
}

static void entry_drop(struct poll_entry *e)
{
	wait_end(&e->waiter);
	if (e->ref)
		object_put(e->ref);
}

void poll_end(struct poll_table *pt)
{
	struct poll_chunk *c;

	for (unsigned i = 0; i < pt->used; i++)
		entry_drop(&pt->inline_entries[i]);
	while ((c = pt->chunks)) {
		for (unsigned i = 0; i < c->used; i++)
			entry_drop(&c->entries[i]);
		pt->chunks = c->next;
		kfree(c);
	}
}
