/* kernel/object/futex.c -- futexes: hashed queues keyed by memory identity. */
/* SPDX-License-Identifier: MIT */

#include "kernel/object/futex.h"
#include "kernel/core/clock.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"
#include "kernel/core/wait.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/process.h"

/*
 * A waiter reads the word and joins the bucket's list under the bucket's
 * lock; a waker, whose store to the word came before its call, takes the same
 * lock. So either the waiter sees the new value or the waker sees the waiter.
 *
 * waiter->bucket says where a waiter is queued (requeue moves it) and changes
 * only with that bucket locked; NULL: taken out by a waker.
 */
enum { BUCKETS = 256, ROBUST_LIMIT = 2048 };
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_WAITERS    0x80000000u
#define FUTEX_TID_MASK   0x3fffffffu

struct aligned_to(CACHE_LINE) bucket {
	struct lock lock; /* RANK_FUTEX */
	struct list waiters;
};
static struct bucket buckets[BUCKETS];

struct futex_waiter {
	struct list link;
	struct bucket *_Atomic bucket;
	struct futex_key key;
	uint32_t bitset;
	struct thread *thread;
	_Atomic bool woken;
};

void futex_init(void)
{
	for (int i = 0; i < BUCKETS; i++) {
		lock_init(&buckets[i].lock, RANK_FUTEX);
		list_init(&buckets[i].waiters);
	}
}

static struct bucket *bucket_of(const struct futex_key *k)
{
	uint64_t h = (uint64_t)k->object ^ (k->offset >> 2);

	h *= 0x9e3779b97f4a7c15ull;
	return &buckets[h >> 56];
}

static bool same(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}

static enum err key_of(struct uptr addr, bool private, struct futex_key *out)
{
	struct aspace *a = process_current()->aspace;

	if (addr.addr & 3)
		return E_INVAL;
	if (!user_range_ok(addr, 4))
		return E_FAULT;
	if (likely(private)) {
		*out = (struct futex_key){a, addr.addr};
		return OK;
	}
	return aspace_futex_key(a, addr.addr, true, out);
}

/* Take w out of its bucket (locked) and make its thread run. */
static void wake_locked(struct futex_waiter *w)
{
	struct thread *t = thread_get(w->thread);

	list_remove(&w->link);
	atomic_store_explicit(&w->bucket, NULL, memory_order_relaxed);
	/* After this store *w may be gone. */
	atomic_store(&w->woken, true);
	sched_wake(t);
	thread_put(t);
}

static int wake_key(const struct futex_key *key, int n, uint32_t bitset)
{
	struct bucket *b = bucket_of(key);
	struct futex_waiter *w, *next;
	int woken = 0;

	/*
	 * Nobody there, and nobody about to be: a waiter has the lock from
	 * before it reads the word until it is in the list. The full barrier
	 * puts both looks after the caller's store to the word; the acquire
	 * shows what the last holder did.
	 */
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(&b->lock.held, memory_order_acquire) &&
	    __atomic_load_n(&b->waiters.next, __ATOMIC_RELAXED) == &b->waiters)
		return 0;
	lock_take(&b->lock);
	list_for_each_safe(w, next, &b->waiters, link)
	{
		if (woken >= n)
			break;
		if (same(&w->key, key) && (w->bitset & bitset)) {
			wake_locked(w);
			woken++;
		}
	}
	lock_drop(&b->lock);
	return woken;
}

long futex_wake(struct uptr addr, bool private, int n, uint32_t bitset)
{
	struct futex_key key;
	enum err e = key_of(addr, private, &key);

	return e != OK ? (long)e : wake_key(&key, n, bitset);
}

int futex_wake_user(struct uptr addr, int n)
{
	struct futex_key key;
	int woken = 0;

	if (key_of(addr, true, &key) == OK)
		woken = wake_key(&key, n, UINT32_MAX);
	if (woken < n && key_of(addr, false, &key) == OK &&
	    key.object != process_current()->aspace)
		woken += wake_key(&key, n - woken, UINT32_MAX);
	return woken;
}

