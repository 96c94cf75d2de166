/* kernel/object/tty.h -- terminals: a device, a line discipline, a session. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/wait.h"
#include "kernel/object/ldisc.h"
#include "kernel/object/object.h"

struct pgrp;
struct session;
struct tty;

/*
 * The device below a terminal. All may be called in any context, and with the
 * terminal's lock (RANK_OBJECT) held.
 */
struct tty_driver {
	/* Queue up to n bytes as they are; gives how many. */
	size_t (*write)(struct tty *t, const char *s, size_t n);
	/*
	 * Bytes that write would take now. When that was less than half of the
	 * most it can be, tty_output_room follows once it is half again.
	 */
	size_t (*room)(struct tty *t);
	/* Bytes that have not left the machine yet (tcdrain). */
	size_t (*pending)(struct tty *t);
	/* Throw those away; may be NULL. */
	void (*discard)(struct tty *t);
	/* Writing takes long: a line at a time, never with the lock held. */
	bool slow;
	/* New speed and format; may be NULL. Not with the lock held. */
	enum err (*set_line)(struct tty *t, const struct ktermios *settings);
};

struct tty {
	const struct tty_driver *driver; /* const */
	void *device;                    /* const; the driver's */
	char name[16];                   /* const: "ttyS0" */
	uint64_t rdev;                   /* const: st_rdev */

	struct lock lock; /* RANK_OBJECT, interrupts off */
	struct ldisc ldisc GUARDED_BY(&lock);
	struct winsize size GUARDED_BY(&lock);
	bool stuffed GUARDED_BY(&lock); /* VSTOP was sent to the other side */
	uint32_t echo_len GUARDED_BY(&lock);
	char echo[LDISC_ECHO] GUARDED_BY(&lock); /* for a slow device */
	uint32_t hangups; /* (lock) how often it was hung up */

	struct wait_queue read_wait;
	struct wait_queue write_wait;
	_Atomic bool writing; /* somebody's write is under way */

	/* process_tree_lock; each holds a reference. */
	struct session *session; /* whose controlling terminal it is */
	struct pgrp *foreground;
};

extern const struct object_ops tty_ops;

/* Set t up over its driver and device; not yet in /dev. */
void tty_init(struct tty *t, const char *name, uint64_t rdev,
    const struct tty_driver *driver, void *device, uint32_t baud_bits);

/*
 * Open t: gives an object (a file over node, see file_new), and makes t the
 * controlling terminal of a caller that leads a session without one, unless
 * O_NOCTTY. E_NOMEM.
 */
enum err tty_open(
    struct tty *t, struct node *node, uint32_t oflags, struct object **out);

/* From the driver: n bytes came in; a break came; there is room again. */
void tty_receive(struct tty *t, const char *s, size_t n);
void tty_receive_break(struct tty *t);
void tty_output_room(struct tty *t);

/* The line is gone: readers get 0, writers E_IO, the session SIGHUP. */
void tty_hangup(struct tty *t);

/* The controlling terminal of the current process, or NULL. */
struct tty *tty_current(void);

/* The leader of s exits: its terminal is free, the foreground is told. */
void tty_session_exit(struct session *s);

/* Boot: ttyS0, ttyS1, tty0, console and tty into /dev. */
void tty_devices_init(void);
