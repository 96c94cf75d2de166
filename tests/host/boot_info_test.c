/* tests/host/boot_info_test.c -- memory maps as loaders should not give them. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/boot/boot_info.c tests/host/kernel_string.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/boot/early.h"

static struct boot_info bi;

static void start(void)
{
	memset(&bi, 0, sizeof(bi));
	bi.kernel_base = MIB(2);
	bi.kernel_size = MIB(1);
}

static uint32_t kind_at(paddr_t at)
{
	for (unsigned i = 0; i < bi.region_count; i++)
		if (at >= bi.regions[i].base &&
		    at - bi.regions[i].base < bi.regions[i].size)
			return bi.regions[i].kind;
	return 0;
}

/* Sorted, disjoint, whole pages where it is RAM. */
static void check_invariants(void)
{
	for (unsigned i = 0; i < bi.region_count; i++) {
		const struct boot_region *r = &bi.regions[i];

		assert_true(r->size != 0);
		assert_true(r->base + r->size > r->base);
		assert_true(r->base % PAGE_SIZE == 0);
		if (i)
			assert_true(r[-1].base + r[-1].size <= r->base);
	}
}

/* Any order in, sorted out; neighbours of a kind are one. */
static void check__sorts_and_merges(void **state)
{
	(void)state;
	start();
	boot_add_region(&bi, MIB(64), MIB(64), REGION_RAM);
	boot_add_region(&bi, MIB(1), MIB(63), REGION_RAM);
	boot_add_region(&bi, 0, 0x9fc00, REGION_RAM);
	assert_null(boot_info_check(&bi));
	check_invariants();
	assert_int_equal(kind_at(0), REGION_RESERVED);
	assert_int_equal(kind_at(0x9e000), REGION_RAM);
	assert_int_equal(kind_at(0x9f000), 0); /* half a page is none */
	assert_int_equal(kind_at(MIB(2)), REGION_KERNEL);
	/* page 0, low RAM, 1..2 MiB, kernel, the rest */
	assert_int_equal(bi.region_count, 5);
}

/* Where two entries disagree, the more careful one holds. */
static void check__careful_kind_wins(void **state)
{
	(void)state;
	start();
	boot_add_region(&bi, MIB(20), MIB(1), REGION_BAD);
	boot_add_region(&bi, 0, MIB(256), REGION_RAM);
	boot_add_region(&bi, MIB(30), 100, REGION_RESERVED);
	boot_add_region(&bi, MIB(40), MIB(1), REGION_ACPI);
	boot_add_region(&bi, MIB(40), MIB(2), 77);
	assert_null(boot_info_check(&bi));
	check_invariants();
	assert_int_equal(kind_at(MIB(20)), REGION_BAD);
	assert_int_equal(kind_at(MIB(21)), REGION_RAM);
	assert_int_equal(kind_at(MIB(30)), REGION_RESERVED);
	assert_int_equal(kind_at(MIB(30) + PAGE_SIZE), REGION_RAM);
	assert_int_equal(kind_at(MIB(41)), REGION_RESERVED);
}

/* Entries that wrap, or lie where no memory can be, are clipped or dropped. */
static void check__clips_the_impossible(void **state)
{
	(void)state;
	start();
	boot_add_region(&bi, 0, MIB(128), REGION_RAM);
	boot_add_region(&bi, UINT64_MAX - 100, 200, REGION_RAM);
	boot_add_region(&bi, 1ull << 51, UINT64_MAX, REGION_RESERVED);
	boot_add_region(&bi, MIB(200), 0, REGION_RAM);
	assert_null(boot_info_check(&bi));
	check_invariants();
	assert_true(bi.regions[bi.region_count - 1].base +
	                bi.regions[bi.region_count - 1].size <=
	            1ull << 52);
}

