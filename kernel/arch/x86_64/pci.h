/* kernel/arch/x86_64/pci.h -- PCI configuration space. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct pci_address {
	uint8_t bus, device, function;
};

enum { PCI_CONFIG_SIZE = 256 };

/*
 * Read configuration space by the ports of mechanism 1: 4-byte aligned offset
 * below 256. All ones when there is no such function. Any context.
 */
uint32_t pci_read32(struct pci_address at, unsigned offset);

/*
 * The first function at or behind *at, in the order of bus, device, function,
 * counting only buses behind bridges that firmware set up. False at the end.
 */
bool pci_next(struct pci_address *at);
