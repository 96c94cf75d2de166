/* kernel/object/eventfd.c -- a 64-bit counter that reads and writes move. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/eventfd.h"
#include "kernel/object/poll.h"
#include "kernel/core/string.h"
#include "kernel/core/klog.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/vfs/file.h"

/*
 * The count is 0 to UINT64_MAX - 1. A read takes all of it (one, as a
 * semaphore) and waits while it is 0; a write adds and waits while the sum
 * would pass the limit. One queue serves both: it is rare that both wait.
 */
struct eventfd {
	struct object object;   /* first */
	struct lock lock;       /* RANK_OBJECT */
	_Atomic uint64_t count; /* changed under lock */
	bool semaphore;         /* const */
	struct wait_queue wait;
};

enum { ANON_DEV = 12 }; /* st_dev of objects that have no name */

static struct eventfd *eventfd_of(struct object *o)
{
	return (struct eventfd *)o;
}

/* Take what a read takes; false when there is nothing. */
static bool eventfd_take(struct eventfd *ev, uint64_t *out)
{
	uint64_t have;

	lock_take(&ev->lock);
	have = ev->count;
	*out = ev->semaphore && have ? 1 : have;
	if (have)
		ev->count = have - *out;
	lock_drop(&ev->lock);
	return have != 0;
}

static long eventfd_read(struct object *o, struct uio *u, int64_t off)
{
	struct eventfd *ev = eventfd_of(o);
	uint64_t v;
	enum err e;

	(void)off;
	if (u->left < sizeof(v))
		return E_INVAL;
	while (!eventfd_take(ev, &v)) {
		if (o->oflags & O_NONBLOCK)
			return E_AGAIN;
		e = WAIT_EVENT(
		    &ev->wait, ev->count != 0, WAIT_INTR, WAIT_FOREVER);
		if (e != OK)
			return E_RESTARTSYS;
	}
	wait_wake_all(&ev->wait);
	return uio_copy_to(u, &v, sizeof(v)) == sizeof(v) ? (long)sizeof(v)
	                                                  : E_FAULT;
}

static bool eventfd_add(struct eventfd *ev, uint64_t v)
{
	bool fits;

	lock_take(&ev->lock);
	fits = v < UINT64_MAX - ev->count;
	if (fits)
		ev->count += v;
	lock_drop(&ev->lock);
	return fits;
}

static long eventfd_write(struct object *o, struct uio *u, int64_t off)
{
	struct eventfd *ev = eventfd_of(o);
	uint64_t v;
	enum err e;

	(void)off;
	if (u->left < sizeof(v))
		return E_INVAL;
	if (uio_copy_from(u, &v, sizeof(v)) != sizeof(v))
		return E_FAULT;
	if (v == UINT64_MAX)
		return E_INVAL;
	while (!eventfd_add(ev, v)) {
		if (o->oflags & O_NONBLOCK)
			return E_AGAIN;
		e = WAIT_EVENT(&ev->wait, v < UINT64_MAX - ev->count, WAIT_INTR,
		    WAIT_FOREVER);
		if (e != OK)
			return E_RESTARTSYS;
	}
	wait_wake_all(&ev->wait);
	return sizeof(v);
}

static uint32_t eventfd_poll(struct object *o, struct poll_table *pt)
{
	struct eventfd *ev = eventfd_of(o);
	uint32_t events = 0;
	uint64_t count;

	poll_wait(pt, &ev->wait);
	count = ev->count;
	if (count)
		events |= EV_IN | EV_RDNORM;
	if (count < UINT64_MAX - 1)
		events |= EV_OUT | EV_WRNORM;
	return events;
}

static enum err eventfd_stat(struct object *o, struct kstat *out)
{
	(void)o;
	memset(out, 0, sizeof(*out));
	out->dev = ANON_DEV;
	out->ino = 1;
	out->mode = 0600;
	out->nlink = 1;
	out->blksize = PAGE_SIZE;
	return OK;
}

static size_t eventfd_describe(struct object *o, char *buf, size_t size)
{
	int n = ksnprintf(buf, size, "eventfd-count: %16lx\n",
	    (unsigned long)eventfd_of(o)->count);

	return n < 0 ? 0 : MIN((size_t)n, size);
}

static void eventfd_release(struct object *o)
{
	kfree(eventfd_of(o));
}

static const struct object_ops eventfd_ops = {
    .kind = "eventfd",
    .release = eventfd_release,
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
    .stat = eventfd_stat,
    .describe = eventfd_describe,
};

enum err eventfd_create(
    uint64_t initial, bool semaphore, uint32_t oflags, struct object **out)
{
	struct eventfd *ev = kmalloc(sizeof(*ev));

	if (!ev)
		return E_NOMEM;
	lock_init(&ev->lock, RANK_OBJECT);
	atomic_init(&ev->count, initial);
	ev->semaphore = semaphore;
	wait_queue_init(&ev->wait);
	object_init(&ev->object, &eventfd_ops, O_RDWR | oflags,
	    RIGHTS_ALL & ~(RIGHT_SEEK | RIGHT_MAP));
	*out = &ev->object;
	return OK;
}
