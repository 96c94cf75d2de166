/* kernel/ipc/channel.c -- bounded one-way queues of small messages. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/ipc/channel.h"
#include "kernel/core/string.h"
#include "kernel/core/wait.h"
#include "kernel/mm/slab.h"
#include "kernel/object/desc.h"
#include "kernel/object/poll.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/file.h"

/*
 * head and tail count messages ever sent and received, so head - tail is the
 * fill. An end that is gone never comes back. Waiters are exclusive: each
 * message wakes one receiver, each free place one sender; who is woken and
 * gives up hands that on. A message's grants are put without the lock.
 */
struct slot {
	uint8_t data[CHANNEL_SIZE_MAX];
	struct grant *grants[CHANNEL_DESCS_MAX]; /* a reference each */
	uint32_t rights[CHANNEL_DESCS_MAX];
	uint32_t count;
};

struct end {
	struct object object; /* first */
	struct channel *channel;
	bool sends;
};

struct channel {
	struct end ends[2];
	struct lock lock;             /* RANK_OBJECT */
	_Atomic uint32_t head, tail;  /* changed under lock */
	_Atomic bool gone[2];         /* by end; changed under lock */
	_Atomic uint32_t refs;        /* ends that are there */
	uint32_t size, depth, frames; /* const */
	struct wait_queue wait[2];    /* to send, to receive */
	struct slot slots[];          /* GUARDED_BY lock */
};

enum { SEND, RECEIVE };

static const struct object_ops channel_ops;
static _Atomic uint64_t channels;

uint64_t channel_live(void)
{
	return channels;
}

static uint32_t channel_fill(const struct channel *c)
{
	return c->head - c->tail;
}

/* Who made the channel pays for what waits in it, descriptors too. */
static struct silo *payer(struct channel *c)
{
	return c->ends[0].object.root.silo;
}

static void slot_drop(struct channel *c, struct slot *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		grant_put(s->grants[i]);
	if (s->count)
		silo_uncharge(payer(c), SILO_DESCRIPTORS, s->count);
	s->count = 0;
}

/* An object whose queue could hold this very channel, or its sender. */
static bool carries_descriptors(const struct object *o)
{
	return o->ops == &channel_ops || !strcmp(o->ops->kind, "socket");
}

/* Fill s from m. E_BADF and the like; nothing is held then. */
static enum err collect(
    struct channel *c, const struct channel_message *m, struct slot *s)
{
	enum err e = OK;

	memcpy(s->data, m->data, sizeof(s->data));
	s->count = 0;
	if (m->count == 0)
		return OK;
	if (silo_charge(payer(c), SILO_DESCRIPTORS, m->count) != OK)
		return E_TOOMANYREFS;
	while (s->count < m->count && e == OK) {
		uint32_t i = s->count;

		e = desc_get_grant(
		    m->descs[i], RIGHT_GRANT, &s->grants[i], &s->rights[i]);
		if (e != OK)
			break;
		s->count++;
		s->rights[i] &= m->rights[i];
		if (carries_descriptors(s->grants[i]->object))
			e = E_INVAL;
	}
	if (e != OK) {
		silo_uncharge(payer(c), SILO_DESCRIPTORS, m->count - s->count);
		slot_drop(c, s);
	}
	return e;
}

/* Into the current process; a link of its own when it came from elsewhere. */
static long install(const struct slot *s, uint32_t i)
{
	struct grant *g = s->grants[i];
	enum err e = OK;
	int fd;

	if (g->silo == silo_current())
		g = grant_get(g);
	else
		e = grant_derive(
		    g, silo_current(), s->rights[i] & g->rights, 0, &g);
	if (e != OK)
		return e;
	e = desc_install_grant(g, s->rights[i], DESC_CLOEXEC, 0, &fd);
	if (e == OK)
		return fd;
	grant_put(g);
	return e;
}

/* One attempt. E_AGAIN: full. */
static enum err push(struct channel *c, const struct slot *s)
{
	enum err e = OK;

	lock_take(&c->lock);
	if (c->gone[RECEIVE]) {
		e = E_PIPE;
	} else if (channel_fill(c) == c->depth) {
		e = E_AGAIN;
	} else {
		c->slots[c->head % c->depth] = *s;
		c->head++;
	}
	lock_drop(&c->lock);
	return e;
}

static enum err pop(struct channel *c, struct slot *s)
{
	enum err e = OK;

	lock_take(&c->lock);
	if (channel_fill(c)) {
		*s = c->slots[c->tail % c->depth];
		c->tail++;
	} else {
		e = c->gone[SEND] ? E_PIPE : E_AGAIN;
	}
	lock_drop(&c->lock);
	return e;
}

static enum err attempt(struct channel *c, int end, struct slot *s)
{
	return end == SEND ? push(c, s) : pop(c, s);
}

static enum err wait_for(
    struct channel *c, int end, struct slot *s, nsec_t deadline)
{
	enum err e = attempt(c, end, s), slept = OK;
	struct waiter w;

