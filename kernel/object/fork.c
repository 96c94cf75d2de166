/* kernel/object/fork.c -- fork, vfork, clone: new processes and threads. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/restrict.h"
#include "kernel/object/rlimits.h"
#include "kernel/object/silo_start.h"
#include "kernel/object/signal_internal.h"
#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/desc.h"
#include "kernel/vfs/file.h"

/*
 * All that can fail happens first, on structs that nobody else sees. Then one
 * critical section of the tree lock gives the number and publishes, unless a
 * signal came in the meantime: a fork must not escape a kill of its group.
 */

enum { CLONE_VM_FLAGS_MAX = 64 };

#define CLONE_KNOWN                                                          \
	(CLONE_CSIGNAL | CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | \
	    CLONE_VFORK | CLONE_PARENT | CLONE_THREAD | CLONE_NEWNS |        \
	    CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |             \
	    CLONE_CHILD_CLEARTID | CLONE_DETACHED | CLONE_UNTRACED |         \
	    CLONE_CHILD_SETTID | CLONE_IO | CLONE_CLEAR_SIGHAND)

static enum err check_flags(const struct clone_args *a)
{
	uint64_t f = a->flags;

	if (f & ~CLONE_KNOWN)
		return E_INVAL;
	if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
		return E_INVAL;
	if ((f & CLONE_SIGHAND) && !(f & CLONE_VM))
		return E_INVAL;
	if ((f & CLONE_NEWNS) && (f & CLONE_FS))
		return E_INVAL;
	if ((f & CLONE_CLEAR_SIGHAND) && (f & CLONE_SIGHAND))
		return E_INVAL;
	if ((f & CLONE_PARENT) && process_current() == process_first)
		return E_INVAL;
	if (a->exit_signal > SIGNAL_MAX)
		return E_INVAL;
	if ((f & CLONE_NEWNS) && !cred_privileged())
		return E_PERM;
	/* Native silos have threads only: processes come from init. */
	if (!(f & CLONE_THREAD) && !silo_current()->abi_linux)
		return E_PERM;
	return OK;
}

/* The child starts where the parent is, with 0 as the result. */
static void thread_inherit(
    struct thread *t, const struct clone_args *a, const struct regs *regs)
{
	struct thread *self = thread_current();
	struct regs *r = thread_regs(t);

	*r = *regs;
	r->rax = 0;
	if (a->stack)
		r->rsp = a->stack + a->stack_size;
	/* The live registers are ours: one instruction copies them. */
	fpu_save(t->fpu);
	thread_get_bases(&t->user_fs_base, &t->user_gs_base);
	if (a->flags & CLONE_SETTLS)
		t->user_fs_base = a->tls;
	t->calls = self->calls;
	t->class = self->class;
	t->policy = self->policy;
	t->nice = self->nice;
	t->rt_prio = self->rt_prio;
	t->weight = self->weight;
	t->cpu = self->cpu;
	t->affinity = self->affinity;
	memcpy(t->name, self->name, sizeof(t->name));
	t->sig_blocked =
	    self->sig_saved_valid ? self->sig_saved : self->sig_blocked;
	if (!(a->flags & CLONE_VM) || (a->flags & CLONE_VFORK)) {
		t->altstack_sp = self->altstack_sp;
		t->altstack_size = self->altstack_size;
		t->altstack_flags = self->altstack_flags;
	} else {
		t->altstack_flags = SS_DISABLE;
	}
	if (a->flags & CLONE_CHILD_CLEARTID)
		t->clear_tid = a->child_tid;
	/* Not asleep: a wake-up must not start it before it is ready. */
	atomic_store_explicit(&t->state, THREAD_RUNNING, memory_order_relaxed);
}

void process_exe_done(struct path *exe)
{
	if (!exe->name)
		return;
	file_exec_done(path_node(exe));
	path_put(exe);
}

