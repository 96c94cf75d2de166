/* kernel/arch/x86_64/pagetable.c -- walking, filling and clearing tables. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/pagetable.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/object/silo.h"

/*
 * Tables are charged to their address space's silo. A table that is freed has
 * no entry left, so it is kept, clean, in a small list per CPU and handed out
 * again without being zeroed; the same for roots, whose upper half is the
 * same in all. Memory pressure empties this CPU's lists.
 */
enum { TABLES_KEPT = 24, ROOTS_KEPT = 4, LEVEL_BITS = 9 };
#define TABLE_RW (PTE_P | PTE_W | PTE_U | PTE_A)

struct table_cache {
	struct page *tables, *roots; /* linked through table.aspace */
	uint32_t table_count, root_count;
};
static PERCPU_DEFINE(struct table_cache, table_cache);

static unsigned root_order(void)
{
	return mmu_pti ? 1 : 0;
}

static uint64_t table_reclaim(uint64_t want)
{
	struct page *tables, *roots, *p;
	struct table_cache *c;
	uint64_t n = 0;

	(void)want;
	preempt_disable();
	c = percpu_ptr(table_cache);
	tables = c->tables;
	roots = c->roots;
	*c = (struct table_cache){0};
	preempt_enable();
	for (; (p = tables); n++) {
		tables = p->table.aspace;
		page_free(p, 0);
	}
	for (; (p = roots); n++) {
		roots = p->table.aspace;
		page_free(p, root_order());
	}
	return n;
}

void pt_init(void)
{
	reclaim_register_local("page tables", table_reclaim);
}

static struct page *table_alloc(struct silo *silo)
{
	struct table_cache *c;
	struct page *p;

	if (silo_charge(silo, SILO_MEMORY, 1) != OK)
		return NULL;
	preempt_disable();
	c = percpu_ptr(table_cache);
	p = c->tables;
	if (likely(p)) {
		c->tables = p->table.aspace;
		c->table_count--;
	}
	preempt_enable();
	if (!p) {
		p = page_alloc(0, ALLOC_ZERO, NULL);
		if (!p) {
			silo_uncharge(silo, SILO_MEMORY, 1);
			return NULL;
		}
		atomic_store_explicit(
		    &p->flags, PAGE_TABLE, memory_order_relaxed);
		p->table.present = 0;
	}
	return p;
}

static void table_free(struct page *p, struct silo *silo)
{
	struct table_cache *c;

	silo_uncharge(silo, SILO_MEMORY, 1);
	preempt_disable();
	c = percpu_ptr(table_cache);
	if (likely(c->table_count < TABLES_KEPT)) {
		p->table.aspace = c->tables;
		c->tables = p;
		c->table_count++;
		p = NULL;
	}
	preempt_enable();
	if (p)
		page_free(p, 0);
}

static struct page *root_alloc(void)
{
	struct table_cache *c;
	struct page *p;
	pte_t *top;

	preempt_disable();
	c = percpu_ptr(table_cache);
	p = c->roots;
	if (p) {
		c->roots = p->table.aspace;
		c->root_count--;
	}
	preempt_enable();
	if (p)
		return p;
	p = page_alloc(root_order(), 0, NULL);
	if (!p)
		return NULL;
	p->table.present = 0;
	top = page_to_virt(p);
	memset(top, 0, PAGE_SIZE / 2);
	memcpy(top + 256, (pte_t *)phys_to_virt(mmu_kernel_root()) + 256,
	    PAGE_SIZE / 2);
	if (mmu_pti) {
		memset(top + 512, 0, PAGE_SIZE / 2);
		memcpy(top + 768, mmu_pti_top(), PAGE_SIZE / 2);
	}
	return p;
}

