/* kernel/core/runqueue.c -- the order of one CPU's runnable threads. */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/runqueue.h"
#include "kernel/core/panic.h"

void runqueue_init(struct runqueue *rq, unsigned cpu, struct thread *idle)
{
	*rq = (struct runqueue){
	    .cpu = cpu, .idle = idle, .current = idle, .payer = idle};
	lock_init(&rq->lock, RANK_SCHED);
	for (int i = 0; i < RT_LEVELS; i++)
		list_init(&rq->rt[i]);
	rq->min_vruntime = 1ull << 40; /* room below for sleepers' credit */
	rq->self = rq;
	rq->ordinary = THREAD_WORD_RUNNING | (uint64_t)cpu << 32;
	rq->port_cpu = cpu * CACHE_LINE; /* struct port_cpu */
}

/*
 * A fair thread that is alone in the queue, as it is most of the time, is only
 * fair_first; the tree is empty then. The second one brings both into it.
 */
static void insert_fair(struct runqueue *rq, struct thread *t)
{
	struct rb_node **link = &rq->fair.node, *parent = NULL;
	bool leftmost = true;

	if (rq->fair_first == NULL) {
		rq->fair_first = &t->run_node;
		return;
	}
	if (*link == NULL)
		rb_insert(&rq->fair, NULL, link, rq->fair_first);
	while (*link != NULL) {
		struct thread *at = rb_entry(*link, struct thread, run_node);
		bool right = (int64_t)(t->vruntime - at->vruntime) >= 0;

		parent = *link;
		link = &parent->child[right];
		leftmost &= !right;
	}
	rb_insert(&rq->fair, parent, link, &t->run_node);
	if (leftmost)
		rq->fair_first = &t->run_node;
}

static void insert(struct runqueue *rq, struct thread *t, bool front)
{
	KASSERT_SLOW(!t->queued);
	t->queued = true;
	rq->queued++;
	if (likely(t->class != CLASS_RT)) {
		insert_fair(rq, t);
		return;
	}
	if (front)
		list_push_front(&rq->rt[t->rt_prio], &t->run_link);
	else
		list_push_back(&rq->rt[t->rt_prio], &t->run_link);
	rq->rt_bitmap[t->rt_prio / 64] |= 1ull << (t->rt_prio % 64);
	rq->rt_bitmap_any++;
}

void runqueue_insert(struct runqueue *rq, struct thread *t)
{
	insert(rq, t, false);
}

void runqueue_insert_front(struct runqueue *rq, struct thread *t)
{
	insert(rq, t, true);
}

void runqueue_remove(struct runqueue *rq, struct thread *t)
{
	KASSERT_SLOW(t->queued);
	t->queued = false;
	rq->queued--;
	if (likely(t->class != CLASS_RT)) {
		if (likely(rq->fair.node == NULL)) {
			rq->fair_first = NULL;
			return;
		}
		if (rq->fair_first == &t->run_node)
			rq->fair_first = rb_next(&t->run_node);
		rb_erase(&rq->fair, &t->run_node);
		return;
	}
	list_remove(&t->run_link);
	if (list_empty(&rq->rt[t->rt_prio]))
		rq->rt_bitmap[t->rt_prio / 64] &= ~(1ull << (t->rt_prio % 64));
	rq->rt_bitmap_any--;
}

static struct thread *first_rt(struct runqueue *rq)
{
	for (int word = 1; word >= 0; word--) {
		uint64_t bits = rq->rt_bitmap[word];

		if (bits != 0) {
			int level = word * 64 + 63 - __builtin_clzll(bits);

			return list_first(
			    &rq->rt[level], struct thread, run_link);
		}
	}
	return NULL;
}

struct thread *runqueue_take_first(struct runqueue *rq)
{
	struct thread *t;

	if (rq->queued == 0)
		return NULL;
	if (likely(rq->queued == 1 && !rq->fair.node && rq->fair_first)) {
		t = rb_entry(rq->fair_first, struct thread, run_node);
		rq->fair_first = NULL;
		rq->queued = 0;
		t->queued = false;
		return t;
	}
	t = unlikely(rq->rt_bitmap_any != 0)
	        ? first_rt(rq)
	        : rb_entry(rq->fair_first, struct thread, run_node);
	runqueue_remove(rq, t);
	return t;
}

void runqueue_advance(struct runqueue *rq, struct thread *t)
{
	uint64_t least = t->vruntime;

	if (rq->fair_first != NULL) {
		uint64_t first =
		    rb_entry(rq->fair_first, struct thread, run_node)->vruntime;

		if ((int64_t)(first - least) < 0)
			least = first;
	}
	if ((int64_t)(least - rq->min_vruntime) > 0)
		rq->min_vruntime = least;
}

void runqueue_yield(struct runqueue *rq, struct thread *t)
{
	struct rb_node *last =
	    rq->fair.node ? rb_last(&rq->fair) : rq->fair_first;

	if (last != NULL) {
		uint64_t v = rb_entry(last, struct thread, run_node)->vruntime;

		if ((int64_t)(v + 1 - t->vruntime) > 0)
			t->vruntime = v + 1;
	}
}

struct thread *runqueue_steal(struct runqueue *rq, unsigned cpu)
{
	for (struct rb_node *n = rq->fair_first; n != NULL;
	    n = rq->fair.node ? rb_next(n) : NULL) {
		struct thread *t = rb_entry(n, struct thread, run_node);

		if (atomic_load(&t->affinity.bits[cpu / 64]) >> (cpu % 64) &
		    1) {
			runqueue_remove(rq, t);
			return t;
		}
	}
	return NULL;
}
