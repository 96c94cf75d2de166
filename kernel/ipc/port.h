/* kernel/ipc/port.h -- ports: where calls arrive. See abi/ipc.h. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/thread.h"
#include "kernel/object/object.h"

struct regs;
struct silo;

/*
 * A port has two ends, each an object: `serve`, which its owner holds (rights
 * SERVE, GRANT, MANAGE), and `send`, from whose root every sending capability
 * is minted with a badge of its own (right CALL). When the last descriptor of
 * the serving end is closed, those who wait are refused with E_CONNRESET, and
 * so is everybody who comes later.
 *
 * Receivers wait in a list per CPU, each guarded by that CPU's run queue lock,
 * so that a call between two threads of one CPU takes no other. Callers that
 * find no receiver wait in `callers`, under the port's lock. A receiver joins
 * its list before it looks at `callers`, a caller joins `callers` before it
 * looks at the lists; both joins are full barriers, so one sees the other.
 *
 * Order: port->lock (RANK_OBJECT), then a run queue's.
 */
struct aligned_to(CACHE_LINE) port_cpu {
	struct list receivers; /* the run queue's lock of that CPU */
};

struct port {
	struct object serve, send;
	struct lock lock;
	struct list callers GUARDED_BY(&lock); /* threads, by ipc.link */
	_Atomic uint32_t caller_count;         /* of callers */
	_Atomic bool closed;                   /* set once, under lock */
	struct silo *silo;                     /* const: who serves */
	/* The only thread that ever received here; 0: none; PORT_MANY. */
	_Atomic uint32_t server;
	struct port_stat stat;  /* lock; fast_calls aside */
	struct port_cpu cpus[]; /* cpu_count of them */
};

enum { PORT_MANY = UINT32_MAX };

extern const struct object_ops port_serve_ops, port_send_ops;

/* A port without senders; gives a reference to its serving end. E_NOMEM. */
enum err port_create(struct object **serve);

/*
 * A capability to call the port whose serving end is `serve`: a grant of
 * `rights` (CALL, GRANT) with that badge. Gives a reference. E_NOMEM, E_INVAL.
 */
enum err port_mint(
    struct object *serve, uint64_t badge, uint32_t rights, struct grant **out);

/* The port whose end o is; NULL: o is no such end. */
static inline struct port *port_of_serve(struct object *o)
{
	return o->ops == &port_serve_ops ? container_of(o, struct port, serve)
	                                 : NULL;
}
static inline struct port *port_of_send(struct object *o)
{
	return o->ops == &port_send_ops ? container_of(o, struct port, send)
	                                : NULL;
}
