/* kernel/object/process.h -- processes, groups, sessions, credentials. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/thread.h"
#include "kernel/core/wait.h"
#include "kernel/ipc/event.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/path.h"

struct aspace;
struct desc_table;
struct fs_context;
struct sighand;
struct tty;
struct namespace;

struct node;
struct launch;
struct view;

/* What a process gave up for good, besides mode bits: restrict.h. */
enum restriction {
	RESTRICT_VIEW = 1,    /* only what is unveiled exists */
	RESTRICT_SANDBOX = 2, /* only descriptors that it has */
};

/* Numbers of threads, processes, groups and sessions: 1..PID_LIMIT-1. */
enum { PID_LIMIT = 1 << 16, GROUPS_MAX = 64 };

/* Immutable once published; replaced whole. Read under RCU or by its owner. */
struct cred {
	_Atomic uint32_t refs;
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	/* Linux's capability sets: what of root's power is left. */
	uint64_t cap_effective, cap_permitted, cap_inheritable;
	uint32_t ngroups;
	uint32_t groups[GROUPS_MAX];
	struct rcu_head rcu;
};

/* A process group / session; lives while it has members. RANK_PROCTREE. */
struct session {
	uint32_t sid; /* const */
	_Atomic uint32_t refs;
	struct tty *tty;        /* controlling terminal or NULL; tty lock */
	struct process *leader; /* (t) NULL when it died; borrowed */
	uint32_t groups;        /* (t) groups with members */
};
struct pgrp {
	uint32_t pgid; /* const */
	_Atomic uint32_t refs;
	struct session *session; /* const; holds a reference */
	struct list members;     /* (t) process->pgrp_link */
};

enum rlimit_id {
	RL_CPU,
	RL_FSIZE,
	RL_DATA,
	RL_STACK,
	RL_CORE,
	RL_RSS,
	RL_NPROC,
	RL_NOFILE,
	RL_MEMLOCK,
	RL_AS,
	RL_LOCKS,
	RL_SIGPENDING,
	RL_MSGQUEUE,
	RL_NICE,
	RL_RTPRIO,
	RL_RTTIME,
	RL_COUNT,
};
struct rlimit {
	uint64_t cur, max;
};

enum process_state { PROC_ALIVE, PROC_ZOMBIE, PROC_REAPED };

/*
 * Keys: (t) process_tree_lock (RANK_PROCTREE, irq-safe spinlock, global);
 * (h) process->sig_lock (RANK_SIGHAND, irq-safe); (th) changed under both, read
 * under either; (r) RCU pointer, replaced by the owner only.
 */
struct process {
	uint32_t pid; /* const */
	_Atomic uint32_t refs;
	_Atomic uint32_t state; /* (t) enum process_state */
	struct silo *silo;      /* const; pinned */
	struct list silo_link;  /* (t) in silo->processes */
	bool strate;            /* const: silo_start made it */
	uint32_t pledge;        /* mode bits it kept; only shrinks */
	uint32_t restricted;    /* enum restriction; only grows */
	struct view *view;      /* (r) unveil's list, or NULL */
	struct launch *launch;  /* its program, until it runs; owner */
	enum err start_error;   /* why it never ran; by vfork_busy */
	uint64_t fault_address; /* (h) of the fault that killed it */
	struct process *parent; /* (t) (r) never NULL but for init */
	_Atomic uint32_t ppid; /* (t) what it calls itself; 0: not its silo's */
	struct list children;  /* (t) process->sibling, zombies first */
	struct list sibling;
	struct list threads;   /* (th) thread->process_link */
	uint32_t thread_count; /* (th) living threads */
	/* (th) thread with tid == pid, or another living one; NULL: zombie */
	struct thread *leader;
	struct list all_link;    /* (t) all processes */
	struct pgrp *pgrp;       /* (t) */
	struct list pgrp_link;   /* (t) */
	struct session *session; /* (t) */
	struct cred *cred;       /* (r) */
	/*
	 * Replaced by exec, cleared by exit, under process_tree_lock; others
	 * than the owner use process_aspace() and its like.
	 */
	struct aspace *aspace;
	struct desc_table *descs;
	struct fs_context *fs;           /* cwd, root, umask; CLONE_FS shares */
	struct sighand *sighand;         /* (h) NULL: dead */
	struct namespace *namespace;     /* mounts; CLONE_NEWNS copies */
	struct path exe;                 /* (t) writing it is E_TXTBSY */
	struct rlimit rlimits[RL_COUNT]; /* (t) to change, read anywhere */

	/* Signals of the whole process (h). */
	struct lock sig_lock;
	uint64_t sig_pending;
	struct list sig_queue;
	uint32_t sig_queued; /* for RLIMIT_SIGPENDING */
	uint64_t
	    sig_slot[2][12]; /* queued siginfos kept in here: any; the alarm */
	bool sig_slot_used[2];
	uint32_t group_stop_signal; /* 0: none; else stopping or stopped */
	uint32_t continues; /* SIGCONTs so far: a stop they cross is void */
	uint32_t stop_left; /* threads that have yet to stop */
	bool stopped;       /* every thread is stopped */
	bool group_exiting; /* all threads die with group_exit_code */
	bool stop_notify, continue_notify; /* tell the parent on the way out */
	bool stopped_report, continued_report; /* (t) for wait4 */
	int group_exit_code;
	struct thread *exec_thread; /* (h) it waits for the others to die */

