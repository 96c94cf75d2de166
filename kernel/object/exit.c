/* kernel/object/exit.c -- the end of threads and processes. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/rlimits.h"
#include "kernel/object/signal_internal.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"
#include "kernel/ipc/message.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/futex.h"
#include "kernel/object/tty.h"

/*
 * A thread leaves in this order: what it owes in user memory (robust futexes,
 * the word that a join waits for), then its place among the threads. The last
 * one takes the process's parts down before the process becomes a zombie, so
 * that whoever saw the child dead finds its pipes closed and its memory free.
 */

static void pay_user_memory(struct process *p, struct thread *t)
{
	struct uptr word = {t->clear_tid};

	if (t->robust_list)
		futex_exit_robust(t);
	/* With nobody left in this memory, nobody can wait there. */
	if (!t->clear_tid || (p->thread_count == 1 && !p->vm_shared))
		return;
	if (user_write_u32(word, 0) == OK)
		futex_wake_user(word, 1);
}

void process_vfork_done(struct process *p)
{
	if (!atomic_load_explicit(&p->vfork_busy, memory_order_relaxed))
		return;
	atomic_store(&p->vfork_busy, false);
	wait_wake_all(&p->vfork_wait);
}

static void account_locked(struct process *p, const struct thread *t)
{
	nsec_t ns = process_thread_time(t);
	nsec_t part = sched_kernel_part(t, ns);

	atomic_fetch_add_explicit(
	    &p->utime_ns, ns - part, memory_order_relaxed);
	if (part != 0)
		atomic_fetch_add_explicit(
		    &p->stime_ns, part, memory_order_relaxed);
	p->minflt += t->minflt;
	p->majflt += t->majflt;
	p->nvcsw += t->switches_voluntary;
	p->nivcsw += t->switches_forced;
}

static void unlink_thread_locked(struct process *p, struct thread *t)
    REQUIRES(&process_tree_lock)
{
	list_remove(&t->process_link);
	rcu_store(pid_entry(t->tid)->thread, NULL);
	if (t->tid != p->pid)
		pid_release_locked(t->tid);
	if (p->leader == t)
		p->leader =
		    list_empty(&p->threads)
		        ? NULL
		        : list_first(&p->threads, struct thread, process_link);
	atomic_fetch_sub_explicit(
	    &process_thread_count, 1, memory_order_relaxed);
}

/* A stop that waited only for t is complete now. True: tell the parent. */
static bool finish_stop_locked(struct process *p, struct thread *t)
{
	if (!p->group_stop_signal || p->stopped ||
	    !(atomic_load(&t->work) & WORK_STOP) || p->thread_count == 0)
		return false;
	if (--p->stop_left > 0)
		return false;
	p->stopped = true;
	return true;
}

/* Stop counting as a living thread; true when it was the last one. */
static bool leave_group(struct process *p, struct thread *t, int status)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	bool last, stopped;

	lock_take(&p->sig_lock);
	last = --p->thread_count == 0;
	if (last && !p->group_exiting) {
		p->group_exiting = true;
		p->group_exit_code = status;
	}
	account_locked(p, t);
	signal_thread_gone_locked(p, t);
	stopped = finish_stop_locked(p, t);
	if (!last) {
		unlink_thread_locked(p, t);
		if (p->exec_thread && p->thread_count == 1)
			sched_wake(p->exec_thread);
	}
	lock_drop(&p->sig_lock);
	if (stopped)
		process_notify_parent_locked(
		    p, CLD_STOPPED, (int)p->group_stop_signal);
	lock_drop_irq(&process_tree_lock, f);
	return last;
}

/* Who takes in p's children: the nearest ancestor that asked, or init. */
static struct process *reaper_locked(struct process *p)
{
	struct process *up;

	for (up = p->parent; up && up != process_first; up = up->parent) {
		if (up->child_subreaper && !up->group_exiting)
			return up;
	}
	return process_first;
}

static bool parent_ignores_locked(struct process *p)
{
	struct process *parent = p->parent;
	struct sigaction act;
	bool ignores = false;

	/* Another silo's parent neither hears of it nor waits. */
	if (parent && parent->silo != p->silo)
		return true;
	if (p->exit_signal != SIGCHLD || !parent)
		return false;
	lock_take(&parent->sig_lock);
	if (parent->sighand && (parent->sighand->set & SIGBIT(SIGCHLD))) {
		sighand_get_action(parent->sighand, SIGCHLD, &act);
		ignores = act.handler == SIG_IGN || (act.flags & SA_NOCLDWAIT);
	}
	lock_drop(&parent->sig_lock);
	return ignores;
}

