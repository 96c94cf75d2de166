/* kernel/object/tty_ioctl.c -- terminals: settings, flow, drain, sizes. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/signal.h"
#include "kernel/object/tty.h"
#include "kernel/object/tty_internal.h"
#include "kernel/core/clock.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/mm/usercopy.h"

enum tty_ioctl_number { /* Linux's */
	TCGETS = 0x5401,
	TCSETS = 0x5402,
	TCSETSW = 0x5403,
	TCSETSF = 0x5404,
	TCGETA = 0x5405,
	TCSETA = 0x5406,
	TCSETAW = 0x5407,
	TCSETAF = 0x5408,
	TCSBRK = 0x5409,
	TCXONC = 0x540a,
	TCFLSH = 0x540b,
	TIOCSCTTY = 0x540e,
	TIOCGPGRP = 0x540f,
	TIOCSPGRP = 0x5410,
	TIOCOUTQ = 0x5411,
	TIOCGWINSZ = 0x5413,
	TIOCSWINSZ = 0x5414,
	TIOCINQ = 0x541b,
	TIOCNOTTY = 0x5422,
	TIOCGETD = 0x5424,
	TCSBRKP = 0x5425,
	TIOCGSID = 0x5429,
	TIOCVHANGUP = 0x5437,
};
#define TCGETS2  0x802c542au
#define TCSETS2  0x402c542bu
#define TCSETSW2 0x402c542cu
#define TCSETSF2 0x402c542du

enum set_when { SET_NOW, SET_DRAIN, SET_FLUSH };
enum { DRAIN_STEP_MIN = NSEC_PER_MSEC / 4 };

/* Send the other side one of the special characters: VSTART, VSTOP. */
static void put_special(struct tty *t, enum termios_cc which)
{
	irqflags_t f = lock_take_irq(&t->lock);
	char c = (char)t->ldisc.t.cc[which];

	(void)t->driver->write(t, &c, 1);
	lock_drop_irq(&t->lock, f);
}

static void tty_stop(struct tty *t, bool stop)
{
	irqflags_t f = lock_take_irq(&t->lock);

	t->ldisc.stopped = stop;
	lock_drop_irq(&t->lock, f);
	if (!stop)
		wait_wake_all(&t->write_wait);
}

/*
 * The device tells of room, not of its last bit leaving the line; so this
 * sleeps for as long as that many characters take at the line's speed, and
 * looks again.
 */
static enum err tty_drain(struct tty *t)
{
	nsec_t now, step;
	uint32_t speed;
	size_t pending;

	while ((pending = t->driver->pending(t)) != 0) {
		now = clock_now();
		speed = termios_speed(&t->ldisc.t);
		step = speed ? pending * 10 * NSEC_PER_SEC / speed : 0;
		step = MAX(step, (nsec_t)DRAIN_STEP_MIN);
		if (sched_sleep_until(now + step, WAIT_INTR) != OK)
			return E_RESTARTSYS;
	}
	return OK;
}

static enum err tty_flush(struct tty *t, unsigned queue)
{
	irqflags_t f;

	if (queue > 2)
		return E_INVAL;
	f = lock_take_irq(&t->lock);
	if (queue != 1)
		ldisc_flush_input(&t->ldisc);
	if (queue != 0 && t->driver->discard)
		t->driver->discard(t);
	lock_drop_irq(&t->lock, f);
	wait_wake_all(&t->write_wait);
	return OK;
}

void tty_hangup(struct tty *t)
{
	irqflags_t f = lock_take_irq(&t->lock);

	__atomic_store_n(&t->hangups, t->hangups + 1, __ATOMIC_RELEASE);
	ldisc_flush_input(&t->ldisc);
	t->ldisc.stopped = false;
	lock_drop_irq(&t->lock, f);
	wait_wake_all(&t->read_wait);
	wait_wake_all(&t->write_wait);
	tty_job_hangup(t);
}