/* Leave the queue; true when a waker had already taken w out. */
static bool unqueue(struct futex_waiter *w)
{
	struct bucket *b;

	while ((b = atomic_load(&w->bucket)) != NULL) {
		lock_take(&b->lock);
		if (likely(atomic_load(&w->bucket) == b)) {
			list_remove(&w->link);
			lock_drop(&b->lock);
			return false;
		}
		lock_drop(&b->lock); /* requeued meanwhile */
	}
	/*
	 * The waker stores woken after it cleared bucket: wait for that, it
	 * may still be about to touch *w.
	 */
	while (!atomic_load(&w->woken))
		__builtin_ia32_pause();
	return true;
}

/* Join the queue if the word still holds `expect`. */
static enum err enqueue(
    struct futex_waiter *w, struct uptr addr, uint32_t expect)
{
	struct bucket *b = bucket_of(&w->key);
	uint32_t now;
	enum err e;

	for (;;) {
		lock_take(&b->lock);
		e = user_read_u32_nofault(addr, &now);
		if (likely(e == OK))
			break;
		lock_drop(&b->lock);
		if ((e = user_read_u32(addr, &now)) != OK)
			return e;
	}
	if (now != expect) {
		lock_drop(&b->lock);
		return E_AGAIN;
	}
	atomic_store_explicit(&w->bucket, b, memory_order_relaxed);
	list_push_back(&b->waiters, &w->link);
	lock_drop(&b->lock);
	return OK;
}

static long wait_restart(const uint64_t arg[5]);

long futex_wait(struct uptr addr, bool private, uint32_t expect,
    uint32_t bitset, nsec_t deadline, bool relative)
{
	struct futex_waiter w = {.bitset = bitset, .thread = thread_current()};
	enum err e;

	if (bitset == 0)
		return E_INVAL;
	if ((e = key_of(addr, private, &w.key)) != OK)
		return e;
	if ((e = enqueue(&w, addr, expect)) != OK)
		return e;
	e = wait_flag(&w.woken, WAIT_INTR, deadline);
	if (e == OK)
		return 0; /* only wake_locked sets woken: we are out */
	if (unqueue(&w))
		return 0;
	if (e != E_INTR)
		return e;
	if (!relative)
		return E_RESTARTSYS;
	thread_current()->restart = (struct restart){
	    wait_restart, {addr.addr, private, expect, bitset, deadline}};
	return E_RESTART_BLOCK;
}

static long wait_restart(const uint64_t arg[5])
{
	return futex_wait((struct uptr){arg[0]}, arg[1] != 0, (uint32_t)arg[2],
	    (uint32_t)arg[3], arg[4], true);
}

/* Lock two buckets, in address order. */
NO_LOCK_CHECK static void lock_two(struct bucket *a, struct bucket *b)
{
	if (a > b) {
		struct bucket *t = a;

		a = b;
		b = t;
	}
	lock_take(&a->lock);
	if (a != b)
		lock_take_nested(&b->lock); /* lower address first */
}

NO_LOCK_CHECK static void unlock_two(struct bucket *a, struct bucket *b)
{
	if (a != b)
		lock_drop(&b->lock);
	lock_drop(&a->lock);
}

long futex_requeue(struct uptr from, struct uptr to, bool private, int wake,
    int move, const uint32_t *expect)
{
	struct futex_key k1, k2;
	struct bucket *b1, *b2;
	struct futex_waiter *w, *next;
	long done = 0;
	uint32_t now;
	enum err e;

	if (wake < 0 || move < 0)
		return E_INVAL;
	if ((e = key_of(from, private, &k1)) != OK ||
	    (e = key_of(to, private, &k2)) != OK)
		return e;
	b1 = bucket_of(&k1);
	b2 = bucket_of(&k2);
	for (;;) {
		lock_two(b1, b2);
		if (expect == NULL || user_read_u32_nofault(from, &now) == OK)
			break;
		unlock_two(b1, b2);
		if ((e = user_read_u32(from, &now)) != OK)
			return e;
	}
	if (expect != NULL && now != *expect) {
		unlock_two(b1, b2);
		return E_AGAIN;
	}
	list_for_each_safe(w, next, &b1->waiters, link)
	{
		if (!same(&w->key, &k1))
			continue;
		if (wake > 0) {
			wake_locked(w);
			wake--;
		} else if (move > 0) {
			list_remove(&w->link);
			w->key = k2;
			list_push_back(&b2->waiters, &w->link);
			atomic_store(&w->bucket, b2);
			move--;
		} else {
			break;
		}
		done++;
	}
	unlock_two(b1, b2);
	return done;
}

