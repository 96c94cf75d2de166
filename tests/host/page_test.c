/* tests/host/page_test.c -- boot memory, zones, CPU caches, charging. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/mm/bootmem.c kernel/mm/zone.c kernel/mm/page.c kernel/mm/reclaim.c kernel/object/silo.c tests/host/shim.c */
/* flags: -DCONFIG_DEBUG=1 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "shim.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/panic.h"
#include "kernel/mm/drain.h"
#include "kernel/mm/page.h"
#include "kernel/mm/zone.h"
#include "kernel/object/silo.h"

/* A machine with RAM on both sides of 4 GiB, a hole, and odd edges. */
struct boot_info boot_info = {
    .region_count = 6,
    .regions =
        {
            {0, 0x9f000, REGION_RAM}, {0x9f000, 0x61000, REGION_RESERVED},
            {0x100000, 0x3f00000 - 0x3000, REGION_RAM}, /* to 64 MiB */
            {0x4000000 - 0x3000, 0x3000, REGION_ACPI},
            {0x4000000, 0x100000, REGION_RESERVED},
            {0x100000000, 0x2300000, REGION_RAM}, /* 35 MiB */
        },
    .kernel_base = 0x200000,
    .kernel_size = 0x123456,
    .module_count = 1,
    .modules = {{0x1000000, 0x345678, "initfs"}},
};

/* There is one CPU here. */
void drain_all(void)
{
	reclaim_local();
}

enum { SPACE = 0x102400000 };
static uint64_t first_free;

static int setup(void **state)
{
	void *p = mmap(NULL, SPACE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)state;
	if (p == MAP_FAILED)
		return -1;
	/* Garbage in RAM must not be taken for records. */
	memset((char *)p + 0x3000000, 0x01, 0x1000000);
	boot_info.hhdm = (vaddr_t)p;
	bootmem_init();
	return 0;
}

/* Early memory is aligned, zeroed, apart, and outside what is taken. */
static void bootmem_alloc__gives_free_zeroed_memory(void **state)
{
	paddr_t at[50];
	uint64_t size[50];

	(void)state;
	for (int i = 0; i < 50; i++) {
		uint64_t align = 1ul << shim_random(14);

		size[i] = 1 + shim_random(20000);
		at[i] = bootmem_alloc(size[i], align);
		assert_int_equal(at[i] % align, 0);
		assert_true(at[i] >= 0x200000 + 0x123456);
		assert_true(at[i] + size[i] <= 0x4000000 - 0x3000);
		assert_true(at[i] + size[i] <= 0x1000000 ||
		            at[i] >= 0x1000000 + 0x345678);
		for (int j = 0; j < i; j++)
			assert_true(at[i] + size[i] <= at[j] ||
			            at[j] + size[j] <= at[i]);
		for (uint64_t j = 0; j < size[i]; j++)
			assert_int_equal(((char *)phys_to_virt(at[i]))[j], 0);
		memset(phys_to_virt(at[i]), 0xee, size[i]);
	}
	assert_int_equal(bootmem_alloc_low(4096), 0x9e000);
	assert_int_equal(bootmem_alloc_low(1), 0x9d000);
	assert_int_equal(bootmem_alloc_low(MIB(1)), 0);
}

/* All RAM but what is reserved arrives; the hole has no records. */
static void page_init__takes_over_all_ram(void **state)
{
	uint64_t ram = (0x3f00000 - 0x3000 + 0x2300000) / 4096;
	uint64_t taken = 0x124 + 0x346;

	(void)state;
	page_init();
	silo_init();
	first_free = page_free_count();
	assert_int_equal(first_free, page_managed_count());
	/* Records of 4 GiB + 35 MiB, most of them given back. */
	assert_true(first_free > ram - taken - 900);
	assert_true(first_free < ram - taken);
	assert_int_equal(page_count, 0x102300);
	assert_true(page_managed(0x200000));
	assert_true(page_managed(0x3ffd000));
	assert_false(page_managed(0x80000000));
	assert_false(page_managed(0x200000000));
	assert_int_equal(page_use(phys_to_page(0x200000)), PAGE_RESERVED);
	assert_int_equal(page_use(phys_to_page(0x1000000)), PAGE_RESERVED);
}

/* Reserved memory can be handed over later, once. */
static void page_release_boot__adds_frames(void **state)
{
	(void)state;
	page_release_boot(0x4000000 - 0x3000, 0x3000);
	assert_int_equal(page_free_count(), first_free + 3);
	first_free += 3;
	assert_true(SHIM_PANICS(page_release_boot(0x4000000 - 0x3000, 0x3000)));
	assert_true(SHIM_PANICS(page_release_boot(0x80000000, 0x1000)));
}

struct held {
	struct page *p;
	unsigned order;
	uint8_t mark;
};

static bool ranges_meet(const struct held *a, const struct held *b)
{
	return a->p < b->p + (1 << b->order) && b->p < a->p + (1 << a->order);
}

