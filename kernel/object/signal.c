/* kernel/object/signal.c -- sending signals, and the queues they wait in. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/signal_internal.h"
#include "kernel/object/signalfd.h"
#include "kernel/arch/x86_64/irq.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/arch/x86_64/traps.h"
#include "kernel/object/audit.h"
#include "kernel/core/klog.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"

/*
 * A pending signal is a bit, in the thread's or the process's set, and usually
 * a queued siginfo. A standard signal is kept once, a real-time one as often as
 * it was sent. All of it is guarded by the process's sig_lock.
 *
 * Invariant: a thread that could take a pending signal has WORK_SIGNAL set.
 * Whoever makes a signal pending or unblocks one sets the bit; a thread that
 * blocks or leaves hands shared signals on to another.
 */
struct queued {
	struct list link;
	struct ksiginfo info;
};
static struct slab_cache *queued_cache;
static_assert(
    sizeof(struct queued) <= sizeof(((struct process *)NULL)->sig_slot[0]),
    "fits the slot");

/*
 * The first one in a process needs no allocation, and neither does that of its
 * alarm, which comes in an interrupt and is pending once at most.
 */
static struct queued *queued_alloc_locked(
    struct process *p, const struct ksiginfo *info)
{
	bool alarm = info->signo == SIGALRM && info->code == SI_KERNEL;

	if (p->sig_slot_used[alarm])
		return alarm ? NULL : slab_alloc_atomic(queued_cache);
	p->sig_slot_used[alarm] = true;
	return (struct queued *)p->sig_slot[alarm];
}

static void queued_free_locked(struct process *p, struct queued *q)
{
	for (unsigned i = 0; i < 2; i++) {
		if (q == (struct queued *)p->sig_slot[i]) {
			p->sig_slot_used[i] = false;
			return;
		}
	}
	slab_free(queued_cache, q);
}

static bool is_first(const struct process *p)
{
	return p == process_first;
}

void signal_kick(struct thread *t, bool stopped_too)
{
	bool woken = stopped_too ? sched_wake_stopped(t) : sched_wake(t);

	if (woken || t == thread_current() || !atomic_load(&t->on_cpu))
		return;
	ipi_resched(t->cpu);
}

/* Drop every queued signal of `mask`. */
static void flush_locked(
    struct process *p, uint64_t *pending, struct list *queue, uint64_t mask)
{
	struct queued *q, *next;

	if (!(*pending & mask))
		return;
	*pending &= ~mask;
	list_for_each_safe(q, next, queue, link)
	{
		if (!(SIGBIT(q->info.signo) & mask))
			continue;
		list_remove(&q->link);
		p->sig_queued--;
		queued_free_locked(p, q);
	}
}

static void flush_all_locked(struct process *p, uint64_t mask)
{
	struct thread *t;

	flush_locked(p, &p->sig_pending, &p->sig_queue, mask);
	list_for_each(t, &p->threads, process_link)
	    flush_locked(p, &t->sig_pending, &t->sig_queue, mask);
}

/* SIGCONT arrives: a group stop ends, whether the signal is blocked or not. */
static void resume_locked(struct process *p)
{
	struct thread *t;

	p->continues++;
	if (!p->group_stop_signal)
		return;
	if (p->stopped) {
		/* The parent is told by a thread on its way to user mode. */
		p->continue_notify = true;
		atomic_fetch_or(&p->leader->work, WORK_SIGNAL);
	}
	p->group_stop_signal = 0;
	p->stopped = false;
	p->stop_left = 0;
	list_for_each(t, &p->threads, process_link)
	{
		atomic_fetch_and(&t->work, ~(uint32_t)WORK_STOP);
		sched_wake_stopped(t);
	}
}

static void prepare_locked(struct process *p, int signo)
{
	if (SIGBIT(signo) & SIGS_STOP) {
		flush_all_locked(p, SIGBIT(SIGCONT));
	} else if (signo == SIGCONT) {
		flush_all_locked(p, SIGS_STOP);
		resume_locked(p);
	}
}

/* The mask that a thread has in the end, also while sigtimedwait looks. */
static uint64_t blocked_at_all(const struct thread *t)
{
	return t->sig_blocked | (t->sig_saved_valid ? t->sig_saved : 0);
}

