/* kernel/arch/x86_64/mmu.c -- the kernel's half of the page tables. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/sections.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/page.h"

/*
 * One tree for all kernel addresses, shared by all roots: a root copies the
 * upper 256 entries, which are constant after mmu_seal(). Tables below them
 * are never freed (vmalloc uses its range again), so walkers need no care.
 *
 * W^X: text is read and execute, rodata and the symbols read only, all else
 * read and write without execute. The direct map has no executable page and
 * maps text and rodata read only, so that there is no other way in either.
 */
enum { UPPER = 256, LEVEL_BITS = 9, PAT_WC_PWT = 1 };
#define TABLE_ENTRY (PTE_P | PTE_W | PTE_A)

static struct lock kmap_lock = LOCK_INIT(RANK_KMAP);
static pte_t *kernel_top;
static pte_t *pti_top; /* upper half of user roots: 256 entries used */
static bool sealed;

paddr_t mmu_zero_page;
bool mmu_pti;

static vaddr_t span_at(unsigned level)
{
	return PAGE_SIZE << (LEVEL_BITS * level);
}

static unsigned index_at(vaddr_t va, unsigned level)
{
	return va >> (PAGE_SHIFT + LEVEL_BITS * level) & 511;
}

/* A zeroed table; from the boot allocator while there are no frames yet. */
static pte_t *new_table(void)
{
	struct page *p;
	pte_t *t;

	if (page_managed_count() == 0) {
		t = phys_to_virt(bootmem_alloc(PAGE_SIZE, PAGE_SIZE));
		memset(t, 0, PAGE_SIZE);
		return t;
	}
	p = page_alloc(
	    0, ALLOC_ZERO | (preempt_count ? ALLOC_ATOMIC : 0), NULL);
	if (!p)
		return NULL;
	atomic_store_explicit(&p->flags, PAGE_TABLE, memory_order_relaxed);
	return page_to_virt(p);
}

static pte_t leaf_bits(unsigned flags)
{
	pte_t v = PTE_P | PTE_A | PTE_D;

	if (flags & KMAP_WRITE)
		v |= PTE_W;
	if (!(flags & KMAP_EXEC) && cpu_features.nx)
		v |= PTE_NX;
	if (flags & KMAP_UNCACHED)
		v |= PTE_PCD | PTE_PWT;
	if (flags & KMAP_WC)
		v |= PTE_PWT; /* PAT entry 1 is write-combining */
	if (cpu_features.pge && !mmu_pti)
		v |= PTE_G;
	return v;
}

/* Replace a large page by a table of smaller ones that mean the same. */
static void fill_split(pte_t *table, pte_t large, unsigned level)
{
	pte_t v = large;

	if (level == 1)
		v &= ~PTE_PS;
	for (unsigned i = 0; i < 512; i++)
		table[i] = v + i * span_at(level - 1);
}

/*
 * The entry of `level` for va. With make, tables are added and large pages
 * split on the way; *spare is used for it and must not be NULL then. NULL:
 * nothing there, or the spare is used up.
 */
static pte_t *entry_at(pte_t *top, vaddr_t va, unsigned level, pte_t **spare)
{
	pte_t *table = top;

	for (unsigned at = 3;; at--) {
		pte_t *e = &table[index_at(va, at)];

		if (at == level)
			return e;
		if (!(*e & PTE_P) || *e & PTE_PS) {
			pte_t *t = spare ? *spare : NULL;

			if (!t || (at == 3 && sealed))
				return NULL;
			if (*e & PTE_PS)
				fill_split(t, *e, at);
			*spare = NULL;
			__atomic_store_n(
			    e, virt_to_phys(t) | TABLE_ENTRY, __ATOMIC_RELEASE);
		}
		table = phys_to_virt(*e & PTE_ADDR);
	}
}

/* The largest page that fits at va and pa with `left` bytes to go. */
static unsigned best_level(vaddr_t va, paddr_t pa, uint64_t left)
{
	for (unsigned level = cpu_features.gib_pages ? 2 : 1; level; level--)
		if (!((va | pa) & (span_at(level) - 1)) &&
		    left >= span_at(level))
			return level;
	return 0;
}

/* One leaf. 0: no memory for a table. */
static uint64_t map_leaf(
    pte_t *top, vaddr_t va, paddr_t pa, uint64_t left, pte_t bits)
{
	unsigned level = best_level(va, pa, left);
	pte_t *spare = NULL, *e;

	for (;;) {
		lock_take(&kmap_lock);
		e = entry_at(top, va, level, &spare);
		if (e && level && *e & PTE_P && !(*e & PTE_PS)) {
			/* A table is there from earlier: go below it. */
			level--;
			lock_drop(&kmap_lock);
			continue;
		}
		if (e)
			__atomic_store_n(e, pa | bits | (level ? PTE_PS : 0),
			    __ATOMIC_RELAXED);
		lock_drop(&kmap_lock);
		/* A spare that was of no use: a new PML4 entry is refused. */
		if (e || spare || !(spare = new_table()))
			break;
	}
	/* Made for nothing when somebody else added the table meanwhile. */
	if (spare && page_managed_count())
		page_put(phys_to_page(virt_to_phys(spare)));
	return e ? span_at(level) : 0;
}

