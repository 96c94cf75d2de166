/* kernel/core/lock.h -- spinlocks, the lock order, and the checker's marks. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdatomic.h>
#include "kernel/core/percpu.h"

#if defined(__clang__) && __clang_major__ >= 19
#define ANNOTATE(x) __attribute__((x))
#else
#define ANNOTATE(x)
#endif
#define GUARDED_BY(l) ANNOTATE(guarded_by(l))
#define REQUIRES(l)   ANNOTATE(requires_capability(l))
#define EXCLUDES(l)   ANNOTATE(locks_excluded(l))
#define NO_LOCK_CHECK ANNOTATE(no_thread_safety_analysis)

/*
 * The global order: a CPU takes only a spinlock of higher rank than every
 * spinlock that it holds, and a thread only a mutex of higher rank than every
 * mutex that it holds. Mutexes come before all spinlocks. Debug builds check
 * both. Two locks of the same rank may nest only where marked with
 * lock_take_nested (say the rule that orders them at the line).
 */
enum lock_rank {
	/* Mutexes and rwlocks (sleeping), outermost first. */
	RANK_NAMESPACE = 1, /* mount table of a namespace */
	RANK_RENAME = 2,    /* cross-directory rename, one per scheme */
	RANK_DIR = 3,       /* a directory's contents (node->dir_lock) */
	RANK_FILE_POS = 4,  /* offset of an open file */
	RANK_NODE = 5,      /* a node's size and page writes */
	RANK_EPOLL = 4,     /* an epoll's items; all of them: while nesting */
	RANK_TTY = 6,       /* termios, line discipline */
	RANK_RIGHTS = 6,    /* descriptors in flight */
	RANK_PIPE = 7,      /* a pipe's buffers, a socket's queue */
	RANK_ASPACE = 10,   /* mappings of an address space */
	RANK_MISC = 15,     /* leaf mutexes that take no other mutex */

	/* Spinlocks. */
	RANK_PROCTREE = 20, /* parents, children, groups, sessions, pids */
	RANK_DESC = 22,     /* a descriptor table */
	RANK_SIGHAND = 24,  /* handlers, pending sets of a process */
	RANK_SILO = 26,     /* quotas and lists of a silo */
	RANK_GRANT = 27,    /* derivation tree of one root grant */
	RANK_NAMES = 28,    /* name cache buckets and a name's children */
	RANK_EVENT = 29,    /* bindings of events to their sources */
	RANK_OBJECT = 30,   /* small state of one kernel object */
	RANK_FUTEX = 32,    /* futex buckets */
	RANK_PT = 34,       /* page tables of one address space */
	RANK_VMO = 36,      /* pages of one memory object */
	RANK_LRU = 38,    /* reclaimable pages; taken under the object's lock */
	RANK_SOURCE = 39, /* what is bound to a source of events */
	RANK_WAITQ = 40,  /* a wait queue; taken under the object's lock */
	RANK_READY = 42, /* an epoll's ready list; taken under a wait queue's */
	RANK_TIMER = 44, /* a CPU's timer queue */
	RANK_SCHED = 48, /* run queues */
	RANK_SLAB = 52,  /* slab depots */
	RANK_VMALLOC = 54, /* vmalloc's ranges */
	RANK_KMAP = 55,    /* the kernel's own page tables */
	RANK_FRAMES = 56,  /* buddy zones */
	RANK_AUDIT = 57,   /* the audit records */
	RANK_IRQ = 58,     /* interrupt tables and controllers */
	RANK_TLB = 59,     /* shootdown requests */
	RANK_RCU = 60,     /* deferred frees */
	RANK_RANDOM = 61,  /* generator state */
	RANK_CONSOLE = 62, /* a console device */
	RANK_LOG = 63,     /* the log ring; innermost */
};

struct ANNOTATE(capability("lock")) lock {
	_Atomic uint8_t held;
	uint8_t rank; /* enum lock_rank; const after init */
#ifdef CONFIG_DEBUG
	uint16_t cpu;     /* holder, valid while held */
	const void *site; /* code address of the last take */
#endif
};

#define LOCK_INIT(r) {.rank = (r)}

/* Saved interrupt flag. */
typedef uint64_t irqflags_t;

