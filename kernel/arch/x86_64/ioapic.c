/* kernel/arch/x86_64/ioapic.c -- IOAPICs, and the old PIC put to sleep. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/platform.h"
#include "kernel/core/klog.h"
#include "kernel/core/types.h"
#include "kernel/mm/vmalloc.h"

enum {
	REG_VERSION = 1,
	REG_ENTRY = 0x10,
	ENTRY_LOW = 1 << 13,
	ENTRY_LEVEL = 1 << 15,
	ENTRY_MASKED = 1 << 16,
	LINES_MAX = 240,

	PIC1 = 0x20,
	PIC2 = 0xa0,
	PIC_VECTOR = 0x20, /* where its spurious interrupts come out */
};
#define IOAPIC_DEFAULT 0xfec00000ul

static struct ioapic {
	volatile uint32_t *window; /* const: [0] selects, [4] is the data */
	uint32_t first, lines;     /* const: global interrupts */
} ioapics[IOAPICS_MAX];
static unsigned count;

static uint32_t get(struct ioapic *a, unsigned reg)
{
	a->window[0] = reg;
	return a->window[4];
}

static void set(struct ioapic *a, unsigned reg, uint32_t v)
{
	a->window[0] = reg;
	a->window[4] = v;
}

static struct ioapic *find(unsigned gsi)
{
	for (unsigned i = 0; i < count; i++)
		if (gsi >= ioapics[i].first &&
		    gsi - ioapics[i].first < ioapics[i].lines)
			return &ioapics[i];
	return NULL;
}

/* All lines masked, and out of the vectors of exceptions in any case. */
void pic_disable(void)
{
	outb(PIC1, 0x11);
	outb(PIC2, 0x11);
	outb(PIC1 + 1, PIC_VECTOR);
	outb(PIC2 + 1, PIC_VECTOR + 8);
	outb(PIC1 + 1, 4);
	outb(PIC2 + 1, 2);
	outb(PIC1 + 1, 1);
	outb(PIC2 + 1, 1);
	outb(PIC1 + 1, 0xff);
	outb(PIC2 + 1, 0xff);
}

static void add(paddr_t base, uint32_t first)
{
	struct ioapic *a = &ioapics[count];
	uint32_t version;

	a->window = ioremap(base, PAGE_SIZE, false);
	if (a->window == NULL)
		return;
	version = get(a, REG_VERSION);
	if (version == 0 || version == UINT32_MAX) {
		iounmap((void *)a->window);
		klog(LOG_WARN, "ioapic", "nothing at %#lx", base);
		return;
	}
	a->first = first;
	a->lines = MIN((version >> 16 & 0xff) + 1, (uint32_t)LINES_MAX);
	for (unsigned i = 0; i < a->lines; i++)
		set(a, REG_ENTRY + 2 * i, ENTRY_MASKED);
	count++;
}

void ioapic_init(void)
{
	for (unsigned i = 0; i < platform.ioapic_count; i++)
		add(platform.ioapic[i].base, platform.ioapic[i].gsi_base);
	/* No table: every PC that has one has it there. */
	if (platform.ioapic_count == 0)
		add(IOAPIC_DEFAULT, 0);
	if (count == 0)
		klog(LOG_ERR, "ioapic", "none: no device interrupts");
}

unsigned ioapic_gsi_count(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++)
		n = MAX(n, ioapics[i].first + ioapics[i].lines);
	return n;
}

bool ioapic_route(
    unsigned gsi, uint8_t vector, uint32_t apic_id, bool level, bool low)
{
	struct ioapic *a = find(gsi);
	unsigned reg;

	/* Without remapping the destination has eight bits. */
	if (a == NULL || apic_id > 254)
		return false;
	reg = REG_ENTRY + 2 * (gsi - a->first);
	set(a, reg, ENTRY_MASKED);
	set(a, reg + 1, apic_id << 24);
	set(a, reg,
	    ENTRY_MASKED | vector | (level ? ENTRY_LEVEL : 0) |
	        (low ? ENTRY_LOW : 0));
	return true;
}

void ioapic_mask(unsigned gsi, bool masked)
{
	struct ioapic *a = find(gsi);
	unsigned reg;
	uint32_t v;

	if (a == NULL)
		return;
	reg = REG_ENTRY + 2 * (gsi - a->first);
	v = get(a, reg) & ~(uint32_t)ENTRY_MASKED;
	set(a, reg, masked ? v | ENTRY_MASKED : v);
}

unsigned isa_to_gsi(unsigned line, bool *level, bool *low)
{
	*level = false;
	*low = false;
	for (unsigned i = 0; i < platform.override_count; i++) {
		unsigned flags = platform.override[i].flags;

		if (platform.override[i].isa != line)
			continue;
		*low = (flags & INTI_POLARITY) == INTI_LOW;
		*level = (flags & INTI_TRIGGER) == INTI_LEVEL;
		return platform.override[i].gsi;
	}
	return line;
}
