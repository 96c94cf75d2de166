/* kernel/arch/x86_64/serial.c -- 16550 serial ports COM1 and COM2. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/serial.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/irq.h"
#include "kernel/core/klog.h"
#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"

/*
 * head and tail count bytes ever put into and taken out of the ring; they wrap
 * round at 2^32, so head - tail is the fill.
 *
 * The transmitter is fed in bursts of a FIFO's length: one look at the line
 * status, then up to 16 bytes. While the chip takes them as fast as we give
 * them (an emulator), the ring empties here and no interrupt is needed; once
 * it does not, the "transmitter empty" interrupt is switched on until the ring
 * is empty.
 */
enum {
	REG_DATA = 0,
	REG_IER = 1,
	REG_IIR = 2,
	REG_FCR = 2,
	REG_LCR = 3,
	REG_MCR = 4,
	REG_LSR = 5,
	REG_MSR = 6,
	REG_SCRATCH = 7,

	IER_RX = 1,
	IER_TX = 2,
	IER_LINE = 4,
	LSR_DATA = 1,
	LSR_BREAK = 0x10,
	LSR_THRE = 0x20,
	LCR_DLAB = 0x80,
	FCR_ENABLE_CLEAR = 0x07,
	FCR_TRIGGER_14 = 0xc0,
	MCR_RUN = 0x0b, /* DTR, RTS, OUT2: lets interrupts out */

	FIFO = 16,
	RING = 4096,
	SERVE_MAX = 4096,    /* in one interrupt: a chip that is stuck */
	POLL_LIMIT = 100000, /* a dead chip stops nothing */
};

struct serial_port {
	struct lock lock; /* RANK_CONSOLE, interrupts off */
	uint16_t base;    /* const; 0: absent */
	uint8_t line;     /* const: ISA interrupt */
	uint8_t ier GUARDED_BY(&lock);
	bool irq_driven; /* const after serial_start_irq */
	bool want_room GUARDED_BY(&lock);
	uint32_t head GUARDED_BY(&lock);
	uint32_t tail GUARDED_BY(&lock);
	struct serial_client client GUARDED_BY(&lock);
	char ring[RING] GUARDED_BY(&lock);
};

static struct serial_port ports[SERIAL_PORTS] = {
    {.lock = LOCK_INIT(RANK_CONSOLE), .line = 4},
    {.lock = LOCK_INIT(RANK_CONSOLE), .line = 3},
};

struct serial_port *serial_port(unsigned n)
{
	return n < SERIAL_PORTS && ports[n].base ? &ports[n] : NULL;
}

static bool tx_ready(struct serial_port *p)
{
	return inb(p->base + REG_LSR) & LSR_THRE;
}

static void out_burst(struct serial_port *p, const char *s, size_t n)
{
	uint16_t port = p->base + REG_DATA;

	__asm__ volatile("rep outsb" : "+S"(s), "+c"(n) : "d"(port) : "memory");
}

/* Feed the chip from the ring as long as it takes bytes at once. */
static void feed_locked(struct serial_port *p) REQUIRES(&p -> lock)
{
	uint8_t ier = p->ier;

	while (p->head != p->tail && tx_ready(p)) {
		uint32_t at = p->tail % RING;
		uint32_t n = MIN(p->head - p->tail, (uint32_t)FIFO);

		n = MIN(n, RING - at);
		out_burst(p, p->ring + at, n);
		p->tail += n;
	}
	if (!p->irq_driven)
		return;
	ier = p->head != p->tail ? ier | IER_TX : ier & ~IER_TX;
	if (ier != p->ier) {
		p->ier = ier;
		outb(p->base + REG_IER, ier);
	}
}

/* Send all of the ring and then s, waiting for the chip. */
static void write_polled(struct serial_port *p, const char *s, size_t n)
{
	while (n) {
		size_t part = MIN(n, (size_t)FIFO);

		for (unsigned i = 0; i < POLL_LIMIT && !tx_ready(p); i++)
			cpu_pause();
		out_burst(p, s, part);
		s += part;
		n -= part;
	}
}