	if (e == E_AGAIN && deadline != 0) {
		wait_begin_exclusive(&c->wait[end], &w);
		while ((e = attempt(c, end, s)) == E_AGAIN && slept == OK)
			slept = wait_sleep(&w, WAIT_INTR, deadline);
		wait_end(&w);
		if (e == E_AGAIN)
			e = slept == E_INTR ? E_RESTARTSYS : slept;
	}
	if (e == OK && !wait_idle(&c->wait[!end]))
		wait_wake_events(&c->wait[!end], 1,
		    end == SEND ? EV_IN | EV_RDNORM : EV_OUT | EV_WRNORM);
	return e;
}

static struct channel *channel_of(struct object *o, int end)
{
	struct end *e = (struct end *)o;

	if (o->ops != &channel_ops || e->sends != (end == SEND))
		return NULL;
	return e->channel;
}

enum err channel_send(
    struct object *end, const struct channel_message *m, nsec_t deadline)
{
	struct channel *c = channel_of(end, SEND);
	struct slot s;
	enum err e;

	if (!c || m->count > CHANNEL_DESCS_MAX || m->reserved)
		return E_INVAL;
	e = collect(c, m, &s);
	if (e != OK)
		return e;
	e = wait_for(c, SEND, &s, deadline);
	if (e != OK)
		slot_drop(c, &s);
	return e;
}

enum err channel_receive(
    struct object *end, struct channel_message *m, nsec_t deadline)
{
	struct channel *c = channel_of(end, RECEIVE);
	struct slot s;
	enum err e;

	if (!c)
		return E_INVAL;
	e = wait_for(c, RECEIVE, &s, deadline);
	if (e != OK)
		return e;
	memset(m, 0, sizeof(*m));
	memcpy(m->data, s.data, c->size);
	m->count = s.count;
	for (uint32_t i = 0; i < s.count; i++) {
		m->descs[i] = (int32_t)install(&s, i);
		m->rights[i] = s.rights[i];
	}
	slot_drop(c, &s);
	return OK;
}

static uint32_t channel_poll(struct object *o, struct poll_table *pt)
{
	struct end *e = (struct end *)o;
	struct channel *c = e->channel;

	poll_wait(pt, &c->wait[e->sends ? SEND : RECEIVE]);
	if (e->sends)
		return (channel_fill(c) < c->depth ? EV_OUT | EV_WRNORM : 0) |
		       (c->gone[RECEIVE] ? EV_ERR : 0);
	return (channel_fill(c) ? EV_IN | EV_RDNORM : 0) |
	       (c->gone[SEND] ? EV_HUP : 0);
}

/* What waits for a receiver that never comes. Its lock is free, nobody waits */
static void drain(struct channel *c)
{
	struct slot s;

	while (pop(c, &s) == OK)
		slot_drop(c, &s);
}

static void channel_release(struct object *o)
{
	struct end *e = (struct end *)o;
	struct channel *c = e->channel;
	int end = e->sends ? SEND : RECEIVE;

	lock_take(&c->lock);
	c->gone[end] = true;
	lock_drop(&c->lock);
	if (end == RECEIVE)
		drain(c); /* nothing is sent any more */
	wait_wake_all(&c->wait[!end]);
	/* Each end's object counts; who is second frees, and uncharges. */
	if (atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	silo_uncharge(o->root.silo, SILO_MEMORY, c->frames);
	atomic_fetch_sub(&channels, 1);
	kfree(c);
}

static const struct object_ops channel_ops = {
    .kind = "channel",
    .release = channel_release,
    .poll = channel_poll,
};

static void end_init(struct channel *c, int end)
{
	struct end *e = &c->ends[end];

	e->channel = c;
	e->sends = end == SEND;
	object_init(&e->object, &channel_ops, e->sends ? O_WRONLY : O_RDONLY,
	    e->sends ? CHANNEL_SEND_RIGHTS : CHANNEL_RECEIVE_RIGHTS);
	wait_queue_init(&c->wait[end]);
}

enum err channel_create(const struct channel_spec *spec, struct object *ends[2])
{
	struct channel *c;
	size_t bytes;
	enum err e;

	if (spec->size == 0 || spec->size > CHANNEL_SIZE_MAX ||
	    spec->depth == 0 || spec->depth > CHANNEL_DEPTH_MAX ||
	    spec->reserved)
		return E_INVAL;
	bytes = sizeof(*c) + spec->depth * sizeof(c->slots[0]);
	e = silo_charge(silo_current(), SILO_MEMORY,
	    (int64_t)(ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE));
	if (e != OK)
		return e;
	c = kzalloc(bytes);
	if (!c) {
		silo_uncharge(silo_current(), SILO_MEMORY,
		    (int64_t)(ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE));
		return E_NOMEM;
	}
	lock_init(&c->lock, RANK_OBJECT);
	c->refs = 2;
	c->size = spec->size;
	c->depth = spec->depth;
	c->frames = (uint32_t)(ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE);
	end_init(c, SEND);
	end_init(c, RECEIVE);
	atomic_fetch_add(&channels, 1);
	ends[0] = &c->ends[SEND].object;
	ends[1] = &c->ends[RECEIVE].object;
	return OK;
}