static int death_code(int status)
{
	if (!(status & 0x7f))
		return CLD_EXITED;
	return status & 0x80 ? CLD_DUMPED : CLD_KILLED;
}

/* p is dead: tell the parent. True: nobody will wait, drop it. */
static bool announce_death_locked(struct process *p)
    REQUIRES(&process_tree_lock)
{
	int status = p->exit_code;
	int code = death_code(status);
	bool reap = parent_ignores_locked(p);

	/* Zombies come first among the children: waits stop at the others. */
	list_remove(&p->sibling);
	list_push_front(&p->parent->children, &p->sibling);
	process_notify_parent_locked(
	    p, code, code == CLD_EXITED ? status >> 8 & 0xff : status & 0x7f);
	return reap;
}

/* Hand p's children to a reaper; collects those that nobody waits for. */
static void reparent_locked(struct process *p, struct list *dead)
    REQUIRES(&process_tree_lock)
{
	struct process *child, *next, *reaper;
	struct ksiginfo info = {.code = SI_KERNEL};

	if (list_empty(&p->children))
		return;
	reaper = reaper_locked(p);
	list_for_each_safe(child, next, &p->children, sibling)
	{
		list_remove(&child->sibling);
		list_push_back(&reaper->children, &child->sibling);
		process_adopt_locked(child, reaper);
		if (child->pdeath_signal) {
			info.signo = (int)child->pdeath_signal;
			signal_send_process(child, &info);
		}
		if (atomic_load(&child->state) == PROC_ZOMBIE) {
			child->exit_signal = SIGCHLD;
			if (announce_death_locked(child)) {
				process_unlink_locked(child);
				list_push_back(dead, &child->sibling);
			}
		}
		pgrp_note_reparent_locked(child, p);
	}
}

static void become_zombie(struct process *p, struct thread *t)
{
	struct list dead = LIST_INIT(dead);
	struct process *d, *next;
	irqflags_t f = lock_take_irq(&process_tree_lock);

	pgrp_note_exit_locked(p);
	reparent_locked(p, &dead);
	if (p->session->leader == p)
		p->session->leader = NULL;
	lock_take(&p->sig_lock);
	unlink_thread_locked(p, t);
	lock_drop(&p->sig_lock);
	p->exit_code = p->group_exit_code;
	p->stopped_report = false;
	p->continued_report = false;
	atomic_store(&p->state, PROC_ZOMBIE);
	if (announce_death_locked(p)) {
		process_unlink_locked(p);
		list_push_back(&dead, &p->sibling);
	}
	lock_drop_irq(&process_tree_lock, f);
	event_source_close(&p->ends); /* our thread keeps p */
	list_for_each_safe(d, next, &dead, sibling)
	{
		list_remove(&d->sibling);
		process_put(d);
	}
}

static void leave_aspace(struct thread *t)
{
	preempt_disable();
	t->aspace = NULL;
	aspace_switch(NULL);
	preempt_enable();
}

static void exit_last(struct process *p, struct thread *t)
{
	if (p == process_first)
		panic("init died: wait status %#x", p->group_exit_code);
	alarm_set(p, 0, 0);
	if (p->session->leader == p)
		tty_session_exit(p->session);
	process_drop_parts(p);
	process_vfork_done(p);
	signal_process_gone(p);
	become_zombie(p, t);
}

noreturn_fn void process_exit_thread(int status)
{
	struct thread *t = thread_current();
	struct process *p = t->process;
	struct silo *silo = p->silo;

	t->exit_code = status;
	message_thread_exit(t);
	pay_user_memory(p, t);
	/* Before we stop counting: the last thread frees the address space. */
	leave_aspace(t);
	if (leave_group(p, t, status))
		exit_last(p, t);
	silo_uncharge(silo, SILO_THREADS, 1);
	thread_put(t); /* the table's; the scheduler drops its own later */
	thread_exit();
}

noreturn_fn void process_exit_group(int status)
{
	struct process *p = process_current();
	irqflags_t f;

	if (p->thread_count > 1) {
		f = lock_take_irq(&p->sig_lock);
		signal_kill_group_locked(p, status);
		lock_drop_irq(&p->sig_lock, f);
	}
	process_exit_thread(status);
}
