/* kernel/object/process_internal.h -- what the process layer shares inside. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/process.h"

struct slab_cache;
struct ksiginfo;

/*
 * What a number names. It is free when it names nothing. Fields change under
 * process_tree_lock; thread and process are also read under RCU.
 */
struct pid_entry {
	struct thread *thread;
	struct process *process;
	struct pgrp *pgrp;
	struct session *session;
};

/*
 * Reserve the next free number, going round; the entry must get a name before
 * the lock is dropped. E_AGAIN when all are taken, E_NOMEM.
 */
enum err pid_alloc_locked(uint32_t *out, struct pid_entry **entry)
    REQUIRES(&process_tree_lock);
/* The entry of a number in use, or NULL. Under the lock or RCU. */
struct pid_entry *pid_entry(uint32_t pid);
/* A name was cleared: the number may have become free. */
void pid_release_locked(uint32_t pid) REQUIRES(&process_tree_lock);
void pid_init(void);
/* Numbers wrap at this one (/proc/sys/kernel/pid_max). */
extern uint32_t pid_max;

/* Groups; all under process_tree_lock. */
void pgrp_join_locked(struct process *p, struct pgrp *g)
    REQUIRES(&process_tree_lock);
void pgrp_leave_locked(struct process *p) REQUIRES(&process_tree_lock);
bool pgrp_orphaned_locked(struct pgrp *g, const struct process *without)
    REQUIRES(&process_tree_lock);
/* SIGHUP and SIGCONT to g if it is orphaned now and has stopped members. */
void pgrp_hangup_locked(struct pgrp *g, const struct process *without)
    REQUIRES(&process_tree_lock);
/* p's exit may orphan its own group; its end as a parent, its child's. */
void pgrp_note_exit_locked(struct process *p) REQUIRES(&process_tree_lock);
void pgrp_note_reparent_locked(struct process *child,
    const struct process *old_parent) REQUIRES(&process_tree_lock);
enum err pgrp_set(uint32_t pid, uint32_t pgid);
long session_create(void);
/*
 * A session and group to be, for a process that has no number yet; then p's,
 * as their leader, or freed. E_NOMEM.
 */
enum err pgrp_lead_alloc(struct pgrp **out);
void pgrp_lead_locked(struct process *p, struct pgrp *g)
    REQUIRES(&process_tree_lock);
void pgrp_lead_free(struct pgrp *g);
/* First process: group and session 1. */
enum err pgrp_create_first(struct process *p);
void pgrp_init(void);

/* Credentials. */
struct cred *cred_alloc(void); /* NULL: out of memory; not initialised */
struct cred *cred_copy_current(void);
/* Make c, the caller's reference, the current process's credentials. */
void cred_commit(struct cred *c);
struct cred *cred_first(void); /* root's, for init */
void cred_init(void);
/* Linux's capability numbers up to CAP_CHECKPOINT_RESTORE. */
#define CAPS_ALL ((1ull << 41) - 1)
/* The bit that stands for root's power as a whole (CAP_SYS_ADMIN). */
#define CAP_ADMIN (1ull << 21)
/* After user ids of c changed from those of old: who left root loses it. */
void cred_settle_caps(const struct cred *old, struct cred *c);
bool cred_may_signal(const struct process *target, int signo);

/* A new process struct, one reference, in no tree yet. E_NOMEM. */
enum err process_alloc(struct silo *silo, struct process **out);
void process_link_thread_locked(struct process *p, struct thread *t)
    REQUIRES(&process_tree_lock);
/* Tell p's parent that p stopped, went on or died; wakes its waits. */
void process_notify_parent_locked(struct process *p, int code, int status)
    REQUIRES(&process_tree_lock);
extern struct process *process_first; /* pid 1 */
extern struct list process_all;       /* (t) process->all_link */
extern _Atomic uint64_t process_count, process_thread_count;

/* Bring an exiting group's other threads down and wait (exec). */
enum err process_kill_others(void);

/* A vfork parent may go on. */
void process_vfork_done(struct process *p);
/* Make parent p's: what p calls its parent follows. */
void process_adopt_locked(struct process *p, struct process *parent)
    REQUIRES(&process_tree_lock);
/* Take the zombie out of every table; drops the tree's reference later. */
void process_unlink_locked(struct process *p) REQUIRES(&process_tree_lock);

/* wait4 and waitid. */
enum wait_options {
	WNOHANG = 1,
	WUNTRACED = 2, /* = WSTOPPED */
	WEXITED = 4,
	WCONTINUED = 8,
	WNOWAIT = 0x01000000,
	WNOTHREAD = 0x20000000,
	WALL = 0x40000000,
	WCLONE = 0x80000000,
};
enum wait_which { P_ALL, P_PID, P_PGID };
struct wait_result {
	uint32_t pid, uid;
	int status; /* as wait4's */
	int code;   /* CLD_* */
	nsec_t utime, stime;
	uint64_t minflt, majflt, nvcsw, nivcsw;
};
/* pid of the child found, 0 (WNOHANG), E_CHILD, E_RESTARTSYS. */
long process_wait(enum wait_which which, uint32_t id, uint32_t options,
    struct wait_result *out);

/* Flags of clone(2). */
#define CLONE_CSIGNAL        0x000000ffull
#define CLONE_VM             0x00000100ull
#define CLONE_FS             0x00000200ull
#define CLONE_FILES          0x00000400ull
#define CLONE_SIGHAND        0x00000800ull
#define CLONE_PIDFD          0x00001000ull
#define CLONE_PTRACE         0x00002000ull
#define CLONE_VFORK          0x00004000ull
#define CLONE_PARENT         0x00008000ull
#define CLONE_THREAD         0x00010000ull
#define CLONE_NEWNS          0x00020000ull
#define CLONE_SYSVSEM        0x00040000ull
#define CLONE_SETTLS         0x00080000ull
#define CLONE_PARENT_SETTID  0x00100000ull
#define CLONE_CHILD_CLEARTID 0x00200000ull
#define CLONE_DETACHED       0x00400000ull
#define CLONE_UNTRACED       0x00800000ull
#define CLONE_CHILD_SETTID   0x01000000ull
#define CLONE_IO             0x80000000ull
#define CLONE_CLEAR_SIGHAND  0x100000000ull

/* Exit status words. */
static inline int wait_status_exited(int code)
{
	return (code & 0xff) << 8;
}

/* Take a reference to what a look-up without lock found; false: it is dying. */
static inline bool process_ref_unless_zero(_Atomic uint32_t *refs)
{
	uint32_t n = atomic_load_explicit(refs, memory_order_relaxed);

	while (n != 0) {
		if (atomic_compare_exchange_weak(refs, &n, n + 1))
			return true;
	}
	return false;
}

/* CPU time of a thread until now. */
nsec_t process_thread_time(const struct thread *t);

/* Let go of p's memory, descriptors, ... ; some may be absent. May sleep. */
void process_drop_parts(struct process *p);
void exec_init(void);

/* A process executes *exe no more; empty is fine. Takes the references. */
void process_exe_done(struct path *exe);
