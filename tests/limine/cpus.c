/* tests/limine/cpus.c -- ACPI's list of CPUs, started and parked. */
/* SPDX-License-Identifier: MIT */
#include "loader.h"

enum { CPUS_MAX = 64, TRAMPOLINE = 0x8000, MADT_CPU = 0, MADT_X2 = 9 };
enum { ICR_LOW = 0x300 / 4, ICR_HIGH = 0x310 / 4, LAPIC_ID = 0x20 / 4 };
enum { INIT = 0x4500, STARTUP = 0x4600, PENDING = 1 << 12, WAITS = 1000000 };

/* The protocol's struct limine_mp_info; start.S knows goto_address's place. */
struct mp_info {
	uint32_t processor, lapic;
	uint64_t reserved, goto_address, extra;
};

extern volatile uint64_t ap_info, ap_stack;
extern volatile uint32_t ap_here;

static volatile uint32_t *const lapic = (void *)0xfee00000;
static struct mp_info *cpus[CPUS_MAX];
static uint64_t *pointers;
static uint32_t count;

static bool signature(const char *p, const char *want, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (p[i] != want[i])
			return false;
	return true;
}

static const char *search(uint32_t from, uint32_t to)
{
	for (uint32_t p = from; p < to; p += 16)
		if (signature((const char *)p, "RSD PTR ", 8))
			return (const char *)p;
	return 0;
}

uint32_t rsdp_find(void)
{
	const uint16_t *bios_word = (void *)0x40e;
	uint32_t ebda;
	const char *p;

	/* The compiler must not think about what lies at such an address. */
	__asm__("" : "+r"(bios_word));
	ebda = (uint32_t)*bios_word << 4;
	p = ebda ? search(ebda, ebda + 1024) : 0;

	p = p ? p : search(0xe0000, 0x100000);
	return (uintptr_t)p;
}

static const char *table(uint32_t rsdp, const char *name)
{
	uint32_t rsdt = rsdp ? *(uint32_t *)(rsdp + 16) : 0;
	uint32_t n = rsdt ? (*(uint32_t *)(rsdt + 4) - 36) / 4 : 0;

	for (uint32_t i = 0; i < n; i++) {
		const char *t = ((const char **)(rsdt + 36))[i];

		if (signature(t, name, 4))
			return t;
	}
	return 0;
}

static void add(uint32_t processor, uint32_t id, uint32_t flags)
{
	struct mp_info *c;

	if (!(flags & 1) || count == CPUS_MAX)
		return;
	c = cpus[count++] = take(sizeof(*c), 16);
	c->processor = processor;
	c->lapic = id;
}

static void read_madt(const char *madt)
{
	const uint8_t *p = (const uint8_t *)madt + 44;
	const uint8_t *end =
	    (const uint8_t *)madt + *(const uint32_t *)(madt + 4);

	for (; p < end && p[1]; p += p[1]) {
		if (p[0] == MADT_CPU)
			add(p[2], p[3], *(const uint32_t *)(p + 4));
		if (p[0] == MADT_X2)
			add(*(const uint32_t *)(p + 12),
			    *(const uint32_t *)(p + 4),
			    *(const uint32_t *)(p + 8));
	}
}

static void send(uint32_t id, uint32_t what)
{
	lapic[ICR_HIGH] = id << 24;
	lapic[ICR_LOW] = what;
	for (int i = 0; i < WAITS && lapic[ICR_LOW] & PENDING; i++)
		out8(0x80, 0);
}

/* Writes to port 80h take about a microsecond each on hardware. */
static bool wait_for(volatile uint32_t *flag, int tries)
{
	for (int i = 0; i < tries && !*flag; i++)
		out8(0x80, 0);
	return *flag;
}

static void start(struct mp_info *c)
{
	static volatile uint32_t never;
	char *stack = take_kind(STACK, 16, RECLAIMABLE);

	ap_info = direct(c);
	ap_stack = direct(stack) + STACK;
	ap_here = 0;
	send(c->lapic, INIT);
	wait_for(&never, 10000);
	send(c->lapic, STARTUP | TRAMPOLINE >> 12);
	if (!wait_for(&ap_here, 200))
		send(c->lapic, STARTUP | TRAMPOLINE >> 12);
	if (!wait_for(&ap_here, WAITS))
		die("a CPU does not start");
}

uint32_t boot_cpu(void)
{
	return lapic[LAPIC_ID] >> 24;
}

uint32_t cpu_count(void)
{
	return count;
}

uint64_t cpus_array(void)
{
	return direct(pointers);
}

void cpus_start(uint32_t rsdp)
{
	const char *madt = table(rsdp, "APIC");

	if (madt)
		read_madt(madt);
	else
		add(0, boot_cpu(), 1);
	copy((void *)TRAMPOLINE, ap_start, (size_t)(ap_end - ap_start));
	pointers = take(count * sizeof(*pointers), 8);
	for (uint32_t i = 0; i < count; i++) {
		pointers[i] = direct(cpus[i]);
		if (cpus[i]->lapic != boot_cpu())
			start(cpus[i]);
	}
}
