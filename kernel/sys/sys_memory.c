/* kernel/sys/sys_memory.c -- system calls: the address space. */
/* SPDX-License-Identifier: MIT */
#include "kernel/sys/sys_memory.h"
#include "kernel/mm/aspace.h"
#include "kernel/object/desc.h"
#include "kernel/object/process.h"
#include "kernel/vfs/file.h"
#include "kernel/vfs/mount.h"

enum {
	MAP_SHARED = 1,
	MAP_PRIVATE = 2,
	MAP_SHARED_VALIDATE = 3,
	MAP_TYPE = 15,
	MAP_FIXED = 0x10,
	MAP_ANONYMOUS = 0x20,
	MAP_GROWSDOWN = 0x100,
	MAP_LOCKED = 0x2000,
	MAP_POPULATE = 0x8000,
	MAP_NONBLOCK = 0x10000,
	MAP_STACK = 0x20000,
	MAP_HUGETLB = 0x40000,
	MAP_SYNC = 0x80000,
	MAP_FIXED_NOREPLACE = 0x100000,
	PROT_KNOWN = PROT_R | PROT_W | PROT_X,
	PROT_GROWSDOWN = 0x01000000,
	PROT_GROWSUP = 0x02000000,
	MREMAP_MAYMOVE = 1,
	MREMAP_FIXED = 2,
	MREMAP_DONTUNMAP = 4,
};

static uint32_t map_flags(uint64_t flags)
{
	uint32_t f = 0;

	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		f |= MAP_F_SHARED;
	if (flags & MAP_FIXED)
		f |= MAP_F_FIXED;
	if (flags & MAP_FIXED_NOREPLACE)
		f |= MAP_F_FIXED | MAP_F_NOREPLACE;
	if (flags & MAP_GROWSDOWN)
		f |= MAP_F_GROWSDOWN;
	if (flags & MAP_STACK)
		f |= MAP_F_STACK;
	if ((flags & MAP_POPULATE) && !(flags & MAP_NONBLOCK))
		f |= MAP_F_POPULATE;
	if (flags & MAP_LOCKED)
		f |= MAP_F_LOCKED | MAP_F_POPULATE;
	return f;
}

static enum err check_map(uint64_t at, uint64_t len, uint64_t flags)
{
	uint64_t type = flags & MAP_TYPE;

	if (len == 0 || (type != MAP_SHARED && type != MAP_PRIVATE &&
	                    type != MAP_SHARED_VALIDATE))
		return E_INVAL;
	if (len > USER_TOP)
		return E_NOMEM;
	if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && (at & PAGE_MASK))
		return E_INVAL;
	/* There are no reserved huge pages and no persistent memory. */
	if (flags & MAP_HUGETLB)
		return E_NOMEM;
	if (type == MAP_SHARED_VALIDATE && (flags & MAP_SYNC))
		return E_OPNOTSUPP;
	return OK;
}

/* What the descriptor allows: fills vmo, node and max_prot. */
static enum err from_object(const struct held *h, struct map_request *req)
{
	struct file *f = file_of(h->obj);
	bool shared = req->flags & MAP_F_SHARED;
	enum err e;

	if (!(h->rights & RIGHT_READ) || !(h->rights & RIGHT_MAP))
		return E_ACCES;
	req->max_prot = PROT_KNOWN;
	if (shared && !(h->rights & RIGHT_WRITE))
		req->max_prot &= ~(uint32_t)PROT_W;
	if (f && (atomic_load(&f->path.mount->flags) & MOUNT_NOEXEC)) {
		if (req->prot & PROT_X)
			return E_PERM;
		req->max_prot &= ~(uint32_t)PROT_X;
	}
	if (!h->obj->ops->map)
		return E_NODEV;
	if (h->obj->ops->map_limit)
		req->max_prot &= h->obj->ops->map_limit(h->obj);
	if (req->prot & ~req->max_prot)
		return E_ACCES;
	e = h->obj->ops->map(h->obj, req->prot, shared, &req->vmo);
	if (e == OK && f)
		req->node = f->node;
	return e;
}

