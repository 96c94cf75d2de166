/* kernel/object/timerfd.c -- timers that are read and waited for. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/timerfd.h"
#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/mutex.h"
#include "kernel/core/string.h"
#include "kernel/core/timer.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/poll.h"
#include "kernel/vfs/file.h"

/*
 * The timer runs out once; a periodic one is started again by whoever looks,
 * which then counts what was missed. So an interval of a nanosecond costs no
 * more than its reader.
 *
 * Keys: (t) lock, taken with interrupts off, since the timer takes it; `armed`
 * is cleared before timer_cancel, which waits for the timer's function and so
 * may not be called with the lock held.
 */
struct timerfd {
	struct object object; /* first */
	struct mutex setting; /* RANK_MISC: one sets at a time */
	struct lock lock;     /* RANK_OBJECT */
	struct timer timer;
	bool wall;           /* const */
	int clock;           /* const */
	bool armed, expired; /* (t) */
	bool absolute;       /* (t) on the wall clock: moves with it */
	bool cancel_on_set, cancelled; /* (t) */
	nsec_t next, interval;         /* (t) monotonic */
	int64_t offset;                /* (t) wall less monotonic, for next */
	_Atomic uint64_t ticks;        /* (t) to change */
	struct wait_queue wait;
	struct list wall_link; /* wall_lock */
};

enum { ANON_DEV = 12 }; /* st_dev of objects that have no name */

static const struct object_ops timerfd_ops;
static struct lock wall_lock = LOCK_INIT(RANK_SILO); /* before a timer's */
static struct list wall_timers = LIST_INIT(wall_timers);

static struct timerfd *timerfd_of(struct object *o)
{
	return (struct timerfd *)o;
}

static int64_t wall_offset(void)
{
	return (int64_t)(clock_wall() - clock_now());
}

/* In the timer interrupt. */
static void timerfd_fire(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);
	bool fire;

	lock_take(&t->lock);
	fire = t->armed && !t->expired;
	if (fire) {
		t->expired = true;
		t->ticks++;
	}
	lock_drop(&t->lock);
	if (fire)
		wait_wake_all(&t->wait);
}

/* Start a periodic timer that ran out again, counting what was missed. */
static void catch_up(struct timerfd *t) REQUIRES(&t -> lock)
{
	nsec_t now;
	uint64_t n;

	if (!t->armed || !t->expired || !t->interval)
		return;
	now = clock_now();
	if (now >= t->next) {
		n = (now - t->next) / t->interval + 1;
		t->ticks += n - 1; /* the first was counted */
		t->next += n * t->interval;
	} else { /* the clock's adjustment moved it */
		t->next += t->interval;
	}
	t->expired = false;
	timer_start(&t->timer, t->next);
}

/* Take the count; false when there is none. */
static bool timerfd_take(struct timerfd *t, uint64_t *out, enum err *e)
{
	irqflags_t f = lock_take_irq(&t->lock);

	*e = OK;
	if (t->cancelled) {
		t->cancelled = false;
		*e = E_CANCELED;
	}
	*out = t->ticks;
	if (*out) {
		catch_up(t);
		*out = t->ticks;
		t->ticks = 0;
	}
	lock_drop_irq(&t->lock, f);
	return *out || *e != OK;
}

static long timerfd_read(struct object *o, struct uio *u, int64_t off)
{
	struct timerfd *t = timerfd_of(o);
	uint64_t v;
	enum err e;

	(void)off;
	if (u->left < sizeof(v))
		return E_INVAL;
	while (!timerfd_take(t, &v, &e)) {
		if ((o->oflags & O_NONBLOCK) || (u->flags & UIO_NOWAIT))
			return E_AGAIN;
		if (WAIT_EVENT(&t->wait, t->ticks || t->cancelled, WAIT_INTR,
		        WAIT_FOREVER) != OK)
			return E_RESTARTSYS;
	}
	if (e != OK)
		return e;
	return uio_copy_to(u, &v, sizeof(v)) == sizeof(v) ? (long)sizeof(v)
	                                                  : E_FAULT;
}

static uint32_t timerfd_poll(struct object *o, struct poll_table *pt)
{
	struct timerfd *t = timerfd_of(o);

	poll_wait(pt, &t->wait);
	return t->ticks || t->cancelled ? EV_IN | EV_RDNORM : 0;
}

static void get_locked(struct timerfd *t, struct timerfd_setting *out)
    REQUIRES(&t -> lock)
{
	nsec_t now = clock_now();

	catch_up(t);
	out->interval = t->interval;
	out->value = 0;
	if (t->armed && !t->expired)
		out->value = t->next > now ? t->next - now : 1;
}

enum err timerfd_get(struct object *o, struct timerfd_setting *out)
{
	struct timerfd *t = timerfd_of(o);
	irqflags_t f;

	if (o->ops != &timerfd_ops)
		return E_INVAL;
	f = lock_take_irq(&t->lock);
	get_locked(t, out);
	lock_drop_irq(&t->lock, f);
	return OK;
}

/* now + ns or, below the end of time, that. */
static nsec_t later(nsec_t now, nsec_t ns)
{
	return ns > INT64_MAX - now ? INT64_MAX : now + ns;
}

