/* kernel/object/epoll.c -- waiting for many objects, without looking at all. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/epoll_internal.h"
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/file.h"

/*
 * A watch stays in the queues of its object. A wake-up there (fire, under the
 * queue's lock) sets `fired` and puts the watch on the ready list; epoll_wait
 * asks the objects on that list alone for their state.
 *
 * Only epoll_wait, under ep->lock, takes watches off the list. A level-
 * triggered watch that was reported stays on it and leaves when a later look
 * finds nothing. `fired` is cleared before that look, so that what comes in
 * between keeps the watch on the list. An edge-triggered one leaves before the
 * look, so that what comes in between puts it there again. Hence a wake-up is
 * needed only when a watch joins the list.
 *
 * Lifetimes: a watch goes when the watched object does (object_gone), when the
 * epoll does, or by EPOLL_DEL. The first two hold epoll_nesting, so that
 * neither the epoll nor the object vanishes under the other's hands.
 *
 * Wake-ups of an epoll that is watched itself happen inside of fire: queues of
 * one rank nest there, from the inner epoll to the outer, never in a circle.
 */
#define EVENTS_ALWAYS ((uint32_t)(EV_ERR | EV_HUP))
#define EXCLUSIVE_OK                                                  \
	((uint32_t)(EV_IN | EV_OUT | EV_ERR | EV_HUP | EPOLL_WAKEUP | \
	            EPOLL_EXCLUSIVE) |                                \
	    EPOLL_EDGE)

struct mutex epoll_nesting;
static struct slab_cache *item_cache, *epoll_cache;

/* Put i on the ready list; false when it was there. Interrupts are off. */
static bool ready_push(struct epoll *ep, struct epoll_item *i)
{
	bool fresh;

	lock_take(&ep->ready_lock);
	fresh = !i->queued;
	if (fresh) {
		i->queued = true;
		list_push_back(&ep->ready, &i->ready_link);
		ep->nready++;
	}
	lock_drop(&ep->ready_lock);
	return fresh;
}

void epoll_ready_remove(struct epoll *ep, struct epoll_item *i)
{
	if (!i->queued)
		return;
	i->queued = false;
	list_remove(&i->ready_link);
	ep->nready--;
}

/* Somebody waits: wake one thread in epoll_wait, and all that poll us. */
static bool wake_waiters(struct epoll *ep)
{
	bool woke = false;

	if (!wait_idle(&ep->wait)) {
		wait_wake_nested(&ep->wait, 1, 0);
		woke = true;
	}
	if (!wait_idle(&ep->polled)) {
		wait_wake_nested(&ep->polled, UINT32_MAX, EV_IN | EV_RDNORM);
		woke = true;
	}
	return woke;
}

/* A queue of the object woke us: under its lock, interrupts off. */
static bool fire(struct waiter *w, uint32_t events)
{
	struct epoll_item *i =
	    container_of(w, struct epoll_entry, waiter)->item;
	uint32_t want = epoll_wanted(i);

	if (!want || (events && !(events & want)))
		return false;
	/* Partner: the store in scan_level, before the look. */
	atomic_store(&i->fired, true);
	if (!ready_push(i->ep, i))
		return false;
	return wake_waiters(i->ep);
}

void epoll_make_ready(struct epoll *ep, struct epoll_item *i)
{
	irqflags_t f = irq_save();

	if (ready_push(ep, i))
		wake_waiters(ep);
	irq_restore(f);
}

/* poll_table.join while a watch is made. */
struct join_table {
	struct poll_table pt;
	struct epoll_item *item;
};

static void join(struct poll_table *pt, struct wait_queue *q)
{
	struct epoll_item *i = container_of(pt, struct join_table, pt)->item;
	struct epoll_entry *e;

	if (i->used < EPOLL_QUEUES) {
		e = &i->entries[i->used++];
	} else {
		e = kmalloc(sizeof(*e));
		if (!e) {
			i->error = E_NOMEM;
			return;
		}
		e->next = i->more;
		i->more = e;
	}
	e->item = i;
	e->waiter.thread = NULL;
	e->waiter.fn = fire;
	e->waiter.exclusive = i->events & EPOLL_EXCLUSIVE;
	wait_join(q, &e->waiter);
}

static void watch_link(struct object *o, struct epoll_item *i)
{
	lock_take(&o->grant_lock);
	i->watch_next = o->watchers;
	i->watch_prev = &o->watchers;
	if (o->watchers)
		o->watchers->watch_prev = &i->watch_next;
	o->watchers = i;
	lock_drop(&o->grant_lock);
}

static void watch_unlink(struct object *o, struct epoll_item *i)
{
	lock_take(&o->grant_lock);
	*i->watch_prev = i->watch_next;
	if (i->watch_next)
		i->watch_next->watch_prev = i->watch_prev;
	lock_drop(&o->grant_lock);
}

