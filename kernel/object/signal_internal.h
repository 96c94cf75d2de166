/* kernel/object/signal_internal.h -- handlers, queues and frames of signals. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/process_internal.h"
#include "kernel/object/signal.h"

struct regs;

/* As Linux's rt_sigaction passes it. */
struct sigaction {
	uint64_t handler, flags, restorer, mask;
};
static_assert(sizeof(struct sigaction) == 32, "ABI");

#define SIG_DFL 0ull
#define SIG_IGN 1ull

#define SA_NOCLDSTOP      0x00000001ull
#define SA_NOCLDWAIT      0x00000002ull
#define SA_SIGINFO        0x00000004ull
#define SA_UNSUPPORTED    0x00000400ull
#define SA_EXPOSE_TAGBITS 0x00000800ull
#define SA_RESTORER       0x04000000ull
#define SA_ONSTACK        0x08000000ull
#define SA_RESTART        0x10000000ull
#define SA_NODEFER        0x40000000ull
#define SA_RESETHAND      0x80000000ull

enum altstack_flags { SS_ONSTACK = 1, SS_DISABLE = 2 };
#define SS_AUTODISARM (1u << 31)
enum { MINSIGSTKSZ = 2048 };

/*
 * The actions of a process; CLONE_SIGHAND shares them between processes, so
 * they have a lock of their own (rank just above sig_lock), taken only while
 * shared. Only signals in `set` have an entry in actions[]: fork copies those
 * and no more.
 */
struct sighand {
	_Atomic uint32_t refs;
	struct lock lock;
	uint64_t set;     /* action is not the default */
	uint64_t ignored; /* SIG_IGN */
	uint64_t caught;  /* has a handler */
	struct sigaction actions[SIGNAL_MAX];
};

#define SIGS_UNBLOCKABLE (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define SIGS_STOP \
	(SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define SIGS_IGNORE \
	(SIGBIT(SIGCONT) | SIGBIT(SIGCHLD) | SIGBIT(SIGWINCH) | SIGBIT(SIGURG))
#define SIGS_CORE                                                 \
	(SIGBIT(SIGQUIT) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) |     \
	    SIGBIT(SIGABRT) | SIGBIT(SIGBUS) | SIGBIT(SIGFPE) |   \
	    SIGBIT(SIGSEGV) | SIGBIT(SIGXCPU) | SIGBIT(SIGXFSZ) | \
	    SIGBIT(SIGSYS))
#define SIGS_SYNCHRONOUS                                                      \
	(SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGILL) | SIGBIT(SIGFPE) | \
	    SIGBIT(SIGTRAP) | SIGBIT(SIGSYS))

/* The cache, once at boot; a set of default handlers, NULL: no memory. */
void sighand_init(void);
struct sighand *sighand_create(void);
/* A copy for fork; clear: with every handler back to the default. */
struct sighand *sighand_copy(struct sighand *h, bool clear);
void sighand_put(struct sighand *h);
/* exec: own table, handlers to default, ignored ones stay. E_NOMEM. */
enum err sighand_unshare(struct process *p);
void sighand_reset_handlers(struct process *p);
void sighand_get_action(struct sighand *h, int signo, struct sigaction *out);

/*
 * Queue for p, or for its thread t alone when t is given. must_queue: E_AGAIN
 * rather than losing a real-time signal's value.
 */
enum err signal_send(struct process *p, struct thread *t,
    const struct ksiginfo *info, bool must_queue);
void signal_send_pgrp_locked(struct pgrp *g, int signo)
    REQUIRES(&process_tree_lock);
/* The siginfo of kill() by the current process. */
struct ksiginfo signal_info_user(int signo, int code);

/* All threads of p die with this wait status. */
void signal_kill_group_locked(struct process *p, int status)
    REQUIRES(&p -> sig_lock);
/* Let t look at its work: wake it, or interrupt the CPU that it runs on. */
void signal_kick(struct thread *t, bool stopped_too);

/* Take the next signal of `mask` that waits for t. */
bool signal_dequeue_locked(
    struct thread *t, uint64_t mask, struct ksiginfo *out);
/* Set or clear WORK_SIGNAL by what is pending and not blocked. */
void signal_recalc_locked(struct thread *t);
/* Replace the current thread's mask; passes shared signals on. */
void signal_set_blocked(uint64_t mask);
void signal_set_blocked_locked(struct thread *t, uint64_t mask);
/* Set actions; drops what became ignored. old may be NULL. */
enum err signal_action(
    int signo, const struct sigaction *act, struct sigaction *old);

/* A thread goes: empty its queue, hand shared signals to others. */
void signal_thread_gone_locked(struct process *p, struct thread *t);
/* The process is dead: empty its queue, let go of the handlers. */
void signal_process_gone(struct process *p);
void signal_init(void);

/* Wait status for death by signo (the core bit only when one is allowed). */
int signal_death_status(struct process *p, int signo);

/*
 * arch/x86_64/signal_frame.c. push: make the handler's frame on the user's
 * stack and point regs at it; saved_mask comes back at sigreturn. E_FAULT.
 * pop: the reverse; E_FAULT: the frame is bad, kill.
 */
enum err signal_frame_push(struct regs *regs, const struct ksiginfo *info,
    const struct sigaction *act, uint64_t saved_mask);
enum err signal_frame_pop(struct regs *regs);
void signal_frame_init(void);
/* Smallest stack for a frame (AT_MINSIGSTKSZ). */
size_t signal_frame_min_stack(void);
/* struct siginfo as Linux lays it out. */
struct siginfo_user {
	int32_t signo, err, code, pad;
	union {
		struct {
			uint32_t pid, uid;
			union {
				uint64_t value;
				struct {
					int32_t status, pad2;
				};
			};
			uint64_t utime, stime;
		};
		uint64_t addr;
		uint8_t raw[112];
	};
};
static_assert(sizeof(struct siginfo_user) == 128, "ABI");
void signal_info_export(const struct ksiginfo *k, struct siginfo_user *u);
enum err signal_set_altstack(const uint64_t st[3], uint64_t sp);
void signal_get_altstack(uint64_t st[3], uint64_t sp);
