/* kernel/object/signal.h -- sending, blocking and delivering signals. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/process.h"

/* siginfo as kept in queues; laid out as Linux's on delivery. */
struct ksiginfo {
	int32_t signo, code, err;
	uint32_t pid, uid;
	int32_t status; /* SIGCHLD */
	uint64_t addr;  /* faults */
	uint64_t value; /* sigqueue */
	uint64_t utime, stime;
	uint32_t trapno;
};

#define SIGBIT(n) (1ull << ((n) - 1))

enum signal_number {
	SIGHUP = 1,
	SIGINT,
	SIGQUIT,
	SIGILL,
	SIGTRAP,
	SIGABRT,
	SIGBUS,
	SIGFPE,
	SIGKILL,
	SIGUSR1,
	SIGSEGV,
	SIGUSR2,
	SIGPIPE,
	SIGALRM,
	SIGTERM,
	SIGSTKFLT,
	SIGCHLD,
	SIGCONT,
	SIGSTOP,
	SIGTSTP,
	SIGTTIN,
	SIGTTOU,
	SIGURG,
	SIGXCPU,
	SIGXFSZ,
	SIGVTALRM,
	SIGPROF,
	SIGWINCH,
	SIGIO,
	SIGPWR,
	SIGSYS,
	SIGRT_FIRST = 32,
	SIGNAL_MAX = 64,
};

/* siginfo codes. */
enum signal_code {
	SI_USER = 0,
	SI_KERNEL = 0x80,
	SI_QUEUE = -1,
	SI_TIMER = -2,
	SI_TKILL = -6,
	CLD_EXITED = 1,
	CLD_KILLED,
	CLD_DUMPED,
	CLD_TRAPPED,
	CLD_STOPPED,
	CLD_CONTINUED,
	SEGV_MAPERR = 1,
	SEGV_ACCERR = 2,
	BUS_ADRALN = 1,
	BUS_ADRERR = 2,
	BUS_OBJERR = 3,
	FPE_INTDIV = 1,
	FPE_INTOVF = 2,
	FPE_FLTINV = 7,
	ILL_ILLOPN = 2,
	TRAP_BRKPT = 1,
	TRAP_TRACE = 2,
};

/* Kernel-generated, no permission check. Any context but NMI. */
void signal_send_process(struct process *p, const struct ksiginfo *info);
void signal_send_thread(struct thread *t, const struct ksiginfo *info);
/* To every member of a group / the foreground group of a terminal. */
void signal_send_pgrp(struct pgrp *g, int signo);

/* A synchronous fault of the current thread: cannot be blocked or ignored. */
void signal_force_fault(int signo, int code, uint64_t addr, uint32_t trapno);

/* True when the current thread has something deliverable. One load. */
static inline bool signal_pending(void)
{
	return atomic_load_explicit(
	           &thread_current()->work, memory_order_relaxed) &
	       (WORK_SIGNAL | WORK_KILL | WORK_STOP);
}
static inline bool signal_fatal_pending(void)
{
	return atomic_load_explicit(
	           &thread_current()->work, memory_order_relaxed) &
	       WORK_KILL;
}

/*
 * ppoll, pselect, epoll_pwait: block `mask` during the call. After the call,
 * signal_mask_restore() unless it was interrupted (E_INTR, E_RESTART*): then
 * the old mask comes back after the handler was entered.
 */
void signal_mask_temporary(uint64_t mask);
void signal_mask_restore(void);

/* Is signo ignored / blocked by the current process (tty job control)? */
bool signal_ignored(int signo);
bool signal_blocked(int signo);

/*
 * Called on the way to user mode with WORK_SIGNAL, WORK_KILL or WORK_STOP set:
 * delivers, stops or kills. in_syscall: regs->rax may hold a restart code.
 */
void signal_deliver(struct regs *regs, bool in_syscall);