static enum err map_range(
    pte_t *top, vaddr_t va, paddr_t pa, uint64_t size, pte_t bits)
{
	KASSERT(!((va | pa | size) & PAGE_MASK));
	while (size) {
		uint64_t n = map_leaf(top, va, pa, size, bits);

		if (!n)
			return E_NOMEM;
		va += n;
		pa += n;
		size -= n;
	}
	return OK;
}

enum err mmu_kmap(vaddr_t va, paddr_t pa, uint64_t size, unsigned flags)
{
	KASSERT((flags & (KMAP_WRITE | KMAP_EXEC)) != (KMAP_WRITE | KMAP_EXEC));
	return map_range(kernel_top, va, pa, size, leaf_bits(flags));
}

/* The leaf that maps va; its level. NULL: none. Lock held. */
static pte_t *leaf_at(vaddr_t va, unsigned *level)
{
	pte_t *table = kernel_top;

	for (unsigned at = 3;; at--) {
		pte_t *e = &table[index_at(va, at)];

		*level = at;
		if (!(*e & PTE_P))
			return NULL;
		if (at == 0 || *e & PTE_PS)
			return e;
		table = phys_to_virt(*e & PTE_ADDR);
	}
}

/*
 * Change each leaf of [va, va + size) to (entry & keep) | set. A large page
 * that is only partly inside is split; without memory for that it is left.
 */
static enum err change_range(vaddr_t va, uint64_t size, pte_t keep, pte_t set)
{
	vaddr_t end = va + size;
	pte_t *spare = NULL;
	enum err result = OK;

	while (va < end) {
		unsigned level;
		vaddr_t next;
		pte_t *e;
		bool split;

		lock_take(&kmap_lock);
		e = leaf_at(va, &level);
		next = (va & ~(span_at(level) - 1)) + span_at(level);
		split = e && level && (va & (span_at(level) - 1) || next > end);
		if (split) {
			if (spare)
				(void)entry_at(
				    kernel_top, va, level - 1, &spare);
			next = va;
		} else if (e) {
			pte_t v = (*e & keep) | set;

			__atomic_store_n(e, v, __ATOMIC_RELAXED);
		}
		lock_drop(&kmap_lock);
		if (split && !spare && !(spare = new_table())) {
			result = E_NOMEM;
			next = (va & ~(span_at(level) - 1)) + span_at(level);
		}
		/* At the top of the address space the next page is 0. */
		if (next < va)
			break;
		va = next;
	}
	if (spare && page_managed_count())
		page_put(phys_to_page(virt_to_phys(spare)));
	return result;
}

void mmu_kunmap(vaddr_t va, uint64_t size)
{
	/* Ranges come from mmu_kmap whole: nothing is split for want of it. */
	KASSERT(change_range(va, size, 0, 0) == OK);
	tlb_flush_kernel(va, va + size);
}

enum err mmu_kprotect(vaddr_t va, uint64_t size, unsigned flags)
{
	pte_t mask = PTE_W | PTE_NX | PTE_PCD | PTE_PWT;
	enum err e = change_range(va, size, ~mask, leaf_bits(flags) & mask);

	tlb_flush_kernel(va, va + size);
	return e;
}

bool mmu_kwalk(vaddr_t va, paddr_t *pa, unsigned *flags)
{
	unsigned level;
	pte_t *e, v = 0;

	lock_take(&kmap_lock);
	e = leaf_at(va, &level);
	if (e)
		v = *e;
	lock_drop(&kmap_lock);
	if (!e)
		return false;
	*pa = (v & PTE_ADDR & ~(span_at(level) - 1)) |
	      (va & (span_at(level) - 1));
	if (flags)
		*flags = (v & PTE_W ? KMAP_WRITE : 0) |
		         (v & PTE_NX ? 0 : KMAP_EXEC) |
		         (v & PTE_PCD ? KMAP_UNCACHED : 0);
	return true;
}

/* Boot: out of memory is the end. */
static void must_map(vaddr_t va, paddr_t pa, uint64_t size, unsigned flags)
{
	if (mmu_kmap(va, pa, size, flags) != OK)
		panic("no memory for the kernel's page tables");
}

