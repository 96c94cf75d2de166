/* kernel/core/thread.h -- kernel threads: what the scheduler switches. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/lock.h"
#include "kernel/core/list.h"
#include "kernel/core/rbtree.h"
#include "kernel/core/timer.h"
#include "kernel/core/rcu.h"
#include "kernel/ipc/ipc_thread.h"

struct process;
struct aspace;
struct regs;

enum thread_state {
	THREAD_RUNNING, /* on a CPU or in a run queue */
	THREAD_SLEEPING,
	THREAD_STOPPED, /* job control; only SIGCONT or death wakes it */
	THREAD_DEAD,
};

/* Bits of thread->work: what must be looked at before user code runs on. */
enum thread_work {
	WORK_SIGNAL = 1u << 0, /* a signal may be deliverable */
	WORK_KILL = 1u << 1,   /* the thread must die: fatal to every wait */
	WORK_STOP = 1u << 2,   /* group stop in progress */
	WORK_NOTIFY = 1u << 3, /* process-private deferred work */
	WORK_FULL_RETURN = 1u << 4, /* leave by IRET, loading all registers */
	WORK_TRACE_ENTRY = 1u << 8, /* system calls take the slow entry */
};

enum sched_class {
	CLASS_RT,   /* SCHED_FIFO, SCHED_RR */
	CLASS_FAIR, /* SCHED_OTHER, SCHED_BATCH */
	CLASS_IDLE, /* SCHED_IDLE */
};

/*
 * The word at thread->state of a fair thread without work: running, and asleep
 * with `direct`. The CPU's number is added.
 */
#define THREAD_WORD_RUNNING \
	((uint64_t)THREAD_RUNNING | CLASS_FAIR << 8 | 0 << 16 | 1 << 24)
#define THREAD_WORD_ASLEEP \
	((uint64_t)THREAD_SLEEPING | CLASS_FAIR << 8 | 1 << 16 | 0 << 24)

/*
 * How an interrupted call that returned E_RESTART_BLOCK goes on: the signal
 * layer makes the program call restart_syscall, which calls fn(arg).
 */
struct restart {
	long (*fn)(const uint64_t arg[5]);
	uint64_t arg[5];
};

enum { KSTACK_SIZE = 16384 }; /* plus a guard page below */

/*
 * Keys: (s) guarded by the run queue's lock of thread->cpu; (o) written by the
 * owner thread only; (p) see process.h.
 */
struct thread {
	/* Offsets known to assembly (arch/x86_64/asm_offsets.h). */
	uint64_t kstack_top; /* const; struct regs of user mode lie below it */
	uint64_t saved_sp;   /* (s) while not running */
	/*
	 * One word, aligned: ipc/fastpath.S compares it whole, and writes its
	 * first half. direct: asleep without frames that matter, written under
	 * (s) or by the running thread itself.
	 */
	_Atomic uint8_t state; /* enum thread_state */
	uint8_t class;         /* (s) enum sched_class */
	bool direct;
	_Atomic uint8_t on_cpu;   /* executing, or being switched away from */
	uint8_t cpu;              /* (s) run queue it belongs to */
	bool queued;              /* (s) in a run queue's tree or list */
	_Atomic uint16_t work;    /* enum thread_work */
	const void *const *calls; /* const: what it may call, by number */
	uint64_t user_fs_base;    /* (o) while switched out */
	uint64_t user_gs_base;
	void *fpu;             /* XSAVE area, fpu.h; NULL for kernel threads */
	struct aspace *aspace; /* what CR3 holds for it; NULL: kernel thread */
	struct process *process; /* const; NULL for kernel threads */
	uint32_t tid;            /* const */
	struct ipc_thread ipc;

	/* Scheduling. */
	uint8_t policy;          /* (s) Linux SCHED_* */
	int8_t nice;             /* (s) -20..19 */
	uint8_t rt_prio;         /* (s) 1..99 */
	uint32_t weight;         /* (s) from nice */
	uint64_t vruntime;       /* (s) weighted ns */
	uint64_t run_start;      /* (s) TSC when it last got the CPU */
	uint64_t slice_end;      /* (s) TSC when the slice is used up */
	struct rb_node run_node; /* (s) fair tree */
	struct list run_link;    /* (s) rt list */
	struct cpu_set affinity; /* (s) */
	_Atomic uint64_t cpu_ns; /* run time, ns */
	/* Timer interrupts that found it in user [0] and kernel mode [1]. */
	_Atomic uint32_t samples[2];
	uint64_t switches_voluntary;
	uint64_t switches_forced;

	/* Waiting: see wait.c. */
	struct timer wait_timer;
	bool wait_timed_out;
	uint8_t wait_mode;     /* enum wait_mode while sleeping */
	const char *wait_what; /* where it sleeps, for /proc/PID/wchan */

	/* Identity. */
	struct list process_link; /* (p) in process->threads */
	char name[16];            /* (o) comm of this thread */
	_Atomic uint32_t refs;
	struct rcu_head rcu;

	/* Signals, futex, exit: process layer (p). */
	uint64_t sig_blocked;  /* (p) mask of blocked signals */
	uint64_t sig_saved;    /* (o) mask to restore after sigsuspend/ppoll */
	bool sig_saved_valid;  /* (o) */
	uint64_t sig_pending;  /* (p) bits of the private queue */
	struct list sig_queue; /* (p) queued siginfo, private */
	uint64_t altstack_sp;  /* (o) sigaltstack */
	uint64_t altstack_size;
	uint32_t altstack_flags;
	uint64_t clear_tid;   /* (o) user address, CLONE_CHILD_CLEARTID */
	uint64_t robust_list; /* (o) user address */
	uint64_t rseq;        /* (o) user address of struct rseq or 0 */
	uint32_t rseq_sig;
	struct restart restart; /* (o) for restart_syscall */
	int exit_code;          /* (o) wait status */
	uint64_t syscalls;      /* (o) count */
	uint64_t minflt;        /* (o) page faults without I/O */
	uint64_t majflt;        /* (o) */
	uint32_t lock_depth;    /* debug: mutexes held */
	uint8_t lock_ranks[8];  /* debug: their ranks */
	uint32_t fault_depth;   /* faults in user copies, against recursion */
};

PERCPU_DECLARE(struct thread *, current_thread);
#ifdef HOSTED
struct thread *thread_hosted_current(void);
#define thread_current() thread_hosted_current()
#else
#define thread_current() (current_thread)
#endif

/*
 * Create a kernel thread that runs fn(arg); it is not started. The stack comes
 * from vmalloc with a guard page. One reference to the caller.
 */
enum err thread_create(
    const char *name, void (*fn)(void *), void *arg, struct thread **out);

/*
 * Create the thread of a user process: it starts by returning to user mode
 * through *thread_regs(t), which the caller fills before sched_start().
 */
enum err thread_create_user(struct process *p, struct thread **out);

/* The user registers at the top of t's kernel stack. */
static inline struct regs *thread_regs(struct thread *t)
{
	return (struct regs *)(t->kstack_top - 168);
}

struct thread *thread_get(struct thread *t);
void thread_put(struct thread *t);

/* End the current thread; never returns. The process layer goes first. */
noreturn_fn void thread_exit(void);

/* Boot: the caches. thread_setup fills a thread that is not on the slab. */
void thread_init(void);
void thread_setup(struct thread *t, const char *name);

/* Segment bases of the running user thread (switch.c). */
void thread_set_fs_base(uint64_t base);
void thread_set_gs_base(uint64_t base);
void thread_get_bases(uint64_t *fs, uint64_t *gs);
