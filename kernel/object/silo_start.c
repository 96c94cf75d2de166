/* kernel/object/silo_start.c -- a first process in a silo, made from nothing. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/silo_start.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/audit.h"
#include "kernel/object/desc_table.h"
#include "kernel/object/exec_internal.h"
#include "kernel/object/signal_internal.h"
#include "kernel/sys/syscall.h"

/*
 * The new process shares nothing with the one that starts it but its user ids,
 * resource limits, and the descriptors that were listed. It has no memory yet:
 * on its thread's way to user mode it executes its program itself, so that the
 * path is walked and all is charged as the silo's own. Who starts it waits, as
 * for a vfork.
 *
 * Its parent is the first process, which never hears of it: a parent in
 * another silo is told nothing and waits for nothing (exit.c).
 */
struct launch {
	struct exec_args args;
	char path[];
};

void silo_launch_free(struct launch *l)
{
	if (!l)
		return;
	exec_args_free(&l->args);
	kfree(l);
}

static enum err launch_make(
    const char *path, const struct silo_spawn *how, struct launch **out)
{
	size_t n = strlen(path) + 1;
	struct launch *l = kzalloc(sizeof(*l) + n);
	enum err e;

	if (!l)
		return E_NOMEM;
	memcpy(l->path, path, n);
	e = exec_args_copy(
	    &l->args, (struct uptr){how->argv}, (struct uptr){how->envp});
	if (e != OK)
		silo_launch_free(l);
	else
		*out = l;
	return e;
}

void silo_launch_run(void)
{
	struct process *p = process_current();
	struct launch *l = p->launch;
	enum err e;

	atomic_fetch_and(&thread_current()->work, ~(uint32_t)WORK_NOTIFY);
	if (!l)
		return;
	p->launch = NULL;
	e = process_exec_args(l->path, &l->args);
	silo_launch_free(l);
	if (e == OK)
		return;
	p->start_error = e;
	process_exit_group(wait_status_exited(127));
}

/* Give the table t of a silo the descriptor; its silo's own grant node. */
static enum err give(
    struct silo *s, struct desc_table *t, const struct launch_fd *fd)
{
	struct grant *g = fd->grant;
	enum err e;

	if (g->silo == s)
		return desc_table_insert(t, fd->to, grant_get(g), fd->rights);
	e = audit_flow(silo_current(), s);
	if (e == OK)
		e = object_admitted(g->object, atomic_load(&s->mode));
	if (e == OK)
		e = grant_derive(g, s, fd->rights, 0, &g);
	if (e != OK)
		return e;
	return desc_table_insert(t, fd->to, g, fd->rights);
}

static enum err make_parts(struct process *p, const struct silo_spawn *how,
    const struct launch_fd *fds)
{
	struct process *self = process_current();
	struct silo *s = p->silo;
	enum err e;

	p->cred = cred_get(self->cred);
	p->sighand = sighand_create();
	if (!p->sighand)
		return E_NOMEM;
	memcpy(p->rlimits, self->rlimits, sizeof(p->rlimits));
	kstrlcpy(p->comm, s->name, sizeof(p->comm));
	p->namespace = namespace_get(s->namespace);
	e = fs_context_copy(s->fs, &p->fs);
	if (e == OK)
		e = desc_table_create_for(s, &p->descs);
	for (uint32_t i = 0; i < how->fd_count && e == OK; i++)
		e = give(s, p->descs, &fds[i]);
	return e;
}

static void set_thread(struct process *p, struct thread *t)
{
	t->calls =
	    p->silo->abi_linux ? syscall_table.all : syscall_table.native;
	t->altstack_flags = SS_DISABLE;
	t->cpu = thread_current()->cpu;
	kstrlcpy(t->name, p->comm, sizeof(t->name));
	atomic_store(&t->work, WORK_NOTIFY);
	atomic_store(&t->state, THREAD_RUNNING);
}

static enum err may_start_locked(const struct silo *s)
    REQUIRES(&process_tree_lock)
{
	if (s->state == SILO_SUSPENDED || s->state == SILO_STOPPING)
		return E_BUSY;
	return s->state == SILO_DESTROYED ? E_SRCH : OK;
}

/* Number the process and let others see it. */
static enum err publish(struct process *p, struct thread *t, struct pgrp *lead)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	enum err e = may_start_locked(p->silo);
	struct pid_entry *entry;
	uint32_t pid;

	if (e == OK)
		e = pid_alloc_locked(&pid, &entry);
	if (e == OK) {
		p->pid = pid;
		t->tid = pid;
		p->leader = t;
		process_adopt_locked(p, process_first);
		process_link_thread_locked(p, t);
		list_push_back(&process_first->children, &p->sibling);
		list_push_back(&process_all, &p->all_link);
		rcu_store(entry->thread, t);
		rcu_store(entry->process, p);
		if (lead)
			pgrp_lead_locked(p, lead);
		else
			pgrp_join_locked(p, process_current()->pgrp);
		silo_process_enter_locked(p);
		atomic_fetch_add(&process_count, 1);
	}
	lock_drop_irq(&process_tree_lock, f);
	return e;
}

static enum err charge(struct silo *s)
{
	enum err e = silo_charge(s, SILO_THREADS, 1);

	if (e != OK)
		return e;
	e = silo_charge(s, SILO_PROCESSES, 1);
	if (e != OK)
		silo_uncharge(s, SILO_THREADS, 1);
	return e;
}

/* Undo what was made and not published; parts may be missing. */
static void undo(struct process *p, struct thread *t)
{
	struct silo *s = p->silo;

	if (t) {
		/* Both references: the scheduler never saw it. */
		thread_put(t);
		thread_put(t);
	}
	process_drop_parts(p);
	sighand_put(p->sighand);
	p->sighand = NULL;
	process_put(p);
	silo_uncharge(s, SILO_THREADS, 1);
	silo_uncharge(s, SILO_PROCESSES, 1);
}

/* Start it and wait for its program to run, or not. */
static long go(struct process *p, struct thread *t)
{
	long r = p->pid;
	enum err e;

	process_get(p);
	sched_start(t);
	/* A fatal signal lets us go; the program starts or not without us. */
	e = WAIT_EVENT(&p->vfork_wait, !atomic_load(&p->vfork_busy), WAIT_KILL,
	    WAIT_FOREVER);
	if (e == OK && p->start_error != OK)
		r = p->start_error;
	process_put(p);
	return e == OK ? r : (long)e;
}

long silo_launch(struct silo *s, const char *path, const struct silo_spawn *how,
    const struct launch_fd *fds)
{
	struct process *p;
	struct thread *t = NULL;
	struct pgrp *lead = NULL;
	enum err e;

	if (s == &silo_boot)
		return E_PERM;
	e = charge(s);
	if (e != OK)
		return e;
	e = process_alloc(s, &p);
	if (e != OK) {
		silo_uncharge(s, SILO_THREADS, 1);
		silo_uncharge(s, SILO_PROCESSES, 1);
		return e;
	}
	p->strate = true;
	p->start_error = E_SRCH; /* killed before it ran */
	atomic_store(&p->vfork_busy, true);
	e = launch_make(path, how, &p->launch);
	if (e == OK)
		e = make_parts(p, how, fds);
	if (e == OK && !(how->flags & SPAWN_ATTACH))
		e = pgrp_lead_alloc(&lead);
	if (e == OK)
		e = thread_create_user(p, &t);
	if (e == OK) {
		set_thread(p, t);
		e = publish(p, t, lead);
	}
	if (e == OK)
		return go(p, t);
	if (lead)
		pgrp_lead_free(lead);
	undo(p, t);
	return e;
}
