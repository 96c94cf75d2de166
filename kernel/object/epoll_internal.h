/* kernel/object/epoll_internal.h -- the layout of an epoll. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/mutex.h"
#include "kernel/core/rbtree.h"
#include "kernel/object/epoll.h"
#include "kernel/object/poll.h"

enum {
	EPOLL_NESTS = 4,     /* epolls in epolls in ... */
	EPOLL_QUEUES = 2,    /* most objects have no more */
	EPOLL_PER_FRAME = 16 /* watches that are charged as one frame */
};

/* One registration with a queue of the watched object. */
struct epoll_entry {
	struct waiter waiter;
	struct epoll_item *item;
	struct epoll_entry *next;
};

/*
 * One watch. It does not keep the object: when the object goes, so does the
 * watch. Keys: (e) ep->lock; (r) ep->ready_lock; (w) object->grant_lock;
 * (n) epoll_nesting.
 */
struct epoll_item {
	struct rb_node node;            /* (e) in ep->items */
	struct epoll *ep;               /* const */
	struct object *object;          /* const */
	struct epoll_item *watch_next;  /* (w) */
	struct epoll_item **watch_prev; /* (w) */
	struct list ready_link;         /* (r) */
	struct list child_link;         /* (n) in ep->children */
	int fd;                         /* const; with object: the key */
	_Atomic uint32_t events;        /* (e) to change */
	uint64_t data;                  /* (e) */
	_Atomic bool fired;             /* since epoll_wait last looked */
	bool queued;                    /* (r) in ep->ready */
	bool nested;                    /* const: object is an epoll */
	uint8_t used;                   /* of entries */
	enum err error;                 /* while registering */
	struct epoll_entry entries[EPOLL_QUEUES];
	struct epoll_entry *more; /* allocated */
};

struct epoll {
	struct object object; /* first */
	struct mutex lock;    /* RANK_EPOLL; an outer one's before an inner's */
	struct rb_root items; /* lock */
	uint32_t count;       /* lock */
	struct lock ready_lock;   /* RANK_READY, interrupts off */
	struct list ready;        /* ready_lock */
	_Atomic uint32_t nready;  /* ready_lock to change */
	struct wait_queue wait;   /* threads in epoll_wait */
	struct wait_queue polled; /* who polls us, and outer epolls */
	/* epoll_nesting. */
	struct list children; /* watches of other epolls */
	uint64_t visit;       /* number of the last search that came by */
	uint8_t height;       /* what it found */
};

extern const struct object_ops epoll_ops;

/* The bits of item->events that poll methods know. */
#define EPOLL_EVENTS 0x0fffffffu

/* What a watch is there for; nothing once a one-shot was reported. */
static inline uint32_t epoll_wanted(const struct epoll_item *i)
{
	return atomic_load_explicit(&i->events, memory_order_relaxed) &
	       EPOLL_EVENTS;
}

/* Take i off the ready list, if it is there. */
void epoll_ready_remove(struct epoll *ep, struct epoll_item *i)
    REQUIRES(&ep -> ready_lock);
/* i was found ready without a wake-up of its object's. */
void epoll_make_ready(struct epoll *ep, struct epoll_item *i);
/* object_ops.poll */
uint32_t epoll_poll(struct object *o, struct poll_table *pt);

static inline struct epoll *epoll_of(struct object *o)
{
	return (struct epoll *)o;
}

/* Watches of epolls by epolls change only under this one, taken first. */
extern struct mutex epoll_nesting; /* RANK_EPOLL */

/*
 * May ep watch inner? E_LOOP when inner watches ep, at whatever distance, or
 * the chain would be longer than EPOLL_NESTS.
 */
enum err epoll_nest_check(struct epoll *ep, struct epoll *inner)
    REQUIRES(&epoll_nesting);