static void settings_get(struct tty *t, struct ktermios *out)
{
	irqflags_t f = lock_take_irq(&t->lock);

	*out = t->ldisc.t;
	lock_drop_irq(&t->lock, f);
}

static enum err settings_set(
    struct tty *t, struct ktermios *k, enum set_when when)
{
	enum err e = tty_job_check(t, SIGTTOU);
	struct ktermios old;
	irqflags_t f;

	if (e == OK && when != SET_NOW)
		e = tty_drain(t);
	if (e == OK && when == SET_FLUSH)
		e = tty_flush(t, 0);
	if (e != OK)
		return e;
	if ((k->cflag & CBAUD) != BOTHER)
		k->ospeed = k->ispeed = termios_speed(k);
	/* A device that cannot do a speed keeps the one it has. */
	settings_get(t, &old);
	if (t->driver->set_line && t->driver->set_line(t, k) != OK) {
		k->cflag &= ~(uint32_t)CBAUD;
		k->cflag |= old.cflag & CBAUD;
		k->ospeed = old.ospeed;
		k->ispeed = old.ispeed;
	}
	f = lock_take_irq(&t->lock);
	ldisc_set(&t->ldisc, k);
	lock_drop_irq(&t->lock, f);
	/* Other rules may make what is there readable, or start output. */
	wait_wake_all(&t->read_wait);
	wait_wake_all(&t->write_wait);
	return OK;
}

/* TCSETS and TCSETS2: size says which. */
static enum err settings_from_user(
    struct tty *t, struct uptr p, size_t size, enum set_when when)
{
	struct ktermios k;
	enum err e;

	settings_get(t, &k); /* the speeds, where the user gives none */
	e = copy_from_user(&k, p, size);
	return e == OK ? settings_set(t, &k, when) : e;
}

static enum err old_settings_from_user(
    struct tty *t, struct uptr p, enum set_when when)
{
	struct ktermio o;
	struct ktermios k;
	enum err e = copy_from_user(&o, p, sizeof(o));

	if (e != OK)
		return e;
	settings_get(t, &k);
	k.iflag = (k.iflag & ~0xffffu) | o.iflag;
	k.oflag = (k.oflag & ~0xffffu) | o.oflag;
	k.cflag = (k.cflag & ~0xffffu) | o.cflag;
	k.lflag = (k.lflag & ~0xffffu) | o.lflag;
	memcpy(k.cc, o.cc, sizeof(o.cc));
	return settings_set(t, &k, when);
}

static enum err settings_to_user(struct tty *t, uint32_t cmd, struct uptr p)
{
	struct ktermios k;
	struct ktermio o;

	settings_get(t, &k);
	if (cmd != TCGETA)
		return copy_to_user(
		    p, &k, cmd == TCGETS ? TERMIOS_SIZE : sizeof(k));
	memset(&o, 0, sizeof(o));
	o.iflag = (uint16_t)k.iflag;
	o.oflag = (uint16_t)k.oflag;
	o.cflag = (uint16_t)k.cflag;
	o.lflag = (uint16_t)k.lflag;
	o.line = k.line;
	memcpy(o.cc, k.cc, sizeof(o.cc));
	return copy_to_user(p, &o, sizeof(o));
}

static enum err size_to_user(struct tty *t, struct uptr p)
{
	irqflags_t f = lock_take_irq(&t->lock);
	struct winsize w = t->size;

	lock_drop_irq(&t->lock, f);
	return copy_to_user(p, &w, sizeof(w));
}

static enum err size_from_user(struct tty *t, struct uptr p)
{
	struct winsize w;
	irqflags_t f;
	bool changed;
	enum err e = copy_from_user(&w, p, sizeof(w));

	if (e != OK)
		return e;
	f = lock_take_irq(&t->lock);
	changed = memcmp(&w, &t->size, sizeof(w)) != 0;
	t->size = w;
	lock_drop_irq(&t->lock, f);
	if (changed)
		tty_signal_foreground(t, SIGWINCH);
	return OK;
}

