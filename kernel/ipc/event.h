/* kernel/ipc/event.h -- events: 64 sticky bits to signal and to wait for. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/event.h"
#include "kernel/object/object.h"

struct event;

/* Rights of a new event's descriptor. */
#define EVENT_RIGHTS                                                          \
	(RIGHT_READ | RIGHT_WRITE | RIGHT_SIGNAL | RIGHT_WAIT | RIGHT_GRANT | \
	    RIGHT_REVOKE)

/* Gives a reference; charged to the current silo. E_NOMEM. */
enum err event_create(struct event **out);

/* The event that o is, or NULL. */
struct event *event_of(struct object *o);
struct object *event_object(struct event *e);

/*
 * Set bits and make those run who wait for one of them; never switches to
 * them. Any context, hard interrupts too; allocates nothing. Locks that the
 * caller holds have a rank below RANK_WAITQ.
 */
void event_post(struct event *e, uint64_t bits);

/*
 * The same by a thread, for one that does not hurry: whom it wakes does not
 * take the CPU from the current thread within its slice. Not in an interrupt.
 */
void event_signal(struct event *e, uint64_t bits);

/*
 * Take the bits of mask that are set; sleeps until one is. deadline: absolute,
 * WAIT_FOREVER, or 0 to only look (E_AGAIN). E_TIMEDOUT; E_RESTARTSYS after a
 * signal.
 */
enum err event_wait(
    struct event *e, uint64_t mask, nsec_t deadline, uint64_t *out);

/*
 * Signal bits at a monotonic time, then every interval (0: once). deadline 0
 * stops it. A periodic timer starts again when its bits are taken, so that
 * nobody pays for bits that nobody takes.
 */
void event_timer(
    struct event *e, uint64_t bits, nsec_t deadline, nsec_t interval);

/*
 * What signals events: an interrupt, the end of a process or of a silo. Part
 * of that object, which calls fire when it happens and close before it goes;
 * a bound event need not outlive it, nor the other way round.
 *
 * Lock order: event_bindings (RANK_EVENT), then source->lock (RANK_SOURCE, with
 * interrupts off). fire takes only the latter, so it may be called in an
 * interrupt and with locks below RANK_SOURCE held; bind, close and the release
 * of an event take both and hold nothing of RANK_EVENT or above.
 */
struct event_source {
	struct lock lock;                       /* RANK_SOURCE */
	bool closed GUARDED_BY(&lock);          /* never bound again */
	struct list bindings GUARDED_BY(&lock); /* binding->in_source */
};

/* Open, with nothing bound. */
void event_source_init(struct event_source *s);
/* Signal every bound event. Any context. */
void event_source_fire(struct event_source *s);
/* The same for the last time: the bindings go. Not in an interrupt. */
void event_source_close(struct event_source *s);

/*
 * Let s signal bits of e from now on; at once when s was closed. E_NOMEM,
 * E_NOBUFS (an event has EVENT_BINDINGS_MAX). s is kept alive by the caller.
 */
enum { EVENT_BINDINGS_MAX = 64 };
enum err event_bind(struct event *e, uint64_t bits, struct event_source *s);

/* Live events, for leak checks. */
uint64_t event_live(void);
