/* kernel/mm/mapping.h -- one mapping, and the tree of an address space's. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/list.h"
#include "kernel/core/rbtree.h"
#include "kernel/mm/aspace.h"

/*
 * [start, end) of an address space. Two layers: the private pages (`anon`,
 * made at the first write) lie over the pages of `source` (NULL: zeroes). A
 * shared mapping has a source only.
 *
 * All mappings of one anon layer are in one address space and have the same
 * distance between address and index, so no two of them meet in a page, and a
 * mapping may grow into its neighbourhood. An anon layer holds no page outside
 * its mappings.
 *
 * Locks: everything changes under aspace->lock held for writing, the bounds and
 * source_index under its page-table lock as well when there is a source (the
 * source's side reads them so). `anon` is also set once under the page-table
 * lock by faults; `zeroed` likewise.
 */
struct mapping {
	struct rb_node rb;
	vaddr_t start, end;
	uint32_t flags; /* enum map_flags */
	uint8_t prot, max_prot;
	bool zeroed; /* the zero page may be mapped in it */
	bool nohuge; /* MADV_NOHUGEPAGE */
	struct aspace *aspace;
	struct vmo *source;      /* holds a reference */
	struct vmo *anon;        /* holds a reference */
	uint64_t source_index;   /* page of source at start */
	uint64_t anon_index;     /* page of anon at start */
	struct node *node;       /* holds a reference; may be NULL */
	struct list source_link; /* source->maps_lock; garbage: next */
};

static inline uint64_t mapping_pages(const struct mapping *m)
{
	return (m->end - m->start) >> PAGE_SHIFT;
}

static inline uint64_t mapping_anon_index(const struct mapping *m, vaddr_t va)
{
	return m->anon_index + ((va - m->start) >> PAGE_SHIFT);
}

static inline uint64_t mapping_source_index(const struct mapping *m, vaddr_t va)
{
	return m->source_index + ((va - m->start) >> PAGE_SHIFT);
}

/* The tree. First mapping that ends above va; NULL: none. */
struct mapping *mapping_find(const struct rb_root *root, vaddr_t va);
void mapping_insert(struct rb_root *root, struct mapping *m);
struct mapping *mapping_next(const struct mapping *m);
struct mapping *mapping_prev(const struct mapping *m);

/*
 * The highest place for len bytes that ends at or below top, starts at or
 * above low, and keeps `guard` bytes from the start of a MAP_F_GROWSDOWN
 * mapping above it. 0: none.
 */
vaddr_t mapping_hole(const struct rb_root *root, vaddr_t low, vaddr_t top,
    uint64_t len, uint64_t guard);

/* Is [start, end) free? */
bool mapping_free(const struct rb_root *root, vaddr_t start, vaddr_t end);

/* b begins where a ends: could they be one mapping? */
bool mapping_joins(const struct mapping *a, const struct mapping *b);

/* Move the bounds in; what the layers have at start moves along. */
void mapping_trim(struct mapping *m, vaddr_t start, vaddr_t end);

/*
 * Cut m at `at`: `upper` becomes [at, end), with references of its own to the
 * layers and the node; the caller links and inserts it.
 */
void mapping_split(struct mapping *m, vaddr_t at, struct mapping *upper);
