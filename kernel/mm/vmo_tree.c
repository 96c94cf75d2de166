/* kernel/mm/vmo_tree.c -- persistent radix trees of pages. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/vmo_tree.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"

/*
 * Invariants.
 * 1. A node reached only through nodes with one reference, and with one itself,
 *    belongs to this tree alone: nobody else can gain a reference to it but by
 *    page_tree_share under the owner's lock.
 * 2. A shared node is constant. Two owners may both decide to copy it; each
 *    copy takes its own references to the children before it drops the one to
 *    the node, and whoever drops the last one frees it.
 * 3. `used` counts the slots; a node that gets empty by page_tree_cut leaves its
 *    parent, so an empty tree has no root.
 */
static struct slab_cache *node_cache;

void page_tree_init(void)
{
	node_cache = slab_create("vmo_node", sizeof(struct tree_node), 16);
}

enum err page_tree_spare_fill(struct tree_spare *sp, unsigned n)
{
	while (sp->count < n) {
		struct tree_node *node = slab_alloc(node_cache);

		if (!node)
			return E_NOMEM;
		memset(node, 0, sizeof(*node));
		node->refs = 1;
		node->dead = sp->list;
		sp->list = node;
		sp->count++;
	}
	return OK;
}

void page_tree_spare_free(struct tree_spare *sp)
{
	while (sp->list) {
		struct tree_node *n = sp->list;

		sp->list = n->dead;
		slab_free(node_cache, n);
	}
	sp->count = 0;
}

static struct tree_node *spare_take(struct tree_spare *sp)
{
	struct tree_node *n = sp->list;

	if (n) {
		sp->list = n->dead;
		sp->count--;
		n->dead = NULL;
	}
	return n;
}

/* Acquire: what the owners that are gone read comes before our writes. */
static bool node_shared(const struct tree_node *n)
{
	return atomic_load_explicit(&n->refs, memory_order_acquire) != 1;
}

static unsigned slot_of(uint64_t index, unsigned shift)
{
	return index >> (shift - TREE_BITS) & (TREE_SLOTS - 1);
}

static bool page_tree_covers(const struct page_tree *t, uint64_t index)
{
	return t->root && index >> t->shift == t->prefix;
}

struct page *page_tree_find(const struct page_tree *t, uint64_t index)
{
	const struct tree_node *n = t->root;

	if (!page_tree_covers(t, index))
		return NULL;
	for (unsigned s = t->shift; s > TREE_BITS; s -= TREE_BITS) {
		n = n->slot[slot_of(index, s)];
		if (!n)
			return NULL;
	}
	return n->slot[index & (TREE_SLOTS - 1)];
}

struct page *page_tree_find_shared(
    const struct page_tree *t, uint64_t index, bool *shared)
{
	const struct tree_node *n = t->root;
	bool common = false;
	struct page *p;

	*shared = false;
	if (!page_tree_covers(t, index))
		return NULL;
	for (unsigned s = t->shift; s > TREE_BITS; s -= TREE_BITS) {
		common |= node_shared(n);
		n = n->slot[slot_of(index, s)];
		if (!n)
			return NULL;
	}
	p = n->slot[index & (TREE_SLOTS - 1)];
	if (!p)
		return NULL;
	common |= node_shared(n);
	if (!common &&
	    unlikely(atomic_load_explicit(&p->flags, memory_order_relaxed) &
	             PAGE_COW)) {
		/* Pins count too: one copy too many, never one too few. */
		common =
		    atomic_load_explicit(&p->refs, memory_order_acquire) != 1;
		if (!common)
			atomic_fetch_and_explicit(&p->flags,
			    (uint16_t)~PAGE_COW, memory_order_relaxed);
	}
	*shared = common;
	return p;
}

/* Drop the tree's hold on a subtree; no recursion: a stack of slots. */
static void subtree_drop(
    struct tree_node *n, unsigned shift, void (*gone)(struct page *p))
{
	struct tree_node *path[TREE_LEVELS + 1];
	uint8_t at[TREE_LEVELS + 1];
	unsigned depth = 0;

	/* Release and acquire: others' reads end before the memory is freed. */
	if (atomic_fetch_sub_explicit(&n->refs, 1, memory_order_acq_rel) != 1)
		return;
	path[0] = n;
	at[0] = 0;
	for (;;) {
		void *child = NULL;

		n = path[depth];
		while (at[depth] < TREE_SLOTS && n->used && !child)
			child = n->slot[at[depth]++];
		if (!child) {
			slab_free(node_cache, n);
			if (depth == 0)
				return;
			depth--;
			shift += TREE_BITS;
			continue;
		}
		n->used--;
		if (shift == TREE_BITS) {
			if (gone)
				gone(child);
			page_put(child);
			continue;
		}
		if (atomic_fetch_sub_explicit(
		        &((struct tree_node *)child)->refs, 1,
		        memory_order_acq_rel) != 1)
			continue;
		path[++depth] = child;
		at[depth] = 0;
		shift -= TREE_BITS;
	}
}

