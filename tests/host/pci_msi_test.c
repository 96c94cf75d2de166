/* tests/host/pci_msi_test.c -- message interrupts of a function made here. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/arch/x86_64/pci.c kernel/arch/x86_64/pci_msi.c kernel/arch/x86_64/irq.c tests/host/shim.c */
#include <string.h>
#include "shim.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/ipi.h"
#include "kernel/arch/x86_64/pci.h"
#include "kernel/arch/x86_64/platform.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/arch/x86_64/traps.h"
#include "kernel/core/rcu.h"
#include "kernel/core/sched.h"
#include "kernel/core/timer.h"
#include "kernel/mm/vmalloc.h"

enum {
	CONFIG_AT = 0xb0000000, /* one bus of configuration space */
	CONFIG_SIZE = 1 << 20,
	TABLE_SIZE = 32768,
	COMMAND = 4,
	STATUS = 6,
	BARS = 0x10,
	LIST = 0x34,
	MSI = 0x50, /* where the tests put the capabilities */
	MSIX = 0x80,
	VECTORS = VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1,
};
#define BAR_AT 0x4500000000ull

static uint8_t config[CONFIG_SIZE], memory[TABLE_SIZE + 4096];
static uint8_t *fn; /* the function's page of config */
static const struct pci_address at = {.device = 3, .function = 1};
static int mapped;
static bool no_room;

struct platform platform;
uint32_t cpu_apic_id[CPUS_MAX] = {7};

void *ioremap(paddr_t base, size_t size, bool wc)
{
	assert_false(wc);
	if (base == CONFIG_AT && size == CONFIG_SIZE)
		return config;
	if (no_room)
		return NULL;
	/* Whatever else is asked must lie in our BAR. */
	assert_true(base >= BAR_AT);
	assert_true(base - BAR_AT + size <= sizeof(memory));
	mapped++;
	return memory + (base - BAR_AT);
}

void iounmap(void *p)
{
	assert_true((uint8_t *)p >= memory);
	mapped--;
}

/* The controllers round the code: only these are asked. */
static bool line_masked[24];
static unsigned eois;

unsigned ioapic_gsi_count(void)
{
	return 24;
}
bool ioapic_route(
    unsigned gsi, uint8_t vector, uint32_t apic_id, bool level, bool low)
{
	(void)vector, (void)apic_id, (void)level, (void)low;
	return gsi < 24;
}
void ioapic_mask(unsigned gsi, bool masked)
{
	line_masked[gsi] = masked;
}
unsigned isa_to_gsi(unsigned line, bool *level, bool *low)
{
	*level = *low = false;
	return line;
}
bool lapic_in_service(uint8_t v)
{
	(void)v;
	return true;
}
void lapic_eoi(void)
{
	eois++;
}
void ipi_handle(unsigned vector)
{
	(void)vector;
}
void timer_interrupt(void)
{
}
void sched_sample(bool user)
{
	(void)user;
}
void rcu_interrupt(void)
{
}

static void put16(unsigned offset, unsigned v)
{
	memcpy(fn + offset, &(uint16_t){(uint16_t)v}, 2);
}

static void put32(unsigned offset, uint32_t v)
{
	memcpy(fn + offset, &v, 4);
}

static uint32_t get16(unsigned offset)
{
	return fn[offset] | (uint32_t)fn[offset + 1] << 8;
}

static uint32_t get32(unsigned offset)
{
	return get16(offset) | get16(offset + 2) << 16;
}

/* One capability of a kind behind what `from` points to. */
static void chain(unsigned from, unsigned offset, uint8_t kind, unsigned next)
{
	fn[from] = (uint8_t)offset;
	fn[offset] = kind;
	fn[offset + 1] = (uint8_t)next;
}

static int setup(void **state)
{
	(void)state;
	memset(config, 0, sizeof(config));
	memset(memory, 0, sizeof(memory));
	fn = config + (at.device << 15 | at.function << 12);
	platform.mcfg_count = 1;
	platform.mcfg[0].base = CONFIG_AT;
	pci_init();
	put16(STATUS, 0x10);
	mapped = 0;
	no_room = false;
	eois = 0;
	return 0;
}

static const struct msi_message message = {
    .address = 0xfee07000, .data = 0x41, .vector = 0x41};

