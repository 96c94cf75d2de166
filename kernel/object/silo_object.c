/* kernel/object/silo_object.c -- the descriptor of a silo: records to read. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/poll.h"
#include "kernel/object/silo_internal.h"
#include "kernel/core/klog.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/vfs/file.h"

/*
 * Each opening has a place of its own in the silo's records, so that two
 * readers both see all of them. Such an object keeps the struct silo, and so
 * its SID, but not what runs in it.
 */
struct silo_object {
	struct object object; /* first */
	struct silo *silo;    /* const; holds a reference */
	struct lock lock;     /* RANK_DESC: records come before others' locks */
	uint32_t next;        /* number of the record to read next */
};

static struct silo_object *object_of(struct object *o)
{
	return (struct silo_object *)o;
}

static bool record_ready(const struct silo_object *so)
{
	return __atomic_load_n(&so->next, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&so->silo->event_count, __ATOMIC_RELAXED);
}

static bool record_take(struct silo_object *so, struct silo_event *out)
{
	bool got;

	lock_take(&so->lock);
	got = silo_event_get(so->silo, &so->next, out);
	if (got)
		so->next++;
	lock_drop(&so->lock);
	return got;
}

/* As many whole records as fit; waits for the first. */
static long silo_read(struct object *o, struct uio *u, int64_t off)
{
	struct silo_object *so = object_of(o);
	struct silo_event ev;
	long done = 0;
	enum err e;

	(void)off;
	if (u->left < sizeof(ev))
		return E_INVAL;
	while (u->left >= sizeof(ev)) {
		if (record_take(so, &ev)) {
			if (uio_copy_to(u, &ev, sizeof(ev)) != sizeof(ev))
				return done ? done : (long)E_FAULT;
			done += (long)sizeof(ev);
			continue;
		}
		if (done)
			break;
		if (o->oflags & O_NONBLOCK)
			return E_AGAIN;
		e = WAIT_EVENT(
		    &so->silo->wait, record_ready(so), WAIT_INTR, WAIT_FOREVER);
		if (e != OK)
			return E_RESTARTSYS;
	}
	return done;
}

static uint32_t silo_poll(struct object *o, struct poll_table *pt)
{
	struct silo_object *so = object_of(o);

	poll_wait(pt, &so->silo->wait);
	return record_ready(so) ? EV_IN | EV_RDNORM : 0;
}

static size_t silo_describe(struct object *o, char *buf, size_t size)
{
	struct silo *s = object_of(o)->silo;
	int n = ksnprintf(buf, size, "silo:\t%u\n", s->sid);

	return n < 0 ? 0 : MIN((size_t)n, size);
}

static void silo_object_release(struct object *o)
{
	silo_put(object_of(o)->silo);
	kfree(object_of(o));
}

static const struct object_ops silo_object_ops = {
    .kind = "silo",
    .mode = MODE_LIST | MODE_STOP | MODE_SPAWN,
    .release = silo_object_release,
    .read = silo_read,
    .poll = silo_poll,
    .describe = silo_describe,
};

enum err silo_object_create(struct silo *s, struct object **out)
{
	struct silo_object *so = kzalloc(sizeof(*so));

	if (!so)
		return E_NOMEM;
	so->silo = s;
	lock_init(&so->lock, RANK_DESC);
	object_init(&so->object, &silo_object_ops, O_RDONLY,
	    RIGHT_READ | RIGHT_GRANT | RIGHT_REVOKE | RIGHT_SIGNAL |
	        RIGHT_WAIT | RIGHT_MANAGE);
	*out = &so->object;
	return OK;
}

struct silo *silo_of_object(struct object *o)
{
	return o->ops == &silo_object_ops ? object_of(o)->silo : NULL;
}
