/* kernel/mm/vmarea.h -- who has which part of vmalloc's range; kernel/mm only. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/list.h"
#include "kernel/core/rbtree.h"
#include "kernel/core/types.h"

enum area_kind { AREA_FREE, AREA_VMALLOC, AREA_KSTACK, AREA_IOREMAP };

/*
 * [start, end) of the range. A taken area begins with its guard page; the page
 * after its end is free or the next one's guard, and so never mapped.
 */
struct area {
	struct rb_node node;      /* by address: free or busy tree */
	struct rb_node size_node; /* free ones by size */
	struct area *next;        /* freed, waiting for the shootdown */
	vaddr_t start, end;
	enum area_kind kind;
};

/* All of [base, base + size) is free. */
void area_init(vaddr_t base, uint64_t size);

/*
 * Reserve `size` bytes whose first one is aligned to `align` + `offset`, and a
 * guard page before. NULL: no room or no memory. May sleep.
 */
struct area *area_take(
    uint64_t size, uint64_t align, uint64_t offset, enum area_kind kind);
/* Nothing is mapped there any more: free for others. */
void area_give(struct area *a);

/* Out of the busy tree, by its first usable byte; panics when unknown. */
struct area *area_detach(const void *p, enum area_kind kind);
/* The kind of the busy area round va; *guard: va is in its guard page. */
bool area_find(vaddr_t va, enum area_kind *kind, bool *guard);
uint64_t area_busy_bytes(void);

static inline vaddr_t area_first(const struct area *a)
{
	return a->start + PAGE_SIZE;
}
