/* kernel/mm/vmalloc.h -- large virtual ranges of the kernel, guarded. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * n bytes in whole pages, with an unmapped guard page before and after; never
 * executable. NULL when out of memory. May sleep. vfree takes NULL too; the
 * range is unmapped later, together with others, in one shootdown.
 */
void *vmalloc(size_t n);
void *vzalloc(size_t n);
void vfree(void *p);

/*
 * A kernel stack: KSTACK_SIZE, guard below; cached per CPU. Gives the top, or
 * NULL. The contents are what the last owner left. Both may sleep.
 */
void *kstack_alloc(void);
void kstack_free(void *top);

/*
 * Keep the stack for this CPU's next thread, if there is room: no lock, also
 * with interrupts off. False: use kstack_free later.
 */
bool kstack_keep(void *top);

/* True when va lies in a guard page; *what says of what ("kernel stack"). */
bool vmalloc_guard_hit(vaddr_t va, const char **what);

/* Map device registers, uncached (wc: write-combining). NULL: no room. */
void *ioremap(paddr_t base, size_t size, bool wc);
void iounmap(void *p);

/* Unmap what was freed and empty the stack caches; frames freed. Sleeps. */
uint64_t vmalloc_purge(uint64_t want);

/* Once at boot, after slab_init. */
void vmalloc_init(void);
uint64_t vmalloc_used(void);   /* bytes handed out, cached stacks too */
uint64_t vmalloc_mapped(void); /* frames behind them and what waits */
