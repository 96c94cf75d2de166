/* kernel/mm/aspace_info.c -- looking at address spaces from outside. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/mm/aspace_impl.h"
#include "kernel/core/string.h"
#include "kernel/vfs/node.h"

bool aspace_next_map(
    struct aspace *a, vaddr_t at, bool count, struct map_info *out)
{
	struct mapping *m;

	rwlock_read(&a->lock);
	m = mapping_find(&a->maps, at);
	if (m) {
		*out = (struct map_info){
		    .start = m->start,
		    .end = m->end,
		    .prot = m->prot,
		    .flags = m->flags,
		    .off = m->source_index << PAGE_SHIFT,
		    .node = m->node ? node_get(m->node) : NULL,
		    .vmo = m->source,
		};
		if (count) {
			lock_take(&a->pt.lock);
			out->resident_pages = pt_count(
			    &a->pt, m->start, m->end, &out->dirty_pages);
			lock_drop(&a->pt.lock);
			if (m->source)
				out->shared_pages = out->resident_pages;
		}
	}
	rwlock_read_drop(&a->lock);
	return m;
}

static void stats_of(
    struct aspace *a, struct mapping *m, struct aspace_stats *s)
{
	uint64_t n = mapping_pages(m);

	if (m->flags & MAP_F_GROWSDOWN)
		s->pages_stack += n;
	else if (m->prot & PROT_X)
		s->pages_text += n;
	else if (m->prot & PROT_W && !(m->flags & MAP_F_SHARED))
		s->pages_data += n;
	if (m->flags & MAP_F_LOCKED)
		s->pages_locked += n;
	if (m->source) {
		lock_take(&a->pt.lock);
		s->pages_shared += pt_count(&a->pt, m->start, m->end, NULL);
		lock_drop(&a->pt.lock);
	}
}

void aspace_stats(struct aspace *a, struct aspace_stats *out)
{
	struct rb_node *n;

	*out = (struct aspace_stats){0};
	rwlock_read(&a->lock);
	out->pages_mapped = a->mapped;
	for (n = rb_first(&a->maps); n; n = rb_next(n))
		stats_of(a, rb_entry(n, struct mapping, rb), out);
	lock_take(&a->pt.lock);
	out->pages_resident = a->pt.present;
	lock_drop(&a->pt.lock);
	out->table_pages = a->pt.tables;
	rwlock_read_drop(&a->lock);
}

uint64_t aspace_held(struct aspace *a)
{
	return __atomic_load_n(&a->pt.present, __ATOMIC_RELAXED) +
	       atomic_load_explicit(&a->pt.tables, memory_order_relaxed) +
	       __atomic_load_n(&a->maps_count, __ATOMIC_RELAXED) *
	           sizeof(struct mapping) / PAGE_SIZE;
}

enum err aspace_futex_key(
    struct aspace *a, vaddr_t va, bool shared, struct futex_key *out)
{
	struct mapping *m;
	enum err e = OK;

	if (va & 3)
		return E_INVAL;
	if (va >= USER_TOP)
		return E_FAULT;
	*out = (struct futex_key){a, va};
	if (!shared)
		return OK;
	rwlock_read(&a->lock);
	m = aspace_find(a, va);
	if (!m)
		e = E_FAULT;
	else if (m->flags & MAP_F_SHARED)
		*out = (struct futex_key){m->source,
		    (m->source_index << PAGE_SHIFT) + (va - m->start)};
	rwlock_read_drop(&a->lock);
	return e;
}

enum err aspace_pin(struct aspace *a, vaddr_t va, bool write, struct page **out)
{
	/* A page may go between the fault and our look: then again. */
	for (unsigned tries = 0; tries < 100; tries++) {
		struct page *p = NULL;
		unsigned level;
		pte_t *e;
		enum err err = aspace_fault(a, va, write ? FAULT_WRITE : 0);

		if (err != OK)
			return err;
		rwlock_read(&a->lock);
		lock_take(&a->pt.lock);
		level = pt_find(&a->pt, va, &e);
		if (level <= 1 && *e & PTE_P && (!write || *e & PTE_W)) {
			paddr_t pa = *e & PTE_ADDR;

			if (level == 1)
				pa = ALIGN_DOWN(pa, PT_HUGE) +
				     (va & (PT_HUGE - 1) & ~PAGE_MASK);
			if (pa >> PAGE_SHIFT < page_count) {
				p = phys_to_page(pa);
				page_get(p);
			} else {
				err = E_IO; /* device memory */
			}
		}
		lock_drop(&a->pt.lock);
		rwlock_read_drop(&a->lock);
		if (p || err != OK) {
			*out = p;
			return err;
		}
	}
	return E_FAULT;
}

long aspace_access(
    struct aspace *a, vaddr_t va, void *buf, size_t n, bool write)
{
	size_t done = 0;
	enum err e = OK;

	while (done < n) {
		size_t part = MIN(n - done, PAGE_SIZE - (va & PAGE_MASK));
		struct page *p;
		char *at;

		e = aspace_pin(a, va, write, &p);
		if (e != OK)
			break;
		at = (char *)page_to_virt(p) + (va & PAGE_MASK);
		if (write)
			memcpy(at, (char *)buf + done, part);
		else
			memcpy((char *)buf + done, at, part);
		page_put(p);
		done += part;
		va += part;
	}
	return done ? (long)done : (long)e;
}