/* TCXONC: 0 and 1 stop and start output, 2 and 3 the other side's. */
static enum err flow(struct tty *t, uint64_t what)
{
	enum err e = tty_job_check(t, SIGTTOU);

	if (e != OK)
		return e;
	switch (what) {
	case 0:
	case 1:
		tty_stop(t, what == 0);
		return OK;
	case 2:
		put_special(t, VSTOP);
		return OK;
	case 3:
		put_special(t, VSTART);
		return OK;
	default:
		return E_INVAL;
	}
}

static enum err available_to_user(struct tty *t, struct uptr p)
{
	irqflags_t f = lock_take_irq(&t->lock);
	size_t n = ldisc_available(&t->ldisc);

	lock_drop_irq(&t->lock, f);
	return user_write_u32(p, (uint32_t)n);
}

/* Those that belong to sessions and groups. */
static long job_ioctl(struct tty *t, uint32_t cmd, uint64_t arg)
{
	struct uptr p = {arg};
	uint32_t n;
	enum err e;

	switch (cmd) {
	case TIOCSCTTY:
		return tty_job_take(t, arg == 1);
	case TIOCNOTTY:
		return tty_job_leave(t);
	case TIOCGPGRP:
		e = tty_job_get_foreground(t, &n);
		return e == OK ? user_write_u32(p, n) : e;
	case TIOCSPGRP:
		e = user_read_u32(p, &n);
		return e == OK ? tty_job_set_foreground(t, n) : e;
	case TIOCGSID:
		e = tty_job_get_session(t, &n);
		return e == OK ? user_write_u32(p, n) : e;
	case TIOCVHANGUP:
		if (!cred_system())
			return E_PERM;
		tty_hangup(t);
		return OK;
	default:
		return E_NOTTY;
	}
}

/* Flow, flushing and counts. */
static long queue_ioctl(struct tty *t, uint32_t cmd, uint64_t arg)
{
	struct uptr p = {arg};
	enum err e;

	switch (cmd) {
	case TCSBRK: /* no device of ours sends a break: drained is all */
	case TCSBRKP:
		e = tty_job_check(t, SIGTTOU);
		return e == OK ? tty_drain(t) : e;
	case TCXONC:
		return flow(t, arg);
	case TCFLSH:
		e = tty_job_check(t, SIGTTOU);
		return e == OK ? tty_flush(t, (unsigned)MIN(arg, 3ul)) : e;
	case TIOCINQ:
		return available_to_user(t, p);
	case TIOCOUTQ:
		return user_write_u32(p, (uint32_t)t->driver->pending(t));
	case TIOCGETD: /* N_TTY */
		return user_write_u32(p, 0);
	default:
		return job_ioctl(t, cmd, arg);
	}
}

long tty_ioctl(struct object *o, uint32_t cmd, uint64_t arg)
{
	struct file *tf = tty_file_of(o);
	struct tty *t = tty_of(tf);
	struct uptr p = {arg};

	if (tty_file_dead(tf))
		return E_IO;
	switch (cmd) {
	case TCGETS:
	case TCGETS2:
	case TCGETA:
		return settings_to_user(t, cmd, p);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return settings_from_user(
		    t, p, TERMIOS_SIZE, (enum set_when)(cmd - TCSETS));
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
		return settings_from_user(t, p, sizeof(struct ktermios),
		    (enum set_when)(cmd - TCSETS2));
	case TCSETA:
	case TCSETAW:
	case TCSETAF:
		return old_settings_from_user(
		    t, p, (enum set_when)(cmd - TCSETA));
	case TIOCGWINSZ:
		return size_to_user(t, p);
	case TIOCSWINSZ:
		return size_from_user(t, p);
	default:
		return queue_ioctl(t, cmd, arg);
	}
}
