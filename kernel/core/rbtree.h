/* kernel/core/rbtree.h -- red-black trees, embedded in objects. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* parent's lowest bit is the colour (1 = red). */
struct rb_node {
	uintptr_t parent;
	struct rb_node *child[2]; /* left, right */
};

struct rb_root {
	struct rb_node *node;
};

/*
 * Insertion: the caller descends from root->node to the NULL link where the
 * node belongs, then links it there and rebalances.
 */
void rb_insert(struct rb_root *root, struct rb_node *parent,
    struct rb_node **link, struct rb_node *n);
void rb_erase(struct rb_root *root, struct rb_node *n);

/* In order; NULL: there is none. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *n);
struct rb_node *rb_prev(const struct rb_node *n);

#define rb_entry(p, type, member) container_of(p, type, member)
