/* kernel/mm/oom.c -- out of memory: who has to go. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/mm/oom.h"
#include "kernel/core/klog.h"
#include "kernel/core/rcu.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/page.h"
#include "kernel/object/signal.h"

/* Who holds less is not worth it: the allocation fails instead. */
enum { SIGKILL_NUMBER = 9, INIT_PID = 1, WORTH_PAGES = 64 };

/* One killer at a time: two must not choose two victims for one shortage. */
static _Atomic bool killing;

/*
 * Frames that p holds: what it has mapped, and its tables. Without the lock of
 * its address space: our caller may hold one, and others wait with theirs.
 */
static uint64_t held_by(struct process *p)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	uint64_t n = p->aspace ? aspace_held(p->aspace) : 0;

	/* No reference: the last one must not be ours to put. */
	lock_drop_irq(&process_tree_lock, f);
	return n;
}

struct choice {
	struct process *worst; /* with a reference */
	uint64_t held;
	bool dying; /* somebody is on his way out already */
};

static void choose(struct choice *c)
{
	struct process *p;
	uint32_t pid = INIT_PID + 1;

	for (; (p = process_next_any(&pid)); pid++) {
		uint64_t held = 0;

		if (p->state == PROC_ALIVE && p->group_exiting)
			c->dying = true;
		else if (p->state == PROC_ALIVE)
			held = held_by(p);
		if (held <= c->held) {
			process_put(p);
			continue;
		}
		if (c->worst)
			process_put(c->worst);
		c->worst = p;
		c->held = held;
	}
}

bool oom_kill(void)
{
	struct choice c = {.held = WORTH_PAGES - 1};
	bool wait = true;

	if (atomic_exchange(&killing, true))
		return true;
	choose(&c);
	if (c.dying || !c.worst) {
		wait = c.dying;
	} else {
		struct ksiginfo info = {.signo = SIGKILL_NUMBER};

		klog(LOG_ERR, "oom",
		    "out of memory: kill pid=%u comm=%s held=%luKiB "
		    "free=%luKiB",
		    c.worst->pid, c.worst->comm, (unsigned long)c.held * 4,
		    (unsigned long)page_free_count() * 4);
		page_events.oom_kills++;
		signal_send_process(c.worst, &info);
		wait = c.worst != process_current();
	}
	if (c.worst)
		process_put(c.worst);
	atomic_store(&killing, false);
	return wait;
}
