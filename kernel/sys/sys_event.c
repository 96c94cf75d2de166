/* kernel/sys/sys_event.c -- native calls on events. */
/* SPDX-License-Identifier: MIT */
#include "kernel/sys/sys_event.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/wait.h"
#include "kernel/ipc/event_internal.h"
#include "kernel/object/desc_table.h"

long sys_event_create(uint32_t flags)
{
	struct event *ev;
	enum err e;
	int fd;

	if (flags & ~(uint32_t)EVENT_CLOEXEC)
		return E_INVAL;
	e = event_create(&ev);
	if (e != OK)
		return e;
	e = desc_install(
	    event_object(ev), EVENT_RIGHTS, flags ? DESC_CLOEXEC : 0, 0, &fd);
	if (e == OK)
		return fd;
	object_put(event_object(ev));
	return e;
}

/*
 * The descriptors of this process when no other thread can close them, else
 * NULL: the general way then does it.
 */
static inline struct desc_array *private_array(void)
{
	struct process *p = process_current();
	struct desc_table *t = p->descs;

	return likely(desc_table_private(t, p)) ? t->array : NULL;
}

/* The event behind fd, or NULL: the general way says what is wrong. */
static inline struct event *event_in(
    struct desc_array *a, int fd, uint32_t right)
{
	struct desc_slot *s = desc_slot_at(a, (unsigned)fd);
	struct grant *g;

	if (unlikely(!s || !(s->rights & right)))
		return NULL;
	g = s->grant;
	if (unlikely(
	        !g || atomic_load_explicit(&g->revoked, memory_order_relaxed)))
		return NULL;
	return event_cast(g->object);
}

static inline struct event *event_at_hand(int fd, uint32_t right)
{
	struct desc_array *a = private_array();

	return likely(a) ? event_in(a, fd, right) : NULL;
}

static __attribute__((noinline)) long signal_held(int fd, uint64_t bits)
{
	struct event *ev;
	struct held h;
	enum err e = desc_hold(fd, RIGHT_SIGNAL, &h);

	if (e != OK)
		return e;
	ev = event_of(h.obj);
	if (ev)
		event_signal(ev, bits);
	desc_release(&h);
	return ev ? OK : E_INVAL;
}

long sys_event_signal(int fd, uint64_t bits)
{
	struct event *ev = event_at_hand(fd, RIGHT_SIGNAL);

	if (unlikely(!ev))
		return signal_held(fd, bits);
	event_signal(ev, bits);
	return OK;
}

static void give_bits(uint64_t bits)
{
	thread_regs(thread_current())->rdx = bits;
}

/* With flags, a deadline in the past, threads that close, or wrong. */
static __attribute__((noinline)) long wait_held(
    int fd, uint64_t mask, uint64_t deadline, uint32_t flags)
{
	struct event *ev;
	uint64_t bits;
	struct held h;
	enum err e;

	if (!mask || flags & ~(uint32_t)EVENT_NONBLOCK)
		return E_INVAL;
	if (flags & EVENT_NONBLOCK)
		deadline = 0;
	else if (deadline == 0)
		deadline = 1; /* long past; 0 would never time out */
	e = desc_hold(fd, RIGHT_WAIT, &h);
	if (e != OK)
		return e;
	ev = event_of(h.obj);
	e = ev ? event_wait(ev, mask, deadline, &bits) : E_INVAL;
	desc_release(&h);
	if (e == OK)
		give_bits(bits);
	return e;
}

/* After the first sleep, which ended with e. */
static inline long wait_on(
    struct event *ev, uint64_t mask, uint64_t deadline, enum err e)
{
	uint64_t bits;

	for (;;) {
		if (unlikely(e != OK))
			return e;
		bits = event_take(ev, mask);
		if (likely(bits))
			break;
		e = event_sleep(ev, mask, deadline);
	}
	give_bits(bits);
	return OK;
}

static __attribute__((noinline)) long wait_at_hand(
    struct event *ev, uint64_t mask, uint64_t deadline)
{
	return wait_on(ev, mask, deadline, event_sleep(ev, mask, deadline));
}

static __attribute__((noinline)) long signal_wait(
    int fd, uint64_t mask, uint64_t deadline, int signal_fd, uint64_t bits)
{
	struct desc_array *a = private_array();
	struct event *to, *ev;
	long r;

	if (likely(a && mask && deadline == WAIT_FOREVER)) {
		to = event_in(a, signal_fd, RIGHT_SIGNAL);
		ev = event_in(a, fd, RIGHT_WAIT);
		if (likely(to && ev))
			return wait_on(ev, mask, deadline,
			    event_post_sleep(to, bits, ev, mask));
	}
	r = signal_held(signal_fd, bits);
	return r == OK ? wait_held(fd, mask, deadline, 0) : r;
}

long sys_event_wait(int fd, uint64_t mask, uint64_t deadline, uint32_t flags,
    int signal_fd, uint64_t signal_bits)
{
	struct event *ev;
	uint64_t bits;

	if (flags == EVENT_SIGNAL)
		return signal_wait(fd, mask, deadline, signal_fd, signal_bits);
	ev = event_at_hand(fd, RIGHT_WAIT);
	if (unlikely(!ev || !mask || !deadline || flags))
		return wait_held(fd, mask, deadline, flags);
	bits = event_take(ev, mask);
	if (!bits)
		return wait_at_hand(ev, mask, deadline);
	give_bits(bits);
	return OK;
}

/* When the child `pid` ends. */
static enum err bind_exit(struct event *ev, uint64_t bits, uint64_t pid)
{
	struct process *p =
	    pid < PID_LIMIT ? process_find((uint32_t)pid) : NULL;
	enum err e = E_CHILD;

	/* Who our children are, nobody but we and their end can change. */
	if (p && rcu_load(p->parent) == process_current())
		e = event_bind(ev, bits, &p->ends);
	process_put(p);
	return e;
}

static enum err bind_to(
    struct event *ev, uint64_t bits, uint32_t cause, uint64_t a, uint64_t b)
{
	switch (cause) {
	case EVENT_ON_TIMER:
		event_timer(ev, bits, a, b);
		return OK;
	case EVENT_ON_EXIT:
		return b ? E_INVAL : bind_exit(ev, bits, a);
	default:
		return E_INVAL;
	}
}

long sys_event_bind(
    int fd, uint64_t bits, uint32_t cause, uint64_t a, uint64_t b)
{
	struct event *ev;
	struct held h;
	enum err e = desc_hold(fd, RIGHT_SIGNAL, &h);

	if (e != OK)
		return e;
	ev = event_of(h.obj);
	e = ev && bits ? bind_to(ev, bits, cause, a, b) : E_INVAL;
	desc_release(&h);
	return e;
}