/* The monotonic time that s means. */
static nsec_t first_time(struct timerfd *t, unsigned flags, nsec_t value)
    REQUIRES(&t -> lock)
{
	t->offset = wall_offset();
	if (!(flags & TIMERFD_ABSOLUTE))
		return later(clock_now(), value);
	if (!t->wall)
		return MIN(value, (nsec_t)INT64_MAX);
	if ((int64_t)value <= t->offset)
		return 1; /* long past */
	return MIN(value - (nsec_t)t->offset, (nsec_t)INT64_MAX);
}

/* Nothing starts or counts any more until the lock is taken again. */
static void disarm(struct timerfd *t, struct timerfd_setting *old)
{
	irqflags_t f = lock_take_irq(&t->lock);

	get_locked(t, old);
	t->armed = false;
	lock_drop_irq(&t->lock, f);
	timer_cancel(&t->timer);
}

enum err timerfd_set(struct object *o, unsigned flags,
    const struct timerfd_setting *s, struct timerfd_setting *old)
{
	struct timerfd *t = timerfd_of(o);
	irqflags_t f;

	if (o->ops != &timerfd_ops)
		return E_INVAL;
	mutex_take(&t->setting);
	disarm(t, old);
	f = lock_take_irq(&t->lock);
	t->ticks = 0;
	t->expired = false;
	t->cancelled = false;
	t->absolute = t->wall && (flags & TIMERFD_ABSOLUTE);
	t->cancel_on_set = t->absolute && (flags & TIMERFD_CANCEL_ON_SET);
	t->interval = s->interval;
	if (s->value) {
		t->armed = true;
		t->next = first_time(t, flags, s->value);
		timer_start(&t->timer, t->next);
	}
	lock_drop_irq(&t->lock, f);
	mutex_drop(&t->setting);
	return OK;
}

/* Move one timer along with the wall clock. */
static void adjust(struct timerfd *t, int64_t offset)
{
	bool wake;
	int64_t next;

	lock_take(&t->lock);
	wake = t->cancel_on_set;
	t->cancelled |= wake;
	if (t->absolute && t->armed && !t->expired) {
		next = (int64_t)t->next + (t->offset - offset);
		t->next = next > 0 ? (nsec_t)next : 1;
		timer_start(&t->timer, t->next);
	}
	t->offset = offset;
	lock_drop(&t->lock);
	if (wake)
		wait_wake_all(&t->wait);
}

void timerfd_clock_was_set(void)
{
	int64_t offset = wall_offset();
	irqflags_t f = lock_take_irq(&wall_lock);
	struct timerfd *t;

	list_for_each(t, &wall_timers, wall_link) adjust(t, offset);
	lock_drop_irq(&wall_lock, f);
}

static enum err timerfd_stat(struct object *o, struct kstat *out)
{
	(void)o;
	memset(out, 0, sizeof(*out));
	out->dev = ANON_DEV;
	out->ino = 2;
	out->mode = 0600;
	out->nlink = 1;
	out->blksize = PAGE_SIZE;
	return OK;
}

static size_t timerfd_describe(struct object *o, char *buf, size_t size)
{
	struct timerfd *t = timerfd_of(o);
	struct timerfd_setting s;
	uint64_t ticks;
	int n;
	irqflags_t f = lock_take_irq(&t->lock);

	get_locked(t, &s);
	ticks = t->ticks;
	lock_drop_irq(&t->lock, f);
	n = ksnprintf(buf, size,
	    "clockid: %d\nticks: %lu\nsettime flags: 0%o\n"
	    "it_value: (%lu, %lu)\nit_interval: (%lu, %lu)\n",
	    t->clock, (unsigned long)ticks, t->absolute ? 1u : 0u,
	    (unsigned long)(s.value / NSEC_PER_SEC),
	    (unsigned long)(s.value % NSEC_PER_SEC),
	    (unsigned long)(s.interval / NSEC_PER_SEC),
	    (unsigned long)(s.interval % NSEC_PER_SEC));
	return n < 0 ? 0 : MIN((size_t)n, size);
}

static void timerfd_release(struct object *o)
{
	struct timerfd *t = timerfd_of(o);
	struct timerfd_setting old;
	irqflags_t f;

	disarm(t, &old);
	f = lock_take_irq(&wall_lock);
	list_remove(&t->wall_link);
	lock_drop_irq(&wall_lock, f);
	kfree(t);
}

static const struct object_ops timerfd_ops = {
    .kind = "timerfd",
    .release = timerfd_release,
    .read = timerfd_read,
    .poll = timerfd_poll,
    .stat = timerfd_stat,
    .describe = timerfd_describe,
};

enum err timerfd_create(
    bool wall, int clock, uint32_t oflags, struct object **out)
{
	struct timerfd *t = kzalloc(sizeof(*t));
	irqflags_t f;

	if (!t)
		return E_NOMEM;
	mutex_init(&t->setting, RANK_MISC);
	lock_init(&t->lock, RANK_OBJECT);
	timer_init(&t->timer, timerfd_fire);
	t->wall = wall;
	t->clock = clock;
	wait_queue_init(&t->wait);
	list_init(&t->wall_link);
	object_init(&t->object, &timerfd_ops, O_RDWR | oflags,
	    RIGHTS_ALL & ~(uint32_t)(RIGHT_SEEK | RIGHT_MAP));
	if (wall) {
		f = lock_take_irq(&wall_lock);
		list_push_back(&wall_timers, &t->wall_link);
		lock_drop_irq(&wall_lock, f);
	}
	*out = &t->object;
	return OK;
}
