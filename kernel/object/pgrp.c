/* kernel/object/pgrp.c -- process groups, sessions, orphaned groups. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/process_internal.h"
#include "kernel/object/signal_internal.h"
#include "kernel/core/panic.h"
#include "kernel/mm/slab.h"

/*
 * A group is in the table of numbers while it has members, and a session while
 * it has such groups; the structs live on while somebody (a terminal) holds a
 * reference. Each member holds a reference to its group, each group one to its
 * session. A process's session is always its group's.
 */
static struct slab_cache *pgrp_cache;
static struct slab_cache *session_cache;

struct session *session_get(struct session *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void session_put(struct session *s)
{
	if (s && atomic_fetch_sub(&s->refs, 1) == 1)
		slab_free(session_cache, s);
}

struct pgrp *pgrp_get(struct pgrp *g)
{
	atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
	return g;
}

void pgrp_put(struct pgrp *g)
{
	if (!g || atomic_fetch_sub(&g->refs, 1) != 1)
		return;
	session_put(g->session);
	slab_free(pgrp_cache, g);
}

/* One reference; takes over the caller's reference to s. */
static void pgrp_setup(struct pgrp *g, uint32_t pgid, struct session *s)
{
	*g = (struct pgrp){.pgid = pgid, .session = s};
	atomic_init(&g->refs, 1);
	list_init(&g->members);
}

void pgrp_join_locked(struct process *p, struct pgrp *g)
{
	if (list_empty(&g->members)) {
		rcu_store(pid_entry(g->pgid)->pgrp, g);
		if (g->session->groups++ == 0)
			pid_entry(g->session->sid)->session = g->session;
	}
	p->pgrp = pgrp_get(g);
	p->session = g->session;
	list_push_back(&g->members, &p->pgrp_link);
}

void pgrp_leave_locked(struct process *p)
{
	struct pgrp *g = p->pgrp;
	struct session *s = g->session;

	list_remove(&p->pgrp_link);
	p->pgrp = NULL;
	p->session = NULL;
	if (list_empty(&g->members)) {
		bool last = --s->groups == 0;

		pid_entry(g->pgid)->pgrp = NULL;
		if (last)
			pid_entry(s->sid)->session = NULL;
		pid_release_locked(g->pgid);
		if (last && s->sid != g->pgid)
			pid_release_locked(s->sid);
	}
	pgrp_put(g);
}

struct pgrp *pgrp_find(uint32_t pgid)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct pid_entry *e = pid_entry(pgid);
	struct pgrp *g = e ? e->pgrp : NULL;

	if (g)
		pgrp_get(g);
	lock_drop_irq(&process_tree_lock, f);
	return g;
}

struct pgrp *process_pgrp(struct process *p)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct pgrp *g = p->pgrp ? pgrp_get(p->pgrp) : NULL;

	lock_drop_irq(&process_tree_lock, f);
	return g;
}

struct session *process_session(struct process *p)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct session *s = p->session ? session_get(p->session) : NULL;

	lock_drop_irq(&process_tree_lock, f);
	return s;
}

/* p's parent can still control p's group: same session, another group. */
static bool links_group(const struct process *p)
{
	const struct process *parent = p->parent;

	return parent && parent->pgrp && parent != process_first &&
	       parent->pgrp != p->pgrp && parent->session == p->session;
}

bool pgrp_orphaned_locked(struct pgrp *g, const struct process *without)
{
	struct process *p;

	list_for_each(p, &g->members, pgrp_link)
	{
		if (p != without && atomic_load(&p->state) == PROC_ALIVE &&
		    links_group(p))
			return false;
	}
	return true;
}

bool pgrp_orphaned(struct pgrp *g)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	bool r = pgrp_orphaned_locked(g, NULL);

	lock_drop_irq(&process_tree_lock, f);
	return r;
}

void pgrp_hangup_locked(struct pgrp *g, const struct process *without)
{
	struct process *p;
	bool stopped = false;

	list_for_each(p, &g->members, pgrp_link)
	{
		if (p != without && p->group_stop_signal)
			stopped = true;
	}
	if (!stopped || !pgrp_orphaned_locked(g, without))
		return;
	signal_send_pgrp_locked(g, SIGHUP);
	signal_send_pgrp_locked(g, SIGCONT);
}

/*
 * Only a process whose parent is in another group of its session can be the
 * last link; a plain child of a script costs a comparison.
 */
void pgrp_note_exit_locked(struct process *p)
{
	if (links_group(p))
		pgrp_hangup_locked(p->pgrp, p);
}

void pgrp_note_reparent_locked(
    struct process *child, const struct process *old_parent)
{
	if (child->pgrp && child->pgrp != old_parent->pgrp &&
	    child->session == old_parent->session)
		pgrp_hangup_locked(child->pgrp, NULL);
}