/* Random blocks never overlap, keep their contents, and all come back. */
static void page_alloc__matches_a_model(void **state)
{
	enum { N = 200 };
	static struct held held[N];
	int64_t charged = 0;

	(void)state;
	for (int step = 0; step < 30000; step++) {
		struct held *h = &held[shim_random(N)];

		if (h->p) {
			unsigned char *v = page_to_virt(h->p);

			assert_int_equal(v[0], h->mark);
			assert_int_equal(
			    v[(PAGE_SIZE << h->order) - 1], h->mark);
			charged -= 1 << h->order;
			page_free(h->p, h->order);
			h->p = NULL;
			continue;
		}
		h->order = shim_random(4) ? 0 : shim_random(7);
		h->p = page_alloc(
		    h->order, shim_random(8) ? 0 : ALLOC_DMA32, &silo_boot);
		if (!h->p)
			continue;
		charged += 1 << h->order;
		assert_int_equal(h->p->refs, 1);
		assert_int_equal(page_use(h->p), PAGE_KERNEL);
		assert_int_equal(page_to_phys(h->p) % (4096ul << h->order), 0);
		for (int i = 0; i < N; i++)
			if (held[i].p && &held[i] != h)
				assert_false(ranges_meet(&held[i], h));
		h->mark = (uint8_t)step;
		memset(page_to_virt(h->p), h->mark, PAGE_SIZE << h->order);
		if (step % 64 == 0)
			assert_int_equal(
			    silo_used(&silo_boot, SILO_MEMORY), charged);
	}
	for (int i = 0; i < N; i++)
		if (held[i].p)
			page_free(held[i].p, held[i].order);
	assert_int_equal(page_free_count(), first_free);
	assert_int_equal(silo_used(&silo_boot, SILO_MEMORY), 0);
}

/* Everything can be taken but the reserve, and coalesces when given back. */
static void page_alloc__exhausts_and_coalesces(void **state)
{
	struct zone_stats before, after;
	struct page **all = calloc(first_free, sizeof(*all));
	uint64_t n = 0;

	(void)state;
	page_drain_local();
	page_zone_stats(ZONE_DMA32, &before);
	while ((all[n] = page_alloc(0, 0, NULL)))
		n++;
	page_zone_stats(ZONE_DMA32, &after);
	assert_true(after.free <= after.min + 32);
	assert_non_null(all[n] = page_alloc(0, ALLOC_RESERVE, NULL));
	n++;
	while (n > 0)
		page_free(all[--n], 0);
	page_drain_local();
	page_zone_stats(ZONE_DMA32, &after);
	assert_memory_equal(
	    before.free_blocks, after.free_blocks, sizeof(before.free_blocks));
	assert_int_equal(page_free_count(), first_free);
	free(all);
}

/* ALLOC_ZERO zeroes, ALLOC_DMA32 stays low, the last page_put frees. */
static void page_alloc__keeps_its_flags(void **state)
{
	struct page *p = page_alloc(2, ALLOC_ZERO | ALLOC_DMA32, &silo_boot);

	(void)state;
	assert_true(page_to_phys(p) < GIB(4));
	for (unsigned i = 0; i < 4 * PAGE_SIZE; i++)
		assert_int_equal(((char *)page_to_virt(p))[i], 0);
	page_split(p, 2);
	page_get(p + 1);
	for (int i = 0; i < 4; i++)
		page_put(p + i);
	assert_int_equal(silo_used(&silo_boot, SILO_MEMORY), 1);
	page_put(p + 1);
	assert_int_equal(silo_used(&silo_boot, SILO_MEMORY), 0);
	assert_int_equal(page_free_count(), first_free);
}

/* A full quota gives NULL and leaks nothing. */
static void page_alloc__respects_the_quota(void **state)
{
	struct page *p[11] = {0};

	(void)state;
	silo_set_limit(&silo_boot, SILO_MEMORY, 10);
	for (int i = 0; i < 10; i++)
		assert_non_null(p[i] = page_alloc(0, 0, &silo_boot));
	assert_null(page_alloc(0, 0, &silo_boot));
	assert_null(page_alloc(1, ALLOC_ATOMIC, &silo_boot));
	for (int i = 0; i < 10; i++)
		page_put(p[i]);
	silo_set_limit(&silo_boot, SILO_MEMORY, INT64_MAX);
	assert_int_equal(silo_used(&silo_boot, SILO_MEMORY), 0);
	assert_int_equal(page_free_count(), first_free);
}

static struct page *hoard[64];
static unsigned hoarded;

static uint64_t give_hoard(uint64_t want)
{
	uint64_t freed = 0;

	while (hoarded > 0 && freed++ < want)
		page_free(hoard[--hoarded], 0);
	return freed;
}

/* An allocation that finds nothing asks the shrinkers first. */
static void page_alloc__reclaims_before_it_fails(void **state)
{
	struct page **all = calloc(first_free, sizeof(*all));
	uint64_t n = 0;

	(void)state;
	while (hoarded < COUNT(hoard))
		hoard[hoarded++] = page_alloc(0, 0, NULL);
	reclaim_register("hoard", give_hoard);
	assert_null(hoard[0] == NULL ? hoard : NULL);
	while ((all[n] = page_alloc(0, 0, &silo_boot)))
		n++;
	assert_int_equal(hoarded, 0);
	assert_true(page_events.reclaimed >= COUNT(hoard));
	while (n > 0)
		page_free(all[--n], 0);
	assert_int_equal(page_free_count(), first_free);
	free(all);
}

/* Double frees and frees of reserved frames are caught in debug builds. */
static void page_free__catches_double_frees(void **state)
{
	struct page *p = page_alloc(0, 0, NULL);

	(void)state;
	page_free(p, 0);
	assert_true(SHIM_PANICS(page_free(p, 0)));
	assert_true(SHIM_PANICS(page_free(phys_to_page(0x200000), 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bootmem_alloc__gives_free_zeroed_memory),
	    cmocka_unit_test(page_init__takes_over_all_ram),
	    cmocka_unit_test(page_release_boot__adds_frames),
	    cmocka_unit_test(page_alloc__matches_a_model),
	    cmocka_unit_test(page_alloc__exhausts_and_coalesces),
	    cmocka_unit_test(page_alloc__keeps_its_flags),
	    cmocka_unit_test(page_alloc__respects_the_quota),
	    cmocka_unit_test(page_alloc__reclaims_before_it_fails),
	    cmocka_unit_test(page_free__catches_double_frees),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
