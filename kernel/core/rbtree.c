/* kernel/core/rbtree.c -- red-black trees, embedded in objects. */
/* SPDX-License-Identifier: MIT */
#include "kernel/core/rbtree.h"

/*
 * Invariants: (1) a red node has no red child; (2) every path from the root to
 * a missing child passes the same number of black nodes; (3) the root is
 * black. A missing child counts as black. Both sides of each case are one
 * piece of code: `side` is the child index that we look from.
 */
enum { BLACK = 0, RED = 1 };

static struct rb_node *parent_of(const struct rb_node *n)
{
	return (struct rb_node *)(n->parent & ~(uintptr_t)1);
}

static bool is_red(const struct rb_node *n)
{
	return n && (n->parent & RED);
}

static void set_parent(struct rb_node *n, struct rb_node *parent)
{
	n->parent = (uintptr_t)parent | (n->parent & RED);
}

static void set_black(struct rb_node *n)
{
	n->parent &= ~(uintptr_t)RED;
}

static void set_red(struct rb_node *n)
{
	n->parent |= RED;
}

static int side_of(const struct rb_node *n, const struct rb_node *parent)
{
	return parent->child[1] == n;
}

/* Put n where old hangs below parent (NULL: the root). */
static void replace_child(struct rb_root *root, struct rb_node *parent,
    struct rb_node *old, struct rb_node *n)
{
	if (!parent)
		root->node = n;
	else
		parent->child[side_of(old, parent)] = n;
}

/* n goes down to `side`, its other child takes its place; colours stay. */
static void rotate(struct rb_root *root, struct rb_node *n, int side)
{
	struct rb_node *up = n->child[!side];
	struct rb_node *inner = up->child[side];
	struct rb_node *parent = parent_of(n);

	n->child[!side] = inner;
	if (inner)
		set_parent(inner, n);
	set_parent(up, parent);
	replace_child(root, parent, n, up);
	up->child[side] = n;
	set_parent(n, up);
}

void rb_insert(struct rb_root *root, struct rb_node *parent,
    struct rb_node **link, struct rb_node *n)
{
	n->parent = (uintptr_t)parent | RED;
	n->child[0] = NULL;
	n->child[1] = NULL;
	*link = n;

	while (is_red(parent)) {
		struct rb_node *grand = parent_of(parent);
		int side = side_of(parent, grand);
		struct rb_node *uncle = grand->child[!side];

		if (is_red(uncle)) {
			set_black(parent);
			set_black(uncle);
			set_red(grand);
			n = grand;
			parent = parent_of(n);
			continue;
		}
		if (parent->child[!side] == n) {
			rotate(root, parent, side);
			parent = n;
		}
		set_black(parent);
		set_red(grand);
		rotate(root, grand, !side);
		break;
	}
	set_black(root->node);
}

/*
 * The paths through parent->child[side] are one black node short: repair. The
 * short child may be NULL, so it is named by its parent and side.
 */
static void erase_repair(
    struct rb_root *root, struct rb_node *parent, struct rb_node *n)
{
	while (parent && !is_red(n)) {
		int side = n ? side_of(n, parent) : parent->child[1] == NULL;
		struct rb_node *other = parent->child[!side];

		if (is_red(other)) {
			set_black(other);
			set_red(parent);
			rotate(root, parent, side);
			other = parent->child[!side];
		}
		if (!is_red(other->child[0]) && !is_red(other->child[1])) {
			set_red(other);
			n = parent;
			parent = parent_of(n);
			continue;
		}
		if (!is_red(other->child[!side])) {
			set_black(other->child[side]);
			set_red(other);
			rotate(root, other, !side);
			other = parent->child[!side];
		}
		other->parent =
		    (other->parent & ~(uintptr_t)RED) | (parent->parent & RED);
		set_black(parent);
		set_black(other->child[!side]);
		rotate(root, parent, side);
		return;
	}
	if (n)
		set_black(n);
}

/* Take out n, which has both children: its successor takes its place. */
static void erase_inner(struct rb_root *root, struct rb_node *n)
{
	struct rb_node *next = n->child[1];
	struct rb_node *parent, *child;
	bool was_red;

	while (next->child[0])
		next = next->child[0];
	child = next->child[1];
	was_red = is_red(next);
	parent = parent_of(next);
	if (parent == n) {
		parent = next;
	} else {
		parent->child[0] = child;
		if (child)
			set_parent(child, parent);
		next->child[1] = n->child[1];
		set_parent(n->child[1], next);
	}
	next->child[0] = n->child[0];
	set_parent(n->child[0], next);
	replace_child(root, parent_of(n), n, next);
	next->parent = n->parent;
	if (was_red)
		return;
	/* A lone red child just turns black; else both sides of parent count */
	if (is_red(child))
		set_black(child);
	else
		erase_repair(root, parent, child);
}

void rb_erase(struct rb_root *root, struct rb_node *n)
{
	struct rb_node *parent = parent_of(n);
	struct rb_node *child;

	if (n->child[0] && n->child[1]) {
		erase_inner(root, n);
		return;
	}
	child = n->child[n->child[0] == NULL];
	replace_child(root, parent, n, child);
	if (child) {
		/* Invariant 2: the only child of a node is red, n is black. */
		set_parent(child, parent);
		set_black(child);
	} else if (!is_red(n)) {
		erase_repair(root, parent, NULL);
	}
}

static struct rb_node *outermost(struct rb_node *n, int side)
{
	while (n && n->child[side])
		n = n->child[side];
	return n;
}

static struct rb_node *neighbour(const struct rb_node *n, int side)
{
	struct rb_node *p;

	if (n->child[side])
		return outermost(n->child[side], !side);
	while ((p = parent_of(n)) && p->child[side] == n)
		n = p;
	return p;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return outermost(root->node, 0);
}

struct rb_node *rb_last(const struct rb_root *root)
{
	return outermost(root->node, 1);
}

struct rb_node *rb_next(const struct rb_node *n)
{
	return neighbour(n, 1);
}

struct rb_node *rb_prev(const struct rb_node *n)
{
	return neighbour(n, 0);
}
