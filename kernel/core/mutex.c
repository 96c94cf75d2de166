/* kernel/core/mutex.c -- sleeping locks. */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/mutex.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"

/*
 * Both kinds hand over: who drops the lock makes the first waiter its holder
 * before it wakes it, so nobody starves and a woken waiter has nothing to
 * check but its own flag.
 *
 * mutex->owner: 0 free, else the holder's address, bit 0 = waiters queued.
 * rwlock->state: readers in the low 32 bits, RW_WRITER, RW_WAIT.
 */
enum { MUTEX_WAIT = 1 };
#define RW_WRITER  (1ull << 62)
#define RW_WAIT    (1ull << 63)
#define RW_READERS 0xffffffffull

/* One sleeper; lives on its stack, linked under lock->lock. */
struct lock_waiter {
	struct list link;
	struct thread *thread;
	bool writer;
	_Atomic bool granted;
};

#ifdef CONFIG_DEBUG
static void rank_push(unsigned rank, bool nested)
{
	struct thread *t = thread_current();

	if (t == NULL)
		return;
	KASSERT(preempt_count == 0 || panic_active);
	for (uint32_t i = 0; i < t->lock_depth; i++) {
		if (t->lock_ranks[i] > rank ||
		    (t->lock_ranks[i] == rank && !nested))
			panic("mutex order: rank %u under %u", rank,
			    t->lock_ranks[i]);
	}
	KASSERT(t->lock_depth < sizeof(t->lock_ranks));
	t->lock_ranks[t->lock_depth++] = (uint8_t)rank;
}

static void rank_pop(unsigned rank)
{
	struct thread *t = thread_current();
	uint32_t i;

	if (t == NULL)
		return;
	for (i = t->lock_depth; i > 0 && t->lock_ranks[i - 1] != rank; i--)
		continue;
	KASSERT(i > 0);
	for (; i < t->lock_depth; i++)
		t->lock_ranks[i - 1] = t->lock_ranks[i];
	t->lock_depth--;
}
#else
#define rank_push(rank, nested) ((void)0)
#define rank_pop(rank)          ((void)0)
#endif

/*
 * The rank of the mutex stands in its spinlock, which itself is always taken
 * as a leaf just above the scheduler: debug builds see RANK_WAITQ there.
 */
static void inner_init(struct lock *l, uint8_t *rank_out, enum lock_rank rank)
{
	lock_init(l, RANK_WAITQ);
	*rank_out = rank;
}

void mutex_init(struct mutex *m, enum lock_rank rank)
{
	m->owner = 0;
	inner_init(&m->lock, &m->rank, rank);
	list_init(&m->waiters);
}

static void waiter_sleep(struct lock_waiter *w)
{
	for (;;) {
		sched_prepare_sleep();
		if (atomic_load(&w->granted))
			break;
		schedule();
	}
	thread_current()->state = THREAD_RUNNING;
}

static void waiter_grant(struct lock_waiter *w)
{
	/* After the store w may be gone: its thread can return. */
	struct thread *t = w->thread;

	thread_get(t);
	atomic_store(&w->granted, true);
	sched_wake(t);
	thread_put(t);
}

NO_LOCK_CHECK static void mutex_take_slow(struct mutex *m)
{
	struct lock_waiter w = {.thread = thread_current()};
	irqflags_t f = lock_take_irq(&m->lock);
	uintptr_t old = atomic_load(&m->owner);

	for (;;) {
		uintptr_t want = old ? old | MUTEX_WAIT : (uintptr_t)w.thread;

		if (atomic_compare_exchange_weak(&m->owner, &old, want))
			break;
	}
	if (old == 0) {
		lock_drop_irq(&m->lock, f);
		return;
	}
	KASSERT((old & ~(uintptr_t)MUTEX_WAIT) != (uintptr_t)w.thread);
	list_push_back(&m->waiters, &w.link);
	lock_drop_irq(&m->lock, f);
	waiter_sleep(&w);
}

NO_LOCK_CHECK static void mutex_take_rank(struct mutex *m, bool nested)
{
	uintptr_t free = 0;

	(void)nested;
	rank_push(m->rank, nested);
	if (unlikely(!atomic_compare_exchange_strong_explicit(&m->owner, &free,
	        (uintptr_t)thread_current(), memory_order_acquire,
	        memory_order_relaxed)))
		mutex_take_slow(m);
}

NO_LOCK_CHECK void mutex_take(struct mutex *m)
{
	mutex_take_rank(m, false);
}

NO_LOCK_CHECK void mutex_take_nested(struct mutex *m)
{
	mutex_take_rank(m, true);
}

NO_LOCK_CHECK bool mutex_try(struct mutex *m)
{
	uintptr_t free = 0;

	if (!atomic_compare_exchange_strong(
	        &m->owner, &free, (uintptr_t)thread_current()))
		return false;
	rank_push(m->rank, true);
	return true;
}

NO_LOCK_CHECK static void mutex_hand_over(struct mutex *m)
{
	irqflags_t f = lock_take_irq(&m->lock);
	struct lock_waiter *w;

	KASSERT(!list_empty(&m->waiters));
	w = list_first(&m->waiters, struct lock_waiter, link);
	list_remove(&w->link);
	atomic_store(&m->owner,
	    (uintptr_t)w->thread |
	        (list_empty(&m->waiters) ? 0 : (uintptr_t)MUTEX_WAIT));
	waiter_grant(w);
	lock_drop_irq(&m->lock, f);
}

