/* tests/host/aspace_map_test.c -- address spaces against a model and a TLB. */
/* SPDX-License-Identifier: MIT */
/* long: one model, and every question that is put to it */
/* build: kernel/mm/aspace.c kernel/mm/aspace_map.c kernel/mm/aspace_protect.c
 * kernel/mm/aspace_remap.c kernel/mm/aspace_info.c kernel/mm/fault.c
 * kernel/mm/fault_huge.c
 * kernel/mm/mapping.c kernel/mm/vmo.c kernel/mm/vmo_page.c kernel/mm/vmo_io.c
 * kernel/mm/vmo_lru.c kernel/mm/vmo_tree.c kernel/mm/uio.c
 * kernel/arch/x86_64/pagetable.c kernel/core/rbtree.c kernel/object/silo.c
 * tests/host/shim.c */
/* flags: -DCONFIG_DEBUG=1 */
#include <stdlib.h>
#include <string.h>
#include "shim.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/core/random.h"
#include "kernel/mm/aspace_impl.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/node.h"

/*
 * A processor in software: it walks the real page tables and keeps every
 * translation in a TLB per address space until the kernel flushes it, so a
 * forgotten flush shows as a stale byte or as a use of a freed frame.
 */
struct cpu_features cpu_features = {.nx = true};
bool mmu_pti;
paddr_t mmu_zero_page;
static paddr_t kernel_root;
static _Atomic uint64_t ids = 1;

enum { TLB_SIZE = 4096 };
struct translation {
	uint64_t id;
	vaddr_t va;
	pte_t pte;
};
enum { CPUS = 2 };
static struct translation tlb[CPUS][TLB_SIZE];
static unsigned cpu;     /* that runs now */
static uint64_t running; /* id of the address space that "runs" */