/* Replace the shared node *link by a copy of our own. */
static bool node_unshare(
    struct tree_node **link, unsigned shift, struct tree_spare *sp)
{
	struct tree_node *old = *link, *n = spare_take(sp);

	if (!n)
		return false;
	n->used = old->used;
	for (unsigned i = 0; i < TREE_SLOTS; i++) {
		void *child = old->slot[i];

		n->slot[i] = child;
		if (!child)
			continue;
		if (shift == TREE_BITS) {
			struct page *p = child;

			page_get(p);
			atomic_fetch_or_explicit(
			    &p->flags, PAGE_COW, memory_order_relaxed);
		} else {
			atomic_fetch_add_explicit(
			    &((struct tree_node *)child)->refs, 1,
			    memory_order_relaxed);
		}
	}
	*link = n;
	subtree_drop(old, shift, NULL);
	return true;
}

/* Make the root cover index. */
static bool page_tree_raise(
    struct page_tree *t, uint64_t index, struct tree_spare *sp)
{
	if (!t->root) {
		t->root = spare_take(sp);
		t->shift = TREE_BITS;
		t->prefix = index >> TREE_BITS;
		return t->root;
	}
	while (index >> t->shift != t->prefix) {
		struct tree_node *n = spare_take(sp);

		if (!n)
			return false;
		n->slot[t->prefix & (TREE_SLOTS - 1)] = t->root;
		n->used = 1;
		t->root = n;
		t->prefix >>= TREE_BITS;
		t->shift += TREE_BITS;
	}
	return true;
}

bool page_tree_add(struct page_tree *t, uint64_t index, struct page *p)
{
	struct tree_node *n = t->root;
	void **slot;

	if (unlikely(!page_tree_covers(t, index)))
		return false;
	for (unsigned s = t->shift;; s -= TREE_BITS) {
		if (unlikely(node_shared(n)))
			return false;
		slot = &n->slot[slot_of(index, s)];
		if (s == TREE_BITS)
			break;
		n = *slot;
		if (unlikely(!n))
			return false;
	}
	if (unlikely(*slot))
		return false;
	*slot = p;
	n->used++;
	return true;
}

/* The leaf for index on a path of our own; NULL: sp ran out. */
static struct tree_node *own_leaf(
    struct page_tree *t, uint64_t index, struct tree_spare *sp)
{
	struct tree_node **link = &t->root, *n;

	if (unlikely(!page_tree_covers(t, index)) &&
	    !page_tree_raise(t, index, sp))
		return NULL;
	for (unsigned s = t->shift;; s -= TREE_BITS) {
		void **slot;

		if (unlikely(node_shared(*link)) && !node_unshare(link, s, sp))
			return NULL;
		n = *link;
		if (s == TREE_BITS)
			return n;
		slot = &n->slot[slot_of(index, s)];
		if (!*slot) {
			*slot = spare_take(sp);
			if (!*slot)
				return NULL;
			n->used++;
		}
		link = (struct tree_node **)slot;
	}
}

bool page_tree_set(struct page_tree *t, uint64_t index, struct page *p,
    struct tree_spare *sp, struct page **old)
{
	struct tree_node *n = own_leaf(t, index, sp);
	void **slot;

	if (!n)
		return false;
	slot = &n->slot[index & (TREE_SLOTS - 1)];
	*old = *slot;
	n->used += !*slot;
	*slot = p;
	return true;
}

bool page_tree_add_leaf(struct page_tree *t, uint64_t index, struct page *p,
    struct tree_spare *sp, bool *taken)
{
	struct tree_node *n = own_leaf(t, index, sp);

	*taken = n && n->used;
	if (!n || *taken)
		return false;
	for (unsigned i = 0; i < TREE_SLOTS; i++)
		n->slot[i] = p + i;
	n->used = TREE_SLOTS;
	return true;
}

/* n must be ours alone: `dead` and `shift` of a shared node are not to touch */
static void dead_push(
    struct tree_node **dead, struct tree_node *n, unsigned shift)
{
	n->dead = *dead;
	n->shift = shift;
	*dead = n;
}

/* Pages [from, to] of a leaf of our own. */
static bool leaf_cut(struct tree_node *n, unsigned from, unsigned to,
    struct tree_spare *sp, struct tree_node **dead)
{
	struct tree_node *box = NULL;

	if (dead) {
		box = spare_take(sp);
		if (!box)
			return false;
	}
	for (unsigned i = from; i <= to; i++) {
		struct page *p = n->slot[i];

		if (!p)
			continue;
		n->slot[i] = NULL;
		n->used--;
		if (box) {
			box->slot[i] = p;
			box->used++;
		} else {
			page_put(p);
		}
	}
	if (box)
		dead_push(dead, box, TREE_BITS);
	return true;
}

/* A whole subtree; one that is shared goes into a box of our own. */
static bool subtree_cut(struct tree_node *n, unsigned shift,
    struct tree_spare *sp, struct tree_node **dead)
{
	struct tree_node *box = n;

