/* kernel/core/list.h -- circular doubly linked lists, embedded in objects. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* A list head and a link are the same; an unlinked link points at itself. */
struct list {
	struct list *next;
	struct list *prev;
};

#define LIST_INIT(name) {&(name), &(name)}

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert_between(
    struct list *n, struct list *prev, struct list *next)
{
	n->prev = prev;
	n->next = next;
	next->prev = n;
	prev->next = n;
}

/* Add n as the first / the last element of head. n must be unlinked. */
static inline void list_push_front(struct list *head, struct list *n)
{
	list_insert_between(n, head, head->next);
}

static inline void list_push_back(struct list *head, struct list *n)
{
	list_insert_between(n, head->prev, head);
}

/* Unlink n and leave it pointing at itself, so a second removal is safe. */
static inline void list_remove(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_entry(p, type, member)    container_of(p, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_last(head, type, member)  list_entry((head)->prev, type, member)

/* Visit each element; _safe allows removing the visited one. */
#define list_for_each(pos, head, member)                   \
	for (pos = list_first(head, typeof(*pos), member); \
	    &pos->member != (head);                        \
	    pos = list_entry(pos->member.next, typeof(*pos), member))
#define list_for_each_safe(pos, tmp, head, member)                    \
	for (pos = list_first(head, typeof(*pos), member),            \
	    tmp = list_entry(pos->member.next, typeof(*pos), member); \
	    &pos->member != (head); pos = tmp,                        \
	    tmp = list_entry(tmp->member.next, typeof(*tmp), member))
