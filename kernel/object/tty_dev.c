/* kernel/object/tty_dev.c -- /dev/ttyS*, tty0, console, tty. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/tty.h"
#include "kernel/object/tty_screen.h"
#include "kernel/object/tty_serial.h"
#include "kernel/arch/x86_64/serial.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/vfs/devfs.h"
#include "kernel/vfs/file.h"

enum {
	MAJOR_CONSOLE = 5,
	MINOR_CURRENT = 0, /* of MAJOR_CONSOLE: /dev/tty */
	MINOR_CONSOLE = 1,
	MODE_TTY = NODE_CHR | 0620,
	MODE_CONSOLE = NODE_CHR | 0600,
	MODE_CURRENT = NODE_CHR | 0666,
};

/* The terminal of that name ("ttyS0"), or NULL. */
static struct tty *tty_by_name(const char *name)
{
	struct tty *t;

	for (unsigned n = 0; n < SERIAL_PORTS; n++) {
		t = tty_serial(n);
		if (t && strcmp(t->name, name) == 0)
			return t;
	}
	t = tty_screen();
	return t && strcmp(t->name, name) == 0 ? t : NULL;
}

/* The first of console= that is there, else any that is. */
static struct tty *tty_console(void)
{
	struct tty *t;

	for (unsigned i = 0; i < boot_args.console_count; i++) {
		t = tty_by_name(boot_args.console[i]);
		if (t)
			return t;
	}
	for (unsigned n = 0; n < SERIAL_PORTS; n++) {
		t = tty_serial(n);
		if (t)
			return t;
	}
	return tty_screen();
}

static enum err open_or_none(
    struct tty *t, struct node *n, uint32_t oflags, struct object **out)
{
	return t ? tty_open(t, n, oflags, out) : E_NXIO;
}

static enum err open_serial(
    struct node *n, uint32_t oflags, struct object **out)
{
	for (unsigned i = 0; i < SERIAL_PORTS; i++) {
		struct tty *t = tty_serial(i);

		if (t && t->rdev == n->rdev)
			return tty_open(t, n, oflags, out);
	}
	return E_NXIO;
}

static enum err open_screen(
    struct node *n, uint32_t oflags, struct object **out)
{
	return open_or_none(tty_screen(), n, oflags, out);
}

/* The console becomes nobody's controlling terminal by being opened. */
static enum err open_console(
    struct node *n, uint32_t oflags, struct object **out)
{
	return open_or_none(tty_console(), n, oflags | O_NOCTTY, out);
}

static enum err open_current(
    struct node *n, uint32_t oflags, struct object **out)
{
	return open_or_none(tty_current(), n, oflags | O_NOCTTY, out);
}

typedef enum err open_fn(struct node *n, uint32_t oflags, struct object **out);

static void add(const char *name, uint32_t mode, uint64_t rdev, open_fn *open)
{
	enum err e = dev_register(name, mode, rdev, open);

	if (e != OK)
		klog(LOG_ERR, "tty", "cannot add /dev/%s: %s", name,
		    err_name(e));
}

/*
 * Of the consoles asked for, those that are there stay: what /sys and /proc
 * list is what can be opened, and init starts no shell on a screen that is not.
 */
static void keep_real_consoles(void)
{
	unsigned kept = 0;
	struct tty *t;

	for (unsigned i = 0; i < boot_args.console_count; i++)
		if (tty_by_name(boot_args.console[i]) && kept++ != i)
			kstrlcpy(boot_args.console[kept - 1],
			    boot_args.console[i], sizeof(boot_args.console[0]));
	t = kept ? NULL : tty_console();
	if (t)
		kstrlcpy(boot_args.console[kept++], t->name,
		    sizeof(boot_args.console[0]));
	boot_args.console_count = kept;
}

void tty_devices_init(void)
{
	struct tty *t;

	tty_serial_init();
	for (unsigned n = 0; n < SERIAL_PORTS; n++) {
		t = tty_serial(n);
		if (t)
			add(t->name, MODE_TTY, t->rdev, open_serial);
	}
	t = tty_screen();
	if (t)
		add(t->name, MODE_TTY, t->rdev, open_screen);
	keep_real_consoles();
	add("console", MODE_CONSOLE, dev_make(MAJOR_CONSOLE, MINOR_CONSOLE),
	    open_console);
	add("tty", MODE_CURRENT, dev_make(MAJOR_CONSOLE, MINOR_CURRENT),
	    open_current);
}
