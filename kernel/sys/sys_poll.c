/* kernel/sys/sys_poll.c -- poll: which of these descriptors are ready? */
/* SPDX-License-Identifier: MIT */
#include "kernel/sys/sys_poll.h"
#include "kernel/object/desc_table.h"
#include "kernel/object/poll.h"
#include "kernel/core/clock.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"

struct pollfd { /* = Linux's */
	int32_t fd;
	uint16_t events;
	uint16_t revents;
};
static_assert(sizeof(struct pollfd) == 8, "the user's layout");

enum { POLL_STACK = 128 }; /* sets up to here need no allocation */

/* What one descriptor of a table that others may change is ready for. */
static uint32_t poll_counted(int fd, struct poll_table *pt)
{
	struct held h;
	uint32_t events;

	if (desc_hold(fd, RIGHT_WAIT, &h) != OK)
		return EV_NVAL;
	events = object_poll(h.obj, pt);
	desc_release(&h);
	return events;
}

/* The same for a private table. */
static inline uint32_t poll_private(
    struct desc_array *a, int fd, struct poll_table *pt)
{
	struct desc_slot *s = desc_slot_at(a, (unsigned)fd);
	struct grant *g;

	if (unlikely(!s))
		return EV_NVAL;
	g = s->grant;
	if (unlikely(!g) ||
	    atomic_load_explicit(&g->revoked, memory_order_relaxed) ||
	    !(s->rights & RIGHT_WAIT))
		return EV_NVAL;
	return object_poll(g->object, pt);
}

/* Fill in revents; the number of descriptors with any. */
static unsigned poll_scan(struct pollfd *fds, unsigned n, struct poll_table *pt)
{
	struct process *p = process_current();
	struct desc_table *t = p->descs;
	bool private = desc_table_private(t, p);
	struct desc_array *a = t->array;
	unsigned ready = 0;

	for (struct pollfd *f = fds; f < fds + n; f++) {
		uint32_t events;

		f->revents = 0;
		if (f->fd < 0)
			continue;
		events = private ? poll_private(a, f->fd, pt)
		                 : poll_counted(f->fd, pt);
		events &= f->events | EV_ERR | EV_HUP | EV_NVAL;
		f->revents = (uint16_t)events;
		ready += events != 0;
	}
	return ready;
}

/* Nothing was ready at the first look. */
static long poll_slow(struct pollfd *fds, unsigned n, nsec_t deadline)
{
	struct process *p = process_current();
	struct poll_table pt;
	long ready;
	enum err e = OK;

	poll_begin(&pt, !desc_table_private(p->descs, p));
	ready = poll_scan(fds, n, &pt);
	if (ready == 0)
		e = pt.error;
	while (ready == 0 && e == OK) {
		e = poll_sleep(&pt, deadline);
		/* Also after a time-out: what came with it counts. */
		ready = poll_scan(fds, n, NULL);
	}
	poll_end(&pt);
	if (ready || e == E_TIMEDOUT)
		return ready;
	return e;
}

long poll_user(struct uptr ufds, unsigned n, nsec_t deadline)
{
	struct pollfd on_stack[POLL_STACK];
	struct pollfd *fds = on_stack;
	long r;

	if (n > process_current()->rlimits[RL_NOFILE].cur)
		return E_INVAL;
	if (n > POLL_STACK) {
		fds = kmalloc(n * sizeof(*fds));
		if (!fds)
			return E_NOMEM;
	}
	r = copy_from_user(fds, ufds, n * sizeof(*fds));
	if (r == OK) {
		r = poll_scan(fds, n, NULL);
		if (r == 0 && deadline != POLL_NO_WAIT)
			r = poll_slow(fds, n, deadline);
		if (r >= 0 && copy_to_user(ufds, fds, n * sizeof(*fds)) != OK)
			r = E_FAULT;
	}
	if (fds != on_stack)
		kfree(fds);
	return r;
}

nsec_t poll_deadline(uint64_t ns)
{
	nsec_t now;

	if (ns == 0)
		return POLL_NO_WAIT;
	now = clock_now();
	return ns > WAIT_FOREVER - 1 - now ? WAIT_FOREVER - 1 : now + ns;
}

/* After a stop: the rest of the time, not all of it again. */
static long poll_restart(const uint64_t arg[5])
{
	long r = poll_user((struct uptr){arg[0]}, (unsigned)arg[1], arg[2]);

	return r == E_INTR ? E_RESTART_BLOCK : r;
}

long sys_poll(struct uptr fds, unsigned n, int timeout_ms)
{
	nsec_t deadline = WAIT_FOREVER;
	long r;

	if (timeout_ms >= 0)
		deadline = poll_deadline((uint64_t)timeout_ms * NSEC_PER_MSEC);
	r = poll_user(fds, n, deadline);
	if (likely(r != E_INTR))
		return r;
	thread_current()->restart =
	    (struct restart){poll_restart, {fds.addr, n, deadline}};
	return E_RESTART_BLOCK;
}
