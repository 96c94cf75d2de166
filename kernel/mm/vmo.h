/* kernel/mm/vmo.h -- memory objects: what mappings map. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/lock.h"
#include "kernel/core/list.h"
#include "kernel/mm/page.h"

/*
 * A memory object is an array of pages, sparse, indexed by page number. Kinds:
 * anonymous (zero-filled on demand), physical (device memory), pager-backed (a
 * pager supplies missing pages; the page cache of a file).
 *
 * The pages hang in a persistent radix tree of 32-slot nodes with reference
 * counts. Cloning (fork, private file mapping) shares the root in O(1); a
 * write into a shared part copies the nodes on the path (the children get one
 * reference more) and, when the frame itself has more than one reference, the
 * frame. So copy-on-write trees have no chains to walk or to collapse.
 *
 * A private mapping of a pager-backed object is a clone with `parent` set: a
 * page that neither was copied nor is in the clone's tree comes from the
 * parent as it is now.
 */
struct vmo;
struct silo;
struct uio;

enum vmo_kind { VMO_ANON, VMO_PHYS, VMO_PAGER };

/* How a pager-backed object gets and cleans its pages. */
struct vmo_pager_ops {
	/*
	 * Fill the frame at kernel address `page` with page `index`. May
	 * sleep. E_IO; E_NOMEM. Bytes past the end of the file are zeroed.
	 */
	enum err (*fill)(void *pager, uint64_t index, void *page);
	/* Write a dirty page back; NULL: pages are never dirty (read only). */
	enum err (*clean)(void *pager, uint64_t index, const void *page);
	/* The last reference to the object went. */
	void (*release)(void *pager);
};

/* pages: size limit in pages (grows by vmo_resize). One reference each. */
enum err vmo_create_anon(struct silo *silo, uint64_t pages, struct vmo **out);
enum err vmo_create_phys(
    paddr_t base, uint64_t pages, bool cached, struct vmo **out);
enum err vmo_create_pager(struct silo *silo, const struct vmo_pager_ops *ops,
    void *pager, uint64_t pages, struct vmo **out);

/* A copy-on-write clone of the whole object, charged to silo as it diverges. */
enum err vmo_clone(struct vmo *v, struct silo *silo, struct vmo **out);

struct vmo *vmo_get(struct vmo *v);
void vmo_put(struct vmo *v);

/*
 * Size in pages. Shrinking unmaps and frees what lies beyond. May sleep.
 * E_NOMEM: the size is as it was, some of what lay beyond may be zeroes.
 */
uint64_t vmo_pages(struct vmo *v);
enum err vmo_resize(struct vmo *v, uint64_t pages);

/* Zero or drop the pages [first, first+n) (punch hole, MADV_DONTNEED). */
void vmo_discard(struct vmo *v, uint64_t first, uint64_t n);

/*
 * Find page `index` for reading or writing and give a reference to it
 * (page_put). For writing, copies or allocates so that the page belongs to v
 * alone. A hole read gives the shared zero page (not for VMO_PAGER). May sleep
 * in the pager. E_FAULT past the end, E_NOMEM, E_IO.
 */
enum err vmo_page(struct vmo *v, uint64_t index, bool write, struct page **out);

/*
 * Refuse all writes to the object's own pages (not to private copies) from now
 * on, also through mappings that allow them: such a fault is E_ACCES. Returns
 * when no CPU can write any more. May not be undone; for VMO_ANON.
 */
void vmo_freeze(struct vmo *v);

/*
 * Copy between the object and a uio (user or kernel memory), from byte `off`,
 * n bytes at most, never past the object's size. Returns bytes moved (short
 * on a fault), or an error when none. Touches missing pages. Takes no lock
 * while user memory is touched: a fault on the caller's buffer just works,
 * even when the buffer maps the same object.
 */
long vmo_read(struct vmo *v, uint64_t off, struct uio *uio, size_t n);
long vmo_write(struct vmo *v, uint64_t off, struct uio *uio, size_t n);

/* Kernel-memory forms. */
enum err vmo_read_kernel(struct vmo *v, uint64_t off, void *buf, size_t n);
enum err vmo_write_kernel(
    struct vmo *v, uint64_t off, const void *buf, size_t n);

/* Zero [off, off+n) of present pages (tail of a truncated file). */
enum err vmo_zero(struct vmo *v, uint64_t off, uint64_t n);

/* Pages present in the tree (st_blocks, RSS of shared memory). */
uint64_t vmo_resident(struct vmo *v);

/* Offset of the next data / hole page at or after index; UINT64_MAX: none. */
uint64_t vmo_next(struct vmo *v, uint64_t index, bool data);
enum vmo_kind vmo_kind(const struct vmo *v);
void vmo_init(void);

/* Live objects, for leak checks. */
uint64_t vmo_live(void);

/* Clean pages of pagers that could be given back, for /proc/meminfo. */
uint64_t vmo_reclaimable(void);