static bool ignored_locked(struct process *p, struct thread *t, int signo)
{
	struct sighand *h = p->sighand;
	uint64_t bit = SIGBIT(signo);
	uint64_t dropped = h->ignored | (SIGS_IGNORE & ~h->caught);

	/* Init takes only what it has a handler for. */
	if (unlikely(is_first(p)))
		dropped = ~h->caught;
	if (likely(!(dropped & bit)))
		return false;
	if (!t)
		t = p->leader;
	/* A blocked one waits: the action may be changed before it is taken. */
	return !(blocked_at_all(t) & bit) || (bit & SIGS_UNBLOCKABLE);
}

static bool wants(const struct thread *t, uint64_t bit)
{
	return !(t->sig_blocked & bit) && !(atomic_load(&t->work) & WORK_KILL);
}

static struct thread *pick_locked(struct process *p, uint64_t bit)
{
	struct thread *t = thread_current();

	if (wants(p->leader, bit))
		return p->leader;
	if (t && t->process == p && wants(t, bit))
		return t;
	list_for_each(t, &p->threads, process_link)
	{
		if (wants(t, bit))
			return t;
	}
	return NULL;
}

void signal_kill_group_locked(struct process *p, int status)
{
	struct thread *t;

	if (!p->group_exiting) {
		p->group_exiting = true;
		p->group_exit_code = status;
	}
	p->group_stop_signal = 0;
	p->stopped = false;
	list_for_each(t, &p->threads, process_link)
	{
		atomic_fetch_and(&t->work, ~(uint32_t)WORK_STOP);
		atomic_fetch_or(&t->work, WORK_KILL);
		signal_kick(t, true);
	}
}

int signal_death_status(struct process *p, int signo)
{
	bool core = (SIGBIT(signo) & SIGS_CORE) && p->rlimits[RL_CORE].cur > 0;

	return signo | (core ? 0x80 : 0);
}

/* Somebody must take it: find who, or end the process at once. */
static void announce_locked(struct process *p, struct thread *t, int signo)
    REQUIRES(&p -> sig_lock)
{
	uint64_t bit = SIGBIT(signo);
	struct sighand *h = p->sighand;

	if (signo == SIGKILL) {
		signal_kill_group_locked(p, SIGKILL);
		return;
	}
	if (!t)
		t = pick_locked(p, bit);
	else if (!wants(t, bit))
		t = NULL;
	if (!t)
		return;
	if (!(h->caught & bit) && !(bit & (SIGS_IGNORE | SIGS_STOP)) &&
	    !(blocked_at_all(t) & bit)) {
		signal_kill_group_locked(p, signal_death_status(p, signo));
		return;
	}
	atomic_fetch_or(&t->work, WORK_SIGNAL);
	/*
	 * The running thread sees it on its way out, unless an interrupt sends
	 * it between its last look and its sleep.
	 */
	if (t != thread_current() || atomic_load(&t->state) != THREAD_RUNNING)
		signal_kick(t, false);
}

static enum err queue_locked(struct process *p, struct thread *t,
    const struct ksiginfo *info, bool must_queue)
{
	uint64_t *pending = t ? &t->sig_pending : &p->sig_pending;
	uint64_t bit = SIGBIT(info->signo);
	struct queued *q = NULL;

	if (info->signo < SIGRT_FIRST && (*pending & bit))
		return OK;
	if (info->signo < SIGRT_FIRST ||
	    p->sig_queued < p->rlimits[RL_SIGPENDING].cur)
		q = queued_alloc_locked(p, info);
	if (q) {
		q->info = *info;
		list_push_back(t ? &t->sig_queue : &p->sig_queue, &q->link);
		p->sig_queued++;
	} else if (must_queue && info->signo >= SIGRT_FIRST) {
		return E_AGAIN;
	}
	/* Without memory the signal still arrives, as if from kill(). */
	*pending |= bit;
	return OK;
}

static enum err send_locked(struct process *p, struct thread *t,
    const struct ksiginfo *info, bool must_queue) REQUIRES(&p -> sig_lock)
{
	enum err e;

	if (!p->sighand || p->group_exiting)
		return OK;
	/* A thread that has gone leaves its name behind for a moment. */
	if (t && list_empty(&t->process_link))
		return OK;
	prepare_locked(p, info->signo);
	if (ignored_locked(p, t, info->signo))
		return OK;
	e = queue_locked(p, t, info, must_queue);
	if (e == OK) {
		announce_locked(p, t, info->signo);
		signalfd_notify(p, info->signo);
	}
	return e;
}

enum err signal_send(struct process *p, struct thread *t,
    const struct ksiginfo *info, bool must_queue)
{
	irqflags_t f = lock_take_irq(&p->sig_lock);
	enum err e = send_locked(p, t, info, must_queue);

	lock_drop_irq(&p->sig_lock, f);
	return e;
}

