/* kernel/socket/unix_gc.c -- sockets that only messages refer to. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/socket/unix_gc.h"
#include "kernel/socket/rights.h"
#include "kernel/socket/unix_internal.h"

/*
 * A socket's descriptor can be sent through the socket itself, or two through
 * each other; when the last real descriptor is closed, the messages keep the
 * sockets and the sockets keep the messages. Such cycles are found so:
 *
 * A socket is a candidate if all references to its object are from messages
 * (inflight). Those from messages in candidates' own queues are subtracted; a
 * candidate that has some left is live, and so is all that its queue holds.
 * The others are garbage: their queues are emptied.
 *
 * Nobody can receive from a candidate that turns out to be garbage, since
 * nobody has a descriptor for it. A message that has just been taken out of a
 * queue still counts as in flight and is in no queue: what it carries is live.
 */
enum gc_state { GC_LIVE, GC_CANDIDATE };

struct mutex rights_lock;
static struct list in_flight = LIST_INIT(in_flight);
static _Atomic uint32_t in_flight_count; /* sockets */
static _Atomic bool gc_running, gc_again;

bool unix_gc_count(struct object *o, int change)
{
	struct unix_sock *s = unix_from_object(o);

	if (!s)
		return false;
	if (s->inflight == 0) {
		list_push_back(&in_flight, &s->gc_link);
		in_flight_count++;
	}
	s->inflight += (uint32_t)change;
	if (s->inflight == 0) {
		list_remove(&s->gc_link);
		in_flight_count--;
	}
	return s->inflight != 0;
}

/* Call fn for each socket in the messages that wait at s alone. */
static void visit_queue(struct unix_sock *s,
    void (*fn)(struct unix_sock *t, struct list *list), struct list *list)
    REQUIRES(&s -> lock)
{
	for (struct sbuf *b = s->head; b; b = b->next) {
		for (uint32_t i = 0; b->rights && i < b->rights->count; i++) {
			struct unix_sock *t =
			    unix_from_object(b->rights->of[i].grant->object);

			if (t && t->gc_state == GC_CANDIDATE)
				fn(t, list);
		}
	}
}

/* The same, and for what waits at connections that nobody accepted yet. */
static void visit(struct unix_sock *s,
    void (*fn)(struct unix_sock *t, struct list *list), struct list *list)
{
	struct unix_sock *n;

	mutex_take(&s->lock);
	visit_queue(s, fn, list);
	list_for_each(n, &s->pending, pending_link)
	{
		/* A listener comes before what it will accept. */
		mutex_take_nested(&n->lock);
		visit_queue(n, fn, list);
		mutex_drop(&n->lock);
	}
	mutex_drop(&s->lock);
}

static void subtract(struct unix_sock *t, struct list *list)
{
	(void)list;
	t->gc_left--;
}

/* t is live: what it holds must be looked at too. */
static void revive(struct unix_sock *t, struct list *list)
{
	t->gc_state = GC_LIVE;
	list_remove(&t->gc_link);
	list_push_back(list, &t->gc_link);
}

/*
 * Move garbage over to a list, with a reference to each. closing: a socket
 * whose caller drops a descriptor just now.
 */
static void find_garbage(struct unix_sock *closing, struct list *garbage)
    REQUIRES(&rights_lock)
{
	struct list live = LIST_INIT(live);
	struct unix_sock *s, *next;

	list_for_each(s, &in_flight, gc_link)
	{
		uint32_t refs = atomic_load(&s->socket.object.root.refs);

		s->gc_left = s->inflight;
		s->gc_state = refs - (s == closing) == s->inflight
		                  ? GC_CANDIDATE
		                  : GC_LIVE;
	}
	list_for_each(s, &in_flight, gc_link)
	{
		if (s->gc_state == GC_CANDIDATE)
			visit(s, subtract, NULL);
	}
	list_for_each_safe(s, next, &in_flight, gc_link)
	{
		if (s->gc_state == GC_CANDIDATE && s->gc_left)
			revive(s, &live);
	}
	list_for_each(s, &live, gc_link) /* grows at its end */
	    visit(s, revive, &live);
	list_for_each(s, &in_flight, gc_link)
	{
		if (s->gc_state != GC_CANDIDATE)
			continue;
		object_get(&s->socket.object);
		list_push_back(garbage, &s->garbage_link);
	}
	while (!list_empty(&live)) {
		s = list_first(&live, struct unix_sock, gc_link);
		list_remove(&s->gc_link);
		list_push_back(&in_flight, &s->gc_link);
	}
}

/* Take the messages' descriptors out of the queue of s. */
static void strip(struct unix_sock *s, struct list *out) REQUIRES(&s -> lock)
{
	for (struct sbuf *b = s->head; b; b = b->next) {
		if (!b->rights)
			continue;
		list_push_back(out, &b->rights->link);
		b->rights = NULL;
	}
}

static void purge(struct unix_sock *s)
{
	struct list out = LIST_INIT(out);
	struct unix_sock *n;

	mutex_take(&s->lock);
	strip(s, &out);
	list_for_each(n, &s->pending, pending_link)
	{
		mutex_take_nested(&n->lock); /* as in visit() */
		strip(n, &out);
		mutex_drop(&n->lock);
	}
	mutex_drop(&s->lock);
	while (!list_empty(&out)) {
		struct right_set *r = list_first(&out, struct right_set, link);

		list_remove(&r->link);
		rights_drop(r);
	}
}

static void collect(struct unix_sock *closing)
{
	struct list garbage = LIST_INIT(garbage);
	struct unix_sock *s;

	mutex_take(&rights_lock);
	find_garbage(closing, &garbage);
	mutex_drop(&rights_lock);
	while (!list_empty(&garbage)) {
		s = list_first(&garbage, struct unix_sock, garbage_link);
		list_remove(&s->garbage_link);
		purge(s);
		object_put(&s->socket.object);
	}
}

/* Only one runs; who comes meanwhile makes it run once more. */
static void collect_all(struct unix_sock *closing)
{
	gc_again = true;
	while (gc_again && !atomic_exchange(&gc_running, true)) {
		gc_again = false;
		collect(closing);
		closing = NULL;
		gc_running = false;
	}
}

void unix_gc(void)
{
	if (unlikely(in_flight_count))
		collect_all(NULL);
}

void unix_flush(struct object *o, const struct desc_table *table)
{
	struct unix_sock *s = unix_of_object(o);

	(void)table;
	/* The last descriptor goes, but messages keep the socket. */
	if (unlikely(s->inflight) &&
	    atomic_load(&o->root.refs) == s->inflight + 1)
		collect_all(s);
}
