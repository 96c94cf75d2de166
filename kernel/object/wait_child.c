/* kernel/object/wait_child.c -- waiting for children. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/signal_internal.h"

/*
 * Zombies stand first among a process's children (exit.c), so a wait for any
 * child that asks for the dead only looks at one.
 */

static int wait_code(int status)
{
	if (!(status & 0x7f))
		return CLD_EXITED;
	return status & 0x80 ? CLD_DUMPED : CLD_KILLED;
}

static void fill(
    struct process *p, int code, int status, struct wait_result *out)
{
	out->pid = p->pid;
	out->uid = p->cred->uid;
	out->code = code;
	out->status = status;
	out->utime = p->utime_ns + p->cutime_ns;
	out->stime = p->stime_ns + p->cstime_ns;
	out->minflt = p->minflt + p->cminflt;
	out->majflt = p->majflt + p->cmajflt;
	out->nvcsw = p->nvcsw;
	out->nivcsw = p->nivcsw;
}

/* What the child used counts as the waiting parent's children's. */
static void inherit_usage_locked(struct process *self, struct process *p)
{
	atomic_fetch_add_explicit(
	    &self->cutime_ns, p->utime_ns + p->cutime_ns, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &self->cstime_ns, p->stime_ns + p->cstime_ns, memory_order_relaxed);
	self->cminflt += p->minflt + p->cminflt;
	self->cmajflt += p->majflt + p->cmajflt;
}

/* Something to report of p? *reap: p to put after the lock is dropped. */
static bool report_locked(struct process *p, uint32_t options,
    struct wait_result *out, struct process **reap) REQUIRES(&process_tree_lock)
{
	if (atomic_load(&p->state) == PROC_ZOMBIE) {
		if (!(options & WEXITED))
			return false;
		fill(p, wait_code(p->exit_code), p->exit_code, out);
		if (!(options & WNOWAIT)) {
			inherit_usage_locked(process_current(), p);
			process_unlink_locked(p);
			*reap = p;
		}
		return true;
	}
	if (p->stopped_report && (options & WUNTRACED)) {
		fill(p, CLD_STOPPED, p->exit_code << 8 | 0x7f, out);
		if (!(options & WNOWAIT))
			p->stopped_report = false;
		return true;
	}
	if (p->continued_report && (options & WCONTINUED)) {
		fill(p, CLD_CONTINUED, 0xffff, out);
		if (!(options & WNOWAIT))
			p->continued_report = false;
		return true;
	}
	return false;
}

static bool eligible(const struct process *p, uint32_t options)
{
	bool clone = p->exit_signal != SIGCHLD;

	/* Children that belong to another silo are kept for order's sake. */
	if (p->silo != process_current()->silo)
		return false;

	return (options & WALL) || clone == !!(options & WCLONE);
}

static long look_one_locked(uint32_t pid, uint32_t options,
    struct wait_result *out, struct process **reap) REQUIRES(&process_tree_lock)
{
	struct pid_entry *entry = pid_entry(pid);
	struct process *p = entry ? entry->process : NULL;

	if (!p || p->parent != process_current() || !eligible(p, options))
		return E_CHILD;
	return report_locked(p, options, out, reap) ? (long)p->pid : 0;
}

/* pgid 0: any. */
static long look_all_locked(uint32_t pgid, uint32_t options,
    struct wait_result *out, struct process **reap) REQUIRES(&process_tree_lock)
{
	struct process *p;
	bool found = false;

	list_for_each(p, &process_current()->children, sibling)
	{
		if (pgid && p->pgrp->pgid != pgid)
			continue;
		if (!eligible(p, options))
			continue;
		found = true;
		if (report_locked(p, options, out, reap))
			return p->pid;
		if (!(options & (WUNTRACED | WCONTINUED)) &&
		    atomic_load(&p->state) == PROC_ALIVE)
			break;
	}
	return found ? 0 : E_CHILD;
}

static long look(enum wait_which which, uint32_t id, uint32_t options,
    struct wait_result *out)
{
	struct process *reap = NULL;
	irqflags_t f = lock_take_irq(&process_tree_lock);
	long r;

	if (which == P_PID)
		r = look_one_locked(id, options, out, &reap);
	else if (which == P_PGID)
		r = look_all_locked(id ? id : process_current()->pgrp->pgid,
		    options, out, &reap);
	else
		r = look_all_locked(0, options, out, &reap);
	lock_drop_irq(&process_tree_lock, f);
	process_put(reap);
	return r;
}

long process_wait(enum wait_which which, uint32_t id, uint32_t options,
    struct wait_result *out)
{
	long r = look(which, id, options, out);
	enum err e;

	if (r != 0 || (options & WNOHANG))
		return r;
	e = WAIT_EVENT(&process_current()->wait_children,
	    (r = look(which, id, options, out)) != 0, WAIT_INTR, WAIT_FOREVER);
	return e == OK ? r : E_RESTARTSYS;
}