NO_LOCK_CHECK void mutex_drop(struct mutex *m)
{
	uintptr_t mine = (uintptr_t)thread_current();

	rank_pop(m->rank);
	if (likely(atomic_compare_exchange_strong_explicit(&m->owner, &mine, 0,
	        memory_order_release, memory_order_relaxed)))
		return;
	KASSERT((mine & ~(uintptr_t)MUTEX_WAIT) == (uintptr_t)thread_current());
	mutex_hand_over(m);
}

bool mutex_held(const struct mutex *m)
{
	return (atomic_load(&m->owner) & ~(uintptr_t)MUTEX_WAIT) ==
	       (uintptr_t)thread_current();
}

void rwlock_init(struct rwlock *l, enum lock_rank rank)
{
	l->state = 0;
	inner_init(&l->lock, &l->rank, rank);
	list_init(&l->waiters);
}

/* Join the queue unless the lock became free for us meanwhile. */
NO_LOCK_CHECK static void rwlock_slow(struct rwlock *l, bool writer)
{
	struct lock_waiter w = {.thread = thread_current(), .writer = writer};
	irqflags_t f = lock_take_irq(&l->lock);
	uint64_t s = atomic_load(&l->state);

	for (;;) {
		bool blocked = writer ? s != 0 : (s & ~RW_READERS) != 0;
		uint64_t want = blocked  ? s | RW_WAIT
		                : writer ? RW_WRITER
		                         : s + 1;

		if (!atomic_compare_exchange_weak(&l->state, &s, want))
			continue;
		if (!blocked) {
			lock_drop_irq(&l->lock, f);
			return;
		}
		break;
	}
	list_push_back(&l->waiters, &w.link);
	lock_drop_irq(&l->lock, f);
	waiter_sleep(&w);
}

/*
 * The last holder left and somebody waits: give the lock to the first writer,
 * or to all readers up to the next writer.
 */
NO_LOCK_CHECK static void rwlock_hand_over(struct rwlock *l)
{
	struct lock_waiter *w, *next;
	irqflags_t f = lock_take_irq(&l->lock);
	uint64_t s = 0;

	/* Another dropper may have done it, or readers came back: see all. */
	if ((atomic_load(&l->state) & ~RW_WAIT) != 0 ||
	    list_empty(&l->waiters)) {
		lock_drop_irq(&l->lock, f);
		return;
	}
	w = list_first(&l->waiters, struct lock_waiter, link);
	if (w->writer) {
		list_remove(&w->link);
		s = RW_WRITER | (list_empty(&l->waiters) ? 0 : RW_WAIT);
		atomic_store(&l->state, s);
		waiter_grant(w);
		lock_drop_irq(&l->lock, f);
		return;
	}
	list_for_each(w, &l->waiters, link)
	{
		if (w->writer)
			break;
		s++;
	}
	if (&w->link != &l->waiters)
		s |= RW_WAIT;
	atomic_store(&l->state, s);
	list_for_each_safe(w, next, &l->waiters, link)
	{
		if (w->writer)
			break;
		list_remove(&w->link);
		waiter_grant(w);
	}
	lock_drop_irq(&l->lock, f);
}

NO_LOCK_CHECK void rwlock_read(struct rwlock *l)
{
	uint64_t s = atomic_load_explicit(&l->state, memory_order_relaxed);

	rank_push(l->rank, false);
	while (likely((s & ~RW_READERS) == 0)) {
		if (likely(atomic_compare_exchange_weak_explicit(&l->state, &s,
		        s + 1, memory_order_acquire, memory_order_relaxed)))
			return;
	}
	rwlock_slow(l, false);
}

NO_LOCK_CHECK void rwlock_read_drop(struct rwlock *l)
{
	uint64_t old =
	    atomic_fetch_sub_explicit(&l->state, 1, memory_order_release);

	rank_pop(l->rank);
	if (unlikely((old & RW_READERS) == 1 && (old & RW_WAIT)))
		rwlock_hand_over(l);
}

NO_LOCK_CHECK void rwlock_write(struct rwlock *l)
{
	uint64_t free = 0;

	rank_push(l->rank, false);
	if (unlikely(!atomic_compare_exchange_strong_explicit(&l->state, &free,
	        RW_WRITER, memory_order_acquire, memory_order_relaxed)))
		rwlock_slow(l, true);
}

NO_LOCK_CHECK void rwlock_write_nested(struct rwlock *l)
{
	uint64_t free = 0;

	rank_push(l->rank, true);
	if (unlikely(!atomic_compare_exchange_strong_explicit(&l->state, &free,
	        RW_WRITER, memory_order_acquire, memory_order_relaxed)))
		rwlock_slow(l, true);
}

NO_LOCK_CHECK void rwlock_write_drop(struct rwlock *l)
{
	uint64_t mine = RW_WRITER;

	rank_pop(l->rank);
	if (likely(atomic_compare_exchange_strong_explicit(&l->state, &mine, 0,
	        memory_order_release, memory_order_relaxed)))
		return;
	/* Only RW_WAIT can have been added: waiters exist. */
	atomic_fetch_and(&l->state, RW_WAIT);
	rwlock_hand_over(l);
}

bool rwlock_write_held(const struct rwlock *l)
{
	return atomic_load(&l->state) & RW_WRITER;
}
