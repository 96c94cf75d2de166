/* kernel/object/epoll_nest.c -- epolls that watch epolls: how deep? */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/epoll_internal.h"

/*
 * The longest chain of epolls below (or above) one, by a depth-first search
 * that visits each epoll once: `visit` says that `height` is known. The stack
 * has as many levels as may be nested; more is an error anyway.
 */
struct level {
	struct epoll *ep;
	struct epoll_item *at; /* the watch followed last; NULL: none yet */
	unsigned height;
};

static uint64_t visits;

/* The watch after `at` of those by ep (down) or of ep (up). */
static struct epoll_item *next_watch(
    struct epoll *ep, struct epoll_item *at, bool up)
{
	struct list *l;

	if (up)
		return at ? at->watch_next : ep->object.watchers;
	l = at ? at->child_link.next : ep->children.next;
	return l == &ep->children
	           ? NULL
	           : list_entry(l, struct epoll_item, child_link);
}

/* The height from `start`; E_LOOP: too deep, or `avoid` is there. */
static enum err height_from(
    struct epoll *start, struct epoll *avoid, bool up, unsigned *out)
{
	struct level stack[EPOLL_NESTS + 1] = {{.ep = start}};
	unsigned depth = 1;

	visits++;
	while (depth) {
		struct level *top = &stack[depth - 1];
		struct epoll *to;

		top->at = next_watch(top->ep, top->at, up);
		if (top->at) {
			to = up ? top->at->ep : epoll_of(top->at->object);
			if (to == avoid)
				return E_LOOP;
			if (to->visit == visits)
				top->height = MAX(top->height, to->height + 1u);
			else if (depth > EPOLL_NESTS)
				return E_LOOP;
			else
				stack[depth++] = (struct level){.ep = to};
			continue;
		}
		top->ep->visit = visits;
		top->ep->height = (uint8_t)top->height;
		if (--depth)
			stack[depth - 1].height =
			    MAX(stack[depth - 1].height, top->height + 1);
	}
	*out = start->height;
	return OK;
}

enum err epoll_nest_check(struct epoll *ep, struct epoll *inner)
{
	unsigned below, above;
	enum err e = height_from(inner, ep, false, &below);

	if (e == OK)
		e = height_from(ep, inner, true, &above);
	if (e == OK && below + 1 + above > EPOLL_NESTS)
		e = E_LOOP;
	return e;
}
