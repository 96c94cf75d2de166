/* kernel/object/tty.c -- terminals: reading, writing, what comes in. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/tty.h"
#include "kernel/object/poll.h"
#include "kernel/object/signal.h"
#include "kernel/object/tty_internal.h"
#include "kernel/core/clock.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/mm/usercopy.h"

/*
 * tty->lock guards the discipline and is taken by the driver's interrupts, so
 * user memory is touched through small buffers on the stack, outside of it.
 * Signals go out after it was dropped: process_tree_lock ranks before it.
 *
 * One write at a time (`writing`), so that two programs' lines do not mix;
 * whoever waits for its turn can be interrupted, since the one before may be
 * stopped by ^S for hours. Echo comes in between only at a buffer's end.
 */
enum { TTY_CHUNK = 256, TTY_OUT = 512, TTY_ROOM_MIN = 64, TTY_INPUT_LOW = 512 };

/* Called with the lock held; a slow device gets its echo in after_input. */
NO_LOCK_CHECK static void tty_echo(struct ldisc *l, const uint8_t *s, size_t n)
{
	struct tty *t = container_of(l, struct tty, ldisc);

	if (t->driver->slow && n <= sizeof(t->echo) - t->echo_len) {
		memcpy(t->echo + t->echo_len, s, n);
		t->echo_len += (uint32_t)n;
		return;
	}
	/* What does not fit is lost: nothing can wait here. */
	(void)t->driver->write(t, (const char *)s, n);
}

/* Nobody else sees t yet: no lock. */
NO_LOCK_CHECK void tty_init(struct tty *t, const char *name, uint64_t rdev,
    const struct tty_driver *driver, void *device, uint32_t baud_bits)
{
	memset(t, 0, sizeof(*t));
	t->driver = driver;
	t->device = device;
	kstrlcpy(t->name, name, sizeof(t->name));
	t->rdev = rdev;
	lock_init(&t->lock, RANK_OBJECT);
	ldisc_init(&t->ldisc, baud_bits, tty_echo);
	t->size = (struct winsize){.rows = 25, .columns = 80};
	wait_queue_init(&t->read_wait);
	wait_queue_init(&t->write_wait);
}

/* Send VSTOP when input gets tight, VSTART when there is room again (IXOFF) */
static void input_flow_locked(struct tty *t) REQUIRES(&t -> lock)
{
	struct ldisc *l = &t->ldisc;
	uint32_t fill = l->head - l->tail;
	char c;

	if (!t->stuffed && (l->t.iflag & IXOFF) &&
	    fill > LDISC_BUF - TTY_INPUT_LOW) {
		c = (char)l->t.cc[VSTOP];
		t->stuffed = t->driver->write(t, &c, 1) == 1;
	} else if (t->stuffed && fill < TTY_INPUT_LOW) {
		c = (char)l->t.cc[VSTART];
		t->stuffed = t->driver->write(t, &c, 1) != 1;
	}
}

/* After the discipline took input: what it wants done without the lock. */
static void after_input(struct tty *t, irqflags_t f, bool was_stopped)
    ANNOTATE(release_capability(&t->lock))
{
	struct ldisc *l = &t->ldisc;
	uint32_t signals = l->signals;
	bool readable = ldisc_readable(l, 1), started;
	char echo[sizeof(t->echo)];
	uint32_t echo_len = t->echo_len;

	l->signals = 0;
	if (l->flush_output && t->driver->discard)
		t->driver->discard(t);
	started = l->flush_output || (was_stopped && !l->stopped);
	l->flush_output = false;
	memcpy(echo, t->echo, echo_len);
	t->echo_len = 0;
	input_flow_locked(t);
	lock_drop_irq(&t->lock, f);
	if (echo_len)
		(void)t->driver->write(t, echo, echo_len);
	if (readable)
		wait_wake_all(&t->read_wait);
	if (started)
		wait_wake_all(&t->write_wait);
	for (; signals; signals &= signals - 1)
		tty_signal_foreground(t, __builtin_ctz(signals));
}

void tty_receive(struct tty *t, const char *s, size_t n)
{
	irqflags_t f = lock_take_irq(&t->lock);
	bool was_stopped = t->ldisc.stopped;

	ldisc_receive(&t->ldisc, (const uint8_t *)s, n);
	after_input(t, f, was_stopped);
}

void tty_receive_break(struct tty *t)
{
	irqflags_t f = lock_take_irq(&t->lock);
	bool was_stopped = t->ldisc.stopped;

	ldisc_break(&t->ldisc);
	after_input(t, f, was_stopped);
}

void tty_output_room(struct tty *t)
{
	wait_wake_all(&t->write_wait);
}

/* Reading. */

/* How a raw read waits, from VMIN and VTIME; canonical: for a line. */
struct read_rule {
	bool canonical;
	unsigned min; /* bytes to wait for */
	nsec_t first; /* patience for the first byte: 0, a time, for ever */
	nsec_t next;  /* and after each byte */
};

