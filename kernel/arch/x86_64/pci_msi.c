/* kernel/arch/x86_64/pci_msi.c -- programming MSI and MSI-X. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/pci.h"
#include "kernel/mm/vmalloc.h"

enum {
	CAP_MSI = 5,
	CAP_MSIX = 17,
	REG_COMMAND = 4,
	COMMAND_NO_INTX = 1 << 10,
	COMMAND_MEMORY = 2,
	MSI_ENABLE = 1,
	MSI_64BIT = 0x80,
	MSI_COUNT = 0x70,
	MSI_MASKS = 0x100,
	MSIX_ENABLE = 0x8000,
	MSIX_MASK_ALL = 0x4000,
	MSIX_SIZE = 0x7ff,
	MSIX_ENTRY = 16,
	ENTRY_MASKED = 1,
	REG_BAR = 0x10,
	BAR_PORT = 1,
	BAR_64BIT = 4,
};

static void intx_off(struct pci_address at)
{
	uint32_t v = pci_read(at, REG_COMMAND, 2);

	pci_write(at, REG_COMMAND, 2, v | COMMAND_NO_INTX);
}

static enum err set_msi(struct pci_address at, unsigned cap, unsigned index,
    const struct msi_message *m)
{
	unsigned control = pci_read(at, cap + 2, 2), data = cap + 8;

	if (index != 0)
		return E_INVAL;
	pci_write(at, cap + 2, 2, control & ~MSI_ENABLE);
	pci_write(at, cap + 4, 4, (uint32_t)m->address);
	if (control & MSI_64BIT) {
		pci_write(at, cap + 8, 4, (uint32_t)(m->address >> 32));
		data = cap + 12;
	}
	pci_write(at, data, 2, m->data);
	if (control & MSI_MASKS)
		pci_write(at, data + 4, 4, pci_read(at, data + 4, 4) & ~1u);
	intx_off(at);
	pci_write(at, cap + 2, 2, (control & ~MSI_COUNT) | MSI_ENABLE);
	return OK;
}

/* Physical base of a memory BAR; 0 for a port BAR or none. */
static paddr_t bar_base(struct pci_address at, unsigned bar)
{
	uint32_t low;

	if (bar > 5)
		return 0;
	low = pci_read(at, REG_BAR + 4 * bar, 4);
	if (low & BAR_PORT || low == UINT32_MAX)
		return 0;
	if (!(low & BAR_64BIT) || bar == 5)
		return low & ~15u;
	return (low & ~15u) | (paddr_t)pci_read(at, REG_BAR + 4 * bar + 4, 4)
	                          << 32;
}

static enum err set_msix(struct pci_address at, unsigned cap, unsigned index,
    const struct msi_message *m)
{
	unsigned control = pci_read(at, cap + 2, 2);
	uint32_t table = pci_read(at, cap + 4, 4);
	unsigned count = (control & MSIX_SIZE) + 1;
	paddr_t base = bar_base(at, table & 7);
	volatile uint32_t *entries, *e;

	if (index >= count)
		return E_INVAL;
	if (base == 0)
		return E_NODEV;
	entries =
	    ioremap(base + (table & ~7u), (size_t)count * MSIX_ENTRY, false);
	if (entries == NULL)
		return E_NOMEM;
	pci_write(
	    at, REG_COMMAND, 2, pci_read(at, REG_COMMAND, 2) | COMMAND_MEMORY);
	pci_write(at, cap + 2, 2, control | MSIX_ENABLE | MSIX_MASK_ALL);
	/* What firmware left must not be sent to where it once was. */
	for (unsigned i = 0; !(control & MSIX_ENABLE) && i < count; i++)
		entries[i * (MSIX_ENTRY / 4) + 3] = ENTRY_MASKED;
	e = entries + index * (MSIX_ENTRY / 4);
	e[0] = (uint32_t)m->address;
	e[1] = (uint32_t)(m->address >> 32);
	e[2] = m->data;
	e[3] = 0; /* unmasked */
	intx_off(at);
	pci_write(at, cap + 2, 2, (control | MSIX_ENABLE) & ~MSIX_MASK_ALL);
	iounmap((void *)entries);
	return OK;
}

static void disable(struct pci_address at, uint8_t kind, unsigned enable)
{
	unsigned cap = pci_capability(at, kind);

	if (cap)
		pci_write(at, cap + 2, 2, pci_read(at, cap + 2, 2) & ~enable);
}

enum err pci_set_message(
    struct pci_address at, unsigned index, const struct msi_message *m)
{
	unsigned cap = pci_capability(at, CAP_MSIX);

	if (cap) {
		/* A function must not have both on. */
		disable(at, CAP_MSI, MSI_ENABLE);
		return set_msix(at, cap, index, m);
	}
	cap = pci_capability(at, CAP_MSI);
	return cap ? set_msi(at, cap, index, m) : E_NODEV;
}

void pci_clear_messages(struct pci_address at)
{
	disable(at, CAP_MSIX, MSIX_ENABLE);
	disable(at, CAP_MSI, MSI_ENABLE);
}