NO_LOCK_CHECK enum err pt_create(struct page_table *pt, struct silo *silo)
{
	int64_t frames = 1 << root_order();
	struct page *p;

	if (silo_charge(silo, SILO_MEMORY, frames) != OK)
		return E_NOMEM;
	p = root_alloc();
	if (!p) {
		silo_uncharge(silo, SILO_MEMORY, frames);
		return E_NOMEM;
	}
	lock_init(&pt->lock, RANK_PT);
	pt->top = page_to_virt(p);
	pt->silo = silo;
	pt->present = 0;
	pt->tables = 1;
	tlb_mask_init(&pt->tlb);
	return OK;
}

void pt_destroy(struct page_table *pt)
{
	struct page *p = pt_page(pt->top);
	struct table_cache *c;

	KASSERT(p->table.present == 0 && pt->tables == 1);
	silo_uncharge(pt->silo, SILO_MEMORY, 1 << root_order());
	preempt_disable();
	c = percpu_ptr(table_cache);
	if (c->root_count < ROOTS_KEPT) {
		p->table.aspace = c->roots;
		c->roots = p;
		c->root_count++;
		p = NULL;
	}
	preempt_enable();
	if (p)
		page_free(p, root_order());
	pt->top = NULL;
}

static unsigned index_at(vaddr_t va, unsigned level)
{
	return va >> (PAGE_SHIFT + LEVEL_BITS * level) & 511;
}

static vaddr_t span_at(unsigned level)
{
	return PAGE_SIZE << (LEVEL_BITS * level);
}

static pte_t *table_of(pte_t entry)
{
	return phys_to_virt(entry & PTE_ADDR);
}

/* Entries on the way to va; returns the level of the lowest one. */
static unsigned walk(struct page_table *pt, vaddr_t va, pte_t *path[4])
{
	pte_t *table = pt->top;
	unsigned level = 3;

	for (;; level--) {
		pte_t *e = &table[index_at(va, level)], v;

		path[level] = e;
		if (level == 0)
			return 0;
		v = __atomic_load_n(e, __ATOMIC_ACQUIRE);
		if (!(v & PTE_P) || v & PTE_PS)
			return level;
		table = table_of(v);
	}
}

unsigned pt_find(struct page_table *pt, vaddr_t va, pte_t **out)
{
	pte_t *path[4];
	unsigned level = walk(pt, va, path);

	*out = path[level];
	return level;
}

/* Write an entry of the root into the user root as well. */
static void top_write(struct page_table *pt, pte_t *e, pte_t v)
{
	pte_write(e, v);
	if (mmu_pti && (pte_t *)ALIGN_DOWN((vaddr_t)e, PAGE_SIZE) == pt->top)
		pte_write(e + 512, v);
}

/* Put a new table into the empty entry e, unless somebody was faster. */
static bool table_install(struct page_table *pt, pte_t *e)
{
	struct page *p = table_alloc(pt->silo);

	if (!p)
		return false;
	lock_take(&pt->lock);
	if (likely(!(*e & PTE_P))) {
		pt_page(e)->table.present++;
		pt->tables++;
		/* Release: the walkers see an empty table. */
		atomic_thread_fence(memory_order_release);
		top_write(pt, e, page_to_phys(p) | TABLE_RW);
		p = NULL;
	}
	lock_drop(&pt->lock);
	if (p)
		table_free(p, pt->silo);
	return true;
}

static pte_t *reserve(struct page_table *pt, vaddr_t va, unsigned to)
{
	pte_t *path[4];
	unsigned level;

	for (;;) {
		level = walk(pt, va, path);
		if (level <= to || *path[level] & PTE_PS)
			return path[MAX(level, to)];
		if (!table_install(pt, path[level]))
			return NULL;
	}
}

pte_t *pt_reserve(struct page_table *pt, vaddr_t va, bool *huge)
{
	pte_t *table = pt->top, v = 0;

	*huge = false;
	for (unsigned level = 3; level > 0; level--) {
		v = __atomic_load_n(
		    &table[index_at(va, level)], __ATOMIC_ACQUIRE);
		if (unlikely(!(v & PTE_P) || v & PTE_PS)) {
			pte_t *e = reserve(pt, va, 0);

			*huge = e && *e & PTE_PS && pt_find(pt, va, &e) == 1;
			return e;
		}
		table = table_of(v);
	}
	return &table[index_at(va, 0)];
}