	/* Wait. */
	struct wait_queue wait_children; /* parent sleeps in wait4 here */
	int exit_signal;                 /* to the parent; SIGCHLD for fork */
	int exit_code;                   /* (t) wait status, when zombie */
	/* Our parent waits here, inside us, until we exec or exit. */
	struct wait_queue vfork_wait;
	_Atomic bool vfork_busy;
	bool vm_shared; /* CLONE_VM without CLONE_THREAD made us */

	struct event_source ends; /* fires when it is a zombie */

	/* Accounting. */
	nsec_t start_time;                     /* monotonic */
	_Atomic uint64_t utime_ns, stime_ns;   /* of dead threads */
	_Atomic uint64_t cutime_ns, cstime_ns; /* of reaped children */
	uint64_t minflt, majflt, cminflt, cmajflt;
	uint64_t nvcsw, nivcsw;
	_Atomic uint64_t rchar, wchar, syscr, syscw;

	/* Timers. */
	struct timer alarm; /* ITIMER_REAL */
	nsec_t alarm_interval;

	uint32_t personality;
	uint32_t dumpable, no_new_privs, pdeath_signal, child_subreaper;
	bool did_exec;
	char comm[16];
	struct rcu_head rcu;
};

extern struct lock process_tree_lock;

static inline struct process *process_current(void)
{
	return thread_current()->process;
}

struct process *process_get(struct process *p);
void process_put(struct process *p);

/*
 * The parts of any process p, a reference given; NULL when p is dead. The
 * owner may use p->aspace and the like directly.
 */
struct aspace *process_aspace(struct process *p);
struct desc_table *process_descs(struct process *p);
struct fs_context *process_fs(struct process *p);
bool process_exe(struct process *p, struct path *out);
struct thread *process_leader(struct process *p);

/* Nanoseconds on a CPU of all threads, dead ones included. */
void process_times(struct process *p, nsec_t *user, nsec_t *kernel);

/*
 * By number; NULL when there is none, or none that the current process may know
 * of: see process_visible().
 */
struct process *process_find(uint32_t pid); /* gives a reference */
struct thread *thread_find(uint32_t tid);   /* gives a reference */
/* Of any silo, without a reference: within rcu_read_enter and _exit. */
struct thread *thread_peek(uint32_t tid);
/* Next living or zombie process with pid >= *pid; gives a reference. */
struct process *process_next(uint32_t *pid);
/* The same of all silos: for the kernel's own purposes. */
struct process *process_next_any(uint32_t *pid);

/* As process_next, for threads of p: those with tid >= *tid. */
struct thread *process_next_thread(struct process *p, uint32_t *tid);

/*
 * Groups and sessions. Each of these gives a reference. pgrp_find: NULL when
 * nobody is in such a group.
 */
struct pgrp *pgrp_get(struct pgrp *g);
void pgrp_put(struct pgrp *g); /* NULL is fine */
struct pgrp *pgrp_find(uint32_t pgid);
struct pgrp *process_pgrp(struct process *p);
struct session *session_get(struct session *s);
void session_put(struct session *s); /* NULL is fine */
struct session *process_session(struct process *p);
/* No member has a parent in another group of the session. */
bool pgrp_orphaned(struct pgrp *g);

/* Current credentials: own ones may be used without a reference. */
static inline const struct cred *cred_current(void)
{
	return process_current()->cred;
}
/* Those of any process; gives a reference. */
struct cred *process_cred(struct process *p);
struct cred *cred_get(struct cred *c);
void cred_put(struct cred *c);
/* uid 0 within the silo's mode. */
bool cred_privileged(void);
/* The same in a silo that has to do with the whole machine: not user tier. */
bool cred_system(void);
bool cred_in_group(const struct cred *c, uint32_t gid);

/*
 * Start pid 1 from `path` in the boot silo's namespace with /dev/console as
 * 0, 1, 2. Panics with a clear message when it cannot.
 */
void process_start_init(const char *path);

/* fork/vfork/clone/clone3, after the arguments were copied in. */
struct clone_args {
	uint64_t flags;
	uint64_t pidfd, child_tid, parent_tid; /* user addresses */
	uint64_t exit_signal, stack, stack_size, tls;
};
long process_clone(const struct clone_args *args, const struct regs *regs);

/* End the whole process with a wait status; never returns. */
noreturn_fn void process_exit_group(int status);
/* End only the calling thread (exit(2)). */
noreturn_fn void process_exit_thread(int code);

/* Counts for leak checks and /proc/stat: zombies count as processes. */
uint64_t process_live(void);
uint64_t thread_live(void);
/* The number given out last, for /proc/loadavg. */
uint32_t pid_last(void);

/* Boot: caches, limits. Before process_start_init. */
void process_init(void);
