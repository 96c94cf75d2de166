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

/* Kernel-generated, no permission check. Any context but NMI. */
void signal_send_process(struct process *p, const struct ksiginfo *info);
void signal_send_thread(struct thread *t, const struct ksiginfo *info);
/* To every member of a group / the foreground group of a terminal. */
void signal_send_pgrp(struct pgrp *g, int signo);

/* A synchronous fault of the current thread: cannot be blocked or ignored. */
void signal_force_fault(int signo, int code, uint64_t addr, uint32_t trapno);

/* True when the current thread has something deliverable. */
bool signal_pending(void);
bool signal_fatal_pending(void);

/* Is signo ignored / blocked by the current process (tty job control)? */
bool signal_ignored(int signo);
bool signal_blocked(int signo);

/*
 * Called on the way to user mode with WORK_SIGNAL, WORK_KILL or WORK_STOP set:
 * delivers, stops or kills. in_syscall: regs->rax may hold a restart code.
 */
void signal_deliver(struct regs *regs, bool in_syscall);