void process_drop_parts(struct process *p)
{
	struct aspace *a = p->aspace;
	struct desc_table *d = p->descs;
	struct fs_context *fs = p->fs;
	struct path exe = p->exe;
	struct namespace *ns = p->namespace;
	irqflags_t f = lock_take_irq(&process_tree_lock);

	p->aspace = NULL;
	p->descs = NULL;
	p->fs = NULL;
	p->exe = (struct path){0};
	lock_drop_irq(&process_tree_lock, f);
	if (a)
		aspace_put(a);
	if (d)
		desc_table_put(d);
	process_exe_done(&exe);
	if (fs)
		fs_context_put(fs);
	p->namespace = NULL;
	if (ns)
		namespace_put(ns);
	silo_launch_free(p->launch);
	p->launch = NULL;
}

static enum err share_or_copy(struct process *p, uint64_t flags)
{
	struct process *self = process_current();
	enum err e = OK;

	if (flags & CLONE_VM)
		p->aspace = aspace_get(self->aspace);
	else
		e = aspace_fork(self->aspace, &p->aspace);
	if (e != OK)
		return e;
	if (flags & CLONE_FILES)
		p->descs = desc_table_get(self->descs);
	else
		e = desc_table_copy(self->descs, &p->descs);
	if (e != OK)
		return e;
	if (flags & CLONE_FS)
		p->fs = fs_context_get(self->fs);
	else
		e = fs_context_copy(self->fs, &p->fs);
	if (e != OK)
		return e;
	if (flags & CLONE_NEWNS)
		return namespace_copy(self->namespace, &p->namespace);
	p->namespace = namespace_get(self->namespace);
	return OK;
}

static enum err process_inherit(struct process *p, const struct clone_args *a)
{
	struct process *self = process_current();
	enum err e;

	p->cred = cred_get(self->cred);
	if (a->flags & CLONE_SIGHAND) {
		atomic_fetch_add(&self->sighand->refs, 1);
		p->sighand = self->sighand;
	} else {
		p->sighand =
		    sighand_copy(self->sighand, a->flags & CLONE_CLEAR_SIGHAND);
		if (!p->sighand)
			return E_NOMEM;
	}
	e = share_or_copy(p, a->flags);
	if (e == OK)
		e = restrict_inherit(p);
	if (e != OK)
		return e;
	if (self->exe.name) {
		p->exe = self->exe;
		path_get(&p->exe);
		/* Executed once more: below zero, so writers stay out. */
		atomic_fetch_sub(&path_node(&p->exe)->writers, 1);
	}
	memcpy(p->rlimits, self->rlimits, sizeof(p->rlimits));
	memcpy(p->comm, self->comm, sizeof(p->comm));
	p->exit_signal = (int)a->exit_signal;
	p->personality = self->personality;
	p->dumpable = self->dumpable;
	p->no_new_privs = self->no_new_privs;
	p->vm_shared = a->flags & CLONE_VM;
	atomic_store(&p->vfork_busy, (a->flags & CLONE_VFORK) != 0);
	return OK;
}

static enum err charge(struct silo *s, bool process)
{
	enum err e = silo_charge(s, SILO_THREADS, 1);

	if (e != OK || !process)
		return e;
	e = silo_charge(s, SILO_PROCESSES, 1);
	if (e != OK)
		silo_uncharge(s, SILO_THREADS, 1);
	return e;
}

static void uncharge(struct silo *s, bool process)
{
	silo_uncharge(s, SILO_THREADS, 1);
	if (process)
		silo_uncharge(s, SILO_PROCESSES, 1);
}

/* What must be undone when a clone fails; NULL parts are skipped. */
static void undo(struct process *p, struct thread *t)
{
	if (t) {
		/* Both references: the scheduler never saw it. */
		thread_put(t);
		thread_put(t);
	}
	if (p) {
		process_drop_parts(p);
		sighand_put(p->sighand);
		p->sighand = NULL;
		process_put(p);
	}
}

