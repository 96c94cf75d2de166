/* kernel/arch/x86_64/ps2.c -- the PS/2 keyboard, until a driver silo has it. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/ps2.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/irq.h"
#include "kernel/arch/x86_64/keymap.h"
#include "kernel/arch/x86_64/platform.h"
#include "kernel/core/klog.h"
#include "kernel/core/lock.h"

/* The controller (i8042) and what is said to it. */
enum {
	PORT_DATA = 0x60,
	PORT_STATUS = 0x64,
	STATUS_OUTPUT = 1, /* a byte for us */
	STATUS_INPUT = 2,  /* it has not taken ours yet */
	STATUS_MOUSE = 0x20,

	CONFIG_READ = 0x20,
	CONFIG_WRITE = 0x60,
	MOUSE_DISABLE = 0xa7,
	KEYBOARD_DISABLE = 0xad,
	KEYBOARD_ENABLE = 0xae,
	CONFIG_KEYBOARD_IRQ = 1,
	CONFIG_MOUSE_IRQ = 2,
	CONFIG_KEYBOARD_OFF = 0x10,
	CONFIG_TRANSLATE = 0x40,
	KEYBOARD_SCAN = 0xf4,
	KEYBOARD_LINE = 1,
	SPINS = 20000,
	DRAIN_MAX = 64,
};

static struct keymap keymap;                            /* irq only */
static void (*keyboard_input)(const char *s, size_t n); /* const */

static bool wait_status(uint8_t bit, bool set)
{
	for (unsigned i = 0; i < SPINS; i++) {
		if (!(inb(PORT_STATUS) & bit) != set)
			return true;
		cpu_pause();
	}
	return false;
}

static bool command(uint8_t c)
{
	if (!wait_status(STATUS_INPUT, false))
		return false;
	outb(PORT_STATUS, c);
	return true;
}

static bool write_data(uint8_t v)
{
	if (!wait_status(STATUS_INPUT, false))
		return false;
	outb(PORT_DATA, v);
	return true;
}

static bool read_data(uint8_t *v)
{
	if (!wait_status(STATUS_OUTPUT, true))
		return false;
	*v = inb(PORT_DATA);
	return true;
}

static bool keyboard_interrupt(void *arg)
{
	char text[KEY_TEXT_MAX];
	bool any = false;

	(void)arg;
	for (unsigned i = 0; i < DRAIN_MAX; i++) {
		uint8_t status = inb(PORT_STATUS), code;
		size_t n;

		if (!(status & STATUS_OUTPUT))
			break;
		any = true;
		code = inb(PORT_DATA);
		if (status & STATUS_MOUSE)
			continue;
		n = keymap_byte(&keymap, code, text);
		if (n)
			keyboard_input(text, n);
	}
	return any;
}

static bool start_controller(void)
{
	uint8_t config, old;

	if (!command(KEYBOARD_DISABLE) || !command(MOUSE_DISABLE))
		return false;
	for (unsigned i = 0; i < DRAIN_MAX && inb(PORT_STATUS) & STATUS_OUTPUT;
	    i++)
		(void)inb(PORT_DATA); /* what was typed at the loader */
	if (!command(CONFIG_READ) || !read_data(&old))
		return false;
	config = (old | CONFIG_KEYBOARD_IRQ | CONFIG_TRANSLATE) &
	         ~(CONFIG_MOUSE_IRQ | CONFIG_KEYBOARD_OFF);
	if (!command(CONFIG_WRITE) || !write_data(config))
		return false;
	return command(KEYBOARD_ENABLE);
}

/*
 * The line is an edge: a byte that came before the interrupt was let through
 * would keep it high, and no other would ever be announced.
 */
static void take_early_bytes(void)
{
	irqflags_t f = irq_save();

	keyboard_interrupt(NULL);
	irq_restore(f);
}

bool ps2_init(void (*input)(const char *s, size_t n))
{
	/* A bus without a controller reads as all ones. */
	if (platform.no_8042 || inb(PORT_STATUS) == 0xff)
		return false;
	keyboard_input = input;
	if (!start_controller()) {
		klog(LOG_WARN, "ps2", "the keyboard controller is stuck");
		return false;
	}
	if (irq_request_isa(
	        KEYBOARD_LINE, "keyboard", keyboard_interrupt, NULL) != OK) {
		klog(LOG_WARN, "ps2", "no interrupt for the keyboard");
		return false;
	}
	take_early_bytes();
	/*
	 * Only now: the keyboard answers this, and an answer that came before
	 * would stand in the way of all interrupts to come.
	 */
	if (!write_data(KEYBOARD_SCAN))
		klog(LOG_WARN, "ps2", "the keyboard does not answer");
	return true;
}
