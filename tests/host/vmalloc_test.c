/* tests/host/vmalloc_test.c -- kernel ranges over a fake page table. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/mm/vmalloc.c kernel/mm/vmarea.c kernel/core/rbtree.c tests/host/shim.c */
#include <stdlib.h>
#include <string.h>
#include "shim.h"
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/core/thread.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmalloc.h"

/* The range's first 64 MiB, one entry per page: frame address or 0. */
enum { PAGES_SEEN = 1 << 14 };
static paddr_t table[PAGES_SEEN];
static unsigned unmap_calls, map_fail_after = UINT32_MAX;

static unsigned slot(vaddr_t va)
{
	assert_true(va >= KERNEL_VMALLOC_BASE);
	assert_true(va - KERNEL_VMALLOC_BASE < PAGES_SEEN * PAGE_SIZE);
	return (va - KERNEL_VMALLOC_BASE) >> PAGE_SHIFT;
}

enum err mmu_kmap(vaddr_t va, paddr_t pa, uint64_t size, unsigned flags)
{
	assert_true(flags & KMAP_WRITE);
	if (map_fail_after-- == 0)
		return E_NOMEM;
	for (uint64_t i = 0; i < size; i += PAGE_SIZE) {
		assert_int_equal(table[slot(va + i)], 0);
		table[slot(va + i)] = pa + i;
	}
	return OK;
}

void mmu_kunmap(vaddr_t va, uint64_t size)
{
	unmap_calls++;
	for (uint64_t i = 0; i < size; i += PAGE_SIZE)
		table[slot(va + i)] = 0;
}

bool mmu_kwalk(vaddr_t va, paddr_t *pa, unsigned *flags)
{
	(void)flags;
	*pa = table[slot(va)];
	return *pa;
}

static bool mapped(const void *p)
{
	return table[slot((vaddr_t)p)];
}

static int setup(void **state)
{
	(void)state;
	shim_ram_init();
	vmalloc_init();
	return 0;
}

/* Every page of a range is mapped, the pages round it are not. */
static void vmalloc__maps_with_guards(void **state)
{
	char *p = vmalloc(5 * PAGE_SIZE + 1), *q = vmalloc(1);
	const char *what;

	(void)state;
	for (int i = 0; i < 6; i++)
		assert_true(mapped(p + i * PAGE_SIZE));
	assert_false(mapped(p - 1));
	assert_false(mapped(p + 6 * PAGE_SIZE));
	assert_true(vmalloc_guard_hit((vaddr_t)p - 1, &what));
	assert_string_equal(what, "vmalloc area");
	assert_true(vmalloc_guard_hit((vaddr_t)q + PAGE_SIZE, &what));
	assert_false(vmalloc_guard_hit((vaddr_t)p, &what));
	assert_int_equal(vmalloc_used(), 7 * PAGE_SIZE);
	vfree(p);
	vfree(q);
	assert_int_equal(vmalloc_used(), 0);
	vmalloc_purge(0);
	assert_int_equal(page_live(), 0);
}

/* Freed neighbours are unmapped by one call; nothing is mapped after. */
static void vfree__batches_shootdowns(void **state)
{
	void *p[10];

	(void)state;
	for (int i = 0; i < 10; i++)
		p[i] = vmalloc(2 * PAGE_SIZE);
	unmap_calls = 0;
	for (int i = 0; i < 10; i++)
		vfree(p[(i * 7) % 10]);
	assert_int_equal(unmap_calls, 0);
	assert_int_equal(vmalloc_purge(0), 20);
	assert_int_equal(unmap_calls, 1);
	for (unsigned i = 0; i < PAGES_SEEN; i++)
		assert_int_equal(table[i], 0);
}

/* Random ranges never overlap (the page table would see it); all return. */
static void vmalloc__survives_random_use(void **state)
{
	static void *p[60];

	(void)state;
	for (int step = 0; step < 20000; step++) {
		void **h = &p[shim_random(COUNT(p))];

		if (*h) {
			vfree(*h);
			*h = NULL;
		} else {
			*h = vmalloc(1 + shim_random(12 * PAGE_SIZE));
			assert_non_null(*h);
		}
	}
	for (unsigned i = 0; i < COUNT(p); i++)
		vfree(p[i]);
	vmalloc_purge(0);
	assert_int_equal(page_live(), 0);
	assert_int_equal(vmalloc_used(), 0);
	assert_int_equal(kalloc_live(), 1); /* one free area again */
}

/* Stacks come back from the cache mapped, and overflow is recognised. */
static void kstack__is_cached_and_guarded(void **state)
{
	void *top[50], *again;
	const char *what;

	(void)state;
	for (int i = 0; i < 50; i++)
		assert_non_null(top[i] = kstack_alloc());
	assert_true(
	    vmalloc_guard_hit((vaddr_t)top[3] - KSTACK_SIZE - 8, &what));
	assert_string_equal(what, "kernel stack");
	for (int i = 0; i < 50; i++) {
		assert_true(mapped((char *)top[i] - KSTACK_SIZE));
		assert_false(mapped((char *)top[i] - KSTACK_SIZE - 1));
		assert_false(mapped(top[i]));
	}
	for (int i = 0; i < 50; i++)
		kstack_free(top[i]);
	again = kstack_alloc();
	assert_true(mapped((char *)again - 8));
	kstack_free(again);
	vmalloc_purge(0);
	assert_int_equal(page_live(), 0);
}

/* Each failing allocation or mapping gives NULL and leaks nothing. */
static void vmalloc__survives_every_failure(void **state)
{
	void *p = NULL;
	long before = kalloc_live();

	(void)state;
	for (long n = 0; !p; n++) {
		kalloc_fail_after(n);
		p = vmalloc(9 * PAGE_SIZE);
		if (kalloc_failed() && p) {
			vfree(p); /* a smaller block did it */
			p = NULL;
		}
		kalloc_fail_after(-1);
		vmalloc_purge(0);
		if (!p)
			assert_int_equal(page_live(), 0);
	}
	vfree(p);
	vmalloc_purge(0);
	for (unsigned n = 0; n < 2; n++) {
		map_fail_after = n;
		assert_null(vmalloc(20 * PAGE_SIZE));
		map_fail_after = UINT32_MAX;
		assert_int_equal(page_live(), 0);
	}
	assert_int_equal(kalloc_live(), before);
	assert_null(vmalloc(0));
	assert_null(vmalloc(SIZE_MAX));
	assert_null(vmalloc(1ul << 50));
}

/* Device ranges keep the offset in the page and carry no frames. */
static void ioremap__maps_device_memory(void **state)
{
	char *p = ioremap(0xfee00320, 0x40, false);

	(void)state;
	assert_int_equal((vaddr_t)p & PAGE_MASK, 0x320);
	assert_int_equal(table[slot((vaddr_t)p)], 0xfee00000);
	iounmap(p);
	p = ioremap(0xfd123000, MIB(3), true);
	assert_int_equal((vaddr_t)p & (MIB(2) - 1), 0x123000);
	iounmap(p);
	assert_null(ioremap(0xfffffffffffff000, 0x2000, false));
	assert_int_equal(vmalloc_used(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(vmalloc__maps_with_guards),
	    cmocka_unit_test(vfree__batches_shootdowns),
	    cmocka_unit_test(vmalloc__survives_random_use),
	    cmocka_unit_test(kstack__is_cached_and_guarded),
	    cmocka_unit_test(vmalloc__survives_every_failure),
	    cmocka_unit_test(ioremap__maps_device_memory),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
