/* kernel/vfs/procfs_maps.c -- a process's memory: maps, arguments, program. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/procfs.h"
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/slab.h"
#include "kernel/vfs/vfs.h"

enum { KIB_PER_PAGE = 4, AREA_MAX = 128 << 10, PIECE = 256 };

/*
 * The place of a node in the reader's namespace, by the name cache: whoever
 * mapped it came by a name. E_NOENT when that was forgotten.
 */
static enum err node_place(struct node *n, struct path *out)
{
	struct name *name = name_of_node(n);
	struct mount *m;
	uint32_t id = 0;

	if (!name)
		return E_NOENT;
	while ((m = namespace_next(namespace_current(), &id))) {
		if (m->scheme == n->scheme && name_is_ancestor(m->root, name)) {
			*out = (struct path){m, name};
			return OK;
		}
		mount_put(m);
	}
	name_put(name);
	return E_NOENT;
}

enum err proc_follow_exe(const struct proc_ref *r, struct path *out)
{
	return process_exe(r->process, out) ? OK : E_NOENT;
}

static const char *area_name(
    const struct map_info *m, const struct aspace_marks *marks)
{
	if (m->start == marks->vdso)
		return "[vdso]";
	if (m->end == marks->vdso)
		return "[vvar]";
	if (m->flags & MAP_F_HEAP)
		return "[heap]";
	if (m->start <= marks->stack_start && marks->stack_start < m->end)
		return "[stack]";
	return NULL;
}

static void show_map(struct text_out *t, const struct map_info *m,
    const struct aspace_marks *marks, char *scratch)
{
	const char *name = m->node ? NULL : area_name(m, marks);
	uint32_t dev = m->node ? m->node->scheme->dev : 0;
	size_t start = t->len;
	struct path p;

	text_add(t, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu",
	    (unsigned long)m->start, (unsigned long)m->end,
	    m->prot & PROT_R ? 'r' : '-', m->prot & PROT_W ? 'w' : '-',
	    m->prot & PROT_X ? 'x' : '-', m->flags & MAP_F_SHARED ? 's' : 'p',
	    (unsigned long)(m->node ? m->off : 0), dev >> 8, dev & 0xff,
	    (unsigned long)(m->node ? m->node->ino : 0));
	if (m->node && node_place(m->node, &p) == OK) {
		if (path_text(&p, scratch, PATH_TEXT_MAX) >= 0)
			name = scratch;
		path_put(&p);
	}
	if (name) {
		do
			text_add(t, " ");
		while (t->len - start < 73);
		text_add(t, "%s", name);
	}
	text_add(t, "\n");
}

static void show_usage(struct text_out *t, const struct map_info *m)
{
	uint64_t size = (m->end - m->start) >> 10;
	uint64_t shared = m->shared_pages;
	uint64_t own = m->resident_pages - MIN(shared, m->resident_pages);

	text_add(t,
	    "Size:           %8lu kB\nKernelPageSize: %8u kB\n"
	    "MMUPageSize:    %8u kB\nRss:            %8lu kB\n",
	    (unsigned long)size, KIB_PER_PAGE, KIB_PER_PAGE,
	    (unsigned long)m->resident_pages * KIB_PER_PAGE);
	text_add(t,
	    "Shared:         %8lu kB\nPrivate:        %8lu kB\n"
	    "Dirty:          %8lu kB\n",
	    (unsigned long)shared * KIB_PER_PAGE,
	    (unsigned long)own * KIB_PER_PAGE,
	    (unsigned long)m->dirty_pages * KIB_PER_PAGE);
}

static enum err show_maps(
    const struct proc_ref *r, struct text_out *t, bool usage)
{
	struct aspace *a = process_aspace(r->process);
	char *scratch;
	struct map_info m;
	vaddr_t at = 0;

	if (!a)
		return OK; /* a zombie has none */
	scratch = kmalloc(PATH_TEXT_MAX);
	if (!scratch) {
		aspace_put(a);
		return E_NOMEM;
	}
	while (aspace_next_map(a, at, usage, &m)) {
		show_map(t, &m, aspace_marks(a), scratch);
		if (usage)
			show_usage(t, &m);
		if (m.node)
			node_put(m.node);
		at = m.end;
	}
	kfree(scratch);
	aspace_put(a);
	return OK;
}

enum err proc_show_maps(const struct proc_ref *r, struct text_out *t)
{
	return show_maps(r, t, false);
}

enum err proc_show_smaps(const struct proc_ref *r, struct text_out *t)
{
	return show_maps(r, t, true);
}

/* Bytes [from, to) of a process's memory, as far as they are there. */
static void show_memory(
    struct aspace *a, struct text_out *t, vaddr_t from, vaddr_t to)
{
	char piece[PIECE];

	if (to < from || to - from > AREA_MAX)
		return;
	while (from < to) {
		size_t n = MIN(to - from, sizeof(piece));
		long got = aspace_access(a, from, piece, n, false);

		if (got <= 0)
			return;
		text_bytes(t, piece, (size_t)got);
		from += (vaddr_t)got;
	}
}

enum err proc_show_cmdline(const struct proc_ref *r, struct text_out *t)
{
	struct aspace *a = process_aspace(r->process);
	struct aspace_marks *m;

	if (!a)
		return OK;
	m = aspace_marks(a);
	show_memory(a, t, m->arg_start, m->arg_end);
	aspace_put(a);
	return OK;
}

enum err proc_show_environ(const struct proc_ref *r, struct text_out *t)
{
	struct aspace *a = process_aspace(r->process);
	struct aspace_marks *m;

	if (!a)
		return OK;
	m = aspace_marks(a);
	show_memory(a, t, m->env_start, m->env_end);
	aspace_put(a);
	return OK;
}

/* Pairs up to and with the one of type 0. */
enum err proc_show_auxv(const struct proc_ref *r, struct text_out *t)
{
	struct aspace *a = process_aspace(r->process);
	struct aspace_marks *m;
	unsigned n = 0;

	if (!a)
		return OK;
	m = aspace_marks(a);
	while (n + 2 < COUNT(m->auxv) && m->auxv[n])
		n += 2;
	text_bytes(t, m->auxv, (n + 2) * sizeof(m->auxv[0]));
	aspace_put(a);
	return OK;
}