pte_t *pt_reserve_huge(struct page_table *pt, vaddr_t va)
{
	return reserve(pt, va, 1);
}

static void batch_add(struct pt_batch *b, vaddr_t start, vaddr_t end)
{
	if (!b->end) {
		b->start = start;
		b->end = end;
	} else {
		b->start = MIN(b->start, start);
		b->end = MAX(b->end, end);
	}
}

/* Unlink the table that e lies in, and those above, while they are empty. */
static void tables_prune(struct page_table *pt, pte_t *path[4], unsigned level,
    vaddr_t va, struct pt_batch *b) REQUIRES(&pt -> lock)
{
	for (; level < 3; level++) {
		struct page *p = pt_page(path[level]);

		if (p->table.present)
			return;
		top_write(pt, path[level + 1], 0);
		pt_page(path[level + 1])->table.present--;
		pt->tables--;
		p->table.aspace = b->tables;
		b->tables = p;
		/* The walkers may have cached the way through it. */
		batch_add(b, va, va + PAGE_SIZE);
	}
}

static void zap_ptes(struct page_table *pt, pte_t *e, vaddr_t va, unsigned n,
    struct pt_batch *b) REQUIRES(&pt -> lock)
{
	struct page *table = pt_page(e);
	uint32_t left = table->table.present;
	unsigned first = n, last = 0, zapped = 0;

	for (unsigned i = 0; i < n && left; i++) {
		if (!(e[i] & PTE_P))
			continue;
		pte_write(&e[i], 0);
		first = MIN(first, i);
		last = i;
		zapped++;
		left--;
	}
	if (!zapped)
		return;
	table->table.present = left;
	pt->present -= zapped;
	batch_add(b, va + first * PAGE_SIZE, va + (last + 1) * PAGE_SIZE);
}

void pt_zap(
    struct page_table *pt, vaddr_t start, vaddr_t end, struct pt_batch *b)
{
	vaddr_t va = start, next;

	for (; va < end; va = next) {
		pte_t *path[4];
		unsigned level = walk(pt, va, path);

		next = (va & ~(span_at(level) - 1)) + span_at(level);
		if (level == 0) {
			unsigned n = 512 - index_at(va, 0);

			n = (unsigned)MIN(n, (end - va) >> PAGE_SHIFT);
			next = va + n * PAGE_SIZE;
			zap_ptes(pt, path[0], va, n, b);
		} else if (*path[level] & PTE_P) {
			pte_write(path[level], 0);
			pt_page(path[level])->table.present--;
			pt->present -= 512;
			batch_add(b, next - PT_HUGE, next);
		} else if (level == 3) {
			continue;
		}
		if (b->free_tables)
			tables_prune(pt, path, level, va, b);
	}
}

void pt_flush(struct page_table *pt, struct pt_batch *b)
{
	if (b->end)
		tlb_flush_range(&pt->tlb, b->start, b->end);
	while (b->tables) {
		struct page *p = b->tables;

		b->tables = p->table.aspace;
		table_free(p, pt->silo);
	}
	b->end = 0;
}

/* PTE_W <-> PTE_WAS_W is a shift. */
enum { WAS_W_SHIFT = 8 };
static_assert(PTE_W << WAS_W_SHIFT == PTE_WAS_W, "no branch per page");

static void protect_ptes(pte_t *e, vaddr_t va, unsigned n,
    const struct pt_change *c, struct pt_batch *b)
{
	pte_t mark = c->mark && c->clear & PTE_W ? PTE_WAS_W : 0;
	pte_t regain = c->regain ? PTE_W : 0;
	pte_t keep = ~(c->clear | regain << WAS_W_SHIFT), set = c->set;
	pte_t lost = 0;

	for (unsigned i = 0; i < n; i++) {
		pte_t old = e[i], v;

		if (!(old & PTE_P))
			continue;
		v = (old & keep) | set | (old << WAS_W_SHIFT & mark) |
		    (old >> WAS_W_SHIFT & regain);
		pte_write(&e[i], v);
		/* More rights need no flush: an old entry faults, and heals. */
		lost |= (old & ~v & PTE_W) | (v & ~old & PTE_NX);
	}
	if (lost)
		batch_add(b, va, va + n * PAGE_SIZE);
}

