/* tests/host/vmo_test.c -- memory objects and their trees against a model. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/mm/vmo.c kernel/mm/vmo_page.c kernel/mm/vmo_io.c
 * kernel/mm/vmo_lru.c kernel/mm/vmo_tree.c kernel/mm/uio.c tests/host/shim.c */
/* flags: -DCONFIG_DEBUG=1 */
#include <stdlib.h>
#include <string.h>
#include "shim.h"
#include "kernel/core/panic.h"
#include "kernel/mm/mapping.h"
#include "kernel/mm/usercopy.h"
#include "kernel/mm/vmo_impl.h"

paddr_t mmu_zero_page;
static reclaim_fn *page_cache;

void mapping_zap_source(struct mapping *m, uint64_t first, uint64_t n)
{
	(void)m;
	(void)first;
	(void)n;
}
void mapping_wrprotect_source(struct mapping *m, uint64_t first, uint64_t n)
{
	mapping_zap_source(m, first, n);
}
void reclaim_register(const char *name, reclaim_fn *fn)
{
	(void)name;
	page_cache = fn;
}
uint64_t reclaim(uint64_t want)
{
	(void)want;
	return 0;
}
size_t copy_from_user_some(void *dst, struct uptr src, size_t n)
{
	(void)dst;
	(void)src;
	return n;
}
size_t copy_to_user_some(struct uptr dst, const void *src, size_t n)
{
	(void)dst;
	(void)src;
	return n;
}
enum err clear_user(struct uptr dst, size_t n)
{
	(void)dst;
	(void)n;
	return E_FAULT;
}

static long base_frames;

static int setup(void **state)
{
	(void)state;
	if (!mmu_zero_page) {
		shim_ram_init();
		mmu_zero_page = page_to_phys(page_alloc(0, ALLOC_ZERO, NULL));
		vmo_init();
	}
	base_frames = page_live();
	return 0;
}

/* Nothing is left: objects, frames. */
static int clean(void **state)
{
	(void)state;
	return vmo_live() != 0 || page_live() != base_frames;
}

static struct vmo *anon(uint64_t pages)
{
	struct vmo *v = NULL;

	assert_int_equal(vmo_create_anon(NULL, pages, &v), OK);
	return v;
}

static uint8_t peek(struct vmo *v, uint64_t index)
{
	uint8_t b = 0xee;

	assert_int_equal(vmo_read_kernel(v, index * PAGE_SIZE + 9, &b, 1), OK);
	return b;
}

static enum err poke(struct vmo *v, uint64_t index, uint8_t b)
{
	return vmo_write_kernel(v, index * PAGE_SIZE + 9, &b, 1);
}

/* Sparse pages far apart, holes between them read as zeroes. */
static void anon__is_sparse(void **state)
{
	struct vmo *v = anon(1ull << 40);
	uint64_t at[] = {0, 31, 32, 1023, 1024, 99999, (1ull << 40) - 1};

	(void)state;
	for (unsigned i = 0; i < COUNT(at); i++)
		assert_int_equal(poke(v, at[i], (uint8_t)(i + 1)), OK);
	for (unsigned i = 0; i < COUNT(at); i++)
		assert_int_equal(peek(v, at[i]), i + 1);
	assert_int_equal(peek(v, 500), 0);
	assert_int_equal(vmo_resident(v), COUNT(at));
	assert_int_equal(vmo_next(v, 33, true), 1023);
	assert_int_equal(vmo_next(v, 31, false), 33);
	assert_int_equal(vmo_next(v, (1ull << 40) - 1, false), UINT64_MAX);
	vmo_discard(v, 1000, 50);
	assert_int_equal(vmo_resident(v), COUNT(at) - 2);
	assert_int_equal(peek(v, 1023), 0);
	vmo_put(v);
}

/* Reads and writes stop at the end; a shrunk part comes back as zeroes. */
static void resize__cuts(void **state)
{
	struct vmo *v = anon(4);
	char buf[3 * PAGE_SIZE];
	struct uio u = uio_kernel(buf, sizeof(buf));

	(void)state;
	memset(buf, 7, sizeof(buf));
	assert_int_equal(
	    vmo_write(v, 2 * PAGE_SIZE, &u, sizeof(buf)), 2 * PAGE_SIZE);
	assert_int_equal(poke(v, 4, 1), E_FAULT);
	assert_int_equal(vmo_resize(v, 3), OK);
	assert_int_equal(vmo_resize(v, 4), OK);
	assert_int_equal(peek(v, 2), 7);
	assert_int_equal(peek(v, 3), 0);
	assert_int_equal(vmo_zero(v, 2 * PAGE_SIZE + 9, 1), OK);
	assert_int_equal(peek(v, 2), 0);
	vmo_put(v);
}

enum { OBJECTS = 6, PAGES_MODEL = 2200 };
static struct {
	struct vmo *v;
	uint8_t byte[PAGES_MODEL];
} models[OBJECTS];

static void model_step(void)
{
	unsigned o = shim_random(OBJECTS), c = shim_random(OBJECTS);
	unsigned i = shim_random(PAGES_MODEL), what = shim_random(100);
	unsigned n = 1 + shim_random(shim_random(4) ? 8 : 1500);
	uint8_t b = (uint8_t)(1 + shim_random(255));

	n = MIN(n, PAGES_MODEL - i);
	if (!models[o].v) {
		models[o].v = anon(PAGES_MODEL);
		memset(models[o].byte, 0, PAGES_MODEL);
	} else if (what < 2 && c != o) {
		vmo_put(models[c].v);
		assert_int_equal(
		    vmo_clone(models[o].v, NULL, &models[c].v), OK);
		memcpy(models[c].byte, models[o].byte, PAGES_MODEL);
	} else if (what < 3) {
		vmo_put(models[o].v);
		models[o].v = NULL;
	} else if (what < 8) {
		if (what & 1)
			vmo_discard(models[o].v, i, n);
		else
			vmo_drop_private(models[o].v, i, n);
		memset(models[o].byte + i, 0, n);
	} else if (what < 60) {
		assert_int_equal(poke(models[o].v, i, b), OK);
		models[o].byte[i] = b;
	} else {
		assert_int_equal(peek(models[o].v, i), models[o].byte[i]);
	}
}