static int item_compare(
    const struct epoll_item *i, int fd, const struct object *o)
{
	if (i->fd != fd)
		return fd < i->fd ? -1 : 1;
	if (i->object == o)
		return 0;
	return (uintptr_t)o < (uintptr_t)i->object ? -1 : 1;
}

/* The watch, or NULL and where it would hang. */
static struct epoll_item *item_find(struct epoll *ep, int fd,
    const struct object *o, struct rb_node **parent, struct rb_node ***link)
    REQUIRES(&ep -> lock)
{
	*link = &ep->items.node;
	*parent = NULL;
	while (**link) {
		struct epoll_item *i =
		    rb_entry(**link, struct epoll_item, node);
		int c = item_compare(i, fd, o);

		if (c == 0)
			return i;
		*parent = **link;
		*link = &(*parent)->child[c > 0];
	}
	return NULL;
}

/* Undo everything; nested watches: epoll_nesting is held. */
static void item_remove(struct epoll *ep, struct epoll_item *i)
    REQUIRES(&ep -> lock)
{
	struct epoll_entry *e;
	irqflags_t f;

	for (unsigned k = 0; k < i->used; k++)
		wait_end(&i->entries[k].waiter);
	while ((e = i->more)) {
		i->more = e->next;
		wait_end(&e->waiter);
		kfree(e);
	}
	f = lock_take_irq(&ep->ready_lock);
	epoll_ready_remove(ep, i);
	lock_drop_irq(&ep->ready_lock, f);
	watch_unlink(i->object, i);
	if (i->nested)
		list_remove(&i->child_link);
	rb_erase(&ep->items, &i->node);
	if (ep->count-- % EPOLL_PER_FRAME == 0)
		silo_uncharge(ep->object.root.silo, SILO_MEMORY, 1);
	slab_free(item_cache, i);
}

/* A fresh watch that is in no list. E_NOMEM. */
static enum err item_make(struct epoll *ep, int fd, struct object *o,
    const struct epoll_event *ev, struct epoll_item **out)
{
	struct epoll_item *i;

	if ((ep->count + 1) % EPOLL_PER_FRAME == 0 &&
	    silo_charge(ep->object.root.silo, SILO_MEMORY, 1) != OK)
		return E_NOMEM;
	i = slab_alloc(item_cache);
	if (!i) {
		if ((ep->count + 1) % EPOLL_PER_FRAME == 0)
			silo_uncharge(ep->object.root.silo, SILO_MEMORY, 1);
		return E_NOMEM;
	}
	i->ep = ep;
	i->object = o;
	list_init(&i->ready_link);
	list_init(&i->child_link);
	i->fd = fd;
	i->events = ev->events | EVENTS_ALWAYS;
	i->data = ev->data;
	i->fired = false;
	i->queued = false;
	i->nested = o->ops == &epoll_ops;
	i->used = 0;
	i->error = OK;
	i->more = NULL;
	*out = i;
	return OK;
}

static enum err add(struct epoll *ep, int fd, struct object *o,
    const struct epoll_event *ev) REQUIRES(&ep -> lock)
{
	struct join_table t;
	struct rb_node *parent, **link;
	struct epoll_item *i;
	uint32_t now;
	enum err e;

	if (item_find(ep, fd, o, &parent, &link))
		return E_EXIST;
	e = item_make(ep, fd, o, ev, &i);
	if (e != OK)
		return e;
	rb_insert(&ep->items, parent, link, &i->node);
	ep->count++;
	watch_link(o, i);
	if (i->nested)
		list_push_back(&ep->children, &i->child_link);
	poll_begin(&t.pt, false);
	t.pt.join = join;
	t.item = i;
	now = object_poll(o, &t.pt);
	if (i->error != OK) {
		e = i->error;
		item_remove(ep, i);
		return e;
	}
	if (now & epoll_wanted(i))
		epoll_make_ready(ep, i);
	return OK;
}

static enum err modify(struct epoll *ep, int fd, struct object *o,
    const struct epoll_event *ev) REQUIRES(&ep -> lock)
{
	struct rb_node *parent, **link;
	struct epoll_item *i = item_find(ep, fd, o, &parent, &link);

	if (!i)
		return E_NOENT;
	if (i->events & EPOLL_EXCLUSIVE)
		return E_INVAL;
	i->data = ev->data;
	/* A full barrier: whoever fires after the look sees the new events. */
	atomic_store(&i->events, ev->events | EVENTS_ALWAYS);
	if (object_poll(o, NULL) & epoll_wanted(i))
		epoll_make_ready(ep, i);
	return OK;
}

static enum err control_locked(struct epoll *ep, enum epoll_operation op,
    int fd, struct object *o, const struct epoll_event *ev)
    REQUIRES(&ep -> lock)
{
	struct rb_node *parent, **link;
	struct epoll_item *i;

	if (op == EPOLL_ADD)
		return add(ep, fd, o, ev);
	if (op == EPOLL_MOD)
		return modify(ep, fd, o, ev);
	i = item_find(ep, fd, o, &parent, &link);
	if (!i)
		return E_NOENT;
	item_remove(ep, i);
	return OK;
}