	if (!dead) {
		subtree_drop(n, shift, NULL);
		return true;
	}
	if (node_shared(n)) {
		box = spare_take(sp);
		if (!box)
			return false;
		box->slot[0] = n;
		box->used = 1;
		shift += TREE_BITS;
	}
	dead_push(dead, box, shift);
	return true;
}

/* The path that a cut walks: links to the nodes from the root down. */
struct cut {
	struct tree_node **link[TREE_LEVELS + 1];
	unsigned depth;
};

/* Nodes that got empty leave their parents. */
static void cut_prune(struct cut *c)
{
	for (;;) {
		struct tree_node **link = c->link[c->depth], *n = *link;

		if (n) {
			if (n->used || node_shared(n))
				return;
			slab_free(node_cache, n);
			*link = NULL;
		}
		if (c->depth == 0)
			return;
		(*c->link[--c->depth])->used--;
	}
}

/* One subtree or part of a leaf; *first moves past it. */
static bool cut_step(struct page_tree *t, uint64_t *first, uint64_t last,
    struct tree_spare *sp, struct tree_node **dead)
{
	struct cut c = {.link = {&t->root}};
	uint64_t at = *first, next;

	for (unsigned s = t->shift;; s -= TREE_BITS) {
		struct tree_node **link = c.link[c.depth], *n = *link;

		next = ((at >> s) + 1) << s;
		if (!n)
			break;
		if (at == next - (1ull << s) && last >= next - 1) {
			if (!subtree_cut(n, s, sp, dead))
				return false;
			*link = NULL;
			cut_prune(&c);
			break;
		}
		if (node_shared(n) && !node_unshare(link, s, sp))
			return false;
		n = *link;
		if (s == TREE_BITS) {
			if (!leaf_cut(n, at & (TREE_SLOTS - 1),
			        MIN(last, next - 1) & (TREE_SLOTS - 1), sp,
			        dead))
				return false;
			cut_prune(&c);
			break;
		}
		c.link[++c.depth] =
		    (struct tree_node **)&n->slot[slot_of(at, s)];
	}
	*first = next;
	return true;
}

bool page_tree_cut(struct page_tree *t, uint64_t first, uint64_t last,
    struct tree_spare *sp, struct tree_node **dead)
{
	while (t->root) {
		uint64_t lo = t->prefix << t->shift;
		uint64_t hi = lo + ((1ull << t->shift) - 1);

		first = MAX(first, lo);
		if (first > MIN(last, hi))
			break;
		if (!cut_step(t, &first, last, sp, dead))
			return false;
	}
	return true;
}

void page_tree_dead_free(struct tree_node *dead, void (*gone)(struct page *p))
{
	while (dead) {
		struct tree_node *n = dead;

		dead = n->dead;
		subtree_drop(n, n->shift, gone);
	}
}

void page_tree_destroy(struct page_tree *t, void (*gone)(struct page *p))
{
	if (t->root)
		subtree_drop(t->root, t->shift, gone);
	t->root = NULL;
}

/* Pages below a node, by its leaves. */
static uint64_t subtree_pages(const struct tree_node *n, unsigned shift)
{
	const struct tree_node *path[TREE_LEVELS + 1] = {n};
	uint8_t at[TREE_LEVELS + 1] = {0};
	unsigned depth = 0;
	uint64_t pages = 0;

	for (;;) {
		const struct tree_node *child = NULL;

		n = path[depth];
		if (shift == TREE_BITS)
			pages += n->used;
		else
			while (at[depth] < TREE_SLOTS && !child)
				child = n->slot[at[depth]++];
		if (child) {
			path[++depth] = child;
			at[depth] = 0;
			shift -= TREE_BITS;
		} else {
			if (depth == 0)
				return pages;
			depth--;
			shift += TREE_BITS;
		}
	}
}

uint64_t page_tree_dead_pages(const struct tree_node *dead)
{
	uint64_t pages = 0;

	for (; dead; dead = dead->dead)
		pages += subtree_pages(dead, dead->shift);
	return pages;
}

uint64_t page_tree_pages(const struct page_tree *t)
{
	return t->root ? subtree_pages(t->root, t->shift) : 0;
}

uint64_t page_tree_next(const struct page_tree *t, uint64_t index, bool data)
{
	if (t->root && data)
		index = MAX(index, t->prefix << t->shift);
	while (page_tree_covers(t, index)) {
		const struct tree_node *n = t->root;
		unsigned s = t->shift;

		while (n && s > TREE_BITS) {
			n = n->slot[slot_of(index, s)];
			s -= TREE_BITS;
		}
		if (n && !n->slot[index & (TREE_SLOTS - 1)] == !data)
			return index;
		if (!n && !data)
			return index;
		/* A leaf: the next page; a hole: past its whole range. */
		if (n)
			index++;
		else
			index = ((index >> s) + 1) << s;
	}
	return data ? UINT64_MAX : index;
}

void page_tree_share(const struct page_tree *t, struct page_tree *copy)
{
	*copy = *t;
	if (t->root)
		atomic_fetch_add_explicit(
		    &t->root->refs, 1, memory_order_relaxed);
}
