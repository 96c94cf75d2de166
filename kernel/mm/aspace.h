/* kernel/mm/aspace.h -- address spaces: mappings, faults, page tables. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/mutex.h"
#include "kernel/core/rbtree.h"
#include "kernel/mm/vmo.h"

/*
 * A user address space: a red-black tree of mappings ordered by address (the
 * last one found is remembered), under `lock` (faults read, map/unmap/protect
 * write); page tables under `pt_lock` (RANK_PT); the set of CPUs that may hold
 * its translations in the TLB.
 */
struct aspace;
struct silo;
struct regs;

enum prot { PROT_R = 1, PROT_W = 2, PROT_X = 4 }; /* = Linux PROT_* */

enum map_flags {
	MAP_F_SHARED = 1 << 0,
	MAP_F_FIXED = 1 << 1,     /* replace what is there */
	MAP_F_NOREPLACE = 1 << 2, /* with FIXED: E_EXIST if something is */
	MAP_F_GROWSDOWN = 1 << 3, /* a stack: grows on faults just below */
	MAP_F_STACK = 1 << 4,
	MAP_F_POPULATE = 1 << 5,
	MAP_F_LOCKED = 1 << 6,
	MAP_F_HEAP = 1 << 7, /* brk area, for /proc/maps */
	MAP_F_VDSO = 1 << 8,
	MAP_F_DONTFORK = 1 << 9,
	MAP_F_HIGH = 1 << 10, /* search top down from mmap base (default) */
};

enum {
	USER_LOW = 0x10000, /* lowest mappable address */
};
#define USER_TOP 0x7ffffffff000ull /* the last page is never mapped: SYSRET */

struct node;

/* One reference; empty. */
enum err aspace_create(struct silo *silo, struct aspace **out);

/* A copy for fork: private mappings copy-on-write, shared ones shared. */
enum err aspace_fork(struct aspace *parent, struct aspace **out);

/*
 * aspace_get/put count users (threads' processes). The last put unmaps all
 * and frees the page tables; it may sleep. aspace_hold/release keep only the
 * structure (a kernel thread that runs on borrowed tables).
 */
struct aspace *aspace_get(struct aspace *a);
void aspace_put(struct aspace *a);

/*
 * Map n bytes (page multiple) of vmo at byte offset off, taking a reference to
 * it; vmo NULL: anonymous memory. Private mappings of anonymous or pager
 * objects are cloned. `max_prot` limits later mprotect (a file not open for
 * writing, shared). node (may be NULL) is kept referenced, for /proc/maps and
 * ETXTBSY rules. at: hint or fixed address; 0: anywhere. E_NOMEM, E_INVAL,
 * E_EXIST, E_ACCES, E_PERM (below USER_LOW).
 */
struct map_request {
	vaddr_t at;
	uint64_t len;
	uint32_t prot, max_prot, flags;
	struct vmo *vmo;
	uint64_t off;
	struct node *node;
};
enum err aspace_map(
    struct aspace *a, const struct map_request *req, vaddr_t *out);
enum err aspace_unmap(struct aspace *a, vaddr_t at, uint64_t len);
enum err aspace_protect(
    struct aspace *a, vaddr_t at, uint64_t len, uint32_t prot);
enum err aspace_remap(struct aspace *a, vaddr_t at, uint64_t old_len,
    uint64_t new_len, uint32_t mremap_flags, vaddr_t new_at, vaddr_t *out);
enum err aspace_advise(struct aspace *a, vaddr_t at, uint64_t len, int advice);
enum err aspace_sync(struct aspace *a, vaddr_t at, uint64_t len, int flags);
/* mincore: one byte per page into vec (kernel memory). */
enum err aspace_mincore(
    struct aspace *a, vaddr_t at, uint64_t len, uint8_t *vec);

/* brk: returns the (new or unchanged) end of the heap. */
vaddr_t aspace_brk(struct aspace *a, vaddr_t want);
void aspace_set_brk(struct aspace *a, vaddr_t start);

/*
 * Resolve a fault at va of the current thread's or any address space: OK, or
 * E_FAULT (no mapping: SIGSEGV MAPERR), E_ACCES (protection: SEGV_ACCERR),
 * E_NXIO (past the end of the object: SIGBUS), E_IO (pager: SIGBUS), E_NOMEM.
 * Called with interrupts on, no spinlock held.
 */
enum fault_flags { FAULT_WRITE = 1, FAULT_EXEC = 2, FAULT_USER = 4 };
enum err aspace_fault(struct aspace *a, vaddr_t va, unsigned flags);

/* Load its page tables on this CPU (preemption disabled); NULL: kernel's. */
void aspace_switch(struct aspace *next);

/* Futex key: object identity of a shared word. See futex.c. */
struct futex_key {
	const void *object; /* aspace (private) or vmo (shared) */
	uint64_t offset;
};
enum err aspace_futex_key(
    struct aspace *a, vaddr_t va, bool shared, struct futex_key *out);

/*
 * The frame at va, ready for reading or writing, with a reference (page_put);
 * faulted in if need be. Errors as aspace_fault. May sleep.
 */
struct page;
enum err aspace_pin(
    struct aspace *a, vaddr_t va, bool write, struct page **out);

/* Access another process's memory (/proc/PID/mem, ptrace, cmdline). */
long aspace_access(
    struct aspace *a, vaddr_t va, void *buf, size_t n, bool write);

/* Statistics and limits. */
struct aspace_stats {
	uint64_t pages_mapped;   /* virtual size */
	uint64_t pages_resident; /* present user pages */
	uint64_t pages_shared, pages_text, pages_data, pages_stack;
	uint64_t table_pages, pages_locked;
};
void aspace_stats(struct aspace *a, struct aspace_stats *out);
/* Pages present and tables, about; takes no lock: for who is out of memory. */
uint64_t aspace_held(struct aspace *a);
/* Mappings that one address space may have: each costs kernel memory. */
enum { MAPS_MAX = 65530 };
/* From rlimits; pages; UINT64_MAX: none. */
void aspace_set_limits(struct aspace *a, uint64_t as_pages, uint64_t data_pages,
    uint64_t stack_bytes);

/* Markers that /proc/PID/{cmdline,environ,stat} need; set by exec. */
struct aspace_marks {
	vaddr_t code_start, code_end, data_start, data_end, stack_start;
	vaddr_t arg_start, arg_end, env_start, env_end, brk_start, brk;
	uint64_t auxv[48];
	struct node *exe;
	vaddr_t vdso;
	vaddr_t vdso_sigreturn; /* unused with SA_RESTORER */
};
struct aspace_marks *aspace_marks(struct aspace *a);

/* Visit mappings in order under the read lock, for /proc/PID/maps. */
struct map_info {
	vaddr_t start, end;
	uint32_t prot, flags;
	uint64_t off;
	struct node *node;
	struct vmo *vmo;
	uint64_t resident_pages, dirty_pages, shared_pages; /* if wanted */
};
/*
 * First mapping with end > at; false when there is none. Takes the lock. Gives
 * a reference to out->node if there is one (node_put); vmo is for identity only
 */
bool aspace_next_map(
    struct aspace *a, vaddr_t at, bool count, struct map_info *out);

/* Boot: the kernel's own tables are final; called after SMP features known. */
void aspace_init(void);
uint64_t aspace_live(void);
/* Kernel mappings (vmalloc, ioremap): arch/x86_64/mmu.h. */
