/* kernel/arch/x86_64/pci.c -- PCI configuration space and enumeration. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/pci.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/platform.h"
#include "kernel/core/lock.h"
#include "kernel/mm/vmalloc.h"

/*
 * Two ways in: memory (MCFG), a page per function, mapped when first used; and
 * the two ports, for the first 256 bytes of segment 0. Ports need a lock, since
 * address and data are two accesses; memory needs none, but takes it too, so
 * that the mapping is made once.
 */
enum {
	PORT_ADDRESS = 0xcf8,
	PORT_DATA = 0xcfc,
	BUSES = 256,
	DEVICES = 32,
	FUNCTIONS = 8,
	REG_ID = 0,
	REG_CLASS = 8,
	REG_HEADER = 0x0e,
	REG_SECONDARY = 0x19,
	REG_SUBSYSTEM = 0x2c,
	REG_CAPABILITIES = 0x34,
	REG_STATUS = 6,
	REG_LINE = 0x3c,
	STATUS_CAPABILITIES = 0x10,
	HEADER_MULTI = 0x80,
	HEADER_BRIDGE = 1,
	BUS_SIZE = 1 << 20,
};

static struct lock pci_lock = LOCK_INIT(RANK_IRQ);
static volatile uint8_t *windows[MCFG_MAX]; /* const after pci_init */

void pci_init(void)
{
	for (unsigned i = 0; i < platform.mcfg_count; i++) {
		unsigned first = platform.mcfg[i].first_bus;
		unsigned buses = platform.mcfg[i].last_bus - first + 1u;

		windows[i] =
		    ioremap(platform.mcfg[i].base + (paddr_t)first * BUS_SIZE,
		        (size_t)buses * BUS_SIZE, false);
	}
}

/* The function's page in memory; NULL: by ports. */
static volatile uint8_t *page_of(struct pci_address at)
{
	for (unsigned i = 0; i < platform.mcfg_count; i++) {
		unsigned first = platform.mcfg[i].first_bus;

		if (windows[i] && platform.mcfg[i].segment == at.segment &&
		    at.bus >= first && at.bus <= platform.mcfg[i].last_bus)
			return windows[i] + ((size_t)(at.bus - first) << 20 |
			                        at.device << 15 |
			                        at.function << 12);
	}
	return NULL;
}

static bool reachable(struct pci_address at, unsigned offset, unsigned size)
{
	if (size != 1 && size != 2 && size != 4)
		return false;
	if (offset % size || at.device >= DEVICES || at.function >= FUNCTIONS)
		return false;
	return page_of(at) ? offset < 4096 : offset < 256 && at.segment == 0;
}

static void select(struct pci_address at, unsigned offset)
{
	outl(PORT_ADDRESS, 1u << 31 | (uint32_t)at.bus << 16 | at.device << 11 |
	                       at.function << 8 | (offset & 0xfc));
}

uint32_t pci_read(struct pci_address at, unsigned offset, unsigned size)
{
	volatile uint8_t *p = page_of(at);
	irqflags_t f;
	uint32_t v;

	if (!reachable(at, offset, size))
		return UINT32_MAX;
	if (p != NULL)
		return size == 4   ? *(volatile uint32_t *)(p + offset)
		       : size == 2 ? *(volatile uint16_t *)(p + offset)
		                   : p[offset];
	f = lock_take_irq(&pci_lock);
	select(at, offset);
	v = size == 4   ? inl(PORT_DATA)
	    : size == 2 ? inw(PORT_DATA + (offset & 2))
	                : inb(PORT_DATA + (offset & 3));
	lock_drop_irq(&pci_lock, f);
	return v;
}

void pci_write(
    struct pci_address at, unsigned offset, unsigned size, uint32_t v)
{
	volatile uint8_t *p = page_of(at);
	irqflags_t f;

