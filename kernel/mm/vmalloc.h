/* kernel/mm/vmalloc.h -- large virtual ranges of the kernel, guarded. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

enum { VMALLOC_EXEC = 1 }; /* never used by the kernel itself: W^X */

/* n bytes in whole pages, with an unmapped guard page before and after. */
void *vmalloc(size_t n);
void *vzalloc(size_t n);
void vfree(void *p); /* may sleep */

/* A kernel stack: KSTACK_SIZE, guard below; cached per CPU. Returns the top. */
void *kstack_alloc(void);
void kstack_free(void *top);

/* True when va lies in a guard page; *what says of what ("kernel stack"). */
bool vmalloc_guard_hit(vaddr_t va, const char **what);

/* Map device registers, uncached (wc: write-combining). NULL: no room. */
void *ioremap(paddr_t base, size_t size, bool wc);
void iounmap(void *p);

void vmalloc_init(void);
uint64_t vmalloc_used(void); /* bytes */
