/* kernel/sys/sys_event.c -- native calls on events. */
/* SPDX-License-Identifier: MIT */
#include "kernel/sys/sys_event.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/wait.h"
#include "kernel/ipc/event.h"
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

long sys_event_signal(int fd, uint64_t bits)
{
	struct event *ev;
	struct held h;
	enum err e = desc_hold_fast(fd, RIGHT_SIGNAL, &h);

	if (unlikely(e != OK))
		return e;
	ev = event_of(h.obj);
	if (likely(ev != NULL))
		event_post(ev, bits);
	else
		e = E_INVAL;
	desc_release(&h);
	return e;
}

long sys_event_wait(int fd, uint64_t mask, uint64_t deadline, uint32_t flags)
{
	struct event *ev;
	uint64_t bits;
	struct held h;
	enum err e;

	if (unlikely(mask == 0 || flags & ~(uint32_t)EVENT_NONBLOCK))
		return E_INVAL;
	if (unlikely(flags & EVENT_NONBLOCK))
		deadline = 0;
	else if (unlikely(deadline == 0))
		deadline = 1; /* long past, yet no look that never waits */
	e = desc_hold_fast(fd, RIGHT_WAIT, &h);
	if (unlikely(e != OK))
		return e;
	ev = event_of(h.obj);
	e = likely(ev != NULL) ? event_wait(ev, mask, deadline, &bits)
	                       : E_INVAL;
	desc_release(&h);
	if (likely(e == OK))
		thread_regs(thread_current())->rdx = bits;
	return e;
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
