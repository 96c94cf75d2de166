/* kernel/vfs/procfs_status.c -- a process in numbers: stat, status, limits. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/procfs.h"
#include "kernel/core/sched.h"
#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/object/desc.h"
#include "kernel/object/process_internal.h"
#include "kernel/object/rlimits.h"
#include "kernel/object/signal_internal.h"
#include "kernel/object/tty.h"
#include "kernel/vfs/path.h"

enum { TICK_NS = 10000000, KIB_PER_PAGE = 4 }; /* times are in 1/100 s */

static unsigned long ticks(nsec_t ns)
{
	return (unsigned long)(ns / TICK_NS);
}

/* What is collected once, so that a file shows one moment. */
struct facts {
	char state;
	char comm[16];
	uint32_t ppid, pgid, sid;
	uint64_t tty_dev;
	int32_t tty_group;
	uint32_t threads;
	nsec_t user, kernel, start;
	int nice, rt_prio, policy;
	unsigned cpu;
	uint64_t minflt, majflt;
	uint64_t switches, forced;
	uint64_t pending, shared_pending, blocked, ignored, caught;
	uint64_t pages, resident, shared, text, data, stack, tables, locked;
	struct aspace_marks marks;
};

static char state_of(const struct thread *t)
{
	switch (t->state) {
	case THREAD_RUNNING:
		return 'R';
	case THREAD_SLEEPING:
		return t->wait_mode == WAIT_INTR ? 'S' : 'D';
	case THREAD_STOPPED:
		return 'T';
	default:
		return 'Z';
	}
}

/* One thread's part; `only`: it is all that is asked for. */
static void add_thread(struct facts *f, const struct thread *t, bool only)
{
	char state = state_of(t);

	/* Of several, a running one says most. */
	if (only || f->state == 0 || state == 'R')
		f->state = state;
	f->minflt += t->minflt;
	f->majflt += t->majflt;
	f->switches += t->switches_voluntary;
	f->forced += t->switches_forced;
	f->pending |= t->sig_pending;
	if (f->cpu == UINT32_MAX) {
		f->nice = t->nice;
		f->rt_prio = t->rt_prio;
		f->policy = t->policy;
		f->cpu = t->cpu;
		f->blocked = t->sig_blocked;
	}
}

static void add_threads(struct facts *f, const struct proc_ref *r)
{
	uint32_t tid = 0;
	struct thread *t;

	f->cpu = UINT32_MAX;
	if (r->thread) {
		add_thread(f, r->thread, true);
		f->user = r->thread->cpu_ns;
		f->kernel = sched_kernel_part(r->thread, f->user);
		f->user -= f->kernel;
		return;
	}
	process_times(r->process, &f->user, &f->kernel);
	for (; (t = process_next_thread(r->process, &tid)); tid++) {
		add_thread(f, t, false);
		thread_put(t);
	}
	if (f->cpu == UINT32_MAX)
		f->cpu = 0;
	f->minflt += r->process->minflt;
	f->majflt += r->process->majflt;
	f->switches += r->process->nvcsw;
	f->forced += r->process->nivcsw;
}

static void add_family(struct facts *f, struct process *p)
{
	irqflags_t flags = lock_take_irq(&process_tree_lock);
	struct tty *tty = p->session ? p->session->tty : NULL;

	f->ppid = p->ppid;
	f->pgid = p->pgrp ? p->pgrp->pgid : 0;
	f->sid = p->session ? p->session->sid : 0;
	f->threads = p->thread_count;
	f->tty_group = -1;
	if (tty) {
		f->tty_dev = tty->rdev;
		if (tty->foreground)
			f->tty_group = (int32_t)tty->foreground->pgid;
	}
	lock_drop_irq(&process_tree_lock, flags);
	flags = lock_take_irq(&p->sig_lock);
	f->shared_pending = p->sig_pending;
	if (p->sighand) {
		f->ignored = p->sighand->ignored;
		f->caught = p->sighand->caught;
	}
	lock_drop_irq(&p->sig_lock, flags);
}

static void add_memory(struct facts *f, struct process *p)
{
	struct aspace *a = process_aspace(p);
	struct aspace_stats s = {0};

	if (!a)
		return;
	aspace_stats(a, &s);
	f->marks = *aspace_marks(a);
	aspace_put(a);
	f->pages = s.pages_mapped;
	f->resident = s.pages_resident;
	f->shared = s.pages_shared;
	f->text = s.pages_text;
	f->data = s.pages_data;
	f->stack = s.pages_stack;
	f->tables = s.table_pages;
	f->locked = s.pages_locked;
}

static void collect(struct facts *f, const struct proc_ref *r)
{
	struct process *p = r->process;

	*f = (struct facts){.start = p->start_time};
	memcpy(f->comm, r->thread ? r->thread->name : p->comm, sizeof(f->comm));
	f->comm[sizeof(f->comm) - 1] = '\0';
	add_threads(f, r);
	add_family(f, p);
	add_memory(f, p);
	if (p->state != PROC_ALIVE)
		f->state = 'Z';
	else if (f->state == 0 || f->state == 'Z')
		f->state = 'R'; /* its first thread ended, others come */
}

