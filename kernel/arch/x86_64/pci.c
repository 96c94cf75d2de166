/* kernel/arch/x86_64/pci.c -- PCI configuration space. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/pci.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/core/lock.h"

/* Address and data port belong together: one lock, interrupts off. */
enum {
	PORT_ADDRESS = 0xcf8,
	PORT_DATA = 0xcfc,
	ENABLE = 1u << 31,
	DEVICES = 32,
	FUNCTIONS = 8,
	REG_HEADER = 0x0c, /* bits 16..23: type, bit 7 more functions */
	REG_BUSES = 0x18,  /* of a bridge: primary, secondary, subordinate */
};
static struct lock ports_lock = LOCK_INIT(RANK_IRQ);

uint32_t pci_read32(struct pci_address at, unsigned offset)
{
	uint32_t where = ENABLE | (uint32_t)at.bus << 16 |
	                 (uint32_t)(at.device & 31) << 11 |
	                 (uint32_t)(at.function & 7) << 8 | (offset & 0xfc);
	irqflags_t flags = lock_take_irq(&ports_lock);
	uint32_t v;

	outl(PORT_ADDRESS, where);
	v = inl(PORT_DATA);
	lock_drop_irq(&ports_lock, flags);
	return v;
}

static bool present(struct pci_address at)
{
	return (pci_read32(at, 0) & 0xffff) != 0xffff;
}

/* Is there a bridge to this bus? Host bridges lead to bus 0. */
static bool bus_reached(uint8_t bus)
{
	struct pci_address at = {0};

	if (bus == 0)
		return true;
	/* A bridge sits on a bus with a lower number than the one behind. */
	for (unsigned b = 0; b < bus; b++)
		for (unsigned slot = 0; slot < DEVICES * FUNCTIONS; slot++) {
			at.bus = (uint8_t)b;
			at.device = (uint8_t)(slot / FUNCTIONS);
			at.function = slot % FUNCTIONS;
			if (present(at) &&
			    (pci_read32(at, REG_HEADER) >> 16 & 0x7f) == 1 &&
			    (pci_read32(at, REG_BUSES) >> 8 & 0xff) == bus)
				return true;
		}
	return false;
}

/* The highest bus number that any bridge on bus 0 leads to. */
static unsigned last_bus(void)
{
	struct pci_address at = {0};
	unsigned last = 0;

	for (unsigned slot = 0; slot < DEVICES * FUNCTIONS; slot++) {
		at.device = (uint8_t)(slot / FUNCTIONS);
		at.function = slot % FUNCTIONS;
		if (present(at) &&
		    (pci_read32(at, REG_HEADER) >> 16 & 0x7f) == 1)
			last =
			    MAX(last, pci_read32(at, REG_BUSES) >> 16 & 0xff);
	}
	return last;
}

bool pci_next(struct pci_address *at)
{
	unsigned slot = at->device * FUNCTIONS + at->function;
	unsigned end = last_bus();

	for (unsigned bus = at->bus; bus <= end; bus++, slot = 0) {
		if (!bus_reached((uint8_t)bus))
			continue;
		while (slot < DEVICES * FUNCTIONS) {
			struct pci_address a = {(uint8_t)bus,
			    (uint8_t)(slot / FUNCTIONS), slot % FUNCTIONS};
			struct pci_address first = {a.bus, a.device, 0};

			if (present(a)) {
				*at = a;
				return true;
			}
			/* Only the first of a device tells of more. */
			if (a.function == 0 ||
			    !(pci_read32(first, REG_HEADER) >> 23 & 1))
				slot = (a.device + 1u) * FUNCTIONS;
			else
				slot++;
		}
	}
	return false;
}