static size_t put_locked(struct serial_port *p, const char *s, size_t n)
    REQUIRES(&p -> lock)
{
	size_t done = 0;

	while (done < n && p->head - p->tail < RING) {
		uint32_t at = p->head % RING;
		size_t part = MIN(n - done, RING - (p->head - p->tail));

		part = MIN(part, (size_t)(RING - at));
		memcpy(p->ring + at, s + done, part);
		p->head += part;
		done += part;
	}
	return done;
}

size_t serial_write(struct serial_port *p, const char *s, size_t n)
{
	irqflags_t f = lock_take_irq(&p->lock);
	size_t done = 0, part;

	/* feed_locked may empty the ring at once: then go on. */
	do {
		part = put_locked(p, s + done, n - done);
		done += part;
		feed_locked(p);
	} while (done < n && part != 0);
	/* Only set here: another writer may be the one that waits. */
	if (done < n || p->head - p->tail > RING / 2)
		p->want_room = true;
	lock_drop_irq(&p->lock, f);
	return done;
}

size_t serial_room(struct serial_port *p)
{
	irqflags_t f = lock_take_irq(&p->lock);
	size_t n = RING - (p->head - p->tail);

	lock_drop_irq(&p->lock, f);
	return n;
}

size_t serial_pending(struct serial_port *p)
{
	return RING - serial_room(p);
}

void serial_discard(struct serial_port *p)
{
	irqflags_t f = lock_take_irq(&p->lock);

	p->tail = p->head;
	lock_drop_irq(&p->lock, f);
}

void serial_set_client(struct serial_port *p, const struct serial_client *c)
{
	irqflags_t f = lock_take_irq(&p->lock);

	p->client = c ? *c : (struct serial_client){0};
	lock_drop_irq(&p->lock, f);
}

enum err serial_set_line(struct serial_port *p, unsigned baud, unsigned bits,
    char parity, unsigned stop)
{
	unsigned divisor = baud ? 115200 / baud : 0;
	irqflags_t f;
	uint8_t lcr;

	if (divisor == 0 || divisor > 0xffff || bits < 5 || bits > 8 ||
	    stop < 1 || stop > 2)
		return E_INVAL;
	if (parity != 'n' && parity != 'e' && parity != 'o')
		return E_INVAL;
	lcr = (bits - 5) | (stop - 1) << 2;
	lcr |= parity == 'n' ? 0 : parity == 'e' ? 0x18 : 0x08;
	f = lock_take_irq(&p->lock);
	outb(p->base + REG_LCR, lcr | LCR_DLAB);
	outb(p->base + REG_DATA, divisor & 0xff);
	outb(p->base + REG_IER, divisor >> 8);
	outb(p->base + REG_LCR, lcr);
	outb(p->base + REG_IER, p->ier);
	lock_drop_irq(&p->lock, f);
	return OK;
}

/* Bytes that came in; a break is told apart. Gives how many were read. */
static size_t receive(struct serial_port *p, char *buf, size_t size, bool *brk)
{
	size_t n = 0;

	*brk = false;
	while (n < size) {
		uint8_t lsr = inb(p->base + REG_LSR);

		if (!(lsr & LSR_DATA))
			break;
		buf[n] = inb(p->base + REG_DATA);
		if (lsr & LSR_BREAK) {
			*brk = true;
			break;
		}
		n++;
	}
	return n;
}

