/* kernel/ipc/event.c -- events: signal, wait, poll. */
/* SPDX-License-Identifier: MIT */
#include "kernel/ipc/event_internal.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/poll.h"
#include "kernel/vfs/file.h"

/*
 * The bits are the state; everything else says who must look at them again.
 * Usually one thread waits, without a deadline: it puts itself into `waiter`,
 * says it sleeps, and looks at the bits; who signals sets the bits, then looks
 * for a waiter. All four are ordered by full barriers, so that one of the two
 * sees the other. Who signals takes the waiter out before it wakes it; the mask
 * may be that of a waiter come later, who then looks at the bits after us.
 *
 * The thread need not be kept for the waker: threads are freed after a grace
 * period, and a wake-up too many makes every sleeper look again.
 *
 * Further waiters, those with a deadline, poll and epoll use the queue.
 */

enum { ANON_DEV = 12 }; /* st_dev of objects that have no name */

struct event *event_of(struct object *o)
{
	return o->ops == &event_ops ? (struct event *)o : NULL;
}

struct object *event_object(struct event *e)
{
	return &e->object;
}

/* After a full barrier: does anybody wait in the queue? */
NO_LOCK_CHECK static bool queue_idle(struct event *e)
{
	return __atomic_load_n(&e->wait.waiters.next, __ATOMIC_RELAXED) ==
	       &e->wait.waiters;
}

void event_post(struct event *e, uint64_t bits)
{
	struct thread *t;

	rcu_read_enter();
	/* seq_cst: before the looks at waiter, mask and queue. */
	atomic_fetch_or(&e->bits, bits);
	t = atomic_load(&e->waiter);
	if (t && (atomic_load(&e->waiter_mask) & bits) &&
	    atomic_compare_exchange_strong(&e->waiter, &t, NULL))
		sched_wake(t);
	if (unlikely(!queue_idle(e)))
		wait_wake_events(&e->wait, UINT32_MAX, EV_IN | EV_RDNORM);
	rcu_read_exit();
}

/* Take what is set of mask. */
static inline uint64_t event_take(struct event *e, uint64_t mask)
{
	uint64_t old = atomic_load_explicit(&e->bits, memory_order_acquire);

	do {
		if (!(old & mask))
			return 0;
	} while (!atomic_compare_exchange_weak(&e->bits, &old, old & ~mask));
	if (unlikely(atomic_load_explicit(&e->expired, memory_order_relaxed)))
		event_timer_again(e);
	return old & mask;
}

/* Until a signal of this kind, another wake-up, or E_INTR. */
static enum err sleep_alone(struct event *e, struct thread *me, uint64_t mask)
{
	enum err r = OK;

	atomic_store_explicit(&e->waiter_mask, mask, memory_order_relaxed);
	me->wait_mode = WAIT_INTR;
	sched_prepare_sleep(); /* a full barrier */
	if (atomic_load(&e->bits) & mask)
		r = OK;
	else if (unlikely(
	             atomic_load_explicit(&me->work, memory_order_relaxed) &
	             (WORK_KILL | WORK_SIGNAL | WORK_STOP)))
		r = E_INTR;
	else
		schedule();
	atomic_store_explicit(&me->state, THREAD_RUNNING, memory_order_relaxed);
	/* Nobody took us out: then we woke for another reason. */
	if (unlikely(
	        atomic_load_explicit(&e->waiter, memory_order_relaxed) == me))
		atomic_compare_exchange_strong(
		    &e->waiter, &(struct thread *){me}, NULL);
	return r;
}

enum err event_wait(
    struct event *e, uint64_t mask, nsec_t deadline, uint64_t *out)
{
	struct thread *me, *none;
	enum err r;

	for (;;) {
		*out = event_take(e, mask);
		if (*out)
			return OK;
		if (deadline == 0)
			return E_AGAIN;
		none = NULL;
		me = thread_current();
		if (likely(
		        deadline == WAIT_FOREVER &&
		        atomic_compare_exchange_strong(&e->waiter, &none, me)))
			r = sleep_alone(e, me, mask);
		else
			r = WAIT_EVENT(
			    &e->wait, e->bits & mask, WAIT_INTR, deadline);
		if (unlikely(r != OK))
			return r == E_INTR ? E_RESTARTSYS : r;
	}
}

static long event_read(struct object *o, struct uio *u, int64_t off)
{
	struct event *e = (struct event *)o;
	bool now = (o->oflags & O_NONBLOCK) || (u->flags & UIO_NOWAIT);
	uint64_t bits;
	enum err r;

	(void)off;
	if (u->left < sizeof(bits))
		return E_INVAL;
	r = event_wait(e, UINT64_MAX, now ? 0 : WAIT_FOREVER, &bits);
	if (r != OK)
		return r;
	if (uio_copy_to(u, &bits, sizeof(bits)) == sizeof(bits))
		return sizeof(bits);
	event_post(e, bits); /* not taken: nobody has seen them */
	return E_FAULT;
}

static long event_write(struct object *o, struct uio *u, int64_t off)
{
	uint64_t bits;

	(void)off;
	if (u->left < sizeof(bits))
		return E_INVAL;
	if (uio_copy_from(u, &bits, sizeof(bits)) != sizeof(bits))
		return E_FAULT;
	event_post((struct event *)o, bits);
	return sizeof(bits);
}

static uint32_t event_poll(struct object *o, struct poll_table *pt)
{
	struct event *e = (struct event *)o;

	poll_wait(pt, &e->wait);
	return (e->bits ? EV_IN | EV_RDNORM : 0) | EV_OUT | EV_WRNORM;
}

static enum err event_stat(struct object *o, struct kstat *out)
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

const struct object_ops event_ops = {
    .kind = "event",
    .release = event_release,
    .read = event_read,
    .write = event_write,
    .poll = event_poll,
    .stat = event_stat,
};
