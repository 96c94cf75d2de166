/* kernel/object/signal_deliver.c -- taking signals on the way to user mode. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/signal_internal.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/sched.h"

/*
 * A thread takes its signals only here, between the kernel and user mode. One
 * pass under sig_lock finds the signal, its action and the new mask; the frame
 * is written with no lock held.
 */

enum { SYS_RESTART = 219, SYSCALL_LENGTH = 2 };

/* The call gave a restart code and no handler runs: make it again. */
static void restart_call(struct regs *regs)
{
	switch ((int64_t)regs->rax) {
	case E_RESTARTSYS:
	case E_RESTARTNOINTR:
	case E_RESTARTNOHAND:
		regs->rax = regs->orig_rax;
		regs->rip -= SYSCALL_LENGTH;
		break;
	case E_RESTART_BLOCK:
		regs->rax = SYS_RESTART;
		regs->rip -= SYSCALL_LENGTH;
		break;
	default:
		break;
	}
}

/* A handler runs in the middle of a call. */
static void interrupt_call(struct regs *regs, uint64_t sa_flags)
{
	switch ((int64_t)regs->rax) {
	case E_RESTARTSYS:
		if (sa_flags & SA_RESTART)
			restart_call(regs);
		else
			regs->rax = (uint64_t)(int64_t)E_INTR;
		break;
	case E_RESTARTNOINTR:
		restart_call(regs);
		break;
	case E_RESTARTNOHAND:
	case E_RESTART_BLOCK:
		regs->rax = (uint64_t)(int64_t)E_INTR;
		break;
	default:
		break;
	}
}

static void tell_parent(struct process *p, int code, int status)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);

	process_notify_parent_locked(p, code, status);
	lock_drop_irq(&process_tree_lock, f);
}

/* WORK_STOP: wait until the group goes on. */
static void stop_self(struct process *p, struct thread *t)
{
	irqflags_t f = lock_take_irq(&p->sig_lock);
	int signo = p->group_stop_signal;
	bool last = false;

	atomic_fetch_and(&t->work, ~(uint32_t)WORK_STOP);
	if (signo && !p->stopped && --p->stop_left == 0) {
		p->stopped = true;
		last = true;
	}
	lock_drop_irq(&p->sig_lock, f);
	if (last)
		tell_parent(p, CLD_STOPPED, signo);
	f = lock_take_irq(&p->sig_lock);
	while (p->group_stop_signal && !(atomic_load(&t->work) & WORK_KILL)) {
		/* Set under the lock: whoever ends the stop sees it. */
		atomic_store(&t->state, THREAD_STOPPED);
		lock_drop_irq(&p->sig_lock, f);
		schedule();
		f = lock_take_irq(&p->sig_lock);
	}
	lock_drop_irq(&p->sig_lock, f);
}

/* Default action "stop": every thread of the process, unless void by now. */
static void stop_group(struct process *p, int signo, uint32_t continues)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct thread *t;

	/* Nobody could continue an orphaned group from a terminal. */
	if (signo != SIGSTOP && pgrp_orphaned_locked(p->pgrp, NULL))
		goto out;
	lock_take(&p->sig_lock);
	if (p->continues == continues && !p->group_exiting &&
	    !p->group_stop_signal && !p->exec_thread) {
		p->group_stop_signal = signo;
		p->stop_left = p->thread_count;
		list_for_each(t, &p->threads, process_link)
		{
			atomic_fetch_or(&t->work, WORK_STOP);
			if (t != thread_current())
				signal_kick(t, false);
		}
	}
	lock_drop(&p->sig_lock);
out:
	lock_drop_irq(&process_tree_lock, f);
}

enum taken { TAKEN_NOTHING, TAKEN_AGAIN, TAKEN_STOP, TAKEN_DEATH, TAKEN_CALL };

struct delivery {
	struct ksiginfo info;
	struct sigaction act;
	uint64_t saved_mask; /* for the frame */
	uint32_t continues;
};

/* Handler found: block what it wants blocked, forget a one-shot action. */
static void enter_handler_locked(
    struct process *p, struct thread *t, struct delivery *d)
{
	uint64_t bit = SIGBIT(d->info.signo);
	uint64_t mask = d->act.mask;

