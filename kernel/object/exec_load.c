/* kernel/object/exec_load.c -- mapping a program into a new address space. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/exec_internal.h"
#include "kernel/core/random.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"

/*
 * Where things go, from the top: a random gap, the vDSO, the stack; mappings
 * search down from below it; position-independent programs lie at two thirds
 * of the space plus a random part, their heap behind them.
 */
#define PIE_BASE     (USER_TOP / 3 * 2)
#define PIE_RANDOM   (1ull << 28) /* pages */
#define STACK_RANDOM (1ull << 22) /* pages */
#define BRK_RANDOM   (1ull << 13) /* pages */
enum { STACK_FIRST = 128 * 1024 };
#define ADDR_NO_RANDOMIZE 0x0040000u

static uint64_t random_pages(uint64_t pages)
{
	if (process_current()->personality & ADDR_NO_RANDOMIZE)
		return 0;
	return (random_u64() & (pages - 1)) * PAGE_SIZE;
}

enum err exec_read_image(
    struct exec_file *f, const char *head, size_t head_size)
{
	uint64_t size = atomic_load(&f->node->size);
	size_t bytes;
	void *table;
	long n;
	enum err e = elf_parse_header(head, head_size, size, &f->header);

	if (e != OK)
		return e;
	bytes = (size_t)f->header.phnum * ELF_PHDR_SIZE;
	if (f->header.phoff <= head_size &&
	    bytes <= head_size - f->header.phoff)
		return elf_parse_segments(&f->header, head + f->header.phoff,
		    size, USER_TOP, &f->image);
	table = kmalloc(bytes);
	if (!table)
		return E_NOMEM;
	n = file_read_kernel(f->file, f->header.phoff, table, bytes);
	if (n != (long)bytes)
		e = n < 0 ? (enum err)n : E_NOEXEC;
	else
		e = elf_parse_segments(
		    &f->header, table, size, USER_TOP, &f->image);
	kfree(table);
	return e;
}

static enum err map_fixed(
    struct aspace *a, vaddr_t at, uint64_t len, uint32_t prot, uint32_t flags)
{
	struct map_request req = {
	    .at = at,
	    .len = len,
	    .prot = prot,
	    .max_prot = PROT_R | PROT_W | PROT_X,
	    .flags = MAP_F_FIXED | flags,
	};

	return aspace_map(a, &req, &at);
}

/* The file's bytes, then zero pages up to the size in memory. */
static enum err map_segment(
    struct aspace *a, const struct exec_file *f, const struct elf_segment *s)
{
	vaddr_t start = s->vaddr + f->bias;
	uint64_t skew = start & PAGE_MASK;
	vaddr_t file_end = ALIGN_UP(start + s->file_size, PAGE_SIZE);
	vaddr_t end = ALIGN_UP(start + s->mem_size, PAGE_SIZE);
	struct map_request req = {
	    .at = start - skew,
	    .len = file_end - (start - skew),
	    .prot = s->prot,
	    .max_prot = PROT_R | PROT_W | PROT_X,
	    .flags = MAP_F_FIXED,
	    .vmo = f->node->vmo,
	    .off = s->file_off - skew,
	    .node = f->node,
	};
	vaddr_t got;
	enum err e;

	if (s->file_size == 0)
		return map_fixed(
		    a, start - skew, end - (start - skew), s->prot, 0);
	e = aspace_map(a, &req, &got);
	if (e == OK && end > file_end)
		e = map_fixed(a, file_end, end - file_end, s->prot, 0);
	return e;
}

enum err exec_zero_tails(const struct exec_file *f)
{
	for (uint32_t i = 0; i < f->image.count; i++) {
		const struct elf_segment *s = &f->image.segments[i];
		uint64_t from = s->vaddr + f->bias + s->file_size;
		uint64_t n = -from & PAGE_MASK;
		enum err e;

		if (s->mem_size == s->file_size || s->file_size == 0 || n == 0)
			continue;
		/* Read-only data with a tail: nothing there to zero for. */
		if (!(s->prot & PROT_W))
			continue;
		/*
		 * To the page's end, past the bss: loaders allocate from what
		 * follows it and expect zeroes there.
		 */
		e = clear_user((struct uptr){from}, n);
		if (e != OK)
			return e;
	}
	return OK;
}