/* The list is followed; its end, and what is not there, is 0. */
static void capability__follows_the_list(void **state)
{
	(void)state;
	chain(LIST, 0x40, 1, 0x60);
	chain(0x41, 0x60, 9, 0xfc);
	chain(0x61, 0xfc, 17, 0);
	assert_int_equal(pci_capability(at, 1), 0x40);
	assert_int_equal(pci_capability(at, 9), 0x60);
	assert_int_equal(pci_capability(at, 17), 0xfc);
	assert_int_equal(pci_capability(at, 5), 0);
	put16(STATUS, 0); /* says that it has no list */
	assert_int_equal(pci_capability(at, 1), 0);
	assert_int_equal(pci_set_message(at, 0, &message), E_NODEV);
}

/* A list that loops, points into the header or nowhere, ends. */
static void capability__ends_with_a_bad_list(void **state)
{
	(void)state;
	chain(LIST, 0x40, 1, 0x60);
	chain(0x41, 0x60, 9, 0x40);
	assert_int_equal(pci_capability(at, 5), 0);
	chain(0x41, 0x60, 9, 0x60);
	assert_int_equal(pci_capability(at, 5), 0);
	chain(0x41, 0x60, 9, 0x04);
	fn[4] = 5;
	assert_int_equal(pci_capability(at, 5), 0);
	chain(0x41, 0x60, 9, 0x73); /* the low bits are not the offset's */
	fn[0x70] = 5;
	assert_int_equal(pci_capability(at, 5), 0x70);
	memset(fn, 0xff, 256); /* no function there */
	assert_int_equal(pci_capability(at, 5), 0);
	assert_int_equal(pci_set_message(at, 0, &message), E_NODEV);
	pci_clear_messages(at);
}

/* MSI with 32 bits of address: four words, then on, for one vector. */
static void set_message__msi_32(void **state)
{
	(void)state;
	chain(LIST, MSI, 5, 0);
	put16(MSI + 2, 0x006a); /* several vectors allowed, five of them on */
	put32(MSI + 12, 0x12345678);
	assert_int_equal(pci_set_message(at, 1, &message), E_INVAL);
	assert_int_equal(get16(MSI + 2), 0x6a);
	assert_int_equal(pci_set_message(at, 0, &message), OK);
	assert_int_equal(get32(MSI + 4), 0xfee07000);
	assert_int_equal(get16(MSI + 8), 0x41);
	assert_int_equal(get32(MSI + 12), 0x12345678); /* not ours */
	assert_int_equal(get16(MSI + 2), 0x0b);
	assert_int_equal(get16(COMMAND) & 0x400, 0x400);
	pci_clear_messages(at);
	assert_int_equal(get16(MSI + 2), 0x0a);
}

/* MSI with 64 bits: the data lies behind the upper half. */
static void set_message__msi_64(void **state)
{
	struct msi_message m = message;

	(void)state;
	m.address |= 0x9ull << 32;
	chain(LIST, MSI, 5, 0);
	put16(MSI + 2, 0x80);
	put32(MSI + 16, 0xffffffff);
	assert_int_equal(pci_set_message(at, 0, &m), OK);
	assert_int_equal(get32(MSI + 4), 0xfee07000);
	assert_int_equal(get32(MSI + 8), 9);
	assert_int_equal(get16(MSI + 12), 0x41);
	assert_int_equal(get32(MSI + 16), 0xffffffff);
	assert_int_equal(get16(MSI + 2), 0x81);
}

/* A vector that was left masked is let through. */
static void set_message__msi_unmasks(void **state)
{
	(void)state;
	chain(LIST, MSI, 5, 0);
	put16(MSI + 2, 0x100);
	put32(MSI + 12, 0xff);
	assert_int_equal(pci_set_message(at, 0, &message), OK);
	assert_int_equal(get32(MSI + 12), 0xfe);
	put16(MSI + 2, 0x180);
	put32(MSI + 16, 0xff);
	assert_int_equal(pci_set_message(at, 0, &message), OK);
	assert_int_equal(get32(MSI + 16), 0xfe);
}

/* MSI-X of n vectors, in the 64-bit BAR 2 at an offset. */
static void with_msix(unsigned n, unsigned offset)
{
	chain(LIST, MSIX, 17, 0);
	put16(MSIX + 2, n - 1);
	put32(MSIX + 4, offset | 2);
	put32(BARS + 8, (uint32_t)BAR_AT | 0xc);
	put32(BARS + 12, BAR_AT >> 32);
}

static uint32_t *entry(unsigned offset, unsigned i)
{
	return (uint32_t *)(void *)(memory + offset + (size_t)i * 16);
}

