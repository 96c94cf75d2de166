/* kernel/linux/memory_calls.c -- mincore, msync, mlock, membarrier. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/memory_calls.h"
#include "kernel/arch/x86_64/irq.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/process.h"

enum {
	MS_ASYNC = 1,
	MS_INVALIDATE = 2,
	MS_SYNC = 4,
	MLOCK_ONFAULT = 1,
	MCL_CURRENT = 1,
	MCL_FUTURE = 2,
	MCL_ONFAULT = 4,
	MEMBARRIER_QUERY = 0,
	MEMBARRIER_GLOBAL = 1,
	MEMBARRIER_PRIVATE_EXPEDITED = 8,
	MEMBARRIER_REGISTER_PRIVATE_EXPEDITED = 16,
};

static struct aspace *current_aspace(void)
{
	return process_current()->aspace;
}

/* Page-align [at, at+len) outwards; false: it is no range of user space. */
static bool align_range(uint64_t *at, uint64_t *len)
{
	uint64_t skew = *at & PAGE_MASK;

	if (*at > USER_TOP || *len > USER_TOP - *at)
		return false;
	*at -= skew;
	*len = ALIGN_UP(*len + skew, PAGE_SIZE);
	return true;
}

long sys_mincore(uint64_t at, uint64_t len, struct uptr vec)
{
	uint8_t *buf;
	enum err e = OK;

	if (at & PAGE_MASK)
		return E_INVAL;
	if (!align_range(&at, &len))
		return E_NOMEM;
	buf = kmalloc(PAGE_SIZE);
	if (!buf)
		return E_NOMEM;
	while (len > 0 && e == OK) {
		uint64_t part = MIN(len, PAGE_SIZE * PAGE_SIZE);

		e = aspace_mincore(current_aspace(), at, part, buf);
		if (e == OK)
			e = copy_to_user(vec, buf, part >> PAGE_SHIFT);
		at += part;
		len -= part;
		vec = uptr_add(vec, part >> PAGE_SHIFT);
	}
	kfree(buf);
	return e;
}

long sys_msync(uint64_t at, uint64_t len, int flags)
{
	if ((at & PAGE_MASK) ||
	    (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return E_INVAL;
	if (!align_range(&at, &len))
		return E_NOMEM;
	if (len == 0)
		return OK;
	return aspace_sync(current_aspace(), at, len, flags);
}

/* Visit each mapping of the range; a hole is E_NOMEM. */
static enum err check_mapped(uint64_t at, uint64_t len)
{
	uint64_t end = at + len;
	struct map_info info;

	while (at < end) {
		if (!aspace_next_map(current_aspace(), at, false, &info) ||
		    info.start > at)
			return E_NOMEM;
		at = info.end;
	}
	return OK;
}

/* Pages go nowhere once they are there: to lock them is to bring them in. */
static enum err bring_in(uint64_t at, uint64_t len)
{
	for (uint64_t va = at; va < at + len; va += PAGE_SIZE) {
		enum err e;

		if (process_current()->group_exiting)
			return E_INTR;
		e = aspace_fault(current_aspace(), va, FAULT_USER);
		if (e == E_NOMEM)
			return E_AGAIN;
		/* PROT_NONE has nothing to bring in. */
		if (e != OK && e != E_ACCES)
			return E_NOMEM;
	}
	return OK;
}

static enum err check_lock_limit(uint64_t len)
{
	uint64_t limit = process_current()->rlimits[RL_MEMLOCK].cur;

	if (cred_privileged() || len <= limit)
		return OK;
	return limit == 0 ? E_PERM : E_NOMEM;
}

long sys_mlock2(uint64_t at, uint64_t len, int flags)
{
	enum err e;

	if (flags & ~MLOCK_ONFAULT)
		return E_INVAL;
	if (!align_range(&at, &len))
		return E_INVAL;
	e = check_lock_limit(len);
	if (e == OK)
		e = check_mapped(at, len);
	if (e == OK && !(flags & MLOCK_ONFAULT))
		e = bring_in(at, len);
	return e;
}

long sys_mlock(uint64_t at, uint64_t len)
{
	return sys_mlock2(at, len, 0);
}

long sys_munlock(uint64_t at, uint64_t len)
{
	if (!align_range(&at, &len))
		return E_INVAL;
	return check_mapped(at, len);
}

long sys_mlockall(int flags)
{
	struct aspace_stats s;
	struct map_info info;
	uint64_t at = 0;
	enum err e;

	if (flags == 0 || flags == MCL_ONFAULT ||
	    (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
		return E_INVAL;
	aspace_stats(current_aspace(), &s);
	e = check_lock_limit(s.pages_mapped * PAGE_SIZE);
	if (e != OK || !(flags & MCL_CURRENT) || (flags & MCL_ONFAULT))
		return e;
	while (aspace_next_map(current_aspace(), at, false, &info)) {
		at = info.end;
		/* Holes in files are not this call's error. */
		if (info.prot &&
		    bring_in(info.start, info.end - info.start) == E_AGAIN)
			return E_AGAIN;
	}
	return OK;
}

long sys_munlockall(void)
{
	return OK;
}

/* The interrupt itself orders memory on the CPU that takes it. */
static void barrier_here(void *arg)
{
	(void)arg;
	atomic_thread_fence(memory_order_seq_cst);
}

static void barrier_all(void)
{
	struct cpu_set all = {0};

	atomic_store(&all.bits[0], cpu_online_count >= 64
	                               ? UINT64_MAX
	                               : (1ull << cpu_online_count) - 1);
	ipi_call(&all, barrier_here, NULL);
}

long sys_membarrier(int cmd, uint32_t flags, int cpu)
{
	(void)cpu;
	if (flags)
		return E_INVAL;
	switch (cmd) {
	case MEMBARRIER_QUERY:
		return MEMBARRIER_GLOBAL | MEMBARRIER_PRIVATE_EXPEDITED |
		       MEMBARRIER_REGISTER_PRIVATE_EXPEDITED;
	case MEMBARRIER_GLOBAL:
	case MEMBARRIER_PRIVATE_EXPEDITED:
		barrier_all();
		return OK;
	case MEMBARRIER_REGISTER_PRIVATE_EXPEDITED:
		return OK;
	default:
		return E_INVAL;
	}
}
