/* kernel/mm/vmo_tree.h -- persistent radix trees of pages. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/mm/page.h"

/*
 * 32-slot nodes with reference counts. A tree owns one reference to its root;
 * a node owns one to each child, a leaf one to each page. A node with more
 * than one reference is shared between trees and never changed: whoever wants
 * to change it copies it (and the nodes above it) first. The owner's lock
 * guards a tree; counts are atomic because the other owners have other locks.
 *
 * The root covers the indexes with (index >> shift) == prefix, so a tree is as
 * high as the distance between its pages needs, wherever they lie.
 */
enum { TREE_BITS = 5, TREE_SLOTS = 1 << TREE_BITS, TREE_LEVELS = 11 };

struct tree_node {
	_Atomic uint32_t refs;
	uint16_t used;  /* slots that are not NULL */
	uint16_t shift; /* of the indexes below it; valid on a dead list */
	struct tree_node *dead;
	void *slot[TREE_SLOTS]; /* struct tree_node, in leaves struct page */
};

struct page_tree {
	struct tree_node *root; /* NULL: empty */
	uint64_t prefix;
	unsigned shift; /* TREE_BITS: the root is a leaf */
};

/* Nodes allocated before a spinlock was taken, linked through `dead`. */
struct tree_spare {
	struct tree_node *list;
	unsigned count;
};

/* A page whose leaf was once copied: other trees may hold it. */
enum { PAGE_COW = 0x80 };

/* Once at boot, after slab_init. */
void page_tree_init(void);

/* Have at least n nodes in sp. May sleep. E_NOMEM. */
enum err page_tree_spare_fill(struct tree_spare *sp, unsigned n);
void page_tree_spare_free(struct tree_spare *sp);

/* The page at index or NULL. *shared: the path or the page is not t's alone */
struct page *page_tree_find(const struct page_tree *t, uint64_t index);
struct page *page_tree_find_shared(
    const struct page_tree *t, uint64_t index, bool *shared);

/*
 * Put p (whose reference the tree takes) at index; *old is what was there
 * (the caller gets its reference). False, and nothing put, when sp runs out
 * of nodes: fill it and try again.
 */
bool page_tree_set(struct page_tree *t, uint64_t index, struct page *p,
    struct tree_spare *sp, struct page **old);

/*
 * The quick form for a hole: false, and nothing done, when there is a page,
 * the path is shared or a node is missing.
 */
bool page_tree_add(struct page_tree *t, uint64_t index, struct page *p);

/*
 * Put the TREE_SLOTS pages from p on at index (a multiple of TREE_SLOTS), where
 * there is none. False: sp ran out; pages of a shared leaf make it false for
 * good (*taken).
 */
bool page_tree_add_leaf(struct page_tree *t, uint64_t index, struct page *p,
    struct tree_spare *sp, bool *taken);

/*
 * Take out all pages of [first, last]. They go, with their references, on
 * *dead for page_tree_dead_free; dead NULL: they are put at once. False when sp
 * runs out; what was cut till then stays cut, so call again.
 */
bool page_tree_cut(struct page_tree *t, uint64_t first, uint64_t last,
    struct tree_spare *sp, struct tree_node **dead);

/* Free a dead list; gone (may be NULL) sees each page before it is put. */
void page_tree_dead_free(struct tree_node *dead, void (*gone)(struct page *p));
/* Pages on a dead list. */
uint64_t page_tree_dead_pages(const struct tree_node *dead);

/* Drop the whole tree, as page_tree_dead_free does. */
void page_tree_destroy(struct page_tree *t, void (*gone)(struct page *p));

/* First index >= index with (data) or without a page; UINT64_MAX: none. */
uint64_t page_tree_next(const struct page_tree *t, uint64_t index, bool data);

/* An O(1) copy that shares all nodes. */
void page_tree_share(const struct page_tree *t, struct page_tree *copy);
uint64_t page_tree_pages(const struct page_tree *t);
