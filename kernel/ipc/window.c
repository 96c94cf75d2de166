/* kernel/ipc/window.c -- reaching into the memory of a waiting caller. */
/* SPDX-License-Identifier: MIT */
#include "kernel/ipc/window.h"
#include "kernel/core/string.h"
#include "kernel/core/thread.h"
#include "kernel/mm/aspace_impl.h"
#include "kernel/mm/page.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/process.h"

/*
 * The window is described in the caller's own memory (struct ipc_more and its
 * vectors), read when it is needed: what it says there can hurt the caller
 * alone. The caller may give up at any moment. Its address space is held, so
 * reading goes on harmlessly; a page is written only while the slot says
 * `copying` and still names the caller, which then waits for us.
 */
struct window {
	struct reply_slot *slot;
	struct thread *caller; /* compared, not followed, once held */
	struct aspace *aspace;
	uint64_t vectors; /* address of those that are meant */
	uint32_t count;
	bool write;
};

/* True when the caller still waits; it then goes on waiting until unlock. */
static bool slot_lock(struct reply_slot *slot, const struct thread *caller)
{
	preempt_disable();
	atomic_fetch_add(&slot->copying, 1);
	return atomic_load(&slot->caller) == caller;
}

static void slot_unlock(struct reply_slot *slot)
{
	/* Release: the page is written before the caller goes on. */
	atomic_fetch_sub(&slot->copying, 1);
	preempt_enable();
}

static long read_caller(struct window *w, uint64_t at, void *to, size_t size)
{
	if (!user_range_ok((struct uptr){at}, size))
		return E_FAULT;
	return aspace_access(w->aspace, at, to, size, false) == (long)size
	           ? OK
	           : E_FAULT;
}

static enum err window_open(
    struct window *w, struct reply_slot *slot, bool write)
{
	struct ipc_more more;
	uint64_t at = 0;

	*w = (struct window){.slot = slot, .write = write};
	w->caller = atomic_load(&slot->caller);
	if (!w->caller)
		return E_CANCELED;
	if (slot_lock(slot, w->caller)) {
		w->aspace = aspace_get(w->caller->process->aspace);
		at = w->caller->ipc.more;
	}
	slot_unlock(slot);
	if (!w->aspace)
		return E_CANCELED;
	if (!at || read_caller(w, at, &more, sizeof(more)) != OK ||
	    more.readable_count > IPC_VECTORS_MAX ||
	    more.writable_count > IPC_VECTORS_MAX) {
		aspace_put(w->aspace);
		return E_FAULT;
	}
	w->vectors = more.vectors;
	w->count = more.readable_count;
	if (write) {
		w->vectors += more.readable_count * sizeof(struct ipc_vector);
		w->count = more.writable_count;
	}
	return OK;
}

/* Our own page of `at`, written into the caller's page. */
static enum err write_page(
    struct window *w, uint64_t at, struct uptr from, size_t size)
{
	struct page *to, *own;
	enum err e = aspace_pin(w->aspace, at, true, &to);

	if (e != OK)
		return e;
	e = aspace_pin(process_current()->aspace, from.addr, false, &own);
	if (e == OK) {
		if (slot_lock(w->slot, w->caller))
			memcpy((char *)page_to_virt(to) + (at & PAGE_MASK),
			    (char *)page_to_virt(own) + (from.addr & PAGE_MASK),
			    size);
		else
			e = E_CANCELED;
		slot_unlock(w->slot);
		page_put(own);
	}
	page_put(to);
	return e;
}

static enum err read_page(
    struct window *w, uint64_t at, struct uptr to, size_t size)
{
	struct page *p;
	enum err e = aspace_pin(w->aspace, at, false, &p);

	if (e != OK)
		return e;
	e = copy_to_user(to, (char *)page_to_virt(p) + (at & PAGE_MASK), size);
	page_put(p);
	return e;
}

/* One piece of a vector, page by page of both sides. */
static long copy_piece(
    struct window *w, uint64_t at, struct uptr own, uint64_t size)
{
	uint64_t done = 0;

	if (!user_range_ok((struct uptr){at}, size) ||
	    !user_range_ok(own, size))
		return E_FAULT;
	while (done < size) {
		uint64_t far = at + done, near = own.addr + done;
		uint64_t part = MIN(size - done, PAGE_SIZE - (far & PAGE_MASK));
		enum err e;

		if (w->write)
			part = MIN(part, PAGE_SIZE - (near & PAGE_MASK));
		e = w->write ? write_page(w, far, (struct uptr){near}, part)
		             : read_page(w, far, (struct uptr){near}, part);
		if (e != OK)
			return done ? (long)done : (long)e;
		done += part;
	}
	return (long)done;
}

