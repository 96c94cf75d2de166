/* kernel/object/tty_job.c -- terminals and sessions: job control, hang-up. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/signal.h"
#include "kernel/object/signal_internal.h"
#include "kernel/object/tty.h"
#include "kernel/object/tty_internal.h"
#include "kernel/core/panic.h"

/*
 * Invariants, under process_tree_lock: t->session->tty == t, or t->session is
 * NULL; a session has one terminal and a terminal one session; t->foreground
 * is a group of t->session, or NULL. Both hold references, which are put after
 * the lock was dropped.
 */

struct tty *tty_current(void)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct session *s = process_current()->session;
	struct tty *t = s ? s->tty : NULL;

	lock_drop_irq(&process_tree_lock, f);
	return t;
}

void tty_signal_foreground(struct tty *t, int signo)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);

	if (t->foreground)
		signal_send_pgrp_locked(t->foreground, signo);
	lock_drop_irq(&process_tree_lock, f);
}

enum err tty_job_check(struct tty *t, int signo)
{
	struct process *p = process_current();
	irqflags_t f;
	struct pgrp *g;
	bool orphaned;

	/* Racy look first: nearly everybody is in the foreground. */
	if (!p->session || p->session->tty != t || p->pgrp == t->foreground)
		return OK;
	if (signal_ignored(signo) || signal_blocked(signo))
		return signo == SIGTTIN ? E_IO : OK;
	f = lock_take_irq(&process_tree_lock);
	g = p->pgrp;
	if (p->session->tty != t || !t->foreground || g == t->foreground) {
		lock_drop_irq(&process_tree_lock, f);
		return OK;
	}
	pgrp_get(g);
	lock_drop_irq(&process_tree_lock, f);
	orphaned = pgrp_orphaned(g);
	if (!orphaned)
		signal_send_pgrp(g, signo);
	pgrp_put(g);
	return orphaned ? E_IO : E_RESTARTSYS;
}

/* Give t to the session of p, p's group in front. References change hands. */
static void take_locked(struct tty *t, struct process *p)
    REQUIRES(&process_tree_lock)
{
	KASSERT_SLOW(!t->session && !t->foreground);
	t->session = session_get(p->session);
	t->foreground = pgrp_get(p->pgrp);
	p->session->tty = t;
}

/* Part t from its session; gives both references to the caller. */
static void part_locked(struct tty *t, struct session **s, struct pgrp **g)
    REQUIRES(&process_tree_lock)
{
	*s = t->session;
	*g = t->foreground;
	if (t->session)
		t->session->tty = NULL;
	t->session = NULL;
	t->foreground = NULL;
}

void tty_job_open(struct tty *t)
{
	struct process *p = process_current();
	irqflags_t f;

	if (!p)
		return;
	f = lock_take_irq(&process_tree_lock);
	if (p->session && p->session->leader == p && !p->session->tty &&
	    !t->session)
		take_locked(t, p);
	lock_drop_irq(&process_tree_lock, f);
}

enum err tty_job_take(struct tty *t, bool steal)
{
	struct process *p = process_current();
	bool privileged = cred_privileged();
	struct session *s = NULL;
	struct pgrp *g = NULL;
	enum err e = OK;
	irqflags_t f;

	f = lock_take_irq(&process_tree_lock);
	if (p->session->leader != p) {
		e = E_PERM;
	} else if (p->session->tty) {
		e = p->session->tty == t ? OK : E_PERM;
	} else if (t->session && !(steal && privileged)) {
		e = E_PERM;
	} else {
		part_locked(t, &s, &g);
		take_locked(t, p);
	}
	lock_drop_irq(&process_tree_lock, f);
	session_put(s);
	pgrp_put(g);
	return e;
}

/* SIGHUP and SIGCONT to g, which the caller took from the terminal. */
static void tell_gone(struct session *s, struct pgrp *g)
{
	if (g) {
		signal_send_pgrp(g, SIGHUP);
		signal_send_pgrp(g, SIGCONT);
	}
	session_put(s);
	pgrp_put(g);
}

void tty_session_exit(struct session *s)
{
	struct session *held = NULL;
	struct pgrp *g = NULL;
	irqflags_t f;

	f = lock_take_irq(&process_tree_lock);
	s->leader = NULL;
	if (s->tty)
		part_locked(s->tty, &held, &g);
	lock_drop_irq(&process_tree_lock, f);
	tell_gone(held, g);
}

enum err tty_job_leave(struct tty *t)
{
	struct process *p = process_current();
	struct session *s = NULL;
	struct pgrp *g = NULL;
	enum err e = OK;
	irqflags_t f;

	f = lock_take_irq(&process_tree_lock);
	if (p->session->tty != t)
		e = E_NOTTY;
	else if (p->session->leader != p)
		e = E_PERM; /* the terminal is the session's, not its own */
	else
		part_locked(t, &s, &g);
	lock_drop_irq(&process_tree_lock, f);
	tell_gone(s, g);
	return e;
}

enum err tty_job_get_foreground(struct tty *t, uint32_t *pgid)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	enum err e = E_NOTTY;

	if (process_current()->session->tty == t) {
		*pgid = t->foreground ? t->foreground->pgid : 0;
		e = OK;
	}
	lock_drop_irq(&process_tree_lock, f);
	return e;
}

enum err tty_job_set_foreground(struct tty *t, uint32_t pgid)
{
	struct process *p = process_current();
	struct pgrp *g, *old;
	irqflags_t f;
	enum err e;

	e = tty_job_check(t, SIGTTOU);
	if (e != OK)
		return e;
	if ((int32_t)pgid < 0)
		return E_INVAL;
	g = pgrp_find(pgid);
	f = lock_take_irq(&process_tree_lock);
	old = g;
	if (p->session->tty != t) {
		e = E_NOTTY;
	} else if (!g) {
		e = E_SRCH;
	} else if (g->session != p->session) {
		e = E_PERM;
	} else {
		old = t->foreground;
		t->foreground = g;
	}
	lock_drop_irq(&process_tree_lock, f);
	pgrp_put(old);
	return e;
}

enum err tty_job_get_session(struct tty *t, uint32_t *sid)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	enum err e = E_NOTTY;

	if (process_current()->session->tty == t) {
		*sid = t->session->sid;
		e = OK;
	}
	lock_drop_irq(&process_tree_lock, f);
	return e;
}

void tty_job_hangup(struct tty *t)
{
	struct ksiginfo hup = {.signo = SIGHUP, .code = SI_KERNEL};
	struct ksiginfo cont = {.signo = SIGCONT, .code = SI_KERNEL};
	struct process *leader;
	struct session *s;
	struct pgrp *g;
	irqflags_t f;

	f = lock_take_irq(&process_tree_lock);
	part_locked(t, &s, &g);
	leader = s && s->leader ? process_get(s->leader) : NULL;
	lock_drop_irq(&process_tree_lock, f);
	if (leader) {
		signal_send_process(leader, &hup);
		signal_send_process(leader, &cont);
		process_put(leader);
	}
	tell_gone(s, g);
}
