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
	atomic_store(&slot->copying, true);
	return atomic_load(&slot->caller) == caller;
}

static void slot_unlock(struct reply_slot *slot)
{
	atomic_store(&slot->copying, false);
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

/* Where `at` lies in the direct map, up to the end of its page; or NULL. */
static char *present_locked(struct page_table *pt, uint64_t at, bool write)
{
	pte_t *e = pt_leaf(pt, at), v;
	unsigned level = e ? 0 : pt_find(pt, at, &e);
	paddr_t pa;

	v = __atomic_load_n(e, __ATOMIC_RELAXED);
	pa = v & PTE_ADDR;
	if (unlikely(level == 1))
		pa =
		    ALIGN_DOWN(pa, PT_HUGE) + (at & (PT_HUGE - 1) & ~PAGE_MASK);
	if (unlikely(level > 1 || !(v & PTE_P) || (write && !(v & PTE_W)) ||
	             pa >> PAGE_SHIFT >= page_count))
		return NULL;
	if (write)
		__atomic_fetch_or(e, PTE_A | PTE_D, __ATOMIC_RELAXED);
	return (char *)phys_to_virt(pa) + (at & PAGE_MASK);
}

/* The same for a whole small object, read only: not across pages. */
static const void *object_locked(
    struct page_table *pt, uint64_t at, size_t size)
{
	if (unlikely(!user_range_ok((struct uptr){at}, size) ||
	             (at & PAGE_MASK) > PAGE_SIZE - size))
		return NULL;
	return present_locked(pt, at, false);
}

static bool piece_locked(
    struct page_table *pt, uint64_t at, uint64_t own, uint64_t size, bool write)
{
	if (unlikely(!user_range_ok((struct uptr){at}, size)))
		return false;
	for (uint64_t part; size; size -= part, at += part, own += part) {
		char *p = present_locked(pt, at, write);

		part = MIN(size, PAGE_SIZE - (at & PAGE_MASK));
		if (unlikely(!p))
			return false;
		if (write ? copy_from_user(p, (struct uptr){own}, part)
		          : copy_to_user((struct uptr){own}, p, part))
			return false;
	}
	return true;
}

/* As window_copy; E_AGAIN: by the long way. c waits, its tables are locked. */
static long short_copy_locked(const struct thread *c, uint64_t offset,
    uint64_t own, uint64_t size, bool write)
{
	struct page_table *pt = &c->process->aspace->pt;
	const struct ipc_more *m =
	    object_locked(pt, c->ipc.more, sizeof(struct ipc_more));
	uint64_t at, done = 0;
	uint32_t count;

	if (unlikely(!m))
		return E_AGAIN;
	at = __atomic_load_n(&m->vectors, __ATOMIC_RELAXED);
	count = __atomic_load_n(&m->readable_count, __ATOMIC_RELAXED);
	if (unlikely(count > IPC_VECTORS_MAX))
		return E_AGAIN;
	if (write) {
		at += count * sizeof(struct ipc_vector);
		count = __atomic_load_n(&m->writable_count, __ATOMIC_RELAXED);
		if (unlikely(count > IPC_VECTORS_MAX))
			return E_AGAIN;
	}
	for (; count && done < size; count--, at += sizeof(struct ipc_vector)) {
		const struct ipc_vector *v =
		    object_locked(pt, at, sizeof(struct ipc_vector));
		struct ipc_vector is;
		uint64_t part;

		if (unlikely(!v))
			return E_AGAIN;
		/* Once: the caller's other threads may change it. */
		is.address = __atomic_load_n(&v->address, __ATOMIC_RELAXED);
		is.size = __atomic_load_n(&v->size, __ATOMIC_RELAXED);
		if (offset >= is.size) {
			offset -= is.size;
			continue;
		}
		part = MIN(size - done, is.size - offset);
		if (!piece_locked(
		        pt, is.address + offset, own + done, part, write))
			return E_AGAIN;
		done += part;
		offset = 0;
	}
	return (long)done;
}

static long short_copy(struct reply_slot *slot, uint64_t offset,
    struct uptr own, uint64_t size, bool write)
{
	const struct thread *c = atomic_load(&slot->caller);
	long n = E_AGAIN;

	if (!c || size > SHORT_MAX)
		return E_AGAIN;
	if (slot_lock(slot, c)) {
		struct page_table *pt = &c->process->aspace->pt;

		lock_take(&pt->lock);
		n = short_copy_locked(c, offset, own.addr, size, write);
		lock_drop(&pt->lock);
	}
	slot_unlock(slot);
	return n;
}

static long window_copy(struct reply_slot *slot, uint64_t offset,
    struct uptr own, uint64_t size, bool write)
{
	struct window w;
	long n = short_copy(slot, offset, own, size, write);
	enum err e;

	if (likely(n != E_AGAIN))
		return n;
	e = window_open(&w, slot, write);
	if (e != OK)
		return e;
	n = copy(&w, offset, own, MIN(size, (uint64_t)INT32_MAX));
	/* What was read from one that gave up may be anything. */
	if (n >= 0 && atomic_load(&slot->caller) != w.caller)
		n = E_CANCELED;
	aspace_put(w.aspace);
	return n;
}

long window_read(
    struct reply_slot *slot, uint64_t offset, struct uptr to, uint64_t size)
{
	return window_copy(slot, offset, to, size, false);
}

long window_write(
    struct reply_slot *slot, uint64_t offset, struct uptr from, uint64_t size)
{
	return window_copy(slot, offset, from, size, true);
}
