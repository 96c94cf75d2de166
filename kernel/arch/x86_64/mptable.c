/* kernel/arch/x86_64/mptable.c -- the MP table: machines without ACPI. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/acpi.h"
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/mm/page.h"

/* Intel's MultiProcessor Specification 1.4. */
enum {
	MP_CPU = 0,
	MP_BUS = 1,
	MP_IOAPIC = 2,
	MP_INTERRUPT = 3,
	ANY_IOAPIC = 0xff,
	BUSES = 256,
};

struct mp_pointer {
	char signature[4];
	uint32_t table;
	uint8_t length, revision, checksum, features[5];
} packed_struct;

struct mp_table {
	char signature[4];
	uint16_t length;
	uint8_t revision, checksum;
	char oem[8], product[12];
	uint32_t oem_table;
	uint16_t oem_size, entries;
	uint32_t lapic;
	uint16_t extended_length;
	uint8_t extended_checksum, reserved;
} packed_struct;
static_assert(sizeof(struct mp_table) == 44, "MP 1.4");

static bool bus_is_isa[BUSES];
static uint8_t ioapic_id; /* of the one that is used */

static const struct mp_pointer *search(paddr_t from, paddr_t to)
{
	for (paddr_t at = from; at < to; at += 16) {
		const struct mp_pointer *p = phys_to_virt(at);

		if (memcmp(p->signature, "_MP_", 4) == 0 && p->length == 1 &&
		    acpi_checksum_ok(p, 16) && p->table != 0)
			return p;
	}
	return NULL;
}

static const struct mp_pointer *find_pointer(void)
{
	paddr_t ebda = (paddr_t) * (const uint16_t *)phys_to_virt(0x40e) << 4;
	const struct mp_pointer *p = NULL;

	if (ebda >= 0x80000 && ebda < 0xa0000)
		p = search(ebda, ebda + 1024);
	if (p == NULL)
		p = search(0x9fc00, 0xa0000);
	if (p == NULL)
		p = search(0xe0000, 0x100000);
	return p;
}

static void add_interrupt(struct platform *p, const uint8_t *e)
{
	/* Ordinary interrupts of ISA; overrides only tell differences. */
	if (e[1] != 0 || !bus_is_isa[e[4]] || e[5] > 15 ||
	    (e[6] != ioapic_id && e[6] != ANY_IOAPIC) ||
	    p->override_count >= OVERRIDES_MAX)
		return;
	p->override[p->override_count].isa = e[5];
	p->override[p->override_count].gsi = e[7];
	p->override[p->override_count++].flags = e[2] & 15;
}

static void entry(struct platform *p, const uint8_t *e)
{
	uint32_t base;

	switch (e[0]) {
	case MP_CPU:
		if (e[3] & 1)
			platform_add_cpu(e[1]);
		break;
	case MP_BUS:
		bus_is_isa[e[1]] = memcmp(e + 2, "ISA", 3) == 0;
		break;
	case MP_IOAPIC:
		memcpy(&base, e + 4, 4);
		if (e[3] & 1 && base != 0 && p->ioapic_count == 0) {
			ioapic_id = e[1];
			p->ioapic[0].base = base;
			p->ioapic_count = 1;
		}
		break;
	case MP_INTERRUPT:
		add_interrupt(p, e);
		break;
	default:
		break;
	}
}

bool mptable_init(void)
{
	const struct mp_pointer *ptr = find_pointer();
	const struct mp_table *t =
	    ptr ? firmware_map(ptr->table, sizeof(*t)) : NULL;
	const uint8_t *e;
	uint32_t left;

	if (t == NULL || memcmp(t->signature, "PCMP", 4) != 0 ||
	    t->length < sizeof(*t))
		return false;
	if ((t = firmware_map(ptr->table, t->length)) == NULL ||
	    !acpi_checksum_ok(t, t->length)) {
		klog(LOG_WARN, "mptable", "refuse addr=%#x", ptr->table);
		return false;
	}
	platform.lapic = t->lapic;
	platform.source = "MP table";
	e = (const uint8_t *)(t + 1);
	left = t->length - sizeof(*t);
	for (unsigned i = 0; i < t->entries; i++) {
		unsigned size = left && e[0] == MP_CPU ? 20 : 8;

		if (left < size)
			break;
		entry(&platform, e);
		e += size;
		left -= size;
	}
	if (platform.cpu_count != 0)
		return true;
	/* Not a machine: believe nothing of it. */
	platform.source = "none";
	platform.lapic = 0;
	platform.ioapic_count = platform.override_count = 0;
	return false;
}
