/* kernel/object/process.h -- processes, groups, sessions, credentials. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/thread.h"
#include "kernel/core/wait.h"
#include "kernel/object/silo.h"

struct aspace;
struct desc_table;
struct fs_context;
struct sighand;
struct tty;
struct namespace;

enum { PID_LIMIT = 1 << 22, GROUPS_MAX = 64 };

/* Immutable once published; replaced whole. Read under RCU or by its owner. */
struct cred {
	_Atomic uint32_t refs;
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	uint32_t ngroups;
	uint32_t groups[GROUPS_MAX];
	struct rcu_head rcu;
};

/* A process group / session; lives while it has members. RANK_PROCTREE. */
struct session {
	uint32_t sid;
	_Atomic uint32_t refs;
	struct tty *tty;        /* controlling terminal or NULL; tty lock */
	struct process *leader; /* NULL when it died */
};
struct pgrp {
	uint32_t pgid;
	_Atomic uint32_t refs;
	struct session *session;
	struct list members; /* process->pgrp_link */
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
 * (h) sighand->lock; (r) RCU pointer, replaced by the owner only.
 */
struct process {
	uint32_t pid; /* const */
	_Atomic uint32_t refs;
	_Atomic uint32_t state; /* (t) enum process_state */
	struct silo *silo;      /* const */
	struct process *parent; /* (t) (r) never NULL but for init */
	struct list children;   /* (t) process->sibling */
	struct list sibling;
	struct list threads;             /* (t) thread->process_link */
	uint32_t thread_count;           /* (t) living threads */
	struct thread *leader;           /* (t) thread with tid == pid */
	struct list all_link;            /* (t) all processes */
	struct pgrp *pgrp;               /* (t) */
	struct list pgrp_link;           /* (t) */
	struct session *session;         /* (t) */
	struct cred *cred;               /* (r) */
	struct aspace *aspace;           /* replaced by exec only */
	struct desc_table *descs;        /* replaced by exec and unshare only */
	struct fs_context *fs;           /* cwd, root, umask; CLONE_FS shares */
	struct sighand *sighand;         /* handlers; CLONE_SIGHAND shares */
	struct namespace *namespace;     /* mounts; CLONE_NEWNS copies */
	struct rlimit rlimits[RL_COUNT]; /* (t) to change, read anywhere */

	/* Signals of the whole process (h). */
	uint64_t sig_pending;
	struct list sig_queue;
	uint32_t sig_queued;        /* for RLIMIT_SIGPENDING */
	uint32_t group_stop_signal; /* 0: none */
	bool group_exiting;
	bool continued, stopped_report, continued_report;
	int group_exit_code;

	/* Wait. */
	struct wait_queue wait_children; /* parent sleeps in wait4 here */
	int exit_signal;                 /* to the parent; SIGCHLD for fork */
	int exit_code;                   /* (t) wait status, when zombie */
	bool autoreap;                   /* parent ignores SIGCHLD */
	struct wait_queue *vfork_done;   /* woken at exec or exit */

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

/* By number; under RCU or with a reference given. NULL when there is none. */
struct process *process_find(uint32_t pid); /* gives a reference */
struct thread *thread_find(uint32_t tid);   /* gives a reference */
/* Next living or zombie process with pid >= *pid; gives a reference. */
struct process *process_next(uint32_t *pid);

/* Current credentials: own ones may be used without a reference. */
static inline const struct cred *cred_current(void)
{
	return process_current()->cred;
}
/* uid 0 within the silo's mode. */
bool cred_privileged(void);
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

/* Counts for leak checks and /proc/stat. */
uint64_t process_live(void);
uint64_t thread_live(void);
