/* kernel/arch/x86_64/mmu.h -- page tables and the TLB. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/lock.h"

#define PTE_P     (1ul << 0)
#define PTE_W     (1ul << 1)
#define PTE_U     (1ul << 2)
#define PTE_PWT   (1ul << 3)
#define PTE_PCD   (1ul << 4)
#define PTE_A     (1ul << 5)
#define PTE_D     (1ul << 6)
#define PTE_PS    (1ul << 7)
#define PTE_G     (1ul << 8)
#define PTE_SOFT1 (1ul << 9)
#define PTE_NX    (1ul << 63)
#define PTE_ADDR  0x000ffffffffff000ul

typedef uint64_t pte_t;

enum kmap_flags {
	KMAP_WRITE = 1,
	KMAP_EXEC = 2, /* never with WRITE */
	KMAP_UNCACHED = 4,
	KMAP_WC = 8,
};

/*
 * Kernel half (shared by all roots: the 256 upper PML4 entries are filled at
 * boot and never change, so no root needs syncing). mmu_kmap uses 2 MiB and
 * 1 GiB pages where aligned. Locking: an internal lock.
 */
enum err mmu_kmap(vaddr_t va, paddr_t pa, uint64_t size, unsigned flags);
/* Unmap and shoot down on all CPUs; frames are the caller's. May sleep. */
void mmu_kunmap(vaddr_t va, uint64_t size);
enum err mmu_kprotect(vaddr_t va, uint64_t size, unsigned flags);
/* Translate a kernel address; false when unmapped. */
bool mmu_kwalk(vaddr_t va, paddr_t *pa, unsigned *flags);

/*
 * All 256 upper entries of the kernel's root that will ever be used exist
 * before the first user root copies them: those of the direct map, the image
 * and vmalloc are made by mmu_init, others by mmu_kmap until mmu_seal.
 */
#define KERNEL_VMALLOC_BASE 0xffffc90000000000ul /* one PML4 entry: 512 GiB */
void mmu_seal(void);

/*
 * With page-table isolation: let user roots map what the kernel maps at
 * [va, va + size) too (per-CPU entry areas, TSS, IDT). Before mmu_seal.
 */
enum err mmu_pti_share(vaddr_t va, uint64_t size);
/* The upper half of a user root, to copy; NULL without isolation. */
const pte_t *mmu_pti_top(void);

/* Boot: build the final kernel tables (W^X sections, HHDM), load them. */
void mmu_init(void);
/* Every CPU: load the kernel root. */
void mmu_init_cpu(void);
paddr_t mmu_kernel_root(void);

/* A frame that holds zeroes, mapped read-only by read faults on holes. */
extern paddr_t mmu_zero_page;

/*
 * TLB. cpus: CPUs that may hold translations (a CPU sets its bit when it loads
 * the root, clears it when it leaves). A request is served by IPI; the waiter
 * keeps interrupts on, or serves incoming requests while it spins. Above 32
 * pages the whole address space is flushed.
 *
 * gen counts the flushes: with PCIDs a CPU may keep translations of a root
 * that it left; it compares the generation when it comes back. id is never
 * used twice.
 */
struct tlb_mask {
	struct cpu_set cpus;
	_Atomic uint64_t gen;
	uint64_t id;
};
void tlb_mask_init(struct tlb_mask *m);
/* Load a root on this CPU / borrow whatever is loaded (m NULL). */
void tlb_switch(struct tlb_mask *m, paddr_t root);
/* No CPU may use m's root any more (its owner ended): make them leave it. */
void tlb_retire(struct tlb_mask *m);
void tlb_flush_range(struct tlb_mask *m, vaddr_t start, vaddr_t end);
void tlb_flush_all(struct tlb_mask *m);
void tlb_flush_kernel(vaddr_t start, vaddr_t end); /* all CPUs */
void tlb_ipi(void);                                /* handler of VECTOR_TLB */

/* Counters, for /proc and the benchmarks. */
struct tlb_stats {
	uint64_t local_flushes, ipis_sent, cr3_writes;
};
void tlb_stats(struct tlb_stats *out);

/* Page-table isolation is on (roots come in pairs, user root = root + 4096). */
extern bool mmu_pti;
