/* tests/host/slab_test.c -- object caches and kmalloc against a model. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/mm/slab.c kernel/mm/slab_stats.c kernel/mm/kmalloc.c kernel/mm/slab_watch.c tests/host/shim.c */
/* flags: -DCONFIG_DEBUG=1 */
#include <stdlib.h>
#include <string.h>
#include "shim.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/slab_impl.h"

static int setup(void **state)
{
	(void)state;
	shim_ram_init();
	slab_init();
	return 0;
}

static void sum_live(const struct slab_stats *s, void *arg)
{
	if (strncmp(s->name, "magazine", 8) != 0)
		*(uint64_t *)arg += s->live;
}

static uint64_t live(void)
{
	uint64_t n = 0;

	slab_for_each(sum_live, &n);
	return n;
}

struct held {
	unsigned char *p;
	size_t size;
	uint8_t mark;
};

static void check(const struct held *h)
{
	for (size_t i = 0; i < h->size; i += h->size > 64 ? 37 : 1)
		assert_int_equal(h->p[i], h->mark);
	assert_int_equal(h->p[h->size - 1], h->mark);
}

/* Random sizes: apart from each other, aligned, and contents stay. */
static void kmalloc__matches_a_model(void **state)
{
	enum { N = 1500 };
	static struct held held[N];
	uint64_t count = 0;

	(void)state;
	for (int step = 0; step < 60000; step++) {
		struct held *h = &held[shim_random(N)];

		if (h->p) {
			check(h);
			count -= h->size <= 8192;
			kfree(h->p);
			h->p = NULL;
			continue;
		}
		h->size = 1 + shim_random(shim_random(8) ? 300 : 9000);
		h->p = kmalloc(h->size);
		assert_non_null(h->p);
		assert_int_equal((uintptr_t)h->p % 16, 0);
		h->mark = (uint8_t)step;
		memset(h->p, h->mark, h->size);
		count += h->size <= 8192;
		if (step % 1024 == 0)
			assert_int_equal(live(), count);
	}
	for (int i = 0; i < N; i++)
		if (held[i].p) {
			check(&held[i]);
			kfree(held[i].p);
		}
	assert_int_equal(live(), 0);
}

/* After a shrink only what the CPU's own magazines hold keeps frames. */
static void slab_shrink__gives_frames_back(void **state)
{
	static void *p[20000];
	uint64_t before;

	(void)state;
	for (unsigned i = 0; i < COUNT(p); i++)
		p[i] = kmalloc(100);
	before = slab_pages();
	assert_true(before >= 20000 * 100 / 4096);
	assert_int_equal((long)slab_pages(), page_live());
	for (unsigned i = 0; i < COUNT(p); i++)
		kfree(p[i]);
	slab_shrink(UINT64_MAX);
	assert_true(slab_pages() < before / 10);
	assert_int_equal((long)slab_pages(), page_live());
	assert_int_equal(live(), 0);
}

/* Every order of allocation failures leaves the caches whole. */
static void slab_alloc__survives_every_allocation_failure(void **state)
{
	struct slab_cache *c = slab_create("fault", 200, 64);
	void *p[100];

	(void)state;
	for (long n = 0; n < 120; n++) {
		unsigned got = 0;

		kalloc_fail_after(n);
		for (unsigned i = 0; i < COUNT(p); i++)
			if ((p[got] = slab_alloc(c)))
				assert_int_equal((uintptr_t)p[got++] % 64, 0);
		assert_true(got >= COUNT(p) - 1);
		kalloc_fail_after(-1);
		while (got > 0)
			slab_free(c, p[--got]);
		assert_int_equal(live(), 0);
		slab_shrink(UINT64_MAX);
	}
}

/* kzalloc zeroes, kstrdup copies, large sizes are frames, huge ones fail. */
static void kmalloc__keeps_its_promises(void **state)
{
	char *s = kstrdup("bedrock");
	unsigned char *z;

	(void)state;
	assert_string_equal(s, "bedrock");
	kfree(s);
	kfree(NULL);
	for (size_t n = 1; n < 100000; n = n * 3 + 1) {
		z = kzalloc(n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(z[i], 0);
		memset(z, 0xff, n);
		kfree(z);
	}
	assert_null(kmalloc(MIB(5)));
	assert_non_null(z = kmalloc(0));
	kfree(z);
}

/* A double free, a foreign pointer, an overflow, a late write: all caught. */
static void slab_watch__catches_misuse(void **state)
{
	struct slab_cache *c = slab_create("watched", 56, 8);
	struct slab_cache *d = slab_create("other", 56, 8);
	char *p = slab_alloc(c), *q = slab_alloc(c);

	(void)state;
	assert_true(SHIM_PANICS(slab_free(d, p)));
	assert_true(SHIM_PANICS(slab_free(c, p + 8)));
	slab_free(c, p);
	assert_true(SHIM_PANICS(slab_free(c, p)));
	p[3] = 1;
	assert_true(SHIM_PANICS(slab_alloc(c)));
	q[56] = 1;
	assert_true(SHIM_PANICS(slab_free(c, q)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kmalloc__matches_a_model),
	    cmocka_unit_test(slab_shrink__gives_frames_back),
	    cmocka_unit_test(slab_alloc__survives_every_allocation_failure),
	    cmocka_unit_test(kmalloc__keeps_its_promises),
	    cmocka_unit_test(slab_watch__catches_misuse),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