void signal_send_process(struct process *p, const struct ksiginfo *info)
{
	(void)signal_send(p, NULL, info, false); /* cannot fail unqueued */
}

void signal_send_thread(struct thread *t, const struct ksiginfo *info)
{
	if (t->process)
		(void)signal_send(t->process, t, info, false); /* as above */
}

void signal_send_pgrp_locked(struct pgrp *g, int signo)
{
	struct ksiginfo info = {.signo = signo, .code = SI_KERNEL};
	struct process *p;

	list_for_each(p, &g->members, pgrp_link) signal_send_process(p, &info);
}

void signal_send_pgrp(struct pgrp *g, int signo)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);

	signal_send_pgrp_locked(g, signo);
	lock_drop_irq(&process_tree_lock, f);
}

struct ksiginfo signal_info_user(int signo, int code)
{
	struct process *p = process_current();

	return (struct ksiginfo){
	    .signo = signo,
	    .code = code,
	    .pid = p->pid,
	    .uid = p->cred->uid,
	};
}

static void fault_log(const struct ksiginfo *info)
{
	struct process *p = process_current();
	const struct regs *r = thread_regs(thread_current());
	/* Not every fault is an exception: a signal frame, a system call. */
	const char *what = info->trapno || info->signo == SIGFPE
	                       ? trap_name(info->trapno)
	                       : "bad frame or call";

	klog(LOG_NOTICE, "process",
	    "kill pid=%u comm=%s by \"%s\" signal=%d code=%d addr=%#lx "
	    "ip=%#lx sp=%#lx err=%#lx",
	    p->pid, p->comm, what, info->signo, info->code, info->addr, r->rip,
	    r->rsp, r->orig_rax);
	audit(AUDIT_CRASH, p->silo, OK,
	    (uint64_t)p->pid << 32 | (uint32_t)info->signo);
}

void signal_force_fault(int signo, int code, uint64_t addr, uint32_t trapno)
{
	struct thread *t = thread_current();
	struct process *p = t->process;
	struct ksiginfo info = {
	    .signo = signo, .code = code, .addr = addr, .trapno = trapno};
	uint64_t bit = SIGBIT(signo);
	irqflags_t f = lock_take_irq(&p->sig_lock);
	struct sighand *h = p->sighand;
	bool fatal;

	/* It cannot wait: where a handler may not run, the default does. */
	if ((t->sig_blocked | h->ignored) & bit) {
		t->sig_blocked &= ~bit;
		h->set &= ~bit;
		h->ignored &= ~bit;
		h->caught &= ~bit;
	}
	fatal = !(h->caught & bit);
	if (fatal) {
		if (!p->group_exiting)
			p->fault_address = addr;
		signal_kill_group_locked(p, signal_death_status(p, signo));
	} else {
		(void)queue_locked(p, t, &info, false); /* cannot fail */
		atomic_fetch_or(&t->work, WORK_SIGNAL);
	}
	lock_drop_irq(&p->sig_lock, f);
	if (fatal)
		fault_log(&info);
}

/* Take the first queued siginfo of signo; *more: another one waits. */
static bool unqueue(
    struct process *p, struct list *queue, int signo, struct ksiginfo *out)
{
	struct queued *q, *next, *found = NULL;
	bool more = false;

	list_for_each_safe(q, next, queue, link)
	{
		if (q->info.signo != signo)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = q;
		if (signo < SIGRT_FIRST)
			break;
	}
	if (!found) {
		*out = (struct ksiginfo){.signo = signo, .code = SI_USER};
		return false;
	}
	*out = found->info;
	list_remove(&found->link);
	p->sig_queued--;
	queued_free_locked(p, found);
	return more;
}

static bool take_locked(struct process *p, uint64_t *pending,
    struct list *queue, uint64_t mask, struct ksiginfo *out)
{
	uint64_t bits = *pending & mask;
	int signo;

	if (!bits)
		return false;
	if (bits & SIGS_SYNCHRONOUS)
		bits &= SIGS_SYNCHRONOUS;
	signo = __builtin_ctzll(bits) + 1;
	if (!unqueue(p, queue, signo, out))
		*pending &= ~SIGBIT(signo);
	return true;
}

bool signal_dequeue_locked(
    struct thread *t, uint64_t mask, struct ksiginfo *out)
{
	struct process *p = t->process;

