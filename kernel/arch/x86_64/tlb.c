/* kernel/arch/x86_64/tlb.c -- which root a CPU has loaded, and shootdown. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/arch/x86_64/asm_offsets.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/irq.h"
#include "kernel/core/panic.h"

/*
 * Shootdown. A CPU has one outgoing request (preemption is off while it waits)
 * in its slot. It sets its own bit in the `incoming` set of each target, sends
 * an IPI to those whose set was empty, and spins until all have taken their
 * bit out of `waiting`. While it spins it serves what comes in for itself, so
 * two CPUs that flush each other with interrupts off do not deadlock.
 *
 * Order. The requester changes page tables, then bumps gen, then reads the
 * mask; a CPU that loads the root sets its bit, then reads gen and walks the
 * tables. Both sides are sequentially consistent: either the requester sees
 * the bit and interrupts, or the newcomer sees the new tables (and, with a
 * PCID that it used before, the new generation).
 *
 * Lazy CPUs. A kernel thread borrows the tables of whoever ran before. A
 * request for a root that is only borrowed makes the CPU load the kernel's
 * and leave the mask, so it is asked once at most.
 *
 * PCIDs. Each CPU gives its PCID_SLOTS identifiers to the address spaces that
 * ran last, and remembers the generation to which each is up to date. A slot
 * names an address space by its id, which is never reused. PCID 0 is the
 * kernel root's. Not with page-table isolation, where the entry code's plain
 * CR3 writes are to flush.
 */
enum { PCID_SLOTS = 6, FLUSH_ALL_ABOVE = 32 };
#define CR3_NOFLUSH (1ul << 63)
#define FLUSH_ALL   (~0ul) /* as end: everything of this mask */

struct tlb_request {
	struct tlb_mask *mask; /* NULL: kernel addresses */
	vaddr_t start, end;
	bool retire;
	_Atomic uint64_t waiting; /* CPUs that have not served it */
};

struct tlb_cpu {
	struct tlb_mask *loaded; /* whose root CR3 holds; NULL: kernel's */
	paddr_t cr3;             /* its root and PCID */
	bool lazy;               /* borrowed: no thread of it runs */
	uint8_t slot, next_slot; /* of loaded; next to be reused */
	struct {
		uint64_t id, gen;
	} slots[PCID_SLOTS];
	_Atomic uint64_t incoming; /* CPUs whose request we must serve */
	struct tlb_request request;
	struct tlb_stats stats;
};
PERCPU_DECLARE(struct tlb_cpu, tlb_cpu); /* ipc/fastpath.S has a short switch */
PERCPU_DEFINE(struct tlb_cpu, tlb_cpu);
static_assert(offsetof(struct tlb_cpu, loaded) == TLB_LOADED, "asm");
static_assert(offsetof(struct tlb_cpu, cr3) == TLB_CR3, "asm");
static_assert(offsetof(struct tlb_cpu, stats.cr3_writes) == TLB_WRITES, "asm");
static _Atomic uint64_t next_id = 1;

static bool use_pcid(void)
{
	return cpu_features.pcid && !mmu_pti;
}

void tlb_mask_init(struct tlb_mask *m)
{
	for (unsigned i = 0; i < COUNT(m->cpus.bits); i++)
		m->cpus.bits[i] = 0;
	m->gen = 1;
	m->id = atomic_fetch_add_explicit(&next_id, 1, memory_order_relaxed);
}

static void load_kernel_root(struct tlb_cpu *c)
{
	struct tlb_mask *old = c->loaded;

	c->loaded = NULL;
	c->lazy = false;
	c->cr3 = mmu_kernel_root();
	c->stats.cr3_writes++;
	write_cr3(c->cr3);
	/* Release: the last walk of its tables came before. */
	if (old)
		atomic_fetch_and(&old->cpus.bits[0], ~(1ull << cpu_id()));
}

