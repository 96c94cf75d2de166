/* kernel/mm/oom.c -- out of memory: who has to go. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/oom.h"
#include "kernel/core/klog.h"
#include "kernel/core/rcu.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/page.h"
#include "kernel/object/signal.h"

enum { SIGKILL_NUMBER = 9, INIT_PID = 1 };

/* One killer at a time: two must not choose two victims for one shortage. */
static _Atomic bool killing;

/* Frames that go back when p dies: what it has mapped, and its tables. */
static uint64_t held_by(struct process *p)
{
	struct aspace_stats s = {0};
	struct aspace *a = process_aspace(p);

	if (!a)
		return 0;
	aspace_stats(a, &s);
	aspace_put(a);
	return s.pages_resident - MIN(s.pages_resident, s.pages_shared) / 2 +
	       s.table_pages;
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

	for (; (p = process_next(&pid)); pid++) {
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
	struct choice c = {0};
	bool wait = true;

	if (atomic_exchange(&killing, true))
		return true;
	choose(&c);
	if (c.dying || !c.worst) {
		wait = c.dying;
	} else {
		struct ksiginfo info = {.signo = SIGKILL_NUMBER};

		klog(LOG_ERR, "oom",
		    "kill pid=%u comm=%s held=%luKiB free=%luKiB", c.worst->pid,
		    c.worst->comm, (unsigned long)c.held * 4,
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