static void map_section(const char *start, const char *end, unsigned flags)
{
	vaddr_t from = ALIGN_DOWN((vaddr_t)start, PAGE_SIZE);
	vaddr_t to = ALIGN_UP((vaddr_t)end, PAGE_SIZE);

	if (from < to)
		must_map(from,
		    boot_info.kernel_base + from - (vaddr_t)kernel_start,
		    to - from, flags);
}

static void map_image(void)
{
	map_section(kernel_start, text_end, KMAP_EXEC);
	map_section(rodata_start, rodata_end, 0);
	map_section(data_start, data_end, KMAP_WRITE);
	map_section(data_end, kernel_end, 0);
}

static bool region_mapped(uint32_t kind)
{
	return kind != REGION_RESERVED && kind != REGION_BAD &&
	       kind != REGION_FRAMEBUFFER;
}

/*
 * RAM, tables and images, in one go where they touch so that large pages fit;
 * and the first MiB, where firmware leaves things that no map lists.
 */
static void map_direct(void)
{
	paddr_t start = 0, end = MIB(1);

	for (uint32_t i = 0; i < boot_info.region_count; i++) {
		const struct boot_region *r = &boot_info.regions[i];
		paddr_t base = ALIGN_DOWN(r->base, PAGE_SIZE);
		paddr_t top = ALIGN_UP(r->base + r->size, PAGE_SIZE);

		if (!region_mapped(r->kind) || top <= end)
			continue;
		if (base > end) {
			must_map(
			    hhdm_base + start, start, end - start, KMAP_WRITE);
			start = base;
		}
		end = top;
	}
	must_map(hhdm_base + start, start, end - start, KMAP_WRITE);
	if (boot_info.fb.base) {
		paddr_t base = ALIGN_DOWN(boot_info.fb.base, PAGE_SIZE);
		paddr_t top = boot_info.fb.base + (uint64_t)boot_info.fb.pitch *
		                                      boot_info.fb.height;

		must_map(hhdm_base + base, base,
		    ALIGN_UP(top, PAGE_SIZE) - base, KMAP_WRITE | KMAP_WC);
	}
}

/* The direct map is no way round W^X: constant parts of the image. */
static void guard_image_alias(void)
{
	pte_t no_write = ~PTE_W;

	(void)change_range(hhdm_base + boot_info.kernel_base,
	    ALIGN_UP((vaddr_t)rodata_end, PAGE_SIZE) - (vaddr_t)kernel_start,
	    no_write, 0);
}

enum err mmu_pti_share(vaddr_t va, uint64_t size)
{
	if (!mmu_pti)
		return OK;
	for (uint64_t off = 0; off < size; off += PAGE_SIZE) {
		unsigned flags;
		paddr_t pa;
		enum err e;

		if (!mmu_kwalk(va + off, &pa, &flags))
			return E_FAULT;
		e = map_range(
		    pti_top, va + off, pa, PAGE_SIZE, leaf_bits(flags));
		if (e != OK)
			return e;
	}
	return OK;
}

const pte_t *mmu_pti_top(void)
{
	return pti_top ? pti_top + UPPER : NULL;
}

void mmu_seal(void)
{
	sealed = true;
}

/* SMAP's instructions: no-ops in the image, written in where they exist. */
extern const int32_t smap_patch_start[], smap_patch_end[];

static void patch_smap(void)
{
	for (const int32_t *s = smap_patch_start; s < smap_patch_end; s += 2) {
		uint8_t *at = (uint8_t *)s + s[0];
		vaddr_t alias = (vaddr_t)at - (vaddr_t)kernel_start +
		                boot_info.kernel_base + hhdm_base;
		/* 0f 01 cb: stac; 0f 01 ca: clac */
		uint8_t code[3] = {0x0f, 0x01, s[1] ? 0xcb : 0xca};

		memcpy((void *)alias, code, sizeof(code));
	}
}

void mmu_init(void)
{
	mmu_pti =
	    boot_args.pti < 0 ? cpu_features.needs_pti : boot_args.pti != 0;
	if (cpu_features.smap)
		patch_smap();
	kernel_top = new_table();
	if (mmu_pti)
		pti_top = new_table();
	map_image();
	map_direct();
	guard_image_alias();
	kernel_top[index_at(KERNEL_VMALLOC_BASE, 3)] =
	    virt_to_phys(new_table()) | TABLE_ENTRY;
	mmu_zero_page = virt_to_phys(new_table());
	mmu_init_cpu();
	if (mmu_pti_share((vaddr_t)entry_start,
	        (vaddr_t)entry_end - (vaddr_t)entry_start) != OK)
		panic("no memory for the entry code's page tables");
}

void mmu_init_cpu(void)
{
	write_cr3(mmu_kernel_root());
	if (cpu_features.pcid && !mmu_pti)
		write_cr4(read_cr4() | CR4_PCIDE);
}

paddr_t mmu_kernel_root(void)
{
	return virt_to_phys(kernel_top);
}