/* FUTEX_WAKE_OP: op(4) cmp(4) oparg(12) cmparg(12), see futex(2). */
/* long: flat switches */
static enum err apply_op(struct uptr addr, uint32_t code, bool *met)
{
	int32_t arg = (int32_t)(code << 8) >> 20;
	int32_t cmp = (int32_t)(code << 20) >> 20;
	unsigned op = code >> 28 & 7;
	uint32_t old, new, seen;
	int32_t was;
	enum err e;

	if (code >> 31)
		arg = (int32_t)(1u << (arg & 31));
	if (op > 4 || (code >> 24 & 15) > 5)
		return E_NOSYS;
	if ((e = user_read_u32(addr, &old)) != OK)
		return e;
	for (;;) {
		switch (op) {
		case 0:
			new = (uint32_t)arg;
			break;
		case 1:
			new = old + (uint32_t)arg;
			break;
		case 2:
			new = old | (uint32_t)arg;
			break;
		case 3:
			new = old & ~(uint32_t)arg;
			break;
		default:
			new = old ^ (uint32_t)arg;
			break;
		}
		if ((e = user_cmpxchg_u32(addr, old, new, &seen)) != OK)
			return e;
		if (seen == old)
			break;
		old = seen;
	}
	was = (int32_t)old;
	switch (code >> 24 & 15) {
	case 0:
		*met = was == cmp;
		break;
	case 1:
		*met = was != cmp;
		break;
	case 2:
		*met = was < cmp;
		break;
	case 3:
		*met = was <= cmp;
		break;
	case 4:
		*met = was > cmp;
		break;
	default:
		*met = was >= cmp;
		break;
	}
	return OK;
}

long futex_wake_op(
    struct uptr a, struct uptr b, bool private, int n1, int n2, uint32_t code)
{
	struct futex_key k1, k2;
	bool met;
	enum err e;
	long n;

	if ((e = key_of(a, private, &k1)) != OK ||
	    (e = key_of(b, private, &k2)) != OK ||
	    (e = apply_op(b, code, &met)) != OK)
		return e;
	n = wake_key(&k1, n1, UINT32_MAX);
	if (met)
		n += wake_key(&k2, n2, UINT32_MAX);
	return n;
}

/* The owner of one robust word died. */
static void owner_died(struct thread *t, uint64_t addr)
{
	struct uptr p = {addr};
	uint32_t old, seen;

	if ((addr & 3) || user_read_u32(p, &old) != OK)
		return;
	while ((old & FUTEX_TID_MASK) == t->tid) {
		uint32_t new = (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED;

		if (user_cmpxchg_u32(p, old, new, &seen) != OK)
			return;
		if (seen == old) {
			if (old & FUTEX_WAITERS)
				futex_wake_user(p, 1);
			return;
		}
		old = seen;
	}
}

void futex_exit_robust(struct thread *t)
{
	struct uptr head = {t->robust_list};
	uint64_t entry, offset, pending;

	if (uptr_null(head))
		return;
	t->robust_list = 0;
	if (user_read_u64(head, &entry) != OK ||
	    user_read_u64(uptr_add(head, 8), &offset) != OK ||
	    user_read_u64(uptr_add(head, 16), &pending) != OK)
		return;
	for (int i = 0; i < ROBUST_LIMIT; i++) {
		uint64_t at = entry & ~1ull, next;

		if (at == head.addr)
			break;
		if (user_read_u64((struct uptr){at}, &next) != OK)
			break;
		if (at != (pending & ~1ull))
			owner_died(t, at + offset);
		entry = next;
	}
	if ((pending & ~1ull) != 0)
		owner_died(t, (pending & ~1ull) + offset);
}
