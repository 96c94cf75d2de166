/* kernel/object/process.c -- the life of struct process, and its parts. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/signal_internal.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/core/sched.h"
#include "kernel/core/clock.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/object/desc.h"
#include "kernel/object/rlimits.h"
#include "kernel/object/silo_internal.h"
#include "kernel/vfs/view.h"

/*
 * References to a process: one of the tree, from fork until somebody waited for
 * it; one of each of its threads, for as long as the thread's memory lives;
 * and those of look-ups. Its parts (memory, descriptors, ...) go when its last
 * thread exits, so a zombie is the bare struct.
 */
struct lock process_tree_lock = LOCK_INIT(RANK_PROCTREE);
struct list process_all = LIST_INIT(process_all);
struct process *process_first;
_Atomic uint64_t process_count, process_thread_count;

static struct slab_cache *process_cache;

struct process *process_get(struct process *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

static void process_free(struct rcu_head *h)
{
	struct process *p = container_of(h, struct process, rcu);

	view_put(p->view);
	silo_unpin(p->silo);
	slab_free(process_cache, p);
}

void process_put(struct process *p)
{
	if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	cred_put(p->cred);
	rcu_call(&p->rcu, process_free);
}

enum err process_alloc(struct silo *silo, struct process **out)
{
	struct process *p = slab_alloc(process_cache);

	if (!p)
		return E_NOMEM;
	memset(p, 0, sizeof(*p));
	atomic_init(&p->refs, 1);
	p->silo = silo;
	silo_pin(silo);
	p->pledge = MODE_ALL;
	list_init(&p->silo_link);
	list_init(&p->children);
	list_init(&p->sibling);
	list_init(&p->threads);
	list_init(&p->all_link);
	list_init(&p->pgrp_link);
	list_init(&p->sig_queue);
	lock_init(&p->sig_lock, RANK_SIGHAND);
	wait_queue_init(&p->wait_children);
	event_source_init(&p->ends);
	wait_queue_init(&p->vfork_wait);
	timer_init(&p->alarm, alarm_expired);
	p->exit_signal = SIGCHLD;
	p->dumpable = 1;
	p->start_time = clock_now();
	*out = p;
	return OK;
}

/* Both locks: the list of threads is read under either. */
void process_link_thread_locked(struct process *p, struct thread *t)
{
	list_push_back(&p->threads, &t->process_link);
	p->thread_count++;
	atomic_fetch_add_explicit(
	    &process_thread_count, 1, memory_order_relaxed);
}

void process_adopt_locked(struct process *p, struct process *parent)
{
	rcu_store(p->parent, parent);
	/* Another silo's process is no one that it could know. */
	atomic_store_explicit(&p->ppid,
	    parent->silo == p->silo ? parent->pid : 0, memory_order_relaxed);
}

void process_unlink_locked(struct process *p)
{
	atomic_store(&p->state, PROC_REAPED);
	list_remove(&p->sibling);
	list_remove(&p->all_link);
	pgrp_leave_locked(p);
	silo_process_leave_locked(p);
	rcu_store(pid_entry(p->pid)->process, NULL);
	pid_release_locked(p->pid);
	silo_uncharge(p->silo, SILO_PROCESSES, 1);
	atomic_fetch_sub_explicit(&process_count, 1, memory_order_relaxed);
}

static bool wants_sigchld(struct process *parent, int code)
{
	struct sigaction act;
	irqflags_t f;
	bool wants = false;

	if (code != CLD_STOPPED && code != CLD_CONTINUED)
		return true;
	f = lock_take_irq(&parent->sig_lock);
	if (parent->sighand) {
		sighand_get_action(parent->sighand, SIGCHLD, &act);
		wants = !(act.flags & SA_NOCLDSTOP);
	}
	lock_drop_irq(&parent->sig_lock, f);
	return wants;
}

void process_notify_parent_locked(struct process *p, int code, int status)
{
	struct process *parent = p->parent;
	struct ksiginfo info = {
	    .signo = SIGCHLD,
	    .code = code,
	    .pid = p->pid,
	    .uid = p->cred->uid,
	    .status = status,
	};

	if (code == CLD_STOPPED || code == CLD_CONTINUED) {
		p->stopped_report = code == CLD_STOPPED;
		p->continued_report = code == CLD_CONTINUED;
		p->exit_code = status;
	} else {
		info.signo = p->exit_signal;
		info.utime = atomic_load(&p->utime_ns) / (NSEC_PER_SEC / 100);
	}
	if (!parent || parent->silo != p->silo)
		return;
	if (info.signo && wants_sigchld(parent, code))
		signal_send_process(parent, &info);
	wait_wake_all(&parent->wait_children);
}

struct aspace *process_aspace(struct process *p)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct aspace *a = p->aspace ? aspace_get(p->aspace) : NULL;

	lock_drop_irq(&process_tree_lock, f);
	return a;
}