/* False: the chip asks for nothing. */
static bool serve(struct serial_port *p)
{
	struct serial_client c;
	char buf[4 * FIFO];
	bool brk = false, room = false;
	size_t n;

	if (inb(p->base + REG_IIR) & 1)
		return false;
	lock_take(&p->lock);
	n = receive(p, buf, sizeof(buf), &brk);
	feed_locked(p);
	c = p->client;
	if (p->want_room && p->head - p->tail <= RING / 2) {
		p->want_room = false;
		room = true;
	}
	lock_drop(&p->lock);
	if (c.rx != NULL && n)
		c.rx(c.arg, buf, n, false);
	if (c.rx != NULL && brk)
		c.rx(c.arg, buf, 0, true);
	if (c.tx_room != NULL && room)
		c.tx_room(c.arg);
	return true;
}

/*
 * The line is an edge: until the chip asks for nothing at all, it does not
 * fall, and no other interrupt would come.
 */
static bool serial_interrupt(void *arg)
{
	unsigned served = 0;

	while (served < SERVE_MAX && serve(arg))
		served++;
	return served != 0;
}

/* Into the ring; when it is full, wait for the chip to make room. */
static void log_put_locked(struct serial_port *p, const char *s, size_t n)
    REQUIRES(&p -> lock)
{
	for (;;) {
		size_t part = put_locked(p, s, n);

		s += part;
		n -= part;
		feed_locked(p);
		if (n == 0)
			return;
		for (unsigned i = 0; i < POLL_LIMIT && !tx_ready(p); i++)
			cpu_pause();
	}
}

/*
 * Log text, with CR before LF. From an NMI or a panic the lock may be held by
 * whom we interrupted: then past the ring.
 */
NO_LOCK_CHECK static void log_write(
    struct serial_port *p, const char *s, size_t n)
{
	bool locked = !atomic_load(&panic_active) && lock_try(&p->lock);
	void (*out)(struct serial_port *, const char *, size_t) =
	    locked ? log_put_locked : write_polled;

	while (n) {
		const char *lf = memchr(s, '\n', n);
		size_t part = lf ? (size_t)(lf - s) : n;

		out(p, s, part);
		if (lf) {
			out(p, "\r\n", 2);
			part++;
		}
		s += part;
		n -= part;
	}
	if (locked)
		lock_drop(&p->lock);
}

static void console_out(struct console *c, const char *s, size_t n)
{
	struct serial_port *p = &ports[c->name[4] - '0'];
	irqflags_t f = irq_save();

	log_write(p, s, n);
	irq_restore(f);
}

static struct console serial_console = {.name = "ttyS0", .write = console_out};

static bool probe(struct serial_port *p, uint16_t base)
{
	outb(base + REG_SCRATCH, 0x5a);
	if (inb(base + REG_SCRATCH) != 0x5a)
		return false;
	outb(base + REG_SCRATCH, 0xa5);
	if (inb(base + REG_SCRATCH) != 0xa5)
		return false;
	p->base = base;
	outb(base + REG_IER, 0);
	outb(base + REG_FCR, FCR_ENABLE_CLEAR | FCR_TRIGGER_14);
	outb(base + REG_MCR, MCR_RUN);
	return serial_set_line(p, 115200, 8, 'n', 1) == OK;
}

void serial_init(void)
{
	static const uint16_t bases[SERIAL_PORTS] = {0x3f8, 0x2f8};

	for (unsigned i = 0; i < SERIAL_PORTS; i++)
		if (!probe(&ports[i], bases[i]))
			ports[i].base = 0;
	if (ports[0].base)
		console_register(&serial_console);
}

void serial_start_irq(void)
{
	for (unsigned i = 0; i < SERIAL_PORTS; i++) {
		struct serial_port *p = &ports[i];
		irqflags_t f;

		if (!p->base)
			continue;
		if (irq_request_isa(p->line, "serial", serial_interrupt, p) !=
		    OK) {
			klog(LOG_WARN, "serial", "connect line=%u", p->line);
			continue;
		}
		f = lock_take_irq(&p->lock);
		p->irq_driven = true;
		p->ier = IER_RX | IER_LINE;
		outb(p->base + REG_IER, p->ier);
		feed_locked(p); /* asks for an interrupt while any is left */
		lock_drop_irq(&p->lock, f);
	}
}
