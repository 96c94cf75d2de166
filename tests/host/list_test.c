/* tests/host/list_test.c -- circular lists. */
/* SPDX-License-Identifier: MIT */
/* build: tests/host/shim.c */
#include "shim.h"
#include "kernel/core/list.h"

struct item {
	int value;
	struct list link;
};

/* Elements come out in the order of front and back insertion. */
static void list__keeps_order(void **state)
{
	struct list head = LIST_INIT(head);
	struct item items[3] = {{1, {0}}, {2, {0}}, {3, {0}}}, *it;
	int expect = 1;

	(void)state;
	assert_true(list_empty(&head));
	list_push_back(&head, &items[1].link);
	list_push_front(&head, &items[0].link);
	list_push_back(&head, &items[2].link);
	list_for_each(it, &head, link) assert_int_equal(it->value, expect++);
	assert_int_equal(expect, 4);
	assert_ptr_equal(list_first(&head, struct item, link), &items[0]);
	assert_ptr_equal(list_last(&head, struct item, link), &items[2]);
}

/* Removing twice is safe, and the _safe walk may remove what it visits. */
static void list_remove__is_idempotent(void **state)
{
	struct list head = LIST_INIT(head);
	struct item items[3] = {{1, {0}}, {2, {0}}, {3, {0}}}, *it, *tmp;
	int seen = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		list_push_back(&head, &items[i].link);
	list_remove(&items[1].link);
	list_remove(&items[1].link);
	list_for_each_safe(it, tmp, &head, link)
	{
		list_remove(&it->link);
		seen += it->value;
	}
	assert_int_equal(seen, 4);
	assert_true(list_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(list__keeps_order),
	    cmocka_unit_test(list_remove__is_idempotent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