static void link_process_locked(struct process *p, struct thread *t,
    const struct clone_args *a) REQUIRES(&process_tree_lock)
{
	struct process *self = process_current();

	p->pid = t->tid;
	p->leader = t;
	process_adopt_locked(p, a->flags & CLONE_PARENT ? self->parent : self);
	if (a->flags & CLONE_PARENT)
		p->exit_signal = self->exit_signal;
	list_push_back(&p->parent->children, &p->sibling);
	list_push_back(&process_all, &p->all_link);
	silo_process_enter_locked(p);
	pgrp_join_locked(p, self->pgrp);
	atomic_fetch_add_explicit(&process_count, 1, memory_order_relaxed);
}

/* Give a number and make t (and p, if new) visible. */
static enum err publish(
    struct process *p, struct thread *t, const struct clone_args *a)
{
	struct process *self = process_current();
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct pid_entry *entry;
	uint32_t tid;
	enum err e = OK;

	lock_take(&self->sig_lock);
	if (self->group_exiting || signal_pending())
		e = E_RESTARTNOINTR;
	if (e == OK)
		e = pid_alloc_locked(&tid, &entry);
	if (e == OK) {
		t->tid = tid;
		process_link_thread_locked(p, t);
		rcu_store(entry->thread, t);
		if (p != self) {
			link_process_locked(p, t, a);
			rcu_store(entry->process, p);
		}
	}
	lock_drop(&self->sig_lock);
	lock_drop_irq(&process_tree_lock, f);
	return e;
}

/* Tell the parent and the child its number; bad addresses are their loss. */
static void write_tids(
    struct process *p, struct thread *t, const struct clone_args *a)
{
	uint32_t tid = t->tid;

	if (a->flags & CLONE_PARENT_SETTID)
		(void)user_write_u32((struct uptr){a->parent_tid}, tid);
	if (!(a->flags & CLONE_CHILD_SETTID))
		return;
	if (a->flags & CLONE_VM)
		(void)user_write_u32((struct uptr){a->child_tid}, tid);
	else
		(void)aspace_access(
		    p->aspace, a->child_tid, &tid, sizeof(tid), true);
}

static void wait_vfork(struct process *p)
{
	/* A fatal signal lets us go; the child then has the memory alone. */
	(void)WAIT_EVENT(&p->vfork_wait, !atomic_load(&p->vfork_busy),
	    WAIT_KILL, WAIT_FOREVER);
}

static long clone_charged(const struct clone_args *a, const struct regs *regs)
{
	struct process *self = process_current();
	struct process *p = self;
	struct thread *t = NULL;
	bool fresh = !(a->flags & CLONE_THREAD);
	enum err e = OK;
	long tid;

	if (fresh)
		e = process_alloc(self->silo, &p);
	if (e != OK)
		return e;
	if (fresh)
		e = process_inherit(p, a);
	if (e == OK)
		e = thread_create_user(p, &t);
	if (e == OK) {
		t->aspace = p->aspace;
		thread_inherit(t, a, regs);
		e = publish(p, t, a);
	}
	if (e != OK) {
		undo(fresh ? p : NULL, t);
		return e;
	}
	tid = t->tid;
	write_tids(p, t, a);
	if (!(a->flags & CLONE_VFORK)) {
		sched_start(t);
		return tid;
	}
	process_get(p);
	sched_start(t);
	wait_vfork(p);
	process_put(p);
	return tid;
}

long process_clone(const struct clone_args *args, const struct regs *regs)
{
	bool fresh = !(args->flags & CLONE_THREAD);
	struct silo *silo = process_current()->silo;
	enum err e = check_flags(args);
	long r;

	if (e == OK && fresh)
		e = rlimit_check_processes();
	if (e == OK)
		e = charge(silo, fresh);
	if (e != OK)
		return e;
	r = clone_charged(args, regs);
	if (r < 0)
		uncharge(silo, fresh);
	return r;
}
