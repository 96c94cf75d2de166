/* tests/host/rbtree_test.c -- red-black trees against their invariants. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/core/rbtree.c tests/host/shim.c */
#include <stdlib.h>
#include "shim.h"
#include "kernel/core/rbtree.h"

struct item {
	unsigned key;
	bool in;
	struct rb_node node;
};

static void insert(struct rb_root *root, struct item *it)
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = &parent->child[it->key >
		                      rb_entry(parent, struct item, node)->key];
	}
	rb_insert(root, parent, link, &it->node);
	it->in = true;
}

/* Black height; checks order, parent links and colours on the way. */
static int check(struct rb_node *n, struct rb_node *parent)
{
	int left, right;

	if (!n)
		return 1;
	assert_ptr_equal((void *)(n->parent & ~1ul), parent);
	if ((n->parent & 1) && parent)
		assert_false(parent->parent & 1);
	for (int i = 0; i < 2; i++) {
		unsigned key = rb_entry(n, struct item, node)->key;

		if (n->child[i])
			assert_int_equal(
			    rb_entry(n->child[i], struct item, node)->key > key,
			    i);
	}
	left = check(n->child[0], n);
	right = check(n->child[1], n);
	assert_int_equal(left, right);
	return left + !(n->parent & 1);
}

static void check_tree(struct rb_root *root, struct item *items, unsigned n)
{
	struct rb_node *at = rb_first(root);

	assert_false(root->node && (root->node->parent & 1));
	check(root->node, NULL);
	for (unsigned i = 0; i < n; i++) {
		if (!items[i].in)
			continue;
		assert_ptr_equal(at, &items[i].node);
		at = rb_next(at);
	}
	assert_null(at);
	at = rb_last(root);
	for (unsigned i = n; i-- > 0;) {
		if (!items[i].in)
			continue;
		assert_ptr_equal(at, &items[i].node);
		at = rb_prev(at);
	}
	assert_null(at);
}

/* The k-th permutation of 0..n-1 by Lehmer code. */
static void permutation(unsigned k, unsigned n, unsigned *out)
{
	unsigned left[8];

	for (unsigned i = 0; i < n; i++)
		left[i] = i;
	for (unsigned m = n; m > 0; m--) {
		unsigned at = k % m;

		k /= m;
		*out++ = left[at];
		for (unsigned i = at; i + 1 < m; i++)
			left[i] = left[i + 1];
	}
}

static void run(const unsigned *in, const unsigned *out, unsigned n)
{
	struct rb_root root = {NULL};
	struct item items[8] = {0};

	for (unsigned i = 0; i < n; i++) {
		items[i].key = i;
	}
	for (unsigned i = 0; i < n; i++) {
		insert(&root, &items[in[i]]);
		check_tree(&root, items, n);
	}
	for (unsigned i = 0; i < n; i++) {
		rb_erase(&root, &items[out[i]].node);
		items[out[i]].in = false;
		check_tree(&root, items, n);
	}
	assert_null(root.node);
}

/* Every order of insertion with every order of removal, up to 5 nodes. */
static void rb__keeps_invariants_for_all_small_trees(void **state)
{
	static const unsigned factorial[] = {1, 1, 2, 6, 24, 120};
	unsigned in[8], out[8];

	(void)state;
	for (unsigned n = 1; n <= 5; n++)
		for (unsigned i = 0; i < factorial[n]; i++)
			for (unsigned j = 0; j < factorial[n]; j++) {
				permutation(i, n, in);
				permutation(j, n, out);
				run(in, out, n);
			}
}

/* All insertion orders of seven nodes, removed in two orders. */
static void rb__keeps_invariants_for_seven_nodes(void **state)
{
	unsigned in[8], out[8];

	(void)state;
	for (unsigned i = 0; i < 5040; i++) {
		permutation(i, 7, in);
		permutation((i * 2579) % 5040, 7, out);
		run(in, out, 7);
		run(in, in, 7);
	}
}

/* Long random runs stay balanced, ordered and complete. */
static void rb__survives_random_operations(void **state)
{
	enum { N = 300 };
	struct rb_root root = {NULL};
	struct item *items = calloc(N, sizeof(*items));

	(void)state;
	for (unsigned i = 0; i < N; i++)
		items[i].key = i;
	for (unsigned step = 0; step < 20000; step++) {
		struct item *it = &items[shim_random(N)];

		if (it->in) {
			rb_erase(&root, &it->node);
			it->in = false;
		} else {
			insert(&root, it);
		}
		if (step % 16 == 0)
			check_tree(&root, items, N);
	}
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rb__keeps_invariants_for_all_small_trees),
	    cmocka_unit_test(rb__keeps_invariants_for_seven_nodes),
	    cmocka_unit_test(rb__survives_random_operations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