static void read_rule(struct tty *t, size_t n, struct read_rule *r)
{
	irqflags_t f = lock_take_irq(&t->lock);
	const struct ktermios *k = &t->ldisc.t;
	nsec_t time = k->cc[VTIME] * (NSEC_PER_SEC / 10);

	r->canonical = k->lflag & ICANON;
	r->min = (unsigned)MIN((size_t)k->cc[VMIN], n);
	r->next = time && r->min ? time : WAIT_FOREVER;
	r->first = r->min ? WAIT_FOREVER : time;
	if (r->canonical) {
		r->min = 1;
		r->first = r->next = WAIT_FOREVER;
	}
	lock_drop_irq(&t->lock, f);
}

static bool tty_readable(struct tty *t)
{
	irqflags_t f = lock_take_irq(&t->lock);
	bool r = ldisc_readable(&t->ldisc, 1);

	lock_drop_irq(&t->lock, f);
	return r;
}

/* Take a piece; *end when the read is over with it. */
static size_t read_piece(struct tty *t, uint8_t *buf, size_t n, bool *end)
{
	irqflags_t f = lock_take_irq(&t->lock);
	size_t got = ldisc_read(&t->ldisc, buf, n, end);

	input_flow_locked(t);
	lock_drop_irq(&t->lock, f);
	return got;
}

/* Wait for input. OK; E_TIMEDOUT; E_AGAIN; E_RESTARTSYS. */
static enum err read_wait(struct file *tf, nsec_t patience)
{
	struct tty *t = tty_of(tf);
	nsec_t deadline = WAIT_FOREVER;
	enum err e;

	if (patience == 0)
		return E_TIMEDOUT;
	if (tf->object.oflags & O_NONBLOCK)
		return E_AGAIN;
	if (patience != WAIT_FOREVER)
		deadline = clock_now() + patience;
	e = WAIT_EVENT(&t->read_wait, tty_readable(t) || tty_file_dead(tf),
	    WAIT_INTR, deadline);
	return e == E_INTR ? E_RESTARTSYS : e;
}

static long tty_read(struct object *o, struct uio *u, int64_t off)
{
	struct file *tf = tty_file_of(o);
	struct tty *t = tty_of(tf);
	uint8_t buf[TTY_CHUNK];
	struct read_rule rule;
	size_t done = 0, got;
	bool end = false;
	enum err e = OK;

	(void)off;
	if (u->left == 0)
		return 0;
	read_rule(t, u->left, &rule);
	while (u->left && !end) {
		if (tty_file_dead(tf))
			break;
		e = tty_job_check(t, SIGTTIN);
		if (e != OK)
			break;
		got = read_piece(t, buf, MIN(u->left, sizeof(buf)), &end);
		if (got && uio_copy_to(u, buf, got) != got) {
			e = E_FAULT;
			break;
		}
		done += got;
		if (end || (got && rule.canonical))
			continue; /* the rest of the line is there */
		if (got == 0) {
			if (done >= rule.min && done)
				break;
			e = read_wait(tf, done ? rule.next : rule.first);
			if (e != OK)
				break;
		}
	}
	if (done || e == E_TIMEDOUT)
		return (long)done;
	return e;
}

/* Writing. */

static bool tty_can_write(struct tty *t)
{
	return !__atomic_load_n(&t->ldisc.stopped, __ATOMIC_RELAXED) &&
	       t->driver->room(t) >= TTY_ROOM_MIN;
}

static enum err write_wait(struct file *tf)
{
	struct tty *t = tty_of(tf);

	if (tf->object.oflags & O_NONBLOCK)
		return E_AGAIN;
	if (WAIT_EVENT(&t->write_wait, tty_can_write(t) || tty_file_dead(tf),
	        WAIT_INTR, WAIT_FOREVER) != OK)
		return E_RESTARTSYS;
	return tty_file_dead(tf) ? E_IO : OK;
}

/*
 * The device took less than the room it had told of, since log text came in
 * between. The rest is processed and cannot be given back, so even a writer
 * that must not wait does, for as long as the device needs.
 */
static void push_rest(struct file *tf, const uint8_t *s, size_t n)
{
	struct tty *t = tty_of(tf);
	size_t done = 0;

	for (;;) {
		done += t->driver->write(t, (const char *)s + done, n - done);
		if (done == n || tty_file_dead(tf))
			break;
		if (WAIT_EVENT(&t->write_wait,
		        t->driver->room(t) != 0 || tty_file_dead(tf), WAIT_KILL,
		        WAIT_FOREVER) != OK)
			break;
	}
}

/* A slow device: a line at a time, without the lock; it takes everything. */
static size_t send_slow(struct tty *t, const uint8_t *buf, size_t n)
{
	const uint8_t *nl = memchr(buf, '\n', n);
	uint8_t out[TTY_OUT];
	size_t took, made;
	irqflags_t f;

	if (nl)
		n = (size_t)(nl - buf) + 1;
	f = lock_take_irq(&t->lock);
	took = t->ldisc.stopped
	           ? 0
	           : ldisc_output(&t->ldisc, buf, n, out, sizeof(out), &made);
	lock_drop_irq(&t->lock, f);
	if (took)
		(void)t->driver->write(t, (const char *)out, made);
	return took;
}