	d->saved_mask = t->sig_saved_valid ? t->sig_saved : t->sig_blocked;
	t->sig_saved_valid = false;
	if (d->act.flags & SA_RESETHAND) {
		p->sighand->caught &= ~bit;
		p->sighand->set &= ~bit;
	}
	if (!(d->act.flags & SA_NODEFER))
		mask |= bit;
	signal_set_blocked_locked(t, t->sig_blocked | mask);
}

static enum taken take_locked(
    struct process *p, struct thread *t, struct delivery *d)
{
	uint64_t bit;

	if (!signal_dequeue_locked(t, ~t->sig_blocked, &d->info)) {
		signal_recalc_locked(t);
		return TAKEN_NOTHING;
	}
	bit = SIGBIT(d->info.signo);
	d->continues = p->continues;
	if (p->sighand->caught & bit) {
		sighand_get_action(p->sighand, d->info.signo, &d->act);
		enter_handler_locked(p, t, d);
		return TAKEN_CALL;
	}
	if ((p->sighand->ignored | SIGS_IGNORE) & bit)
		return TAKEN_AGAIN;
	if (p == process_first && d->info.code >= 0 &&
	    !(bit & SIGS_SYNCHRONOUS))
		return TAKEN_AGAIN;
	return bit & SIGS_STOP ? TAKEN_STOP : TAKEN_DEATH;
}

static enum taken take(struct process *p, struct thread *t, struct delivery *d)
{
	irqflags_t f = lock_take_irq(&p->sig_lock);
	enum taken r;
	bool tell = p->continue_notify;

	p->continue_notify = false;
	r = take_locked(p, t, d);
	lock_drop_irq(&p->sig_lock, f);
	if (unlikely(tell))
		tell_parent(p, CLD_CONTINUED, SIGCONT);
	return r;
}

/* Returns true when there may be more to do. */
static bool deliver_one(struct regs *regs, bool *in_syscall)
{
	struct thread *t = thread_current();
	struct process *p = t->process;
	struct delivery d;

	switch (take(p, t, &d)) {
	case TAKEN_NOTHING:
		return false;
	case TAKEN_AGAIN:
		return true;
	case TAKEN_STOP:
		stop_group(p, d.info.signo, d.continues);
		return true;
	case TAKEN_DEATH:
		process_exit_group(signal_death_status(p, d.info.signo));
	case TAKEN_CALL:
		break;
	}
	if (*in_syscall)
		interrupt_call(regs, d.act.flags);
	*in_syscall = false;
	if (signal_frame_push(regs, &d.info, &d.act, d.saved_mask) != OK)
		signal_force_fault(SIGSEGV, SI_KERNEL, regs->rsp, 0);
	return true;
}

void signal_deliver(struct regs *regs, bool in_syscall)
{
	struct thread *t = thread_current();
	uint32_t work;

	/* sigreturn restored a trap's registers: rax is no result there. */
	if ((int64_t)regs->orig_rax < 0)
		in_syscall = false;
	for (;;) {
		work = atomic_load(&t->work);
		if (work & WORK_KILL)
			process_exit_thread(0);
		if (work & WORK_STOP)
			stop_self(t->process, t);
		else if (!(work & WORK_SIGNAL) ||
		         !deliver_one(regs, &in_syscall))
			break;
	}
	if (in_syscall)
		restart_call(regs);
	/* sigsuspend without a handler to carry the old mask in its frame. */
	if (t->sig_saved_valid)
		signal_mask_restore();
}

void signal_mask_temporary(uint64_t mask)
{
	struct thread *t = thread_current();

	t->sig_saved = t->sig_blocked;
	t->sig_saved_valid = true;
	signal_set_blocked(mask);
}

void signal_mask_restore(void)
{
	struct thread *t = thread_current();

	if (!t->sig_saved_valid)
		return;
	t->sig_saved_valid = false;
	signal_set_blocked(t->sig_saved);
}

bool signal_ignored(int signo)
{
	const struct sighand *h = process_current()->sighand;

	return (h->ignored | (SIGS_IGNORE & ~h->caught)) & SIGBIT(signo);
}

bool signal_blocked(int signo)
{
	return thread_current()->sig_blocked & SIGBIT(signo);
}