/* Each entry by itself; those not asked for stay masked. */
static void set_message__msix_entries(void **state)
{
	struct msi_message m = message;
	unsigned last = 2047, off = 4096;

	(void)state;
	with_msix(last + 1, off);
	put16(COMMAND, 0);
	memset(memory, 0x5a, sizeof(memory)); /* bit 0 of each is clear */
	assert_int_equal(pci_set_message(at, 3, &message), OK);
	assert_int_equal(get16(MSIX + 2), 0x8000 | last);
	assert_int_equal(get16(COMMAND), 0x402); /* memory, no INTx */
	assert_int_equal(entry(off, 3)[0], 0xfee07000);
	assert_int_equal(entry(off, 3)[1], 0);
	assert_int_equal(entry(off, 3)[2], 0x41);
	assert_int_equal(entry(off, 3)[3], 0);
	for (unsigned i = 0; i <= last; i++)
		assert_int_equal(entry(off, i)[3], i != 3);
	m.address |= 0x5ull << 32;
	m.data = 0x42;
	assert_int_equal(pci_set_message(at, last, &m), OK);
	assert_int_equal(entry(off, last)[1], 5);
	assert_int_equal(entry(off, last)[2], 0x42);
	assert_int_equal(entry(off, last)[3], 0);
	assert_int_equal(entry(off, 3)[3], 0); /* the first is still on */
	assert_int_equal(memory[off - 1], 0x5a);
	assert_int_equal(mapped, 0);
	pci_clear_messages(at);
	assert_int_equal(get16(MSIX + 2), last);
}

/* What cannot be is refused and changes nothing. */
static void set_message__msix_refused(void **state)
{
	(void)state;
	with_msix(4, 0);
	assert_int_equal(pci_set_message(at, 4, &message), E_INVAL);
	no_room = true;
	assert_int_equal(pci_set_message(at, 0, &message), E_NOMEM);
	no_room = false;
	put32(BARS + 8, 0x1001); /* a port */
	assert_int_equal(pci_set_message(at, 0, &message), E_NODEV);
	put32(BARS + 8, 0); /* nothing there */
	put32(BARS + 12, 0);
	assert_int_equal(pci_set_message(at, 0, &message), E_NODEV);
	put32(MSIX + 4, 6); /* no such BAR */
	assert_int_equal(pci_set_message(at, 0, &message), E_NODEV);
	put32(MSIX + 4, 7);
	assert_int_equal(pci_set_message(at, 0, &message), E_NODEV);
	assert_int_equal(get16(MSIX + 2), 3);
	assert_int_equal(mapped, 0);
}

/* MSI-X is taken where both are, and MSI goes off. */
static void set_message__one_of_both(void **state)
{
	(void)state;
	with_msix(1, 0);
	chain(MSIX + 1, MSI, 5, 0);
	put16(MSI + 2, 1);
	assert_int_equal(pci_set_message(at, 0, &message), OK);
	assert_int_equal(get16(MSIX + 2), 0x8000);
	assert_int_equal(get16(MSI + 2), 0);
}

static unsigned calls;
static bool count_call(void *arg)
{
	calls += *(unsigned *)arg;
	return true;
}
static unsigned by = 1;

/* The message leads to the handler, until it is freed. */
static void alloc_msi__reaches_the_handler(void **state)
{
	struct regs r = {0};
	struct msi_message m;

	(void)state;
	calls = 0;
	assert_int_equal(irq_alloc_msi(1, "x", count_call, &by, &m), OK);
	assert_int_equal(m.address, 0xfee07000); /* APIC id 7 */
	assert_int_equal(m.data, m.vector);
	assert_in_range(m.vector, VECTOR_DEVICE_FIRST, VECTOR_DEVICE_LAST);
	irq_dispatch(&r, m.vector);
	assert_int_equal(calls, 1);
	irq_free_msi(&m, 1);
	irq_dispatch(&r, m.vector); /* late: still acknowledged */
	assert_int_equal(calls, 1);
	assert_int_equal(eois, 2);
	irq_free_msi(&m, 1); /* again: nothing */
	assert_int_equal(kalloc_live(), 0);
}

/* Blocks are consecutive and aligned, as plain MSI wants them. */
static void alloc_msi__blocks_are_aligned(void **state)
{
	struct msi_message m[32], one;

	(void)state;
	assert_int_equal(irq_alloc_msi(1, "x", count_call, &by, &one), OK);
	for (unsigned n = 1; n <= 32; n *= 2) {
		assert_int_equal(irq_alloc_msi(n, "x", count_call, &by, m), OK);
		assert_int_equal(m[0].vector % n, 0);
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(m[i].vector, m[0].vector + i);
			assert_int_equal(m[i].address, m[0].address);
			assert_int_not_equal(m[i].vector, one.vector);
			assert_true(m[i].vector <= VECTOR_DEVICE_LAST);
		}
		irq_free_msi(m, n);
	}
	irq_free_msi(&one, 1);
	assert_int_equal(irq_alloc_msi(0, "x", count_call, &by, m), E_INVAL);
	assert_int_equal(irq_alloc_msi(3, "x", count_call, &by, m), E_INVAL);
	assert_int_equal(irq_alloc_msi(64, "x", count_call, &by, m), E_INVAL);
	assert_int_equal(kalloc_live(), 0);
}

