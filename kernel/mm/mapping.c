/* kernel/mm/mapping.c -- the tree of an address space's mappings. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/mapping.h"
#include "kernel/core/panic.h"
#include "kernel/vfs/node.h"

struct mapping *mapping_find(const struct rb_root *root, vaddr_t va)
{
	struct rb_node *n = root->node;
	struct mapping *found = NULL;

	while (n) {
		struct mapping *m = rb_entry(n, struct mapping, rb);

		if (m->end > va) {
			found = m;
			if (m->start <= va)
				break;
			n = n->child[0];
		} else {
			n = n->child[1];
		}
	}
	return found;
}

void mapping_insert(struct rb_root *root, struct mapping *m)
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		struct mapping *at = rb_entry(*link, struct mapping, rb);

		parent = *link;
		KASSERT_SLOW(m->end <= at->start || m->start >= at->end);
		link = &parent->child[m->start >= at->end];
	}
	rb_insert(root, parent, link, &m->rb);
}

struct mapping *mapping_next(const struct mapping *m)
{
	struct rb_node *n = rb_next(&m->rb);

	return n ? rb_entry(n, struct mapping, rb) : NULL;
}

struct mapping *mapping_prev(const struct mapping *m)
{
	struct rb_node *n = rb_prev(&m->rb);

	return n ? rb_entry(n, struct mapping, rb) : NULL;
}

/* What a mapping must keep free below it. */
static vaddr_t start_with_guard(
    const struct mapping *m, vaddr_t low, uint64_t guard)
{
	if (!(m->flags & MAP_F_GROWSDOWN))
		return m->start;
	return m->start - low > guard ? m->start - guard : low;
}

vaddr_t mapping_hole(const struct rb_root *root, vaddr_t low, vaddr_t top,
    uint64_t len, uint64_t guard)
{
	struct mapping *m = mapping_find(root, top - 1);
	struct rb_node *last;

	if (top < low || len > top - low)
		return 0;
	if (m && m->start < top) {
		top = start_with_guard(m, low, guard);
		m = mapping_prev(m);
	} else if (m) {
		top = MIN(top, start_with_guard(m, low, guard));
		m = mapping_prev(m);
	} else {
		last = rb_last(root);
		m = last ? rb_entry(last, struct mapping, rb) : NULL;
	}
	for (;; m = mapping_prev(m)) {
		vaddr_t floor = m ? MAX(m->end, low) : low;

		if (top > floor && top - floor >= len)
			return top - len;
		if (!m || m->start <= low)
			return 0;
		top = MIN(top, start_with_guard(m, low, guard));
	}
}

bool mapping_free(const struct rb_root *root, vaddr_t start, vaddr_t end)
{
	struct mapping *m = mapping_find(root, start);

	return !m || m->start >= end;
}

bool mapping_joins(const struct mapping *a, const struct mapping *b)
{
	if (a->end != b->start || a->flags != b->flags || a->prot != b->prot ||
	    a->max_prot != b->max_prot || a->nohuge != b->nohuge || a->source ||
	    b->source || a->node || b->node || a->flags & MAP_F_SHARED)
		return false;
	/* A stack's guard gap would move. */
	if (a->flags & MAP_F_GROWSDOWN)
		return a->anon == b->anon;
	if (!a->anon && b->anon)
		return b->anon_index >= mapping_pages(a);
	return !b->anon || a->anon == b->anon;
}

void mapping_trim(struct mapping *m, vaddr_t start, vaddr_t end)
{
	uint64_t skip = (start - m->start) >> PAGE_SHIFT;

	KASSERT(m->start <= start && start < end && end <= m->end);
	m->anon_index += skip;
	m->source_index += skip;
	m->start = start;
	m->end = end;
}

void mapping_split(struct mapping *m, vaddr_t at, struct mapping *upper)
{
	*upper = *m;
	list_init(&upper->source_link);
	if (upper->source)
		vmo_get(upper->source);
	if (upper->anon)
		vmo_get(upper->anon);
	if (upper->node)
		node_get(upper->node);
	mapping_trim(upper, at, m->end);
	m->end = at;
}