/*
 * Process and send a part of buf; returns how much of buf that was, 0 when the
 * device has no room or is stopped.
 */
static size_t send_some(struct file *tf, const uint8_t *buf, size_t n)
{
	struct tty *t = tty_of(tf);
	uint8_t out[TTY_OUT];
	size_t room, took, made = 0, sent = 0;
	irqflags_t f;

	if (t->driver->slow)
		return send_slow(t, buf, n);
	f = lock_take_irq(&t->lock);
	room = t->ldisc.stopped ? 0 : t->driver->room(t);
	if (room < TTY_ROOM_MIN) {
		took = 0;
	} else if (!(t->ldisc.t.oflag & OPOST)) {
		took = t->driver->write(t, (const char *)buf, n);
	} else {
		took = ldisc_output(
		    &t->ldisc, buf, n, out, MIN(room, sizeof(out)), &made);
		sent = t->driver->write(t, (const char *)out, made);
	}
	lock_drop_irq(&t->lock, f);
	if (unlikely(sent < made))
		push_rest(tf, out + sent, made - sent);
	return took;
}

static enum err write_piece(
    struct file *tf, const uint8_t *buf, size_t n, size_t *used)
{
	enum err e = OK;
	size_t took;

	for (*used = 0; *used < n && e == OK; *used += took) {
		took = send_some(tf, buf + *used, n - *used);
		if (took == 0)
			e = write_wait(tf);
	}
	return e;
}

static enum err write_turn(struct file *tf)
{
	struct tty *t = tty_of(tf);

	if (!atomic_exchange(&t->writing, true))
		return OK;
	if (tf->object.oflags & O_NONBLOCK)
		return E_AGAIN;
	if (WAIT_EVENT(&t->write_wait, !atomic_exchange(&t->writing, true),
	        WAIT_INTR, WAIT_FOREVER) != OK)
		return E_RESTARTSYS;
	return OK;
}

static long tty_write(struct object *o, struct uio *u, int64_t off)
{
	struct file *tf = tty_file_of(o);
	struct tty *t = tty_of(tf);
	uint8_t buf[TTY_CHUNK];
	size_t done = 0, n, got, used;
	enum err e = OK;

	(void)off;
	if (tty_file_dead(tf))
		return E_IO;
	if (__atomic_load_n(&t->ldisc.t.lflag, __ATOMIC_RELAXED) & TOSTOP)
		e = tty_job_check(t, SIGTTOU);
	if (e == OK)
		e = write_turn(tf);
	if (e != OK)
		return e;
	while (u->left && e == OK) {
		n = MIN(u->left, sizeof(buf));
		got = uio_copy_from(u, buf, n);
		e = write_piece(tf, buf, got, &used);
		done += used;
		if (e == OK && got < n)
			e = E_FAULT;
	}
	atomic_store(&t->writing, false);
	wait_wake_all(&t->write_wait);
	return done ? (long)done : (long)e;
}

static uint32_t tty_poll(struct object *o, struct poll_table *pt)
{
	struct file *tf = tty_file_of(o);
	struct tty *t = tty_of(tf);
	const struct ktermios *k = &t->ldisc.t;
	uint32_t events = 0;
	irqflags_t f;

	poll_wait(pt, &t->read_wait);
	poll_wait(pt, &t->write_wait);
	if (tty_file_dead(tf))
		return EV_IN | EV_OUT | EV_HUP | EV_ERR | EV_RDNORM | EV_WRNORM;
	f = lock_take_irq(&t->lock);
	if (ldisc_readable(&t->ldisc, k->cc[VTIME] ? 1 : k->cc[VMIN]))
		events |= EV_IN | EV_RDNORM;
	lock_drop_irq(&t->lock, f);
	if (tty_can_write(t))
		events |= EV_OUT | EV_WRNORM;
	return events;
}

static void tty_release(struct object *o)
{
	tty_file_of(o)->priv = NULL; /* a terminal is nobody's to free */
	file_release(o);
}

const struct object_ops tty_ops = {
    .kind = "tty",
    .release = tty_release,
    .read = tty_read,
    .write = tty_write,
    .poll = tty_poll,
    .ioctl = tty_ioctl,
    .stat = file_stat,
};

enum err tty_open(
    struct tty *t, struct node *node, uint32_t oflags, struct object **out)
{
	struct file *f;
	enum err e = file_new(node, oflags, &tty_ops, &f);

	if (e != OK)
		return e;
	f->priv = t;
	f->priv_size = __atomic_load_n(&t->hangups, __ATOMIC_ACQUIRE);
	if (!(oflags & O_NOCTTY))
		tty_job_open(t);
	*out = &f->object;
	return OK;
}