/* Clones of clones in any order: each object keeps its own contents. */
static void clone__matches_a_model(void **state)
{
	(void)state;
	for (unsigned step = 0; step < 60000; step++)
		model_step();
	for (unsigned o = 0; o < OBJECTS; o++) {
		for (unsigned i = 0; models[o].v && i < PAGES_MODEL; i++)
			assert_int_equal(
			    peek(models[o].v, i), models[o].byte[i]);
		vmo_put(models[o].v);
		models[o].v = NULL;
	}
}

/* A file of the test's: page n is full of n; counts what it is asked. */
struct file {
	unsigned fills, cleans, releases;
	bool broken;
	uint8_t written;
};
static enum err file_fill(void *pager, uint64_t index, void *page)
{
	struct file *f = pager;

	f->fills++;
	if (f->broken)
		return E_IO;
	memset(page, (int)index + 1, PAGE_SIZE);
	return OK;
}
static enum err file_clean(void *pager, uint64_t index, const void *page)
{
	struct file *f = pager;

	(void)index;
	f->cleans++;
	f->written = ((const uint8_t *)page)[9];
	return f->broken ? E_IO : OK;
}
static void file_release(void *pager)
{
	((struct file *)pager)->releases++;
}
static const struct vmo_pager_ops read_only = {
    .fill = file_fill, .release = file_release};
static const struct vmo_pager_ops writable = {
    .fill = file_fill, .clean = file_clean, .release = file_release};

/* A page is read once, an error is not kept, a read-only file stays so. */
static void pager__reads_once(void **state)
{
	struct file f = {.broken = true};
	struct vmo *v, *c;
	uint8_t b;

	(void)state;
	assert_int_equal(vmo_create_pager(NULL, &read_only, &f, 4, &v), OK);
	assert_int_equal(vmo_read_kernel(v, 9, &b, 1), E_IO);
	f.broken = false;
	assert_int_equal(peek(v, 0), 1);
	assert_int_equal(peek(v, 0), 1);
	assert_int_equal(peek(v, 3), 4);
	assert_int_equal(f.fills, 3);
	assert_int_equal(poke(v, 0, 9), E_ACCES);
	assert_int_equal(vmo_clone(v, NULL, &c), OK);
	assert_int_equal(poke(c, 3, 9), OK);
	assert_int_equal(peek(c, 3), 9);
	assert_int_equal(peek(v, 3), 4);
	assert_int_equal(peek(c, 1), 2);
	vmo_put(v);
	assert_int_equal(f.releases, 0);
	vmo_put(c);
	assert_int_equal(f.releases, 1);
}

/* Clean pages go when memory is short, dirty and pinned ones do not. */
static void pager__gives_clean_pages_back(void **state)
{
	struct file f = {0};
	struct page *pin;
	struct vmo *v;

	(void)state;
	assert_int_equal(vmo_create_pager(NULL, &writable, &f, 4, &v), OK);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(peek(v, i), i + 1);
	assert_int_equal(poke(v, 1, 77), OK);
	assert_int_equal(vmo_page(v, 2, false, &pin), OK);
	assert_int_equal(page_cache(100), 2);
	assert_int_equal(vmo_resident(v), 2);
	page_put(pin);
	assert_int_equal(peek(v, 1), 77);
	assert_int_equal(vmo_clean(v, 0, 4), OK);
	assert_int_equal(f.cleans, 1);
	assert_int_equal(f.written, 77);
	assert_int_equal(page_cache(100), 2);
	assert_int_equal(peek(v, 0), 1);
	assert_int_equal(f.fills, 5);
	vmo_put(v);
	assert_int_equal(f.releases, 1);
}

/* Whichever allocation fails: an error, and nothing is lost. */
static void vmo__survives_want_of_memory(void **state)
{
	(void)state;
	for (long n = 0; n < 200; n++) {
		struct vmo *v = NULL, *c = NULL;
		uint64_t at[] = {0, 40, 2000, 70000};

		kalloc_fail_after(n);
		if (vmo_create_anon(NULL, 100000, &v) != OK)
			continue;
		for (unsigned i = 0; i < COUNT(at); i++)
			(void)poke(v, at[i], 1);
		if (vmo_clone(v, NULL, &c) == OK) {
			(void)poke(c, 40, 2);
			(void)poke(v, 2000, 3);
			vmo_discard(c, 0, 3000);
			vmo_put(c);
		}
		kalloc_fail_after(-1);
		vmo_put(v);
		assert_int_equal(vmo_live(), 0);
		assert_int_equal(page_live(), base_frames);
	}
	kalloc_fail_after(-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(anon__is_sparse, setup, clean),
	    cmocka_unit_test_setup_teardown(resize__cuts, setup, clean),
	    cmocka_unit_test_setup_teardown(
	        clone__matches_a_model, setup, clean),
	    cmocka_unit_test_setup_teardown(pager__reads_once, setup, clean),
	    cmocka_unit_test_setup_teardown(
	        pager__gives_clean_pages_back, setup, clean),
	    cmocka_unit_test_setup_teardown(
	        vmo__survives_want_of_memory, setup, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