/* Modules become regions; those outside memory are left out. */
static void check__keeps_sound_modules_only(void **state)
{
	(void)state;
	start();
	boot_add_region(&bi, 0, MIB(128), REGION_RAM);
	boot_add_region(&bi, MIB(60), PAGE_SIZE, REGION_BAD);
	boot_add_module(&bi, MIB(64) + 16, 5000, "good\nname");
	boot_add_module(&bi, MIB(127), MIB(2), "beyond");
	boot_add_module(&bi, UINT64_MAX - 10, 100, "wraps");
	boot_add_module(&bi, MIB(59), MIB(2), "bad memory");
	assert_false(boot_add_module(&bi, MIB(10), 1, "too many"));
	assert_null(boot_info_check(&bi));
	check_invariants();
	assert_int_equal(bi.module_count, 1);
	assert_string_equal(bi.modules[0].name, "good name");
	assert_int_equal(kind_at(MIB(64)), REGION_MODULE);
	assert_int_equal(kind_at(MIB(64) + PAGE_SIZE), REGION_MODULE);
	assert_int_equal(kind_at(MIB(64) + 2 * PAGE_SIZE), REGION_RAM);
}

/* A framebuffer that cannot be drawn to is none. */
static void check__refuses_odd_framebuffers(void **state)
{
	struct boot_framebuffer good = {.base = GIB(2),
	    .width = 1024,
	    .height = 768,
	    .pitch = 4096,
	    .bpp = 32,
	    .red_shift = 16,
	    .green_shift = 8,
	    .red_size = 8,
	    .green_size = 8,
	    .blue_size = 8};

	(void)state;
	for (int i = 0; i < 7; i++) {
		start();
		boot_add_region(&bi, 0, MIB(128), REGION_RAM);
		bi.fb = good;
		if (i == 1)
			bi.fb.pitch = 4095;
		if (i == 2)
			bi.fb.width = 1 << 20;
		if (i == 3)
			bi.fb.bpp = 8;
		if (i == 4)
			bi.fb.red_shift = 30;
		if (i == 5)
			bi.fb.base = UINT64_MAX - 100;
		if (i == 6)
			bi.fb.green_size = 0;
		assert_null(boot_info_check(&bi));
		assert_int_equal(bi.fb.base, i == 0 ? GIB(2) : 0);
	}
}

/* Too little memory, or no idea where the kernel is: not bootable. */
static void check__refuses_what_cannot_boot(void **state)
{
	(void)state;
	start();
	boot_add_region(&bi, 0, MIB(8), REGION_RAM);
	assert_non_null(boot_info_check(&bi));
	start();
	boot_add_region(&bi, 0, MIB(128), REGION_RAM);
	bi.kernel_base = 123;
	assert_non_null(boot_info_check(&bi));
}

/* A full table loses RAM, never a reservation. */
static void check__full_table_keeps_reservations(void **state)
{
	(void)state;
	start();
	for (unsigned i = 0; i < BOOT_REGIONS_MAX - 2; i++)
		boot_add_region(
		    &bi, MIB(4) + i * 2 * PAGE_SIZE, PAGE_SIZE, REGION_RAM);
	boot_add_region(&bi, GIB(1), MIB(256), REGION_RAM);
	boot_add_region(&bi, GIB(1) + MIB(16), PAGE_SIZE, REGION_BAD);
	assert_false(boot_add_region(&bi, 0, 1, REGION_RAM));
	(void)boot_info_check(&bi);
	check_invariants();
	assert_int_equal(kind_at(GIB(1) + MIB(16)), REGION_BAD);
	assert_int_equal(kind_at(MIB(2)), REGION_KERNEL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(check__sorts_and_merges),
	    cmocka_unit_test(check__careful_kind_wins),
	    cmocka_unit_test(check__clips_the_impossible),
	    cmocka_unit_test(check__keeps_sound_modules_only),
	    cmocka_unit_test(check__refuses_odd_framebuffers),
	    cmocka_unit_test(check__refuses_what_cannot_boot),
	    cmocka_unit_test(check__full_table_keeps_reservations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