	if (!reachable(at, offset, size))
		return;
	if (p != NULL) {
		if (size == 4)
			*(volatile uint32_t *)(p + offset) = v;
		else if (size == 2)
			*(volatile uint16_t *)(p + offset) = (uint16_t)v;
		else
			p[offset] = (uint8_t)v;
		return;
	}
	f = lock_take_irq(&pci_lock);
	select(at, offset);
	if (size == 4)
		outl(PORT_DATA, v);
	else if (size == 2)
		outw(PORT_DATA + (offset & 2), (uint16_t)v);
	else
		outb(PORT_DATA + (offset & 3), (uint8_t)v);
	lock_drop_irq(&pci_lock, f);
}

static bool read_function(struct pci_address at, struct pci_function *f)
{
	uint32_t id = pci_read(at, REG_ID, 4), class;

	if ((id & 0xffff) == 0xffff)
		return false;
	class = pci_read(at, REG_CLASS, 4);
	*f = (struct pci_function){
	    .at = at,
	    .vendor = id & 0xffff,
	    .device = id >> 16,
	    .class = class >> 8,
	    .revision = class & 0xff,
	    .header = pci_read(at, REG_HEADER, 1),
	    .line = pci_read(at, REG_LINE, 1),
	    .pin = pci_read(at, REG_LINE + 1, 1),
	};
	if ((f->header & 0x7f) == 0) {
		f->subsystem_vendor = pci_read(at, REG_SUBSYSTEM, 2);
		f->subsystem = pci_read(at, REG_SUBSYSTEM + 2, 2);
	}
	return true;
}

struct bus_set {
	uint64_t bits[BUSES / 64];
};

static bool bus_test(const struct bus_set *s, unsigned bus)
{
	return s->bits[bus / 64] >> bus % 64 & 1;
}

/* One device slot; marks the buses behind its bridges. False: stop. */
static bool visit_device(struct pci_address at, struct bus_set *found,
    bool (*fn)(const struct pci_function *f, void *arg), void *arg)
{
	struct pci_function f;

	for (at.function = 0; at.function < FUNCTIONS; at.function++) {
		if (!read_function(at, &f)) {
			if (at.function == 0)
				return true;
			continue;
		}
		if ((f.header & 0x7f) == HEADER_BRIDGE) {
			unsigned bus = pci_read(at, REG_SECONDARY, 1);

			/* Downwards only: a loop in the tables ends here. */
			if (bus > at.bus)
				found->bits[bus / 64] |= 1ull << bus % 64;
		}
		if (!fn(&f, arg))
			return false;
		if (at.function == 0 && !(f.header & HEADER_MULTI))
			return true;
	}
	return true;
}

/* The buses of a segment that bridges lead to, from its first on. */
static bool visit_segment(uint16_t segment, unsigned first,
    bool (*fn)(const struct pci_function *f, void *arg), void *arg)
{
	struct bus_set found = {{0}};

	found.bits[first / 64] |= 1ull << first % 64;
	for (unsigned bus = first; bus < BUSES; bus++) {
		if (!bus_test(&found, bus))
			continue;
		for (unsigned d = 0; d < DEVICES; d++) {
			struct pci_address at = {
			    .segment = segment, .bus = bus, .device = d};

			if (!visit_device(at, &found, fn, arg))
				return false;
		}
	}
	return true;
}

void pci_for_each(
    bool (*fn)(const struct pci_function *f, void *arg), void *arg)
{
	if (platform.mcfg_count == 0)
		(void)visit_segment(0, 0, fn, arg);
	for (unsigned i = 0; i < platform.mcfg_count; i++)
		if (!visit_segment(platform.mcfg[i].segment,
		        platform.mcfg[i].first_bus, fn, arg))
			return;
}

unsigned pci_capability(struct pci_address at, uint8_t kind)
{
	unsigned offset;

	if (!(pci_read(at, REG_STATUS, 2) & STATUS_CAPABILITIES))
		return 0;
	offset = pci_read(at, REG_CAPABILITIES, 1) & 0xfc;
	/* At most 48 fit: a list that is longer is a loop. */
	for (unsigned i = 0; i < 48 && offset >= 0x40; i++) {
		if (pci_read(at, offset, 1) == kind)
			return offset;
		offset = pci_read(at, offset + 1, 1) & 0xfc;
	}
	return 0;
}