static enum err map_object(int fd, struct map_request *req, vaddr_t *out)
{
	struct held h;
	enum err e = desc_hold(fd, 0, &h);

	if (e != OK)
		return e;
	e = from_object(&h, req);
	if (e == OK) {
		e = aspace_map(process_current()->aspace, req, out);
		if (req->vmo)
			vmo_put(req->vmo);
	}
	desc_release(&h);
	return e;
}

long sys_mmap(uint64_t at, uint64_t len, uint64_t prot, uint64_t flags, int fd,
    uint64_t off)
{
	struct map_request req = {
	    .at = ALIGN_DOWN(at, PAGE_SIZE),
	    .len = ALIGN_UP(len, PAGE_SIZE),
	    .prot = prot & PROT_KNOWN,
	    .max_prot = PROT_KNOWN,
	    .flags = map_flags(flags),
	    .off = off,
	};
	vaddr_t out;
	enum err e = check_map(at, len, flags);

	if (e != OK)
		return e;
	if (flags & MAP_ANONYMOUS) {
		req.off = 0;
		e = aspace_map(process_current()->aspace, &req, &out);
	} else {
		if (off & PAGE_MASK)
			return E_INVAL;
		if (off + req.len < off)
			return E_OVERFLOW;
		e = map_object(fd, &req, &out);
	}
	return e == OK ? (long)out : e;
}

static bool bad_range(uint64_t at, uint64_t len)
{
	return at > USER_TOP || len > USER_TOP - at;
}

long sys_munmap(uint64_t at, uint64_t len)
{
	if ((at & PAGE_MASK) || len == 0 || bad_range(at, len))
		return E_INVAL;
	return aspace_unmap(
	    process_current()->aspace, at, ALIGN_UP(len, PAGE_SIZE));
}

long sys_mprotect(uint64_t at, uint64_t len, uint64_t prot)
{
	if (at & PAGE_MASK)
		return E_INVAL;
	/* These ask for the rest of a stack; ours is one mapping anyway. */
	prot &= ~(uint64_t)(PROT_GROWSDOWN | PROT_GROWSUP);
	if (prot & ~(uint64_t)PROT_KNOWN)
		return E_INVAL;
	if (len == 0)
		return OK;
	if (bad_range(at, len))
		return E_NOMEM;
	return aspace_protect(process_current()->aspace, at,
	    ALIGN_UP(len, PAGE_SIZE), (uint32_t)prot);
}

long sys_mremap(uint64_t at, uint64_t old_len, uint64_t new_len, uint64_t flags,
    uint64_t new_at)
{
	vaddr_t out;
	enum err e;

	if (flags &
	    ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return E_INVAL;
	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) &&
	    !(flags & MREMAP_MAYMOVE))
		return E_INVAL;
	if ((at & PAGE_MASK) || new_len == 0 || new_len > USER_TOP ||
	    bad_range(at, old_len))
		return E_INVAL;
	if ((flags & MREMAP_FIXED) &&
	    ((new_at & PAGE_MASK) || bad_range(new_at, new_len)))
		return E_INVAL;
	e = aspace_remap(process_current()->aspace, at,
	    ALIGN_UP(old_len, PAGE_SIZE), ALIGN_UP(new_len, PAGE_SIZE),
	    (uint32_t)flags, new_at, &out);
	return e == OK ? (long)out : e;
}

long sys_madvise(uint64_t at, uint64_t len, int advice)
{
	if ((at & PAGE_MASK) || bad_range(at, len))
		return E_INVAL;
	if (len == 0)
		return OK;
	return aspace_advise(
	    process_current()->aspace, at, ALIGN_UP(len, PAGE_SIZE), advice);
}

long sys_brk(uint64_t end)
{
	return (long)aspace_brk(process_current()->aspace, end);
}
