/* kernel/sys/sys_signal.c -- system calls: handlers, masks, tkill. */
/* SPDX-License-Identifier: MIT */
#include "kernel/sys/sys_signal.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/signal_internal.h"

enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK, SIGSET_SIZE = 8 };

/* Flags that sigaction keeps and shows. */
#define SA_KNOWN                                                        \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_EXPOSE_TAGBITS | \
	    SA_RESTORER | SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND)

long sys_rt_sigaction(
    int signo, struct uptr act, struct uptr old, size_t set_size)
{
	struct sigaction new_act, old_act;
	enum err e;

	if (set_size != SIGSET_SIZE || signo < 1 || signo > SIGNAL_MAX)
		return E_INVAL;
	if (!uptr_null(act)) {
		if (SIGBIT(signo) & SIGS_UNBLOCKABLE)
			return E_INVAL;
		e = copy_from_user(&new_act, act, sizeof(new_act));
		if (e != OK)
			return e;
		new_act.flags &= SA_KNOWN;
	}
	e = signal_action(signo, uptr_null(act) ? NULL : &new_act, &old_act);
	if (e == OK && !uptr_null(old))
		e = copy_to_user(old, &old_act, sizeof(old_act));
	return e;
}

long sys_rt_sigprocmask(
    int how, struct uptr set, struct uptr old, size_t set_size)
{
	uint64_t before = thread_current()->sig_blocked;
	uint64_t mask;
	enum err e;

	if (set_size != SIGSET_SIZE)
		return E_INVAL;
	if (!uptr_null(set)) {
		e = user_read_u64(set, &mask);
		if (e != OK)
			return e;
		if (how == SIG_BLOCK)
			mask |= before;
		else if (how == SIG_UNBLOCK)
			mask = before & ~mask;
		else if (how != SIG_SETMASK)
			return E_INVAL;
		mask &= ~SIGS_UNBLOCKABLE;
		if (mask != before)
			signal_set_blocked(mask);
	}
	return uptr_null(old) ? OK : user_write_u64(old, before);
}

long sys_rt_sigreturn(void)
{
	struct thread *t = thread_current();
	struct regs *r = thread_regs(t);

	if (signal_frame_pop(r) != OK) {
		signal_force_fault(SIGSEGV, SI_KERNEL, r->rsp, 0);
		return E_FAULT;
	}
	/* All registers are the interrupted ones: leave the long way. */
	atomic_fetch_or(&t->work, WORK_FULL_RETURN);
	return (long)r->rax;
}

long sys_sigaltstack(struct uptr ss, struct uptr old)
{
	uint64_t sp = thread_regs(thread_current())->rsp;
	uint64_t want[3], have[3];
	enum err e = OK;

	signal_get_altstack(have, sp);
	if (!uptr_null(ss)) {
		e = copy_from_user(want, ss, sizeof(want));
		if (e == OK)
			e = signal_set_altstack(want, sp);
	}
	if (e == OK && !uptr_null(old))
		e = copy_to_user(old, have, sizeof(have));
	return e;
}

long signal_to_thread(uint32_t tgid, uint32_t tid, int signo)
{
	struct ksiginfo info;
	struct thread *t;
	enum err e = OK;

	if (tid == 0 || signo < 0 || signo > SIGNAL_MAX)
		return E_INVAL;
	info = signal_info_user(signo, SI_TKILL);
	/* raise() and abort(): no look-up of oneself. */
	if (tid == thread_current()->tid &&
	    (tgid == 0 || tgid == process_current()->pid)) {
		if (signo == 0)
			return OK;
		return signal_send(
		    process_current(), thread_current(), &info, true);
	}
	t = thread_find(tid);
	if (!t)
		return E_SRCH;
	if (tgid != 0 && t->process->pid != tgid)
		e = E_SRCH;
	else if (!cred_may_signal(t->process, signo))
		e = E_PERM;
	else if (signo != 0)
		e = signal_send(t->process, t, &info, true);
	thread_put(t);
	return e;
}

long sys_tkill(uint32_t tid, int signo)
{
	return signal_to_thread(0, tid, signo);
}