/* The CR3 value for m's root on this CPU; *flush: it may hold old entries. */
static paddr_t pcid_choose(struct tlb_cpu *c, struct tlb_mask *m, paddr_t root)
{
	uint64_t gen = atomic_load(&m->gen);
	unsigned i;

	for (i = 0; i < PCID_SLOTS; i++)
		if (c->slots[i].id == m->id)
			break;
	if (i == PCID_SLOTS) {
		i = c->next_slot;
		c->next_slot = (i + 1) % PCID_SLOTS;
		c->slots[i].id = m->id;
		c->slots[i].gen = 0;
	}
	c->slot = i;
	root |= i + 1;
	if (c->slots[i].gen == gen)
		return root | CR3_NOFLUSH;
	c->slots[i].gen = gen;
	return root;
}

void tlb_switch(struct tlb_mask *m, paddr_t root)
{
	irqflags_t f = irq_save();
	struct tlb_cpu *c = percpu_ptr(tlb_cpu);
	struct tlb_mask *old = c->loaded;

	if (m == old || !m) {
		/* Lazy CPUs serve requests by leaving: nothing was missed. */
		c->lazy = !m;
		irq_restore(f);
		return;
	}
	atomic_fetch_or(&m->cpus.bits[0], 1ull << cpu_id());
	c->loaded = m;
	c->lazy = false;
	c->cr3 = use_pcid() ? pcid_choose(c, m, root) : root;
	c->stats.cr3_writes++;
	write_cr3(c->cr3);
	c->cr3 &= ~CR3_NOFLUSH;
	if (old)
		atomic_fetch_and(&old->cpus.bits[0], ~(1ull << cpu_id()));
	irq_restore(f);
}

static void flush_user_local(
    struct tlb_cpu *c, struct tlb_mask *m, vaddr_t start, vaddr_t end)
{
	uint64_t gen;

	if (c->loaded != m)
		return;
	if (c->lazy) {
		load_kernel_root(c);
		return;
	}
	c->stats.local_flushes++;
	/* Read before flushing: what is newer will be flushed again. */
	gen = use_pcid() ? atomic_load(&m->gen) : 0;
	if (end == FLUSH_ALL || (end - start) >> PAGE_SHIFT > FLUSH_ALL_ABOVE ||
	    (use_pcid() && c->slots[c->slot].gen + 1 != gen)) {
		c->stats.cr3_writes++;
		write_cr3(c->cr3);
	} else {
		for (vaddr_t va = start; va < end; va += PAGE_SIZE)
			invlpg(va);
	}
	if (use_pcid())
		c->slots[c->slot].gen = gen;
}

static void flush_kernel_local(vaddr_t start, vaddr_t end)
{
	if ((end - start) >> PAGE_SHIFT <= FLUSH_ALL_ABOVE) {
		for (vaddr_t va = start; va < end; va += PAGE_SIZE)
			invlpg(va);
	} else if (read_cr4() & CR4_PGE) {
		uint64_t cr4 = read_cr4();

		write_cr4(cr4 & ~CR4_PGE);
		write_cr4(cr4);
	} else {
		write_cr3(read_cr3());
	}
}

/* Serve the requests of all CPUs in our incoming set. Interrupts off. */
static void tlb_serve(struct tlb_cpu *c)
{
	uint64_t from = atomic_exchange(&c->incoming, 0);
	uint64_t me = 1ull << cpu_id();

	while (from) {
		unsigned cpu = (unsigned)__builtin_ctzll(from);
		struct tlb_cpu *other = percpu_of(tlb_cpu, cpu);
		struct tlb_request *r = &other->request;

		from &= from - 1;
		if (!r->mask)
			flush_kernel_local(r->start, r->end);
		else if (r->retire && c->loaded == r->mask)
			load_kernel_root(c);
		else
			flush_user_local(c, r->mask, r->start, r->end);
		/* Release: the flush comes before the requester goes on. */
		atomic_fetch_and_explicit(
		    &r->waiting, ~me, memory_order_release);
	}
}