static long copy(
    struct window *w, uint64_t offset, struct uptr own, uint64_t size)
{
	uint64_t done = 0;

	for (uint32_t i = 0; i < w->count && done < size; i++) {
		struct ipc_vector v;
		uint64_t part;
		long n;

		if (read_caller(w, w->vectors + i * sizeof(v), &v, sizeof(v)))
			return done ? (long)done : E_FAULT;
		if (offset >= v.size) {
			offset -= v.size;
			continue;
		}
		part = MIN(size - done, v.size - offset);
		n = copy_piece(w, v.address + offset,
		    (struct uptr){own.addr + done}, part);
		if (n < 0)
			return done ? (long)done : n;
		done += (uint64_t)n;
		if ((uint64_t)n < part)
			break;
		offset = 0;
	}
	return (long)done;
}

/*
 * The short way, for what is in memory on both sides: the caller is held in its
 * slot and the lock of its page tables all the while, so that no page of its
 * goes; a fault on our own side is not resolved then (preemption is off).
 * Whatever does not work is left to the long way, from the start.
 */
enum { SHORT_MAX = 2 * PAGE_SIZE };

/* What the entry for `at` of a table above the last points to; 0: nothing. */
static inline paddr_t table_below(paddr_t table, uint64_t at, unsigned shift)
{
	const pte_t *t = phys_to_virt(table);

	/* Such an entry is 0 when it is not present. */
	return __atomic_load_n(&t[at >> shift & 511], __ATOMIC_ACQUIRE) &
	       (PTE_ADDR | PTE_PS);
}

/* The entry that maps `at`, and where that lies; large pages too. */
static paddr_t find_locked(struct page_table *pt, uint64_t at, pte_t **e)
{
	unsigned level = pt_find(pt, at, e);

	if (level > 1)
		return 0;
	return level == 0
	           ? (**e & PTE_ADDR) + (at & PAGE_MASK)
	           : ALIGN_DOWN(**e & PTE_ADDR, PT_HUGE) + (at & (PT_HUGE - 1));
}

/* Where `at` lies in the direct map, up to the end of its page; or NULL. */
static void *writable_locked(struct page_table *pt, uint64_t at)
{
	pte_t *e;
	paddr_t pa = find_locked(pt, at, &e);

	if (!pa || (*e & (PTE_P | PTE_W)) != (PTE_P | PTE_W) ||
	    pa >= page_count << PAGE_SHIFT)
		return NULL;
	__atomic_fetch_or(e, PTE_A | PTE_D, __ATOMIC_RELAXED);
	return phys_to_virt(pa);
}

static void *large_locked(struct page_table *pt, uint64_t at)
{
	pte_t *e;
	paddr_t pa = find_locked(pt, at, &e);

	if (!pa || !(*e & PTE_P) || pa >= page_count << PAGE_SHIFT)
		return NULL;
	return phys_to_virt(pa);
}

/* Where we look, and the last table that we looked into. */
struct look {
	struct page_table *pt;
	const pte_t *leaf;
	uint64_t region; /* of leaf; by PT_HUGE */
};

/* Physical address of the last table for `at`; 0: none, or a large page. */
static paddr_t leaf_locked(struct page_table *pt, uint64_t at)
{
	paddr_t t = virt_to_phys(pt->top);

	if (likely((t = table_below(t, at, 39)) &&
	           (t = table_below(t, at, 30)) &&
	           (t = table_below(t, at, 21)) && !(t & PTE_PS)))
		return t;
	return 0;
}

static inline void *readable_locked(struct look *l, uint64_t at)
{
	paddr_t pa;
	pte_t v;

	if (l->region != at / PT_HUGE) {
		pa = leaf_locked(l->pt, at);
		if (unlikely(!pa))
			return large_locked(l->pt, at);
		l->leaf = phys_to_virt(pa);
		l->region = at / PT_HUGE;
	}
	v = __atomic_load_n(&l->leaf[at >> PAGE_SHIFT & 511], __ATOMIC_RELAXED);
	pa = (v & PTE_ADDR) + (at & PAGE_MASK);
	if (unlikely(!(v & PTE_P) || pa >= page_count << PAGE_SHIFT))
		return NULL;
	return phys_to_virt(pa);
}