static enum err exclusive_check(
    enum epoll_operation op, struct object *o, uint32_t events)
{
	if (op == EPOLL_MOD || o->ops == &epoll_ops || events & ~EXCLUSIVE_OK)
		return E_INVAL;
	return OK;
}

/* Not what is always ready: regular files and directories. */
static bool can_watch(struct object *o)
{
	return o->ops->poll && !file_of(o);
}

/* target is an epoll too. */
static enum err control_nested(struct epoll *ep, enum epoll_operation op,
    int fd, struct object *target, const struct epoll_event *ev)
{
	enum err e = OK;

	mutex_take(&epoll_nesting);
	if (op == EPOLL_ADD)
		e = epoll_nest_check(ep, epoll_of(target));
	if (e == OK) {
		mutex_take_nested(&ep->lock); /* after epoll_nesting */
		e = control_locked(ep, op, fd, target, ev);
		mutex_drop(&ep->lock);
	}
	mutex_drop(&epoll_nesting);
	return e;
}

enum err epoll_control(struct object *epo, enum epoll_operation op, int fd,
    struct object *target, const struct epoll_event *ev)
{
	struct epoll *ep = epoll_of(epo);
	enum err e;

	if (!can_watch(target))
		return E_PERM;
	if (epo == target || epo->ops != &epoll_ops)
		return E_INVAL;
	if (op != EPOLL_DEL && (ev->events & EPOLL_EXCLUSIVE)) {
		e = exclusive_check(op, target, ev->events);
		if (e != OK)
			return e;
	}
	if (target->ops == &epoll_ops)
		return control_nested(ep, op, fd, target, ev);
	mutex_take(&ep->lock);
	e = control_locked(ep, op, fd, target, ev);
	mutex_drop(&ep->lock);
	return e;
}

/* The last reference to o is gone: so are all watches of it. */
static void gone(struct object *o)
{
	struct epoll_item *i;

	mutex_take(&epoll_nesting);
	while ((i = o->watchers)) {
		struct epoll *ep = i->ep;

		mutex_take_nested(&ep->lock); /* after epoll_nesting */
		item_remove(ep, i);
		mutex_drop(&ep->lock);
	}
	mutex_drop(&epoll_nesting);
}

static void epoll_release(struct object *o)
{
	struct epoll *ep = epoll_of(o);
	struct rb_node *n;

	mutex_take(&epoll_nesting);
	mutex_take_nested(&ep->lock); /* after epoll_nesting */
	while ((n = rb_first(&ep->items)))
		item_remove(ep, rb_entry(n, struct epoll_item, node));
	mutex_drop(&ep->lock);
	mutex_drop(&epoll_nesting);
	slab_free(epoll_cache, ep);
}

/* As many watches as fit, as Linux shows them. */
static size_t epoll_describe(struct object *o, char *buf, size_t size)
{
	struct epoll *ep = epoll_of(o);
	struct rb_node *n;
	size_t at = 0;

	mutex_take(&ep->lock);
	for (n = rb_first(&ep->items); n; n = rb_next(n)) {
		struct epoll_item *i = rb_entry(n, struct epoll_item, node);
		int len = ksnprintf(buf + at, size - at,
		    "tfd: %8d events: %8x data: %16lx\n", i->fd,
		    (unsigned)i->events, (unsigned long)i->data);

		if (len < 0 || (size_t)len >= size - at)
			break;
		at += (size_t)len;
	}
	mutex_drop(&ep->lock);
	return at;
}

const struct object_ops epoll_ops = {
    .kind = "eventpoll",
    .release = epoll_release,
    .poll = epoll_poll,
    .describe = epoll_describe,
};

enum err epoll_create(struct object **out)
{
	struct epoll *ep = slab_alloc(epoll_cache);

	if (!ep)
		return E_NOMEM;
	object_init(&ep->object, &epoll_ops, 2,
	    RIGHTS_ALL & ~(uint32_t)(RIGHT_SEEK | RIGHT_MAP));
	mutex_init(&ep->lock, RANK_EPOLL);
	ep->items.node = NULL;
	ep->count = 0;
	lock_init(&ep->ready_lock, RANK_READY);
	list_init(&ep->ready);
	ep->nready = 0;
	wait_queue_init(&ep->wait);
	wait_queue_init(&ep->polled);
	list_init(&ep->children);
	ep->visit = 0;
	ep->height = 0;
	*out = &ep->object;
	return OK;
}

void epoll_init(void)
{
	mutex_init(&epoll_nesting, RANK_EPOLL);
	item_cache =
	    slab_create("epoll_item", sizeof(struct epoll_item), CACHE_LINE);
	epoll_cache = slab_create("epoll", sizeof(struct epoll), CACHE_LINE);
	object_gone = gone;
}