/* Reserve the span of a position-independent image and set its bias. */
static enum err place(struct aspace *a, struct exec_file *f, vaddr_t hint)
{
	uint64_t align = f->image.align;
	uint64_t span = f->image.high - f->image.low;
	struct map_request req = {
	    .at = hint ? ALIGN_DOWN(hint, align) : 0,
	    .len = span + (align - PAGE_SIZE),
	    .max_prot = PROT_R | PROT_W | PROT_X,
	};
	vaddr_t got, base;
	enum err e;

	if (!f->header.relocatable) {
		f->bias = 0;
		return OK;
	}
	e = aspace_map(a, &req, &got);
	if (e != OK)
		return e;
	base = ALIGN_UP(got, align);
	f->bias = base - f->image.low;
	/* Only the segments stay mapped. */
	return aspace_unmap(a, got, req.len);
}

static enum err load_image(struct aspace *a, struct exec_file *f, vaddr_t hint)
{
	enum err e = place(a, f, hint);

	for (uint32_t i = 0; i < f->image.count && e == OK; i++)
		e = map_segment(a, f, &f->image.segments[i]);
	/* An image at a fixed address outside of what can be mapped. */
	return e == E_PERM || e == E_INVAL ? E_NOEXEC : e;
}

static enum err map_stack(struct exec *x)
{
	uint32_t prot = PROT_R | PROT_W;
	vaddr_t top = USER_TOP - PAGE_SIZE - random_pages(STACK_RANDOM);
	uint64_t need = x->args.used + EXEC_PREFIX + PATH_TEXT_MAX +
	                8ull * (x->args.argc + x->args.envc + 64) + STACK_FIRST;
	enum err e;

	if (x->main.image.exec_stack)
		prot |= PROT_X;
	need = ALIGN_UP(need, PAGE_SIZE);
	e = vdso_map(x->aspace, top - VDSO_PAGES * PAGE_SIZE, &x->vdso);
	if (e != OK)
		return e;
	/* One page between the two, and up to a page of random offset. */
	top -= (VDSO_PAGES + 1) * PAGE_SIZE;
	x->stack_low = top - need;
	e = map_fixed(
	    x->aspace, x->stack_low, need, prot, MAP_F_GROWSDOWN | MAP_F_STACK);
	x->stack_top = top;
	if (!(process_current()->personality & ADDR_NO_RANDOMIZE))
		x->stack_top -= random_u64() & PAGE_MASK & ~15ull;
	return e;
}

static void set_marks(struct exec *x)
{
	struct aspace_marks *m = aspace_marks(x->aspace);
	const struct exec_file *f = &x->main;

	m->code_start = UINT64_MAX;
	for (uint32_t i = 0; i < f->image.count; i++) {
		const struct elf_segment *s = &f->image.segments[i];
		vaddr_t start = s->vaddr + f->bias;

		if (s->prot & PROT_X) {
			m->code_start = MIN(m->code_start, start);
			m->code_end = MAX(m->code_end, start + s->file_size);
		}
		if (start >= m->data_start) {
			m->data_start = start;
			m->data_end = start + s->file_size;
		}
	}
	if (m->code_start == UINT64_MAX)
		m->code_start = 0;
	m->vdso = x->vdso;
}

enum err exec_load(struct exec *x)
{
	const struct rlimit *rl = process_current()->rlimits;
	vaddr_t brk;
	enum err e = aspace_create(process_current()->silo, &x->aspace);

	if (e != OK)
		return e;
	aspace_set_limits(x->aspace,
	    rl[RL_AS].cur == UINT64_MAX ? UINT64_MAX
	                                : rl[RL_AS].cur >> PAGE_SHIFT,
	    rl[RL_DATA].cur == UINT64_MAX ? UINT64_MAX
	                                  : rl[RL_DATA].cur >> PAGE_SHIFT,
	    rl[RL_STACK].cur);
	e = map_stack(x);
	if (e == OK)
		e = load_image(
		    x->aspace, &x->main, PIE_BASE + random_pages(PIE_RANDOM));
	if (e == OK && x->has_interp)
		e = load_image(x->aspace, &x->interp, 0);
	if (e != OK)
		return e;
	x->entry = x->has_interp ? x->interp.header.entry + x->interp.bias
	                         : x->main.header.entry + x->main.bias;
	brk = x->main.image.high + x->main.bias + random_pages(BRK_RANDOM);
	aspace_set_brk(x->aspace, brk);
	set_marks(x);
	return OK;
}