/* All vectors can be had, once each; then busy; what is freed comes again. */
static void alloc_msi__exhausts(void **state)
{
	static struct msi_message m[VECTORS];
	struct msi_message two[2], more;
	bool seen[256] = {false};

	(void)state;
	for (unsigned i = 0; i < VECTORS; i++) {
		assert_int_equal(
		    irq_alloc_msi(1, "x", count_call, &by, &m[i]), OK);
		assert_false(seen[m[i].vector]);
		seen[m[i].vector] = true;
	}
	assert_int_equal(irq_alloc_msi(1, "x", count_call, &by, &more), E_BUSY);
	assert_int_equal(
	    irq_request_gsi(5, false, false, "l", count_call, &by), E_BUSY);
	irq_free_msi(&m[1], 1);
	irq_free_msi(&m[2], 1);
	/* Two are free, but no aligned pair. */
	assert_int_equal(irq_alloc_msi(2, "x", count_call, &by, two), E_BUSY);
	assert_int_equal(irq_alloc_msi(1, "x", count_call, &by, &m[1]), OK);
	assert_int_equal(
	    irq_request_gsi(5, false, false, "l", count_call, &by), OK);
	assert_int_equal(irq_alloc_msi(1, "x", count_call, &by, &m[2]), E_BUSY);
	irq_release(5, &by);
	assert_true(line_masked[5]);
	assert_int_equal(irq_alloc_msi(1, "x", count_call, &by, &m[2]), OK);
	irq_free_msi(m, VECTORS);
	assert_int_equal(kalloc_live(), 0);
}

/* An APIC that a message cannot name is passed over. */
static void alloc_msi__far_apic(void **state)
{
	struct msi_message m;

	(void)state;
	cpu_apic_id[0] = 255;
	assert_int_equal(irq_alloc_msi(1, "x", count_call, &by, &m), E_BUSY);
	cpu_apic_id[0] = 7;
	assert_int_equal(kalloc_live(), 0);
}

/* No memory at any point: nothing is left behind. */
static void alloc_msi__without_memory(void **state)
{
	struct msi_message m[4];
	enum err e = E_NOMEM;

	(void)state;
	for (long n = 0; e != OK; n++) {
		assert_true(n < 100);
		kalloc_fail_after(n);
		e = irq_alloc_msi(4, "x", count_call, &by, m);
		kalloc_fail_after(-1);
		assert_true(e == OK || e == E_NOMEM);
		assert_true(e == OK || kalloc_live() == 0);
	}
	irq_free_msi(m, 4);
	assert_int_equal(kalloc_live(), 0);
}

/* What /proc/interrupts shows, in whatever room there is. */
static void describe__fits(void **state)
{
	char text[256], tight[20];
	struct msi_message m;
	size_t n;

	(void)state;
	assert_int_equal(irq_alloc_msi(1, "thing", count_call, &by, &m), OK);
	n = irq_describe(text, sizeof(text));
	assert_int_equal(n, strlen(text));
	assert_non_null(strstr(text, "msi"));
	assert_non_null(strstr(text, "thing"));
	n = irq_describe(tight, sizeof(tight));
	assert_int_equal(n, 19);
	assert_int_equal(strlen(tight), 19);
	irq_free_msi(&m, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(capability__follows_the_list, setup),
	    cmocka_unit_test_setup(capability__ends_with_a_bad_list, setup),
	    cmocka_unit_test_setup(set_message__msi_32, setup),
	    cmocka_unit_test_setup(set_message__msi_64, setup),
	    cmocka_unit_test_setup(set_message__msi_unmasks, setup),
	    cmocka_unit_test_setup(set_message__msix_entries, setup),
	    cmocka_unit_test_setup(set_message__msix_refused, setup),
	    cmocka_unit_test_setup(set_message__one_of_both, setup),
	    cmocka_unit_test_setup(alloc_msi__reaches_the_handler, setup),
	    cmocka_unit_test_setup(alloc_msi__blocks_are_aligned, setup),
	    cmocka_unit_test_setup(alloc_msi__exhausts, setup),
	    cmocka_unit_test_setup(alloc_msi__far_apic, setup),
	    cmocka_unit_test_setup(alloc_msi__without_memory, setup),
	    cmocka_unit_test_setup(describe__fits, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