/* A free lock of that rank. */
void lock_init(struct lock *l, enum lock_rank rank);

/*
 * Take l: disables preemption, spins. Not for locks that interrupt handlers
 * take: those use the _irq forms everywhere.
 */
static inline void lock_take(struct lock *l) ANNOTATE(acquire_capability(l));
static inline void lock_drop(struct lock *l) ANNOTATE(release_capability(l));

/* Take l of the rank already held; the caller's line says the order. */
void lock_take_nested(struct lock *l) ANNOTATE(acquire_capability(l));

/* Take l with interrupts off; drop restores them as they were. */
static inline irqflags_t lock_take_irq(struct lock *l)
    ANNOTATE(acquire_capability(l));
static inline void lock_drop_irq(struct lock *l, irqflags_t f)
    ANNOTATE(release_capability(l));

/* Take l if it is free; true on success (preemption then disabled). */
bool lock_try(struct lock *l) ANNOTATE(try_acquire_capability(true, l));

/* True when this CPU holds l (debug), or somebody does (release). */
bool lock_held(const struct lock *l);

/*
 * Preemption. Nests. When the count falls to zero and somebody is due, the
 * thread is switched at once. RCU readers are preempt-disabled regions.
 */
PERCPU_DECLARE(uint32_t, preempt_count);
PERCPU_DECLARE(uint32_t, need_resched);
void preempt_schedule(void); /* core/sched.c: switch now if allowed */

static inline void preempt_disable(void)
{
	preempt_count++;
	__asm__ volatile("" ::: "memory");
}

static inline void preempt_enable(void)
{
	__asm__ volatile("" ::: "memory");
	if (unlikely(--preempt_count == 0 && need_resched))
		preempt_schedule();
}

#ifdef HOSTED
static inline irqflags_t irq_save(void)
{
	return 0;
}
static inline void irq_restore(irqflags_t f)
{
	(void)f;
}
#else
static inline irqflags_t irq_save(void)
{
	irqflags_t f;

	__asm__ volatile("pushfq; popq %0; cli" : "=r"(f) : : "memory");
	return f;
}

static inline void irq_restore(irqflags_t f)
{
	if (f & 0x200)
		__asm__ volatile("sti" ::: "memory");
}
#endif

/* Slow halves, in core/lock.c. */
void lock_spin(struct lock *l);
#ifdef CONFIG_DEBUG
void lock_debug_take(struct lock *l, const void *site);
void lock_debug_taken(struct lock *l, const void *site);
void lock_debug_drop(struct lock *l);

/*
 * An interrupt starts with a clean slate: what the interrupted code holds says
 * nothing of the handler's own order (whoever takes the lock that a handler
 * takes has interrupts off). enter's result goes to exit.
 */
uint32_t lock_debug_irq_enter(void);
void lock_debug_irq_exit(uint32_t saved);
#else
#define lock_debug_irq_enter() ((uint32_t)0)
#define lock_debug_irq_exit(s) ((void)(s))
#define lock_debug_take(l, s)  ((void)0)
#define lock_debug_taken(l, s) ((void)0)
#define lock_debug_drop(l)     ((void)0)
#endif

NO_LOCK_CHECK static inline void lock_take(struct lock *l)
{
	preempt_disable();
	lock_debug_take(l, __builtin_return_address(0));
	if (unlikely(
	        atomic_exchange_explicit(&l->held, 1, memory_order_acquire)))
		lock_spin(l);
	lock_debug_taken(l, __builtin_return_address(0));
}

NO_LOCK_CHECK static inline void lock_drop(struct lock *l)
{
	lock_debug_drop(l);
	/* Release: pairs with the acquire of the next lock_take. */
	atomic_store_explicit(&l->held, 0, memory_order_release);
	preempt_enable();
}

NO_LOCK_CHECK static inline irqflags_t lock_take_irq(struct lock *l)
{
	irqflags_t f = irq_save();

	lock_take(l);
	return f;
}

NO_LOCK_CHECK static inline void lock_drop_irq(struct lock *l, irqflags_t f)
{
	lock_debug_drop(l);
	atomic_store_explicit(&l->held, 0, memory_order_release);
	irq_restore(f);
	preempt_enable();
}
