/* kernel/object/tty_screen.c -- tty0: the machine's own screen and keyboard. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/tty_screen.h"
#include "kernel/object/tty.h"
#include "kernel/core/klog.h"
#include "kernel/mm/slab.h"

enum { TTY_MAJOR = 4, SCREEN_ROOM = 1 << 16 };

static void (*screen_write)(const char *s, size_t n);
static struct tty *screen_tty; /* set once, by the boot CPU */

/* The screen takes everything, there and then. */
static size_t driver_write(struct tty *t, const char *s, size_t n)
{
	(void)t;
	screen_write(s, n);
	return n;
}

static size_t driver_room(struct tty *t)
{
	(void)t;
	return SCREEN_ROOM;
}

static size_t driver_pending(struct tty *t)
{
	(void)t;
	return 0;
}

static const struct tty_driver screen_driver = {
    .write = driver_write,
    .room = driver_room,
    .pending = driver_pending,
    .slow = true,
};

void tty_screen_register(
    void (*write)(const char *s, size_t n), unsigned rows, unsigned columns)
{
	struct tty *t = kzalloc(sizeof(*t));
	irqflags_t f;

	if (!t) {
		klog(LOG_ERR, "tty", "cannot start tty0: out of memory");
		return;
	}
	screen_write = write;
	tty_init(
	    t, "tty0", (uint64_t)TTY_MAJOR << 8, &screen_driver, NULL, B38400);
	f = lock_take_irq(&t->lock);
	t->size.rows = (uint16_t)rows;
	t->size.columns = (uint16_t)columns;
	lock_drop_irq(&t->lock, f);
	__atomic_store_n(&screen_tty, t, __ATOMIC_RELEASE);
}

void tty_screen_input(const char *s, size_t n)
{
	struct tty *t = tty_screen();

	if (t)
		tty_receive(t, s, n);
}

struct tty *tty_screen(void)
{
	return __atomic_load_n(&screen_tty, __ATOMIC_ACQUIRE);
}
