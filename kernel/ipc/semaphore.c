/* kernel/ipc/semaphore.c -- counting semaphores as descriptors. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/ipc/semaphore.h"
#include "kernel/core/wait.h"
#include "kernel/mm/slab.h"
#include "kernel/object/poll.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/file.h"

/*
 * The count is all there is; 0 <= count <= limit. Waiters are exclusive, so n
 * posted wake n of them; one that was woken and gives up hands that on.
 */
struct semaphore {
	struct object object;   /* first */
	_Atomic uint64_t count; /* changed by compare-and-swap */
	uint64_t limit;         /* const */
	struct wait_queue wait;
};

static const struct object_ops semaphore_ops;
static _Atomic uint64_t semaphores;

uint64_t semaphore_live(void)
{
	return semaphores;
}

struct semaphore *semaphore_of(struct object *o)
{
	return o->ops == &semaphore_ops ? (struct semaphore *)o : NULL;
}

enum err semaphore_post(struct semaphore *s, uint64_t n)
{
	uint64_t old = s->count;

	do {
		if (n > s->limit - old)
			return E_OVERFLOW;
	} while (!atomic_compare_exchange_weak(&s->count, &old, old + n));
	/* Those who only look (poll) are woken too. */
	if (n && !wait_idle(&s->wait))
		wait_wake_events(&s->wait,
		    n > UINT32_MAX ? UINT32_MAX : (unsigned)n,
		    EV_IN | EV_RDNORM);
	return OK;
}

/* Whoever polls to post may, when the count was at its limit. */
static bool take(struct semaphore *s)
{
	uint64_t old = s->count;

	do {
		if (old == 0)
			return false;
	} while (!atomic_compare_exchange_weak(&s->count, &old, old - 1));
	if (old == s->limit && !wait_idle(&s->wait))
		wait_wake_events(&s->wait, 0, EV_OUT | EV_WRNORM);
	return true;
}

enum err semaphore_wait(struct semaphore *s, nsec_t deadline)
{
	struct waiter w;
	enum err e = OK;
	bool got;

	if (take(s))
		return OK;
	if (deadline == 0)
		return E_AGAIN;
	wait_begin_exclusive(&s->wait, &w);
	while (!(got = take(s)) && e == OK)
		e = wait_sleep(&w, WAIT_INTR, deadline);
	wait_end(&w);
	if (got)
		return OK;
	return e == E_INTR ? E_RESTARTSYS : e;
}

static uint32_t semaphore_poll(struct object *o, struct poll_table *pt)
{
	struct semaphore *s = (struct semaphore *)o;
	uint64_t count;

	poll_wait(pt, &s->wait);
	count = s->count;
	return (count ? EV_IN | EV_RDNORM : 0) |
	       (count < s->limit ? EV_OUT | EV_WRNORM : 0);
}

static void semaphore_release(struct object *o)
{
	silo_uncharge(o->root.silo, SILO_MEMORY, 1);
	atomic_fetch_sub(&semaphores, 1);
	kfree((struct semaphore *)o);
}

static const struct object_ops semaphore_ops = {
    .kind = "semaphore",
    .release = semaphore_release,
    .poll = semaphore_poll,
};

enum err semaphore_create(uint64_t initial, uint64_t limit, struct object **out)
{
	struct semaphore *s;
	enum err e;

	if (limit == 0 || initial > limit)
		return E_INVAL;
	e = silo_charge(silo_current(), SILO_MEMORY, 1);
	if (e != OK)
		return e;
	s = kmalloc(sizeof(*s));
	if (!s) {
		silo_uncharge(silo_current(), SILO_MEMORY, 1);
		return E_NOMEM;
	}
	atomic_init(&s->count, initial);
	s->limit = limit;
	wait_queue_init(&s->wait);
	object_init(&s->object, &semaphore_ops, O_RDWR, SEMAPHORE_RIGHTS);
	atomic_fetch_add(&semaphores, 1);
	*out = &s->object;
	return OK;
}
