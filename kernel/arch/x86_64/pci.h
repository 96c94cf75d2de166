/* kernel/arch/x86_64/pci.h -- PCI configuration space and message interrupts. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/arch/x86_64/irq.h"

/* A function's address. */
struct pci_address {
	uint16_t segment;
	uint8_t bus, device, function;
};

/* What every function has; more is reachable by memory only. */
enum { PCI_CONFIG_SIZE = 256 };

struct pci_function {
	struct pci_address at;
	uint16_t vendor, device, subsystem_vendor, subsystem;
	uint32_t class; /* class, subclass, interface: 0xCCSSII */
	uint8_t revision, header, pin, line;
};

/* size 1, 2 or 4, aligned; beyond what is reachable reads give all ones. */
uint32_t pci_read(struct pci_address at, unsigned offset, unsigned size);
void pci_write(
    struct pci_address at, unsigned offset, unsigned size, uint32_t v);

static inline uint32_t pci_read32(struct pci_address at, unsigned offset)
{
	return pci_read(at, offset, 4);
}

/*
 * Visit every function, in order of address, bridges followed; until fn says
 * false. May be called at any time (it looks at the bus), not in interrupts.
 */
void pci_for_each(
    bool (*fn)(const struct pci_function *f, void *arg), void *arg);

/* Offset of a capability of this kind (5 MSI, 17 MSI-X); 0: none. */
unsigned pci_capability(struct pci_address at, uint8_t kind);

/*
 * Let the function send its interrupt `index` as m says: by MSI-X if it has it,
 * else by MSI (index 0 only). Switches the mechanism on and INTx off.
 * E_NODEV: it has neither; E_INVAL: no such index; E_NOMEM.
 */
enum err pci_set_message(
    struct pci_address at, unsigned index, const struct msi_message *m);
/* Back to silence: both mechanisms off. */
void pci_clear_messages(struct pci_address at);

/* Boot, after acpi_init: map the memory form where there is one. */
void pci_init(void);