	return take_locked(p, &t->sig_pending, &t->sig_queue, mask, out) ||
	       take_locked(p, &p->sig_pending, &p->sig_queue, mask, out);
}

void signal_recalc_locked(struct thread *t)
{
	struct process *p = t->process;
	uint64_t waiting = (t->sig_pending | p->sig_pending) & ~t->sig_blocked;
	bool set =
	    atomic_load_explicit(&t->work, memory_order_relaxed) & WORK_SIGNAL;

	if (waiting || p->continue_notify) {
		if (!set)
			atomic_fetch_or(&t->work, WORK_SIGNAL);
	} else if (set) {
		atomic_fetch_and(&t->work, ~(uint32_t)WORK_SIGNAL);
	}
}

/* `bits` of the shared set can no longer be taken by t: find others. */
static void hand_on_locked(struct process *p, struct thread *t, uint64_t bits)
{
	struct thread *other;

	list_for_each(other, &p->threads, process_link)
	{
		if (other == t || !(bits & ~other->sig_blocked) ||
		    (atomic_load(&other->work) & WORK_KILL))
			continue;
		atomic_fetch_or(&other->work, WORK_SIGNAL);
		signal_kick(other, false);
		bits &= other->sig_blocked;
		if (!bits)
			return;
	}
}

void signal_set_blocked_locked(struct thread *t, uint64_t mask)
{
	struct process *p = t->process;
	uint64_t newly = p->sig_pending & mask & ~t->sig_blocked;

	t->sig_blocked = mask & ~SIGS_UNBLOCKABLE;
	if (unlikely(newly) && p->thread_count > 1)
		hand_on_locked(p, t, newly);
	signal_recalc_locked(t);
}

void signal_set_blocked(uint64_t mask)
{
	struct thread *t = thread_current();
	struct process *p = t->process;
	irqflags_t f = lock_take_irq(&p->sig_lock);

	signal_set_blocked_locked(t, mask);
	lock_drop_irq(&p->sig_lock, f);
}

void signal_thread_gone_locked(struct process *p, struct thread *t)
{
	flush_locked(p, &t->sig_pending, &t->sig_queue, ~0ull);
	if (p->sig_pending && p->thread_count > 0)
		hand_on_locked(p, t, p->sig_pending & ~t->sig_blocked);
}

void signal_process_gone(struct process *p)
{
	irqflags_t f = lock_take_irq(&p->sig_lock);
	struct sighand *h = p->sighand;

	flush_locked(p, &p->sig_pending, &p->sig_queue, ~0ull);
	p->sighand = NULL;
	lock_drop_irq(&p->sig_lock, f);
	sighand_put(h);
}

/* Called when an action became "ignore": what waits is dropped. */
static void drop_ignored_locked(struct process *p, int signo)
{
	uint64_t bit = SIGBIT(signo);
	struct sighand *h = p->sighand;

	if ((h->ignored & bit) || (!(h->caught & bit) && (bit & SIGS_IGNORE)))
		flush_all_locked(p, bit);
}

static void action_store(
    struct sighand *h, int signo, const struct sigaction *act)
{
	uint64_t bit = SIGBIT(signo);

	h->set &= ~bit;
	h->ignored &= ~bit;
	h->caught &= ~bit;
	if (act->handler == SIG_DFL && !act->flags)
		return;
	h->actions[signo - 1] = *act;
	h->actions[signo - 1].mask &= ~SIGS_UNBLOCKABLE;
	if (act->handler == SIG_IGN)
		h->ignored |= bit;
	else if (act->handler != SIG_DFL)
		h->caught |= bit;
	h->set |= bit;
}

NO_LOCK_CHECK enum err signal_action(
    int signo, const struct sigaction *act, struct sigaction *old)
{
	struct process *p = process_current();
	irqflags_t f = lock_take_irq(&p->sig_lock);
	struct sighand *h = p->sighand;
	bool shared = atomic_load_explicit(&h->refs, memory_order_relaxed) > 1;

	if (old)
		sighand_get_action(h, signo, old);
	if (act) {
		if (shared)
			lock_take(&h->lock);
		action_store(h, signo, act);
		if (shared)
			lock_drop(&h->lock);
		drop_ignored_locked(p, signo);
	}
	lock_drop_irq(&p->sig_lock, f);
	return OK;
}

void signal_init(void)
{
	sighand_init();
	queued_cache = slab_create(
	    "sigqueue", sizeof(struct queued), _Alignof(struct queued));
	signal_frame_init();
}
