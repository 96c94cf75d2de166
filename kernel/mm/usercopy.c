/* kernel/mm/usercopy.c -- copies to and from user memory. */
/* SPDX-License-Identifier: MIT */
#include "kernel/mm/usercopy.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/lock.h"

/* arch/x86_64/usercopy.S. Addresses of user memory: only here are they open */
size_t usercopy_move(void *dst, const void *src, size_t n);
size_t usercopy_zero(void *dst, size_t n);
long usercopy_string(char *dst, const char *src, size_t n);
int usercopy_load32(const uint32_t *p, uint32_t *out);
int usercopy_load64(const uint64_t *p, uint64_t *out);
int usercopy_store32(uint32_t *p, uint32_t v);
int usercopy_store64(uint64_t *p, uint64_t v);
int usercopy_cmpxchg32(uint32_t *p, uint32_t expect, uint32_t v, uint32_t *old);

static inline void *open_user(struct uptr p)
{
	return (void *)p.addr;
}

size_t copy_from_user_some(void *dst, struct uptr src, size_t n)
{
	if (unlikely(!user_range_ok(src, n)))
		return n;
	return usercopy_move(dst, open_user(src), n);
}

size_t copy_to_user_some(struct uptr dst, const void *src, size_t n)
{
	if (unlikely(!user_range_ok(dst, n)))
		return n;
	return usercopy_move(open_user(dst), src, n);
}

enum err copy_from_user(void *dst, struct uptr src, size_t n)
{
	return copy_from_user_some(dst, src, n) ? E_FAULT : OK;
}

enum err copy_to_user(struct uptr dst, const void *src, size_t n)
{
	return copy_to_user_some(dst, src, n) ? E_FAULT : OK;
}

enum err clear_user(struct uptr dst, size_t n)
{
	if (unlikely(!user_range_ok(dst, n)))
		return E_FAULT;
	return usercopy_zero(open_user(dst), n) ? E_FAULT : OK;
}

enum err strncpy_from_user(char *dst, struct uptr src, size_t size, size_t *len)
{
	size_t max = size;
	long n;

	if (unlikely(!user_range_ok(src, 1)))
		return E_FAULT;
	/* Not past the end of user space: what follows is not readable. */
	if (unlikely(!user_range_ok(src, max)))
		max = 0x7ffffffff000ull - src.addr;
	n = usercopy_string(dst, open_user(src), max);
	if (unlikely(n < 0))
		return E_FAULT;
	if (unlikely((size_t)n == max))
		return max == size ? E_NAMETOOLONG : E_FAULT;
	if (len)
		*len = (size_t)n;
	return OK;
}

enum err user_read_u32(struct uptr p, uint32_t *out)
{
	if (unlikely(!user_range_ok(p, 4)))
		return E_FAULT;
	return (enum err)usercopy_load32(open_user(p), out);
}

enum err user_read_u64(struct uptr p, uint64_t *out)
{
	if (unlikely(!user_range_ok(p, 8)))
		return E_FAULT;
	return (enum err)usercopy_load64(open_user(p), out);
}

enum err user_write_u32(struct uptr p, uint32_t v)
{
	if (unlikely(!user_range_ok(p, 4)))
		return E_FAULT;
	return (enum err)usercopy_store32(open_user(p), v);
}

enum err user_write_u64(struct uptr p, uint64_t v)
{
	if (unlikely(!user_range_ok(p, 8)))
		return E_FAULT;
	return (enum err)usercopy_store64(open_user(p), v);
}

enum err user_cmpxchg_u32(
    struct uptr p, uint32_t expect, uint32_t v, uint32_t *old)
{
	if (unlikely(!user_range_ok(p, 4) || p.addr & 3))
		return E_FAULT;
	return (enum err)usercopy_cmpxchg32(open_user(p), expect, v, old);
}

enum err user_read_u32_nofault(struct uptr p, uint32_t *out)
{
	enum err e;

	if (unlikely(!user_range_ok(p, 4)))
		return E_FAULT;
	/* aspace_fault gives up at once while preemption is disabled. */
	preempt_disable();
	e = (enum err)usercopy_load32(open_user(p), out);
	preempt_enable();
	return e;
}

/* An entry of .extable: both relative to the field itself. */
struct fixup {
	int32_t at, to;
};
extern const struct fixup extable_start[], extable_end[];

bool usercopy_fixup(struct regs *regs)
{
	for (const struct fixup *f = extable_start; f < extable_end; f++) {
		if ((uint64_t)&f->at + (uint64_t)(int64_t)f->at != regs->rip)
			continue;
		regs->rip = (uint64_t)&f->to + (uint64_t)(int64_t)f->to;
		return true;
	}
	return false;
}