void mmu_seal(void)
{
}
paddr_t mmu_kernel_root(void)
{
	return kernel_root;
}
const pte_t *mmu_pti_top(void)
{
	return NULL;
}
void tlb_mask_init(struct tlb_mask *m)
{
	m->id = ids++;
}
void tlb_switch(struct tlb_mask *m, paddr_t root)
{
	(void)root;
	running = m ? m->id : 0;
}
static void drop_on(unsigned on, uint64_t id, vaddr_t start, vaddr_t end)
{
	for (unsigned i = 0; i < TLB_SIZE; i++) {
		struct translation *t = &tlb[on][i];

		if (t->id == id && t->va >= start && t->va < end)
			t->id = 0;
	}
}
static void drop(uint64_t id, vaddr_t start, vaddr_t end)
{
	for (unsigned on = 0; on < CPUS; on++)
		drop_on(on, id, start, end);
}
void tlb_retire(struct tlb_mask *m)
{
	drop(m->id, 0, UINT64_MAX);
}
void tlb_flush_range(struct tlb_mask *m, vaddr_t start, vaddr_t end)
{
	drop(m->id, start, end);
}
void tlb_flush_all(struct tlb_mask *m)
{
	drop(m->id, 0, UINT64_MAX);
}
void tlb_hosted_invlpg(vaddr_t va)
{
	drop_on(cpu, running, ALIGN_DOWN(va, PAGE_SIZE),
	    ALIGN_DOWN(va, PAGE_SIZE) + PAGE_SIZE);
}
uint64_t reclaim(uint64_t want)
{
	(void)want;
	return 0;
}
uint64_t random_u64(void)
{
	return (uint64_t)shim_random(1u << 30) << 20;
}
void node_put(struct node *n)
{
	n->refs--;
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

/* Translate as hardware does: the TLB first. */
static struct translation *look_up(struct aspace *a, vaddr_t va, bool write)
{
	uint64_t id = a->pt.tlb.id;
	vaddr_t page = ALIGN_DOWN(va, PAGE_SIZE);
	struct translation *t =
	    &tlb[cpu][(page >> PAGE_SHIFT ^ id * 977) % TLB_SIZE];
	unsigned level;
	pte_t *e;

	if (t->id == id && t->va == page && (!write || t->pte & PTE_W))
		return t;
	level = pt_find(&a->pt, va, &e);
	if (level > 1 || !(*e & PTE_P) || (write && !(*e & PTE_W)))
		return NULL;
	*t = (struct translation){id, page, *e};
	if (level == 1)
		t->pte = *e + (page & (PT_HUGE - 1));
	return t;
}

static enum err touch(struct aspace *a, vaddr_t va, uint8_t *byte, bool write)
{
	running = a->pt.tlb.id;
	cpu = shim_random(CPUS);
	for (int i = 0; i < 4; i++) {
		struct translation *t = look_up(a, va, write);
		enum err e;

		if (t) {
			uint8_t *at =
			    (uint8_t *)phys_to_virt(t->pte & PTE_ADDR) +
			    (va & PAGE_MASK);

			assert_true(phys_to_page(t->pte & PTE_ADDR)->refs > 0);
			if (write)
				*at = *byte;
			else
				*byte = *at;
			return OK;
		}
		e = aspace_fault(a, va, FAULT_USER | (write ? FAULT_WRITE : 0));
		if (e != OK)
			return e;
	}
	fail_msg("the fault does not end");
	return E_FAULT;
}

static int setup(void **state)
{
	static bool once;

	(void)state;
	if (once)
		return 0;
	once = true;
	shim_ram_init();
	kernel_root = page_to_phys(page_alloc(0, ALLOC_ZERO, NULL));
	mmu_zero_page = page_to_phys(page_alloc(0, ALLOC_ZERO, NULL));
	vmo_init();
	aspace_init();
	return 0;
}

static struct aspace *make(void)
{
	struct aspace *a = NULL;

	assert_int_equal(aspace_create(NULL, &a), OK);
	return a;
}

static vaddr_t map_anon(
    struct aspace *a, vaddr_t at, uint64_t pages, uint32_t prot, uint32_t flags)
{
	struct map_request r = {
	    .at = at,
	    .len = pages << PAGE_SHIFT,
	    .prot = prot,
	    .flags = flags,
	};
	vaddr_t got = 0;

	assert_int_equal(aspace_map(a, &r, &got), OK);
	return got;
}

static void put_byte(struct aspace *a, vaddr_t va, uint8_t v)
{
	assert_int_equal(touch(a, va, &v, true), OK);
}

static uint8_t get_byte(struct aspace *a, vaddr_t va)
{
	uint8_t v = 0;

	assert_int_equal(touch(a, va, &v, false), OK);
	return v;
}

static unsigned map_count(struct aspace *a)
{
	struct map_info i;
	unsigned n = 0;

	for (vaddr_t at = 0; aspace_next_map(a, at, false, &i); at = i.end)
		n++;
	return n;
}

static uint64_t leaks(void)
{
	return vmo_live() + aspace_live();
}

/* Fresh memory reads as zeroes, keeps what is written, and goes again. */
static void map__gives_zeroed_memory(void **state)
{
	struct aspace *a = make();
	vaddr_t at = map_anon(a, 0, 4, PROT_R | PROT_W, 0);
	uint8_t v = 1;

	(void)state;
	assert_int_equal(get_byte(a, at + 5), 0);
	put_byte(a, at + 5, 7);
	assert_int_equal(get_byte(a, at + 5), 7);
	assert_int_equal(get_byte(a, at + PAGE_SIZE), 0);
	assert_int_equal(aspace_unmap(a, at, 4 * PAGE_SIZE), OK);
	assert_int_equal(touch(a, at, &v, false), E_FAULT);
	assert_int_equal(a->pt.tables, 1);
	aspace_put(a);
	assert_int_equal(leaks(), 0);
}

/* Neighbours of one kind are one mapping, and one unmap splits them. */
static void map__joins_and_splits(void **state)
{
	struct aspace *a = make();
	vaddr_t hi = map_anon(a, 0, 4, PROT_R | PROT_W, 0), lo;

	(void)state;
	put_byte(a, hi, 1);
	lo = map_anon(a, 0, 4, PROT_R | PROT_W, 0);
	assert_int_equal(lo + 4 * PAGE_SIZE, hi);
	assert_int_equal(map_count(a), 1);
	put_byte(a, lo, 2);
	assert_int_equal(aspace_unmap(a, lo + PAGE_SIZE, PAGE_SIZE), OK);
	assert_int_equal(map_count(a), 2);
	assert_int_equal(get_byte(a, hi), 1);
	assert_int_equal(get_byte(a, lo), 2);
	map_anon(a, lo + PAGE_SIZE, 1, PROT_R | PROT_W, MAP_F_FIXED);
	assert_int_equal(map_count(a), 1);
	assert_int_equal(get_byte(a, lo + PAGE_SIZE), 0);
	aspace_put(a);
	assert_int_equal(leaks(), 0);
}

/* After fork neither sees what the other writes, whoever writes first. */
static void fork__isolates(void **state)
{
	struct aspace *a = make(), *b;
	vaddr_t at = map_anon(a, 0, 3, PROT_R | PROT_W, 0);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		put_byte(a, at + i * PAGE_SIZE, 10 + i);
	assert_int_equal(aspace_fork(a, &b), OK);
	put_byte(a, at, 20);
	put_byte(b, at + PAGE_SIZE, 21);
	assert_int_equal(get_byte(b, at), 10);
	assert_int_equal(get_byte(a, at + PAGE_SIZE), 11);
	aspace_put(a);
	assert_int_equal(get_byte(b, at + 2 * PAGE_SIZE), 12);
	put_byte(b, at + 2 * PAGE_SIZE, 22);
	assert_int_equal(get_byte(b, at + PAGE_SIZE), 21);
	aspace_put(b);
	assert_int_equal(leaks(), 0);
}

/* Shared memory is the same memory in parent and child. */
static void fork__shares_shared(void **state)
{
	struct aspace *a = make(), *b;
	vaddr_t at = map_anon(a, 0, 3, PROT_R | PROT_W, MAP_F_SHARED);

	(void)state;
	put_byte(a, at, 1);
	assert_int_equal(aspace_fork(a, &b), OK);
	put_byte(b, at, 2);
	put_byte(b, at + PAGE_SIZE, 3);
	assert_int_equal(get_byte(a, at), 2);
	assert_int_equal(get_byte(a, at + PAGE_SIZE), 3);
	aspace_put(a);
	aspace_put(b);
	assert_int_equal(leaks(), 0);
}

/* A right that mprotect gives back does not undo what fork took. */
static void protect__respects_fork(void **state)
{
	struct aspace *a = make(), *b;
	vaddr_t at = map_anon(a, 0, 1, PROT_R | PROT_W, 0);

	(void)state;
	put_byte(a, at, 1);
	assert_int_equal(aspace_protect(a, at, PAGE_SIZE, PROT_R), OK);
	assert_int_equal(aspace_fork(a, &b), OK);
	assert_int_equal(aspace_protect(a, at, PAGE_SIZE, 3), OK);
	assert_int_equal(aspace_protect(b, at, PAGE_SIZE, 3), OK);
	put_byte(a, at, 2);
	assert_int_equal(get_byte(b, at), 1);
	put_byte(b, at, 3);
	assert_int_equal(get_byte(a, at), 2);
	aspace_put(a);
	aspace_put(b);
	assert_int_equal(leaks(), 0);
}

/* The rights of a mapping hold, and taking them away works at once. */
static void protect__takes_rights_away(void **state)
{
	struct aspace *a = make();
	vaddr_t at = map_anon(a, 0, 3, PROT_R | PROT_W, 0);
	uint8_t v = 9;

	(void)state;
	put_byte(a, at + PAGE_SIZE, 1);
	assert_int_equal(
	    aspace_protect(a, at + PAGE_SIZE, PAGE_SIZE, PROT_R), OK);
	assert_int_equal(touch(a, at + PAGE_SIZE, &v, true), E_ACCES);
	assert_int_equal(get_byte(a, at + PAGE_SIZE), 1);
	assert_int_equal(map_count(a), 3);
	assert_int_equal(aspace_protect(a, at + PAGE_SIZE, PAGE_SIZE, 0), OK);
	assert_int_equal(touch(a, at + PAGE_SIZE, &v, false), E_ACCES);
	assert_int_equal(
	    aspace_protect(a, at + PAGE_SIZE, PAGE_SIZE, PROT_R | PROT_W), OK);
	assert_int_equal(map_count(a), 1);
	put_byte(a, at + PAGE_SIZE, 2);
	assert_int_equal(aspace_protect(a, at, 4 * PAGE_SIZE, PROT_R), E_NOMEM);
	aspace_put(a);
	assert_int_equal(leaks(), 0);
}

/* A private mapping shows the file until it is written, then its own copy. */
static void private__copies_on_write(void **state)
{
	struct aspace *a = make();
	struct vmo *f;
	struct map_request r = {
	    .len = 4 * PAGE_SIZE, .prot = PROT_R | PROT_W, .max_prot = 7};
	vaddr_t at, sh;

	(void)state;
	assert_int_equal(vmo_create_anon(NULL, 3, &f), OK);
	assert_int_equal(vmo_write_kernel(f, 0, "abc", 3), OK);
	r.vmo = f;
	assert_int_equal(aspace_map(a, &r, &at), OK);
	r.flags = MAP_F_SHARED;
	assert_int_equal(aspace_map(a, &r, &sh), OK);
	assert_int_equal(get_byte(a, at), 'a');
	put_byte(a, sh, 'A');
	assert_int_equal(get_byte(a, at), 'A');
	put_byte(a, at + 1, 'x');
	put_byte(a, sh + 1, 'B');
	assert_int_equal(get_byte(a, at + 1), 'x');
	assert_int_equal(get_byte(a, sh + 1), 'B');
	{
		uint8_t v = 0;

		assert_int_equal(
		    touch(a, sh + 3 * PAGE_SIZE, &v, true), E_NXIO);
		/* Shrinking unmaps: what was there is gone. */
		put_byte(a, sh + PAGE_SIZE, 1);
		assert_int_equal(vmo_resize(f, 1), OK);
		assert_int_equal(touch(a, sh + PAGE_SIZE, &v, false), E_NXIO);
		assert_int_equal(vmo_resize(f, 3), OK);
		assert_int_equal(get_byte(a, sh + PAGE_SIZE), 0);
	}
	vmo_put(f);
	aspace_put(a);
	assert_int_equal(leaks(), 0);
}

/* A clone of shared memory stays as it was: its mappings lose their writes. */
static void clone__write_protects(void **state)
{
	struct aspace *a = make();
	struct vmo *f, *c;
	struct map_request r = {.len = PAGE_SIZE,
	    .prot = PROT_R | PROT_W,
	    .max_prot = 7,
	    .flags = MAP_F_SHARED};
	vaddr_t at, other;
	char was = 0;

	(void)state;
	assert_int_equal(vmo_create_anon(NULL, 1, &f), OK);
	r.vmo = f;
	assert_int_equal(aspace_map(a, &r, &at), OK);
	assert_int_equal(aspace_map(a, &r, &other), OK);
	put_byte(a, at, 1);
	put_byte(a, other, 2);
	assert_int_equal(vmo_clone(f, NULL, &c), OK);
	put_byte(a, at, 3);
	assert_int_equal(get_byte(a, other), 3);
	assert_int_equal(vmo_read_kernel(c, 0, &was, 1), OK);
	assert_int_equal(was, 2);
	vmo_put(c);
	vmo_put(f);
	aspace_put(a);
	assert_int_equal(leaks(), 0);
}

/* The heap grows in place, shrinks, and comes back clean. */
static void brk__moves_the_end(void **state)
{
	struct aspace *a = make();
	vaddr_t base = 0x600000;

	(void)state;
	aspace_set_brk(a, base);
	assert_int_equal(aspace_brk(a, 0), base);
	assert_int_equal(aspace_brk(a, base + 100), base + 100);
	put_byte(a, base, 5);
	assert_int_equal(aspace_brk(a, base + MIB(1)), base + MIB(1));
	assert_int_equal(map_count(a), 1);
	put_byte(a, base + MIB(1) - 1, 6);
	assert_int_equal(aspace_brk(a, base + PAGE_SIZE), base + PAGE_SIZE);
	assert_int_equal(aspace_brk(a, base + MIB(1)), base + MIB(1));
	assert_int_equal(get_byte(a, base + MIB(1) - 1), 0);
	assert_int_equal(get_byte(a, base), 5);
	aspace_put(a);
	assert_int_equal(leaks(), 0);
}

/* A stack grows down to its limit and not into its guard gap. */
static void stack__grows_to_its_limit(void **state)
{
	struct aspace *a = make();
	vaddr_t top = USER_TOP - MIB(1), at = top - PAGE_SIZE;
	uint8_t v = 1;

	(void)state;
	aspace_set_limits(a, UINT64_MAX, UINT64_MAX, MIB(2));
	map_anon(a, at, 1, PROT_R | PROT_W,
	    MAP_F_FIXED | MAP_F_GROWSDOWN | MAP_F_STACK);
	put_byte(a, at, 1);
	put_byte(a, at - MIB(1), 2);
	assert_int_equal(get_byte(a, at), 1);
	assert_int_equal(touch(a, top - MIB(3), &v, true), E_FAULT);
	aspace_put(a);
	assert_int_equal(leaks(), 0);
}

/* Large memory comes 2 MiB at a time, and a part of it can go. */
static void huge__is_ordinary_memory(void **state)
{
	struct aspace *a = make(), *b;
	vaddr_t at = map_anon(a, 0, 1024, PROT_R | PROT_W, 0);
	uint8_t v = 1;

	(void)state;
	assert_int_equal(at % PT_HUGE, 0);
	put_byte(a, at + 5, 1);
	assert_int_equal(a->pt.present, 512);
	put_byte(a, at + PT_HUGE - 1, 2);
	put_byte(a, at + PT_HUGE + 7 * PAGE_SIZE, 3);
	assert_int_equal(a->pt.present, 1024);
	assert_int_equal(aspace_unmap(a, at + 3 * PAGE_SIZE, PAGE_SIZE), OK);
	assert_int_equal(touch(a, at + 3 * PAGE_SIZE, &v, false), E_FAULT);
	assert_int_equal(get_byte(a, at + 5), 1);
	assert_int_equal(get_byte(a, at + PT_HUGE - 1), 2);
	assert_int_equal(aspace_fork(a, &b), OK);
	put_byte(b, at + PT_HUGE + 7 * PAGE_SIZE, 4);
	assert_int_equal(get_byte(a, at + PT_HUGE + 7 * PAGE_SIZE), 3);
	put_byte(a, at + PT_HUGE, 5);
	assert_int_equal(get_byte(b, at + PT_HUGE), 0);
	assert_int_equal(aspace_protect(b, at + PT_HUGE, PT_HUGE, 1), OK);
	assert_int_equal(touch(b, at + PT_HUGE, &v, true), E_ACCES);
	aspace_put(a);
	assert_int_equal(get_byte(b, at + 5), 1);
	assert_int_equal(get_byte(b, at + PT_HUGE + 7 * PAGE_SIZE), 4);
	aspace_put(b);
	assert_int_equal(leaks(), 0);
}

/*
 * The random test: pages of a small window in up to four address spaces,
 * against a model that knows each page's byte and rights.
 */
enum { SPACES = 4, WINDOW = 96, BASE = 0x10000000 };
struct cell {
	bool mapped, shared;
	uint8_t prot, value;
	uint8_t *same; /* shared: the byte itself */
	bool mayread;
};
struct model {
	struct aspace *a;
	struct cell cell[WINDOW];
};
static struct model models[SPACES];
static uint8_t shared_bytes[1 << 16];
static unsigned shared_used;

static vaddr_t va_of(unsigned i)
{
	return BASE + (vaddr_t)i * PAGE_SIZE;
}

static uint8_t cell_value(const struct cell *c)
{
	return c->shared ? *c->same : c->value;
}

static void random_map(struct model *m, unsigned i, unsigned n)
{
	static const uint8_t prots[] = {3, 3, 3, 1, 0};
	uint8_t prot = prots[shim_random(5)];
	bool shared = shim_random(5) == 0 && shared_used < 60000;

	map_anon(
	    m->a, va_of(i), n, prot, MAP_F_FIXED | (shared ? MAP_F_SHARED : 0));
	for (unsigned k = i; k < i + n; k++) {
		m->cell[k] = (struct cell){
		    .mapped = true, .shared = shared, .prot = prot};
		if (shared)
			m->cell[k].same = &shared_bytes[shared_used++];
	}
}

static bool all_mapped(struct model *m, unsigned i, unsigned n)
{
	for (unsigned k = i; k < i + n; k++)
		if (!m->cell[k].mapped)
			return false;
	return true;
}

static void random_protect(struct model *m, unsigned i, unsigned n)
{
	uint8_t prot = (uint8_t[]){0, 1, 3}[shim_random(3)];
	enum err e = aspace_protect(m->a, va_of(i), n * PAGE_SIZE, prot);

	if (!all_mapped(m, i, n)) {
		assert_int_equal(e, E_NOMEM);
		return;
	}
	assert_int_equal(e, OK);
	for (unsigned k = i; k < i + n; k++)
		m->cell[k].prot = prot;
}

static void random_dontneed(struct model *m, unsigned i, unsigned n)
{
	(void)aspace_advise(m->a, va_of(i), n * PAGE_SIZE, 4);
	for (unsigned k = i; k < i + n; k++)
		if (!m->cell[k].shared)
			m->cell[k].value = 0;
}

static void random_unmap(struct model *m, unsigned i, unsigned n)
{
	assert_int_equal(aspace_unmap(m->a, va_of(i), n * PAGE_SIZE), OK);
	memset(&m->cell[i], 0, n * sizeof(m->cell[0]));
}

static void random_remap(struct model *m, unsigned i, unsigned n)
{
	unsigned to = shim_random(WINDOW - n);
	struct cell was[WINDOW];
	vaddr_t got;
	enum err e;

	if (to < i + n && i < to + n)
		return;
	e = aspace_remap(
	    m->a, va_of(i), n * PAGE_SIZE, n * PAGE_SIZE, 3, va_of(to), &got);
	if (e != OK) {
		assert_int_equal(e, E_FAULT);
		return;
	}
	assert_true(all_mapped(m, i, n));
	memcpy(was, m->cell, sizeof(was));
	memset(&m->cell[i], 0, n * sizeof(was[0]));
	memcpy(&m->cell[to], &was[i], n * sizeof(was[0]));
}

static void random_fork(struct model *m)
{
	struct model *c = &models[shim_random(SPACES)];

	if (c == m)
		return;
	if (c->a)
		aspace_put(c->a);
	memcpy(c->cell, m->cell, sizeof(c->cell));
	assert_int_equal(aspace_fork(m->a, &c->a), OK);
}

static void random_touch(struct model *m)
{
	unsigned i = shim_random(WINDOW);
	struct cell *c = &m->cell[i];
	bool write = shim_random(2);
	uint8_t v = (uint8_t)shim_random(256);
	uint8_t byte = v;
	enum err e = touch(m->a, va_of(i), &byte, write);

	if (!c->mapped) {
		assert_int_equal(e, E_FAULT);
	} else if (!(c->prot & (write ? 2 : 1))) {
		assert_int_equal(e, E_ACCES);
	} else {
		assert_int_equal(e, OK);
		if (!write)
			assert_int_equal(byte, cell_value(c));
		else if (c->shared)
			*c->same = v;
		else
			c->value = v;
	}
}

static void random_step(struct model *m)
{
	unsigned i = shim_random(WINDOW), what = shim_random(100);
	unsigned n = 1 + shim_random(MIN(WINDOW - i, 12u));

	n = MIN(n, WINDOW - i);
	if (what < 6)
		random_map(m, i, n);
	else if (what < 9)
		random_unmap(m, i, n);
	else if (what < 13)
		random_protect(m, i, n);
	else if (what < 15)
		random_dontneed(m, i, n);
	else if (what < 18)
		random_remap(m, i, n);
	else if (what < 20)
		random_fork(m);
	else
		random_touch(m);
}

/* Any order of calls: each byte is what the model says, nothing leaks. */
static void aspace__matches_a_model(void **state)
{
	long before = page_live();

	(void)state;
	memset(models, 0, sizeof(models));
	models[0].a = make();
	for (unsigned step = 0; step < 200000; step++) {
		struct model *m = &models[shim_random(SPACES)];

		if (m->a)
			random_step(m);
	}
	for (unsigned i = 0; i < SPACES; i++)
		if (models[i].a)
			aspace_put(models[i].a);
	assert_int_equal(leaks(), 0);
	assert_true(page_live() <= before + 64);
}

/* Whichever allocation fails: an error, no damage, no leak. */
static void aspace__survives_want_of_memory(void **state)
{
	(void)state;
	for (long n = 0; n < 400; n++) {
		struct aspace *a = NULL, *b = NULL;
		vaddr_t at = 0;
		struct map_request r = {
		    .len = 40 * PAGE_SIZE, .prot = PROT_R | PROT_W};
		uint8_t v = 1;

		kalloc_fail_after(n);
		if (aspace_create(NULL, &a) != OK)
			continue;
		if (aspace_map(a, &r, &at) == OK) {
			for (unsigned i = 0; i < 40; i += 3)
				(void)touch(a, at + i * PAGE_SIZE, &v, true);
			if (aspace_fork(a, &b) == OK) {
				(void)touch(a, at, &v, true);
				(void)touch(b, at + 3 * PAGE_SIZE, &v, true);
				(void)aspace_unmap(
				    b, at + 5 * PAGE_SIZE, 2 * PAGE_SIZE);
				(void)aspace_protect(
				    a, at + PAGE_SIZE, PAGE_SIZE, 0);
				(void)aspace_remap(a, at + 8 * PAGE_SIZE,
				    4 * PAGE_SIZE, 9 * PAGE_SIZE, 1, 0, &at);
				aspace_put(b);
			}
		}
		kalloc_fail_after(-1);
		aspace_put(a);
		assert_int_equal(leaks(), 0);
	}
	kalloc_fail_after(-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(map__gives_zeroed_memory, setup),
	    cmocka_unit_test_setup(map__joins_and_splits, setup),
	    cmocka_unit_test_setup(fork__isolates, setup),
	    cmocka_unit_test_setup(fork__shares_shared, setup),
	    cmocka_unit_test_setup(protect__respects_fork, setup),
	    cmocka_unit_test_setup(protect__takes_rights_away, setup),
	    cmocka_unit_test_setup(private__copies_on_write, setup),
	    cmocka_unit_test_setup(clone__write_protects, setup),
	    cmocka_unit_test_setup(brk__moves_the_end, setup),
	    cmocka_unit_test_setup(stack__grows_to_its_limit, setup),
	    cmocka_unit_test_setup(huge__is_ordinary_memory, setup),
	    cmocka_unit_test_setup(aspace__matches_a_model, setup),
	    cmocka_unit_test_setup(aspace__survives_want_of_memory, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