enum err proc_show_stat(const struct proc_ref *r, struct text_out *t)
{
	struct process *p = r->process;
	bool all = proc_may_inspect(p);
	struct facts f;
	struct aspace_marks *m = &f.marks;

	collect(&f, r);
	if (!all)
		*m = (struct aspace_marks){0};
	text_add(t, "%u (%s) %c %u %u %u %lu %d 0 %lu %lu %lu %lu ",
	    r->thread ? r->thread->tid : p->pid, f.comm, f.state, f.ppid,
	    f.pgid, f.sid, (unsigned long)f.tty_dev, f.tty_group,
	    (unsigned long)f.minflt, (unsigned long)p->cminflt,
	    (unsigned long)f.majflt, (unsigned long)p->cmajflt);
	text_add(t, "%lu %lu %lu %lu %d %d %u 0 %lu %lu %lu %lu ",
	    ticks(f.user), ticks(f.kernel), ticks(p->cutime_ns),
	    ticks(p->cstime_ns), f.rt_prio ? -1 - f.rt_prio : 20 + f.nice,
	    f.nice, f.threads, ticks(f.start),
	    (unsigned long)(f.pages * PAGE_SIZE), (unsigned long)f.resident,
	    (unsigned long)p->rlimits[RL_RSS].cur);
	text_add(t, "%lu %lu %lu 0 0 %lu %lu %lu %lu 0 0 0 %d %u %u %u 0 0 0 ",
	    (unsigned long)m->code_start, (unsigned long)m->code_end,
	    (unsigned long)m->stack_start, (unsigned long)f.shared_pending,
	    (unsigned long)f.blocked, (unsigned long)f.ignored,
	    (unsigned long)f.caught, p->exit_signal, f.cpu, (unsigned)f.rt_prio,
	    (unsigned)f.policy);
	text_add(t, "%lu %lu %lu %lu %lu %lu %lu %d\n",
	    (unsigned long)m->data_start, (unsigned long)m->data_end,
	    (unsigned long)m->brk_start, (unsigned long)m->arg_start,
	    (unsigned long)m->arg_end, (unsigned long)m->env_start,
	    (unsigned long)m->env_end, all ? p->exit_code : 0);
	return OK;
}

static const char *state_name(char state)
{
	switch (state) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'D':
		return "disk sleep";
	case 'T':
		return "stopped";
	default:
		return "zombie";
	}
}

static void show_cred(struct text_out *t, struct process *p)
{
	struct cred *c = process_cred(p);

	if (!c)
		return;
	text_add(t, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", c->uid,
	    c->euid, c->suid, c->fsuid, c->gid, c->egid, c->sgid, c->fsgid);
	text_add(t, "Groups:\t");
	for (uint32_t i = 0; i < c->ngroups; i++)
		text_add(t, "%u ", c->groups[i]);
	text_add(t, "\n");
	cred_put(c);
}

static void show_memory(struct text_out *t, const struct facts *f)
{
	static const char *const names[] = {"VmSize", "VmLck", "VmRSS",
	    "RssShmem", "VmData", "VmStk", "VmExe", "VmPTE"};
	const uint64_t values[] = {f->pages, f->locked, f->resident, f->shared,
	    f->data, f->stack, f->text, f->tables};

	for (unsigned i = 0; i < COUNT(names); i++)
		text_add(t, "%s:\t%8lu kB\n", names[i],
		    (unsigned long)values[i] * KIB_PER_PAGE);
}

static void show_cpus(struct text_out *t, const struct thread *th)
{
	text_add(t, "Cpus_allowed:\t%lx\n",
	    (unsigned long)(th->affinity.bits[0] &
	                    (cpu_count < 64 ? (1ul << cpu_count) - 1 : ~0ul)));
}

enum err proc_show_status(const struct proc_ref *r, struct text_out *t)
{
	struct process *p = r->process;
	struct desc_table *descs = process_descs(p);
	struct thread *leader = process_leader(p);
	struct fs_context *fs;
	struct facts f;

