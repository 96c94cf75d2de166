/* kernel/object/tty_serial.c -- terminals on the serial ports. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/tty_serial.h"
#include "kernel/object/tty.h"
#include "kernel/arch/x86_64/serial.h"
#include "kernel/core/klog.h"
#include "kernel/mm/slab.h"

enum { TTY_MAJOR = 4, SERIAL_MINOR = 64 };

static struct tty *serial_ttys[SERIAL_PORTS];
static struct serial_client serial_clients[SERIAL_PORTS];

static struct serial_port *port_of(struct tty *t)
{
	return t->device;
}

static size_t port_write(struct tty *t, const char *s, size_t n)
{
	return serial_write(port_of(t), s, n);
}

static size_t port_room(struct tty *t)
{
	return serial_room(port_of(t));
}

static size_t port_pending(struct tty *t)
{
	return serial_pending(port_of(t));
}

static void port_discard(struct tty *t)
{
	serial_discard(port_of(t));
}

static enum err port_set_line(struct tty *t, const struct ktermios *k)
{
	uint32_t speed = termios_speed(k);
	char parity = 'n';

	if (speed == 0) /* B0 drops the modem's line; there is no modem */
		return OK;
	if (k->cflag & PARENB)
		parity = k->cflag & PARODD ? 'o' : 'e';
	return serial_set_line(port_of(t), speed, 5 + (k->cflag & CSIZE) / 16,
	    parity, k->cflag & CSTOPB ? 2 : 1);
}

static const struct tty_driver serial_driver = {
    .write = port_write,
    .room = port_room,
    .pending = port_pending,
    .discard = port_discard,
    .set_line = port_set_line,
};

static void port_rx(void *arg, const char *data, size_t n, bool brk)
{
	struct tty *t = arg;

	if (n)
		tty_receive(t, data, n);
	if (brk)
		tty_receive_break(t);
}

static void port_tx_room(void *arg)
{
	tty_output_room(arg);
}

struct tty *tty_serial(unsigned n)
{
	return n < SERIAL_PORTS ? serial_ttys[n] : NULL;
}

static void start_port(unsigned n, struct serial_port *p)
{
	struct tty *t = kzalloc(sizeof(*t));
	char name[] = "ttyS0";

	if (!t) {
		klog(LOG_ERR, "tty", "cannot start ttyS%u: out of memory", n);
		return;
	}
	name[4] = (char)('0' + n);
	tty_init(t, name, (uint64_t)TTY_MAJOR << 8 | (SERIAL_MINOR + n),
	    &serial_driver, p, B115200);
	serial_ttys[n] = t;
	serial_clients[n] = (struct serial_client){
	    .rx = port_rx, .tx_room = port_tx_room, .arg = t};
	serial_set_client(p, &serial_clients[n]);
}

void tty_serial_init(void)
{
	for (unsigned n = 0; n < SERIAL_PORTS; n++) {
		struct serial_port *p = serial_port(n);

		if (p)
			start_port(n, p);
	}
}