static inline bool piece_locked(
    struct look *l, uint64_t at, uint64_t own, uint64_t size, bool write)
{
	if (unlikely(!user_range_ok((struct uptr){at}, size)))
		return false;
	for (uint64_t part; size; size -= part, at += part, own += part) {
		struct uptr near = {own};
		void *p =
		    write ? writable_locked(l->pt, at) : readable_locked(l, at);

		part = MIN(size, PAGE_SIZE - (at & PAGE_MASK));
		if (unlikely(!p) || (write ? copy_from_user(p, near, part)
		                           : copy_to_user(near, p, part)))
			return false;
	}
	return true;
}

/* A small object of the caller's, not across pages. */
static inline const void *object_locked(
    struct look *l, uint64_t at, size_t size)
{
	if (unlikely(at >= USER_TOP || at % PAGE_SIZE > PAGE_SIZE - size))
		return NULL;
	return readable_locked(l, at);
}

/*
 * As window_copy, when the first vector is what is meant; E_AGAIN: by the long
 * way. c waits, its tables are locked. What is read of its memory is read once:
 * its other threads may change it.
 */
static inline __attribute__((always_inline)) long short_copy_locked(
    struct page_table *pt, const struct thread *c, uint64_t offset,
    uint64_t own, uint64_t size, bool write)
{
	struct look l = {.pt = pt, .region = ~0ull};
	const struct ipc_more *m =
	    object_locked(&l, c->ipc.more, sizeof(struct ipc_more));
	const struct ipc_vector *v;
	uint64_t at, n;
	uint32_t count;

	if (unlikely(!m))
		return E_AGAIN;
	at = __atomic_load_n(&m->vectors, __ATOMIC_RELAXED);
	count = __atomic_load_n(&m->readable_count, __ATOMIC_RELAXED);
	if (write) {
		if (unlikely(count > IPC_VECTORS_MAX))
			return E_AGAIN;
		at += count * sizeof(struct ipc_vector);
		count = __atomic_load_n(&m->writable_count, __ATOMIC_RELAXED);
	}
	v = object_locked(&l, at, sizeof(*v));
	if (unlikely(!v || count - 1 >= IPC_VECTORS_MAX))
		return E_AGAIN;
	at = __atomic_load_n(&v->address, __ATOMIC_RELAXED) + offset;
	n = __atomic_load_n(&v->size, __ATOMIC_RELAXED);
	if (unlikely(offset >= n))
		return E_AGAIN;
	if (n - offset < size) {
		if (count > 1)
			return E_AGAIN;
		size = n - offset;
	}
	return piece_locked(&l, at, own, size, write) ? (long)size : E_AGAIN;
}

static long window_copy(struct reply_slot *slot, uint64_t offset,
    struct uptr own, uint64_t size, bool write)
{
	struct window w;
	enum err e = window_open(&w, slot, write);
	long n;

	if (e != OK)
		return e;
	n = copy(&w, offset, own, MIN(size, (uint64_t)INT32_MAX));
	/* What was read from one that gave up may be anything. */
	if (n >= 0 && atomic_load(&slot->caller) != w.caller)
		n = E_CANCELED;
	aspace_put(w.aspace);
	return n;
}

/* The short way, else the long one. */
static long either_copy(struct reply_slot *slot, uint64_t offset,
    struct uptr own, uint64_t size, bool write)
{
	const struct thread *c =
	    atomic_load_explicit(&slot->caller, memory_order_relaxed);
	struct page_table *pt;
	long n = E_AGAIN;

	/* Only its own thread uses a thread's slot: c cannot be let go. */
	if (unlikely(!c || size > SHORT_MAX || !slot->of_thread))
		return window_copy(slot, offset, own, size, write);
	if (likely(slot_lock(slot, c))) {
		pt = &c->process->aspace->pt;
		lock_take(&pt->lock);
		n = short_copy_locked(pt, c, offset, own.addr, size, write);
		lock_drop(&pt->lock);
	}
	slot_unlock(slot);
	return likely(n != E_AGAIN)
	           ? n
	           : window_copy(slot, offset, own, size, write);
}

long window_read(
    struct reply_slot *slot, uint64_t offset, struct uptr to, uint64_t size)
{
	return either_copy(slot, offset, to, size, false);
}

long window_write(
    struct reply_slot *slot, uint64_t offset, struct uptr from, uint64_t size)
{
	return either_copy(slot, offset, from, size, true);
}
