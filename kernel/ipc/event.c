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
	return event_cast(o);
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

/*
 * Set bits; the thread that was taken out and must be woken, or NULL. It is
 * there until RCU's readers are through.
 */
static inline struct thread *post(struct event *e, uint64_t bits)
{
	struct thread *t;

	/* seq_cst: before the looks at waiter, mask and queue. */
	atomic_fetch_or(&e->bits, bits);
	t = atomic_load(&e->waiter);
	if (t && (!(atomic_load(&e->waiter_mask) & bits) ||
	             !atomic_compare_exchange_strong(&e->waiter, &t, NULL)))
		t = NULL;
	if (unlikely(!queue_idle(e)))
		wait_wake_events(&e->wait, UINT32_MAX, EV_IN | EV_RDNORM);
	return t;
}

void event_post(struct event *e, uint64_t bits)
{
	struct thread *t;

	rcu_read_enter();
	t = post(e, bits);
	if (t)
		sched_wake(t);
	rcu_read_exit();
}

void event_signal(struct event *e, uint64_t bits)
{
	struct thread *t;

	rcu_read_enter();
	t = post(e, bits);
	if (t)
		sched_wake_behind(t);
	rcu_read_exit();
}

/* The queue is for those that the one place does not fit. */
static __attribute__((noinline)) enum err sleep_queued(
    struct event *e, uint64_t mask, nsec_t deadline)
{
	enum err r = WAIT_EVENT(&e->wait, e->bits & mask, WAIT_INTR, deadline);

	return r == E_INTR ? E_RESTARTSYS : r;
}

/*
 * In the one place of e: may we go to sleep? *r: no, and why. The look comes
 * after a full barrier, as in sched_prepare_sleep.
 */
static inline bool settle(
    struct event *e, struct thread *me, uint64_t mask, enum err *r)
{
	atomic_store_explicit(&e->waiter_mask, mask, memory_order_relaxed);
	me->wait_mode = WAIT_INTR;
	atomic_store(&me->state, THREAD_SLEEPING);
	if (unlikely(atomic_load(&e->bits) & mask))
		return false;
	if (likely(!(atomic_load_explicit(&me->work, memory_order_relaxed) &
	             (WORK_KILL | WORK_SIGNAL | WORK_STOP))))
		return true;
	*r = E_RESTARTSYS;
	return false;
}

static inline void leave(struct event *e, struct thread *me)
{
	atomic_store_explicit(&me->state, THREAD_RUNNING, memory_order_relaxed);
	/* Nobody took us out: then we woke for another reason. */
	if (unlikely(
	        atomic_load_explicit(&e->waiter, memory_order_relaxed) == me))
		atomic_compare_exchange_strong(
		    &e->waiter, &(struct thread *){me}, NULL);
}

enum err event_sleep(struct event *e, uint64_t mask, nsec_t deadline)
{
	struct thread *me = thread_current(), *none = NULL;
	enum err r = OK;

	if (unlikely(deadline != WAIT_FOREVER ||
	             !atomic_compare_exchange_strong(&e->waiter, &none, me)))
		return sleep_queued(e, mask, deadline);
	if (likely(settle(e, me, mask, &r)))
		schedule();
	leave(e, me);
	return r;
}

enum err event_post_sleep(
    struct event *to, uint64_t bits, struct event *e, uint64_t mask)
{
	struct thread *me = thread_current(), *none = NULL, *t;
	irqflags_t f = irq_save(); /* also keeps t */
	enum err r = OK;
	bool sleeps;

	t = post(to, bits);
	if (unlikely(!atomic_compare_exchange_strong(&e->waiter, &none, me))) {
		if (t)
			sched_wake(t);
		irq_restore(f);
		return OK;
	}
	sleeps = settle(e, me, mask, &r);
	if (likely(sleeps && t)) {
		sched_wake_and_schedule(t, f);
	} else {
		if (t)
			sched_wake(t);
		irq_restore(f);
		if (sleeps)
			schedule();
	}
	leave(e, me);
	return r;
}

enum err event_wait(
    struct event *e, uint64_t mask, nsec_t deadline, uint64_t *out)
{
	enum err r = OK;

	while (r == OK) {
		*out = event_take(e, mask);
		if (*out)
			return OK;
		r = deadline ? event_sleep(e, mask, deadline) : E_AGAIN;
	}
	return r;
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
	event_signal((struct event *)o, bits);
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
