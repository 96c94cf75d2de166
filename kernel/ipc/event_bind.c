/* kernel/ipc/event_bind.c -- making events, their timers, what signals them. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/ipc/event_internal.h"
#include "kernel/core/clock.h"
#include "kernel/mm/slab.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/file.h"

/*
 * A binding hangs on its event and on its source. The two may end at the same
 * moment: whoever takes a binding out holds event_bindings, so that both ends
 * are still there, and the source's lock, which keeps `fire` away.
 *
 * The timer's function may still run on another CPU when the timer was started
 * anew here, and then only finds that it has nothing to do: so an event is
 * freed after a grace period, which interrupts hold up.
 */
struct event_binding {
	struct list in_source, in_event;
	struct event *event;         /* const, borrowed */
	struct event_source *source; /* const, borrowed */
	uint64_t bits;               /* const */
};

static struct lock event_bindings = LOCK_INIT(RANK_EVENT);
static _Atomic uint64_t events;

uint64_t event_live(void)
{
	return events;
}

/* In the timer interrupt. */
static void timer_fire(struct timer *timer)
{
	struct event *e = container_of(timer, struct event, timer);

	lock_take(&e->lock);
	if (e->armed && !e->expired && clock_now() >= e->next) {
		e->expired = e->interval != 0;
		e->armed = e->interval != 0;
		event_post(e, e->timer_bits);
	}
	lock_drop(&e->lock);
}

static void start_locked(struct event *e) REQUIRES(&e -> lock)
{
	e->expired = false;
	e->timed = true;
	timer_start(&e->timer, e->next);
}

void event_timer_again(struct event *e)
{
	irqflags_t f = lock_take_irq(&e->lock);
	nsec_t now = clock_now(), late;

	if (e->armed && e->expired && !(e->bits & e->timer_bits)) {
		late = now > e->next ? now - e->next : 0;
		late += e->interval - late % e->interval;
		e->next =
		    late > INT64_MAX - e->next ? INT64_MAX : e->next + late;
		start_locked(e);
	}
	lock_drop_irq(&e->lock, f);
}

void event_timer(
    struct event *e, uint64_t bits, nsec_t deadline, nsec_t interval)
{
	irqflags_t f = lock_take_irq(&e->lock);

	e->armed = deadline != 0;
	e->timer_bits = bits;
	e->next = MIN(deadline, (nsec_t)INT64_MAX);
	e->interval = MIN(interval, (nsec_t)INT64_MAX);
	e->expired = false;
	if (e->armed)
		start_locked(e);
	lock_drop_irq(&e->lock, f);
}

NO_LOCK_CHECK void event_source_init(struct event_source *s)
{
	lock_init(&s->lock, RANK_SOURCE);
	s->closed = false;
	list_init(&s->bindings);
}

static void fire_locked(struct event_source *s) REQUIRES(&s -> lock)
{
	struct event_binding *b;

	list_for_each(b, &s->bindings, in_source)
	{
		event_post(b->event, b->bits);
	}
}

void event_source_fire(struct event_source *s)
{
	irqflags_t f = lock_take_irq(&s->lock);

	fire_locked(s);
	lock_drop_irq(&s->lock, f);
}

/* Fire, and bind no more; true when nothing is bound. */
static bool close_source(struct event_source *s)
{
	irqflags_t f = lock_take_irq(&s->lock);
	bool none;

	s->closed = true;
	none = list_empty(&s->bindings);
	fire_locked(s);
	lock_drop_irq(&s->lock, f);
	return none;
}

/* Take b off both ends; the caller frees it. */
static void unbind_locked(struct event_binding *b) REQUIRES(&event_bindings)
{
	struct event_source *s = b->source;
	irqflags_t f = lock_take_irq(&s->lock);

	list_remove(&b->in_source);
	lock_drop_irq(&s->lock, f);
	list_remove(&b->in_event);
	b->event->bindings_count--;
}

static void free_all(struct list *gone)
{
	struct event_binding *b, *next;

	list_for_each_safe(b, next, gone, in_event)
	{
		kfree(b);
	}
}

NO_LOCK_CHECK void event_source_close(struct event_source *s)
{
	struct list gone = LIST_INIT(gone);
	struct event_binding *b;

	if (likely(close_source(s)))
		return;
	lock_take(&event_bindings);
	while (!list_empty(&s->bindings)) {
		b = list_first(&s->bindings, struct event_binding, in_source);
		unbind_locked(b);
		list_push_back(&gone, &b->in_event);
	}
	lock_drop(&event_bindings);
	free_all(&gone);
}

static void unbind_all(struct event *e)
{
	struct list gone = LIST_INIT(gone);
	struct event_binding *b;

	lock_take(&event_bindings);
	while (!list_empty(&e->bindings)) {
		b = list_first(&e->bindings, struct event_binding, in_event);
		unbind_locked(b);
		list_push_back(&gone, &b->in_event);
	}
	lock_drop(&event_bindings);
	free_all(&gone);
}

/* Link b; false when its source was closed. */
static bool link_locked(struct event_binding *b) REQUIRES(&event_bindings)
{
	struct event_source *s = b->source;
	irqflags_t f = lock_take_irq(&s->lock);
	bool open = !s->closed;

	if (open)
		list_push_back(&s->bindings, &b->in_source);
	lock_drop_irq(&s->lock, f);
	if (open) {
		list_push_back(&b->event->bindings, &b->in_event);
		b->event->bindings_count++;
	}
	return open;
}

enum err event_bind(struct event *e, uint64_t bits, struct event_source *s)
{
	struct event_binding *b = kmalloc(sizeof(*b));
	enum err r = OK;
	bool linked = false;

	if (!b)
		return E_NOMEM;
	*b = (struct event_binding){.event = e, .source = s, .bits = bits};
	lock_take(&event_bindings);
	if (e->bindings_count < EVENT_BINDINGS_MAX)
		linked = link_locked(b);
	else
		r = E_NOBUFS;
	lock_drop(&event_bindings);
	if (linked)
		return OK;
	kfree(b);
	if (r == OK) /* it happened already */
		event_post(e, bits);
	return r;
}

static void event_free(struct rcu_head *h)
{
	kfree(container_of(h, struct event, object.rcu));
}

void event_release(struct object *o)
{
	struct event *e = (struct event *)o;

	if (e->timed) {
		event_timer(e, 0, 0, 0);
		timer_cancel(&e->timer);
	}
	if (e->bindings_count) /* nobody binds a released event */
		unbind_all(e);
	silo_uncharge(o->root.silo, SILO_MEMORY, 1);
	atomic_fetch_sub(&events, 1);
	rcu_call(&o->rcu, event_free);
}

enum err event_create(struct event **out)
{
	enum err r = silo_charge(silo_current(), SILO_MEMORY, 1);
	struct event *e;

	if (r != OK)
		return r;
	e = kzalloc(sizeof(*e));
	if (!e) {
		silo_uncharge(silo_current(), SILO_MEMORY, 1);
		return E_NOMEM;
	}
	wait_queue_init(&e->wait);
	lock_init(&e->lock, RANK_OBJECT);
	timer_init(&e->timer, timer_fire);
	list_init(&e->bindings);
	object_init(&e->object, &event_ops, O_RDWR, EVENT_RIGHTS);
	atomic_fetch_add(&events, 1);
	*out = e;
	return OK;
}