void pt_protect(struct page_table *pt, vaddr_t start, vaddr_t end,
    const struct pt_change *c, struct pt_batch *b)
{
	vaddr_t va = start, next;

	for (; va < end; va = next) {
		pte_t *e;
		unsigned level = pt_find(pt, va, &e);

		next = (va & ~(span_at(level) - 1)) + span_at(level);
		if (level == 0) {
			unsigned n = 512 - index_at(va, 0);

			n = (unsigned)MIN(n, (end - va) >> PAGE_SHIFT);
			next = va + n * PAGE_SIZE;
			protect_ptes(e, va, n, c, b);
		} else if (*e & PTE_P) {
			/* A part, or the whole: small pages fault in again. */
			pt_zap(pt, va, MIN(next, end), b);
		}
	}
}

/* Copy n PTEs from e (of the parent) to d, all without the right to write. */
static void copy_ptes(struct page_table *to, pte_t *e, pte_t *d, unsigned n)
    REQUIRES(&to -> lock)
{
	uint32_t left = pt_page(e)->table.present, copied = 0;

	for (unsigned i = 0; i < n && left; i++) {
		pte_t v = e[i];

		if (!(v & PTE_P))
			continue;
		left--;
		if (v & (PTE_W | PTE_WAS_W)) {
			v &= ~(PTE_W | PTE_WAS_W);
			pte_write(&e[i], v);
		}
		if (d[i])
			continue;
		pte_write(&d[i], v & ~PTE_D);
		copied++;
	}
	pt_page(d)->table.present += copied;
	to->present += copied;
}

NO_LOCK_CHECK enum err pt_copy(
    struct page_table *from, struct page_table *to, vaddr_t start, vaddr_t end)
{
	vaddr_t va = start, next;
	enum err result = OK;

	for (; va < end; va = next) {
		struct pt_batch b = {0};
		bool huge, missing;
		pte_t *e, *d = NULL;
		unsigned level = pt_find(from, va, &e), n = 1;

		next = (va & ~(span_at(level) - 1)) + span_at(level);
		if (level > 0 && !(*e & PTE_P))
			continue;
		if (level == 0) {
			n = 512 - index_at(va, 0);
			n = (unsigned)MIN(n, (end - va) >> PAGE_SHIFT);
			next = va + n * PAGE_SIZE;
			if (pt_page(e)->table.present == 0)
				continue;
			d = pt_reserve(to, va, &huge);
		}
		missing = level == 0 && !d;
		lock_take(&from->lock);
		if (level > 0) {
			/* The child and the parent fault in small pages. */
			pt_zap(from, va, MIN(next, end), &b);
		} else if (missing) {
			struct pt_change c = {.clear = PTE_W | PTE_WAS_W};

			pt_protect(from, va, next, &c, &b);
			result = E_NOMEM;
		} else {
			/* Parent before child: nobody nests them otherwise. */
			lock_take_nested(&to->lock);
			copy_ptes(to, e, d, n);
			lock_drop(&to->lock);
		}
		lock_drop(&from->lock);
	}
	return result;
}

uint64_t pt_count(
    struct page_table *pt, vaddr_t start, vaddr_t end, uint64_t *dirty)
{
	uint64_t count = 0;
	vaddr_t va = start, next;

	for (; va < end; va = next) {
		pte_t *e;
		unsigned level = pt_find(pt, va, &e);

		next = (va & ~(span_at(level) - 1)) + span_at(level);
		if (*e & PTE_P) {
			uint64_t n = (MIN(next, end) - va) >> PAGE_SHIFT;

			count += n;
			if (dirty && *e & PTE_D)
				*dirty += n;
		}
	}
	return count;
}