void tlb_ipi(void)
{
	irqflags_t f = irq_save();

	tlb_serve(percpu_ptr(tlb_cpu));
	irq_restore(f);
}

/* Preemption is off; `targets` does not contain this CPU. */
static void tlb_shoot(
    struct tlb_cpu *c, uint64_t targets, const struct tlb_request *what)
{
	struct tlb_request *r = &c->request;
	uint64_t me = 1ull << cpu_id();

	KASSERT(atomic_load(&r->waiting) == 0);
	r->mask = what->mask;
	r->start = what->start;
	r->end = what->end;
	r->retire = what->retire;
	/* Release with the bits below: targets see the whole request. */
	atomic_store(&r->waiting, targets);
	for (uint64_t left = targets; left; left &= left - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(left);
		struct tlb_cpu *other = percpu_of(tlb_cpu, cpu);

		if (atomic_fetch_or(&other->incoming, me) == 0) {
			c->stats.ipis_sent++;
			ipi_send(cpu, VECTOR_TLB);
		}
	}
	/* Acquire: pairs with the release in tlb_serve. */
	while (atomic_load_explicit(&r->waiting, memory_order_acquire)) {
		if (atomic_load_explicit(&c->incoming, memory_order_relaxed))
			tlb_ipi();
		cpu_pause();
	}
}

static void tlb_flush(const struct tlb_request *what)
{
	struct tlb_mask *m = what->mask;
	struct tlb_cpu *c;
	uint64_t cpus, me;
	irqflags_t f;

	preempt_disable();
	c = percpu_ptr(tlb_cpu);
	me = 1ull << cpu_id();
	/* A full barrier between the page tables and the look at the mask. */
	atomic_fetch_add(&m->gen, 1);
	cpus = atomic_load(&m->cpus.bits[0]);
	if (cpus & me) {
		f = irq_save();
		if (what->retire && c->loaded == m)
			load_kernel_root(c);
		else
			flush_user_local(c, m, what->start, what->end);
		irq_restore(f);
	}
	if (unlikely(cpus & ~me))
		tlb_shoot(c, cpus & ~me, what);
	preempt_enable();
}

void tlb_flush_range(struct tlb_mask *m, vaddr_t start, vaddr_t end)
{
	struct tlb_request r = {.mask = m, .start = start, .end = end};

	tlb_flush(&r);
}

void tlb_flush_all(struct tlb_mask *m)
{
	struct tlb_request r = {.mask = m, .end = FLUSH_ALL};

	tlb_flush(&r);
}

void tlb_retire(struct tlb_mask *m)
{
	struct tlb_request r = {.mask = m, .end = FLUSH_ALL, .retire = true};

	if (atomic_load(&m->cpus.bits[0]))
		tlb_flush(&r);
}

void tlb_flush_kernel(vaddr_t start, vaddr_t end)
{
	struct tlb_request r = {.start = start, .end = end};
	uint64_t others;
	struct tlb_cpu *c;

	preempt_disable();
	c = percpu_ptr(tlb_cpu);
	c->stats.local_flushes++;
	flush_kernel_local(start, end);
	others =
	    cpu_online_count >= 64 ? ~0ull : (1ull << cpu_online_count) - 1;
	others &= ~(1ull << cpu_id());
	if (others)
		tlb_shoot(c, others, &r);
	preempt_enable();
}

void tlb_stats(struct tlb_stats *out)
{
	*out = (struct tlb_stats){0};
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		struct tlb_cpu *c = percpu_of(tlb_cpu, cpu);

		out->local_flushes += c->stats.local_flushes;
		out->ipis_sent += c->stats.ipis_sent;
		out->cr3_writes += c->stats.cr3_writes;
	}
}
static_assert(CPUS_MAX <= 64, "one word per set of CPUs");