struct desc_table *process_descs(struct process *p)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct desc_table *d = p->descs ? desc_table_get(p->descs) : NULL;

	lock_drop_irq(&process_tree_lock, f);
	return d;
}

struct fs_context *process_fs(struct process *p)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct fs_context *fs = p->fs ? fs_context_get(p->fs) : NULL;

	lock_drop_irq(&process_tree_lock, f);
	return fs;
}

bool process_exe(struct process *p, struct path *out)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);

	*out = p->exe;
	if (out->name)
		path_get(out);
	lock_drop_irq(&process_tree_lock, f);
	return out->name != NULL;
}

struct thread *process_leader(struct process *p)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct thread *t = p->leader ? thread_get(p->leader) : NULL;

	lock_drop_irq(&process_tree_lock, f);
	return t;
}

struct thread *process_next_thread(struct process *p, uint32_t *tid)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct thread *t, *best = NULL;

	list_for_each(t, &p->threads, process_link)
	{
		if (t->tid >= *tid && (!best || t->tid < best->tid))
			best = t;
	}
	if (best) {
		*tid = best->tid;
		thread_get(best);
	}
	lock_drop_irq(&process_tree_lock, f);
	return best;
}

nsec_t process_thread_time(const struct thread *t)
{
	nsec_t ns = atomic_load_explicit(&t->cpu_ns, memory_order_relaxed);

	/* cpu_ns is brought up to date at switches only. */
	if (t == thread_current())
		ns += clock_tsc_to_ns(rdtsc() - t->run_start);
	return ns;
}

void process_times(struct process *p, nsec_t *user, nsec_t *kernel)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct thread *t;

	*user = atomic_load(&p->utime_ns);
	*kernel = atomic_load(&p->stime_ns);
	list_for_each(t, &p->threads, process_link)
	{
		nsec_t ns = process_thread_time(t);
		nsec_t part = sched_kernel_part(t, ns);

		*user += ns - part;
		*kernel += part;
	}
	lock_drop_irq(&process_tree_lock, f);
}

uint64_t process_live(void)
{
	return atomic_load(&process_count);
}

uint64_t thread_live(void)
{
	return atomic_load(&process_thread_count);
}

/*
 * What one silo may have by default. A thread costs a kernel stack and a few
 * pages of its own, a process page tables and copied pages too; at the limit
 * they take about a third of memory, so a fork bomb ends with E_AGAIN and not
 * with the out-of-memory killer.
 */
enum { PAGES_PER_THREAD = 32, PAGES_PER_PROCESS = 64, THREADS_MOST = 32000 };

static int64_t limit_of(unsigned pages_each)
{
	uint64_t n = page_managed_count() / pages_each;

	return (int64_t)MIN(n, (uint64_t)THREADS_MOST);
}

void process_init(void)
{
	process_cache = slab_create(
	    "process", sizeof(struct process), _Alignof(struct process));
	pid_init();
	pgrp_init();
	cred_init();
	signal_init();
	exec_init();
	silo_life_init();
	atomic_store(
	    &silo_boot.limit[SILO_THREADS], limit_of(PAGES_PER_THREAD));
	atomic_store(
	    &silo_boot.limit[SILO_PROCESSES], limit_of(PAGES_PER_PROCESS));
	rlimits_init((uint64_t)limit_of(PAGES_PER_THREAD));
}
