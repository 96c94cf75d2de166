/* kernel/object/epoll_wait.c -- epoll: looking at what may be ready, waiting. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/epoll_internal.h"
#include "kernel/mm/usercopy.h"

/* How watches join the ready list and leave it: see epoll.c. */

/* i was found not ready: off the list, unless it fired since. */
static void level_leave(struct epoll *ep, struct epoll_item *i)
    REQUIRES(&ep -> lock)
{
	irqflags_t f = lock_take_irq(&ep->ready_lock);

	if (!i->fired)
		epoll_ready_remove(ep, i);
	lock_drop_irq(&ep->ready_lock, f);
}

/* To the end of the list: others have their turn. */
static void level_rotate(struct epoll *ep, struct epoll_item *i)
    REQUIRES(&ep -> lock)
{
	irqflags_t f = lock_take_irq(&ep->ready_lock);

	list_remove(&i->ready_link);
	list_push_back(&ep->ready, &i->ready_link);
	lock_drop_irq(&ep->ready_lock, f);
}

/* The state of a level-triggered watch, which stays on the list if it has */
static inline uint32_t scan_level(struct epoll *ep, struct epoll_item *i)
    REQUIRES(&ep -> lock)
{
	uint32_t got;

	/* A full barrier: before the look. */
	atomic_store(&i->fired, false);
	got = i->object->ops->poll(i->object, NULL) & epoll_wanted(i);
	if (unlikely(!got))
		level_leave(ep, i);
	else if (unlikely(ep->nready != 1))
		level_rotate(ep, i);
	return got;
}

static uint32_t scan_edge(struct epoll *ep, struct epoll_item *i)
    REQUIRES(&ep -> lock)
{
	irqflags_t f = lock_take_irq(&ep->ready_lock);

	epoll_ready_remove(ep, i);
	lock_drop_irq(&ep->ready_lock, f);
	/* A full barrier: what fires after the look puts it back. */
	atomic_thread_fence(memory_order_seq_cst);
	return object_poll(i->object, NULL) & epoll_wanted(i);
}

static bool by_edge(const struct epoll_item *i)
{
	return i->events & (EPOLL_EDGE | EPOLL_ONESHOT);
}

/* Report up to max events; E_FAULT only if there was none before. */
static long scan(struct epoll *ep, struct uptr out, int max)
    REQUIRES(&ep -> lock)
{
	uint32_t left = ep->nready;
	long done = 0;

	while (left-- && done < max) {
		/* Others only append, and the list is not empty. */
		struct epoll_item *i =
		    list_first(&ep->ready, struct epoll_item, ready_link);
		bool edge = by_edge(i);
		struct epoll_event ev;

		ev.events = edge ? scan_edge(ep, i) : scan_level(ep, i);
		if (!ev.events)
			continue;
		ev.data = i->data;
		if (copy_to_user(out, &ev, sizeof(ev)) != OK) {
			if (edge)
				epoll_make_ready(ep, i);
			return done ? done : E_FAULT;
		}
		if (i->events & EPOLL_ONESHOT)
			i->events &= ~EPOLL_EVENTS;
		out.addr += sizeof(ev);
		done++;
	}
	return done;
}

/* Look once; 0 when nothing is ready. */
static long look(struct epoll *ep, struct uptr out, int max)
{
	long r;

	mutex_take(&ep->lock);
	r = scan(ep, out, max);
	mutex_drop(&ep->lock);
	/* What is left is for the next thread. */
	if (r && ep->nready && !wait_idle(&ep->wait))
		wait_wake(&ep->wait);
	return r;
}

/* The common case: one watch is ready, by level. 0: look() is needed. */
static inline long look_single(struct epoll *ep, struct uptr out)
{
	struct epoll_event ev;
	struct epoll_item *i;
	long r = 0;

	mutex_take(&ep->lock);
	i = list_first(&ep->ready, struct epoll_item, ready_link);
	if (likely(ep->nready == 1) && likely(!by_edge(i))) {
		ev.events = scan_level(ep, i);
		ev.data = i->data;
		if (likely(ev.events))
			r = copy_to_user(out, &ev, sizeof(ev)) == OK ? 1
			                                             : E_FAULT;
	}
	mutex_drop(&ep->lock);
	if (r && unlikely(!wait_idle(&ep->wait)))
		wait_wake(&ep->wait); /* it is still there */
	return r;
}

static enum err sleep_until_ready(struct epoll *ep, nsec_t deadline)
{
	struct waiter w;
	enum err e = OK;

	wait_begin_exclusive(&ep->wait, &w);
	while (!ep->nready && e == OK)
		e = wait_sleep(&w, WAIT_INTR, deadline);
	wait_end(&w);
	return e;
}

/* Nothing was ready at the first look. */
static __attribute__((noinline)) long wait_slow(
    struct epoll *ep, struct uptr events, int max, nsec_t deadline)
{
	enum err e = OK;
	long r = 0;

	while (r == 0 && e == OK) {
		e = sleep_until_ready(ep, deadline);
		/* Also after a time-out: what came with it counts. */
		if (ep->nready)
			r = look_single(ep, events);
		if (unlikely(r == 0) && ep->nready)
			r = look(ep, events, max);
	}
	if (r || e == E_TIMEDOUT)
		return r;
	return e;
}

long epoll_wait(
    struct object *epo, struct uptr events, int max, nsec_t deadline)
{
	struct epoll *ep = epoll_of(epo);
	long r;

	if (unlikely(epo->ops != &epoll_ops))
		return E_INVAL;
	if (ep->nready) {
		r = look_single(ep, events);
		if (unlikely(r == 0) && ep->nready)
			r = look(ep, events, max);
		if (likely(r))
			return r;
	}
	return deadline ? wait_slow(ep, events, max, deadline) : 0;
}

/* Is anything ready? Drops from the list what is not. */
static bool any_ready(struct epoll *ep) REQUIRES(&ep -> lock)
{
	uint32_t left = ep->nready;

	while (left--) {
		struct epoll_item *i =
		    list_first(&ep->ready, struct epoll_item, ready_link);

		if (scan_level(ep, i)) /* edges too: they are not consumed */
			return true;
	}
	return false;
}

uint32_t epoll_poll(struct object *o, struct poll_table *pt)
{
	struct epoll *ep = epoll_of(o);
	bool ready = false;

	poll_wait(pt, &ep->polled);
	if (!ep->nready)
		return 0;
	/* An outer epoll's lock may be held: from the outer to the inner. */
	mutex_take_nested(&ep->lock);
	ready = any_ready(ep);
	mutex_drop(&ep->lock);
	return ready ? EV_IN | EV_RDNORM : 0;
}
