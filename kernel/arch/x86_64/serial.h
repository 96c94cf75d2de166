/* kernel/arch/x86_64/serial.h -- 16550 serial ports COM1 and COM2. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

enum { SERIAL_PORTS = 2 };

/*
 * A port. Output goes through a ring of its own: serial_write fills it, the
 * chip's FIFO is fed at once and then by interrupt. Log text takes the same
 * ring, so that lines of both kinds never mix within a write. In a panic, and
 * before serial_start_irq, output is polled.
 */
struct serial_port;

/* NULL when the machine has no such port (0: COM1, 1: COM2). */
struct serial_port *serial_port(unsigned n);

/*
 * What a user of the port (the tty) wants to hear. Both are called with
 * interrupts off and the port's lock NOT held; they may call serial_write.
 */
struct serial_client {
	/* n bytes came in; brk: a break condition (data is empty). */
	void (*rx)(void *arg, const char *data, size_t n, bool brk);
	/* After serial_write took less than all: there is room again. */
	void (*tx_room)(void *arg);
	void *arg;
};

/* One client per port, copied; NULL takes it away. */
void serial_set_client(struct serial_port *p, const struct serial_client *c);

/* Queue up to n bytes as they are (no CR added); gives how many. Any context. */
size_t serial_write(struct serial_port *p, const char *s, size_t n);

/* Bytes that serial_write would take now / that still wait to be sent. */
size_t serial_room(struct serial_port *p);
size_t serial_pending(struct serial_port *p);

/* Throw away what waits (TCOFLUSH). */
void serial_discard(struct serial_port *p);

/*
 * Rate in bits per second; 5 to 8 data bits; parity 'n', 'e' or 'o'; stop bits.
 * E_INVAL for what the chip cannot do. The start value is 115200 8n1.
 */
enum err serial_set_line(struct serial_port *p, unsigned baud, unsigned bits,
    char parity, unsigned stop);

/* Boot: find the ports and set them up, polled; register log consoles. */
void serial_init(void);
/* Boot, after irq_init: receive and transmit by interrupt from now on. */
void serial_start_irq(void);