	collect(&f, r);
	text_add(t, "Name:\t%s\n", f.comm);
	fs = process_fs(p);
	if (fs) {
		text_add(t, "Umask:\t%04o\n", fs->umask);
		fs_context_put(fs);
	}
	text_add(t, "State:\t%c (%s)\nTgid:\t%u\nPid:\t%u\nPPid:\t%u\n",
	    f.state, state_name(f.state), p->pid,
	    r->thread ? r->thread->tid : p->pid, f.ppid);
	show_cred(t, p);
	if (descs) {
		text_add(t, "FDSize:\t%u\n", desc_count(descs));
		desc_table_put(descs);
	}
	if (f.pages)
		show_memory(t, &f);
	text_add(t,
	    "Threads:\t%u\nSigQ:\t%u/%lu\nSigPnd:\t%016lx\nShdPnd:\t%016lx\n"
	    "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
	    f.threads, p->sig_queued,
	    (unsigned long)p->rlimits[RL_SIGPENDING].cur,
	    (unsigned long)f.pending, (unsigned long)f.shared_pending,
	    (unsigned long)f.blocked, (unsigned long)f.ignored,
	    (unsigned long)f.caught);
	text_add(
	    t, "NoNewPrivs:\t%u\nSilo:\t%u\n", p->no_new_privs, p->silo->sid);
	if (leader) {
		show_cpus(t, r->thread ? r->thread : leader);
		thread_put(leader);
	}
	text_add(t,
	    "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
	    (unsigned long)f.switches, (unsigned long)f.forced);
	return OK;
}

enum err proc_show_statm(const struct proc_ref *r, struct text_out *t)
{
	struct facts f = {0};

	add_memory(&f, r->process);
	text_add(t, "%lu %lu %lu %lu 0 %lu 0\n", (unsigned long)f.pages,
	    (unsigned long)f.resident, (unsigned long)f.shared,
	    (unsigned long)f.text, (unsigned long)(f.data + f.stack));
	return OK;
}

static void show_limit(struct text_out *t, uint64_t v)
{
	if (v == RLIM_INFINITY)
		text_add(t, "%-21s", "unlimited");
	else
		text_add(t, "%-21lu", (unsigned long)v);
}

enum err proc_show_limits(const struct proc_ref *r, struct text_out *t)
{
	static const struct {
		const char *name, *unit;
	} rows[RL_COUNT] = {
	    [RL_CPU] = {"Max cpu time", "seconds"},
	    [RL_FSIZE] = {"Max file size", "bytes"},
	    [RL_DATA] = {"Max data size", "bytes"},
	    [RL_STACK] = {"Max stack size", "bytes"},
	    [RL_CORE] = {"Max core file size", "bytes"},
	    [RL_RSS] = {"Max resident set", "bytes"},
	    [RL_NPROC] = {"Max processes", "processes"},
	    [RL_NOFILE] = {"Max open files", "files"},
	    [RL_MEMLOCK] = {"Max locked memory", "bytes"},
	    [RL_AS] = {"Max address space", "bytes"},
	    [RL_LOCKS] = {"Max file locks", "locks"},
	    [RL_SIGPENDING] = {"Max pending signals", "signals"},
	    [RL_MSGQUEUE] = {"Max msgqueue size", "bytes"},
	    [RL_NICE] = {"Max nice priority", ""},
	    [RL_RTPRIO] = {"Max realtime priority", ""},
	    [RL_RTTIME] = {"Max realtime timeout", "us"},
	};

	text_add(t, "%-26s%-21s%-21s%-10s\n", "Limit", "Soft Limit",
	    "Hard Limit", "Units");
	for (unsigned i = 0; i < RL_COUNT; i++) {
		text_add(t, "%-26s", rows[i].name);
		show_limit(t, r->process->rlimits[i].cur);
		show_limit(t, r->process->rlimits[i].max);
		text_add(t, "%-10s\n", rows[i].unit);
	}
	return OK;
}

enum err proc_show_io(const struct proc_ref *r, struct text_out *t)
{
	struct process *p = r->process;

	text_add(t, "rchar: %lu\nwchar: %lu\nsyscr: %lu\nsyscw: %lu\n",
	    (unsigned long)p->rchar, (unsigned long)p->wchar,
	    (unsigned long)p->syscr, (unsigned long)p->syscw);
	return OK;
}

enum err proc_show_wchan(const struct proc_ref *r, struct text_out *t)
{
	struct thread *leader = process_leader(r->process);
	struct thread *th = r->thread ? r->thread : leader;
	const char *what =
	    th && th->state == THREAD_SLEEPING
	        ? __atomic_load_n(&th->wait_what, __ATOMIC_RELAXED)
	        : NULL;

	text_add(t, "%s", what ? what : "0");
	if (leader)
		thread_put(leader);
	return OK;
}

enum err proc_show_comm(const struct proc_ref *r, struct text_out *t)
{
	char name[16];

	memcpy(
	    name, r->thread ? r->thread->name : r->process->comm, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	text_add(t, "%s\n", name);
	return OK;
}

/* Own threads only, as prctl(PR_SET_NAME) allows. */
enum err proc_store_comm(const struct proc_ref *r, const char *s, size_t n)
{
	char name[16] = {0};
	const char *end = memchr(s, '\n', n);

	if (r->process != process_current())
		return E_INVAL;
	if (end)
		n = (size_t)(end - s);
	memcpy(name, s, MIN(n, sizeof(name) - 1));
	if (r->thread)
		memcpy(r->thread->name, name, sizeof(name));
	else
		memcpy(r->process->comm, name, sizeof(name));
	return OK;
}