/* May the caller put `p` into another group at all? */
static enum err may_move_locked(struct process *p)
{
	struct process *self = process_current();

	if (p != self) {
		if (p->parent != self)
			return E_SRCH;
		if (p->session != self->session)
			return E_PERM;
		if (p->did_exec)
			return E_ACCES;
	}
	if (p->session->leader == p || p->session->sid == p->pid)
		return E_PERM;
	return OK;
}

/* `fresh` is used when the group does not exist yet and pgid is p's own. */
static enum err move_locked(struct process *p, uint32_t pgid,
    struct pgrp **fresh) REQUIRES(&process_tree_lock)
{
	struct pid_entry *entry = pid_entry(pgid);
	struct pgrp *g = entry ? entry->pgrp : NULL;
	struct session *s = p->session;

	if (g && g->session != s)
		return E_PERM;
	if (!g && pgid != p->pid)
		return E_PERM;
	if (g == p->pgrp)
		return OK;
	if (g) {
		pgrp_get(g);
	} else {
		g = *fresh;
		*fresh = NULL;
		pgrp_setup(g, pgid, session_get(s));
	}
	/* Join first: the session must not look empty in between. */
	struct pgrp *old = pgrp_get(p->pgrp);

	session_get(s);
	s->groups++;
	pgrp_leave_locked(p);
	pgrp_join_locked(p, g);
	s->groups--;
	session_put(s);
	pgrp_put(old);
	pgrp_put(g);
	return OK;
}

enum err pgrp_set(uint32_t pid, uint32_t pgid)
{
	struct process *self = process_current();
	struct pgrp *fresh = slab_alloc(pgrp_cache);
	struct pid_entry *entry;
	struct process *p;
	irqflags_t f;
	enum err e = E_SRCH;

	if (!fresh)
		return E_NOMEM;
	if (pid == 0)
		pid = self->pid;
	if (pgid == 0)
		pgid = pid;
	f = lock_take_irq(&process_tree_lock);
	entry = pid_entry(pid);
	p = entry ? entry->process : NULL;
	if (p && p->pgrp)
		e = may_move_locked(p);
	if (e == OK)
		e = move_locked(p, pgid, &fresh);
	lock_drop_irq(&process_tree_lock, f);
	if (fresh)
		slab_free(pgrp_cache, fresh);
	return e;
}

/* Make p the leader of a new session and group that carry its number. */
static void lead_locked(struct process *p, struct session *s, struct pgrp *g)
    REQUIRES(&process_tree_lock)
{
	*s = (struct session){.sid = p->pid, .leader = p};
	atomic_init(&s->refs, 1);
	pgrp_setup(g, p->pid, s);
	if (p->pgrp)
		pgrp_leave_locked(p);
	pgrp_join_locked(p, g);
	pgrp_put(g);
}

static enum err lead_alloc(struct session **s, struct pgrp **g)
{
	*s = slab_alloc(session_cache);
	if (!*s)
		return E_NOMEM;
	*g = slab_alloc(pgrp_cache);
	if (*g)
		return OK;
	slab_free(session_cache, *s);
	return E_NOMEM;
}

long session_create(void)
{
	struct process *p = process_current();
	struct session *s;
	struct pgrp *g;
	struct pid_entry *entry;
	irqflags_t f;
	bool leads;

	if (lead_alloc(&s, &g) != OK)
		return E_NOMEM;
	f = lock_take_irq(&process_tree_lock);
	entry = pid_entry(p->pid);
	leads = entry->pgrp || entry->session;
	if (!leads)
		lead_locked(p, s, g);
	lock_drop_irq(&process_tree_lock, f);
	if (!leads)
		return p->pid;
	slab_free(session_cache, s);
	slab_free(pgrp_cache, g);
	return E_PERM;
}

enum err pgrp_lead_alloc(struct pgrp **out)
{
	struct session *s;
	enum err e = lead_alloc(&s, out);

	if (e == OK)
		(*out)->session = s;
	return e;
}

void pgrp_lead_locked(struct process *p, struct pgrp *g)
{
	lead_locked(p, g->session, g);
}

void pgrp_lead_free(struct pgrp *g)
{
	slab_free(session_cache, g->session);
	slab_free(pgrp_cache, g);
}

enum err pgrp_create_first(struct process *p)
{
	struct session *s;
	struct pgrp *g;
	irqflags_t f;

	if (lead_alloc(&s, &g) != OK)
		return E_NOMEM;
	f = lock_take_irq(&process_tree_lock);
	lead_locked(p, s, g);
	lock_drop_irq(&process_tree_lock, f);
	return OK;
}

void pgrp_init(void)
{
	pgrp_cache =
	    slab_create("pgrp", sizeof(struct pgrp), _Alignof(struct pgrp));
	session_cache = slab_create(
	    "session", sizeof(struct session), _Alignof(struct session));
}
