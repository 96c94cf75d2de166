/* kernel/object/audit.c -- a bounded record of decisions about security. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/audit.h"
#include "kernel/core/clock.h"
#include "kernel/core/wait.h"
#include "kernel/mm/slab.h"
#include "kernel/object/poll.h"
#include "kernel/object/process.h"
#include "kernel/object/silo_internal.h"

/*
 * All records hang in `all`, oldest first, and each in the list of its actor.
 * There are AUDIT_RECORDS_MAX at most. When they are used up a newcomer takes
 * the place of the oldest of that silo which has the most: so a silo that
 * floods loses its own, and one with fewer than its even share loses none.
 * Repeats only count up: like with like, among the actor's last few.
 */
struct entry {
	struct list in_all, in_silo;
	uint16_t silo; /* index */
	struct audit_record record;
};
struct share {
	struct list entries; /* by in_silo, oldest first */
	uint32_t count;
	uint32_t dropped; /* since the last record that was kept */
};

enum { LOOK_BACK = 4 };

static struct lock audit_lock = LOCK_INIT(RANK_AUDIT);
static struct list all GUARDED_BY(&audit_lock) = LIST_INIT(all);
static struct share shares[SILOS_MAX] GUARDED_BY(&audit_lock);
static uint32_t kept GUARDED_BY(&audit_lock);
static uint64_t dropped_ever GUARDED_BY(&audit_lock);
static struct slab_cache *entry_cache;
static struct wait_queue readers = WAIT_QUEUE_INIT(readers);

void audit_init(void)
{
	entry_cache = slab_create("audit", sizeof(struct entry), 8);
	for (unsigned i = 0; i < SILOS_MAX; i++)
		list_init(&shares[i].entries);
}

static bool alike(const struct audit_record *a, const struct audit_record *b)
{
	return a->action == b->action && a->target == b->target &&
	       a->result == b->result && a->detail == b->detail &&
	       a->pid == b->pid && a->actor == b->actor;
}

/* Count r as one more of a recent record of its silo. */
static bool merge_locked(struct share *s, const struct audit_record *r)
    REQUIRES(&audit_lock)
{
	struct list *l = s->entries.prev;

	for (int i = 0; i < LOOK_BACK && l != &s->entries; i++) {
		struct entry *e = list_entry(l, struct entry, in_silo);

		if (alike(&e->record, r)) {
			if (e->record.count != UINT32_MAX)
				e->record.count++;
			return true;
		}
		l = l->prev;
	}
	return false;
}

static struct entry *unlink_locked(struct entry *e) REQUIRES(&audit_lock)
{
	list_remove(&e->in_all);
	list_remove(&e->in_silo);
	shares[e->silo].count--;
	kept--;
	return e;
}

/* The oldest record of the silo that has the most. */
static struct entry *evict_locked(void) REQUIRES(&audit_lock)
{
	struct share *most = &shares[0];

	for (unsigned i = 1; i < SILOS_MAX; i++)
		if (shares[i].count > most->count)
			most = &shares[i];
	most->dropped++;
	dropped_ever++;
	return unlink_locked(list_first(&most->entries, struct entry, in_silo));
}

static void add_locked(struct entry *e, struct share *s) REQUIRES(&audit_lock)
{
	e->record.dropped = s->dropped;
	s->dropped = 0;
	list_push_back(&all, &e->in_all);
	list_push_back(&s->entries, &e->in_silo);
	s->count++;
	kept++;
}

void audit_of(const struct silo *actor, uint32_t pid, enum audit_action action,
    const struct silo *target, enum err result, uint64_t detail)
{
	struct audit_record r = {.time = clock_wall(),
	    .detail = detail,
	    .actor = actor->sid,
	    .target = target ? target->sid : 0,
	    .pid = pid,
	    .count = 1,
	    .result = (int16_t)result,
	    .action = (uint16_t)action};
	struct share *s = &shares[actor->index];
	struct entry *e, *spare = NULL;
	irqflags_t f;

	e = slab_alloc_atomic(entry_cache);
	f = lock_take_irq(&audit_lock);
	if (merge_locked(s, &r)) {
		spare = e;
	} else {
		if (kept == AUDIT_RECORDS_MAX) {
			spare = evict_locked();
			if (!e) {
				e = spare;
				spare = NULL;
			}
		}
		if (e) {
			e->silo = actor->index;
			e->record = r;
			add_locked(e, s);
		} else {
			s->dropped++;
			dropped_ever++;
		}
	}
	lock_drop_irq(&audit_lock, f);
	if (spare)
		slab_free(entry_cache, spare);
	wait_wake_all(&readers);
}

void audit(enum audit_action action, const struct silo *target, enum err result,
    uint64_t detail)
{
	struct process *p = process_current();

	audit_of(
	    silo_current(), p ? p->pid : 0, action, target, result, detail);
}

enum err audit_flow(const struct silo *from, const struct silo *to)
{
	struct process *p = process_current();
	enum err e = silo_flow_check(from, to);

	if (unlikely(e != OK))
		audit_of(from, p && p->silo == from ? p->pid : 0, AUDIT_FLOW,
		    to, e, 0);
	return e;
}

bool audit_take(struct audit_record *out)
{
	struct entry *e = NULL;
	irqflags_t f = lock_take_irq(&audit_lock);

	if (!list_empty(&all))
		e = unlink_locked(list_first(&all, struct entry, in_all));
	lock_drop_irq(&audit_lock, f);
	if (!e)
		return false;
	*out = e->record;
	slab_free(entry_cache, e);
	return true;
}

static bool any(void)
{
	return __atomic_load_n(&all.next, __ATOMIC_RELAXED) != &all;
}

bool audit_poll(struct poll_table *pt)
{
	if (pt)
		poll_wait(pt, &readers);
	return any();
}

enum err audit_wait(void)
{
	return WAIT_EVENT(&readers, any(), WAIT_INTR, WAIT_FOREVER);
}

void audit_stats(uint32_t *count, uint64_t *dropped)
{
	irqflags_t f = lock_take_irq(&audit_lock);

	*count = kept;
	*dropped = dropped_ever;
	lock_drop_irq(&audit_lock, f);
}
