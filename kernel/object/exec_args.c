/* kernel/object/exec_args.c -- arguments, environment and auxv of exec. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/exec_internal.h"
#include "kernel/object/signal_internal.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/core/random.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/mm/vmalloc.h"

enum { ARGS_FIRST = 4096, ARGS_KMALLOC_MAX = 8192 };

static char *buffer_alloc(size_t n)
{
	return n <= ARGS_KMALLOC_MAX ? kmalloc(n) : vmalloc(n);
}

static void buffer_free(char *p, size_t n)
{
	if (n <= ARGS_KMALLOC_MAX)
		kfree(p);
	else
		vfree(p);
}

static enum err buffer_grow(struct exec_args *a)
{
	size_t size = a->size ? a->size * 2 : ARGS_FIRST;
	char *buf;

	if (a->used >= a->limit)
		return E_2BIG;
	size = MIN(size, a->limit);
	buf = buffer_alloc(size);
	if (!buf)
		return E_NOMEM;
	memcpy(buf, a->buf, a->used);
	if (a->buf)
		buffer_free(a->buf, a->size);
	a->buf = buf;
	a->size = size;
	return OK;
}

static enum err copy_string(struct exec_args *a, struct uptr s)
{
	for (;;) {
		size_t room = MIN(a->size - a->used, (size_t)EXEC_STRING_MAX);
		size_t len;
		enum err e = E_NAMETOOLONG;

		if (room > 1)
			e = strncpy_from_user(a->buf + a->used, s, room, &len);
		if (e == OK) {
			a->used += len + 1;
			return OK;
		}
		if (e != E_NAMETOOLONG)
			return e;
		if (room == EXEC_STRING_MAX)
			return E_2BIG;
		e = buffer_grow(a);
		if (e != OK)
			return e;
	}
}

static enum err copy_vector(
    struct exec_args *a, struct uptr vector, uint32_t *count)
{
	enum err e;

	*count = 0;
	if (uptr_null(vector))
		return OK;
	for (;;) {
		uint64_t s;

		e = user_read_u64(uptr_add(vector, *count * 8ull), &s);
		if (e != OK || s == 0)
			return e;
		/* The pointers count too: they go onto the same stack. */
		if (a->limit <= 8 || a->used > a->limit - 8)
			return E_2BIG;
		a->limit -= 8;
		e = copy_string(a, (struct uptr){s});
		if (e != OK)
			return e;
		if (signal_fatal_pending())
			return E_INTR;
		++*count;
	}
}

enum err exec_args_copy(struct exec_args *a, struct uptr argv, struct uptr envp)
{
	uint64_t stack = process_current()->rlimits[RL_STACK].cur;
	enum err e;

	a->limit = MIN((uint64_t)EXEC_ARGS_MAX, stack / 4);
	a->limit = MAX(a->limit, (size_t)EXEC_STRING_MAX);
	e = buffer_grow(a);
	if (e == OK)
		e = copy_vector(a, argv, &a->argc);
	/* Programs rely on argv[0]: an empty one rather than none. */
	if (e == OK && a->argc == 0) {
		a->buf[a->used++] = '\0';
		a->argc = 1;
	}
	a->argv_bytes = a->used;
	if (e == OK)
		e = copy_vector(a, envp, &a->envc);
	return e;
}

enum err exec_args_prefix(struct exec_args *a, const char *s)
{
	size_t n = strlen(s) + 1;

	if (!a->prefix) {
		a->prefix = kmalloc(EXEC_PREFIX);
		if (!a->prefix)
			return E_NOMEM;
		a->prefix_at = EXEC_PREFIX;
	}
	if (n > a->prefix_at)
		return E_2BIG;
	a->prefix_at -= n;
	memcpy(a->prefix + a->prefix_at, s, n);
	a->prefix_count++;
	return OK;
}

void exec_args_free(struct exec_args *a)
{
	if (a->buf)
		buffer_free(a->buf, a->size);
	kfree(a->prefix);
}

/* Writes words to the user's stack through a small buffer. */
struct words {
	vaddr_t at;
	unsigned n;
	enum err e;
	uint64_t buf[64];
};

static void words_flush(struct words *w)
{
	if (w->e == OK && w->n)
		w->e = copy_to_user(
		    (struct uptr){w->at}, w->buf, w->n * sizeof(w->buf[0]));
	w->at += w->n * sizeof(w->buf[0]);
	w->n = 0;
}

static void word(struct words *w, uint64_t v)
{
	w->buf[w->n++] = v;
	if (w->n == COUNT(w->buf))
		words_flush(w);
}

/* Addresses of `count` strings that lie one after the other at `user`. */
static void words_strings(
    struct words *w, const char *s, vaddr_t user, uint32_t count)
{
	while (count-- > 0) {
		size_t n = strlen(s) + 1;

		word(w, user);
		s += n;
		user += n;
	}
}

enum auxv_type {
	AT_NULL,
	AT_PHDR = 3,
	AT_PHENT = 4,
	AT_PHNUM = 5,
	AT_PAGESZ = 6,
	AT_BASE = 7,
	AT_FLAGS = 8,
	AT_ENTRY = 9,
	AT_UID = 11,
	AT_EUID = 12,
	AT_GID = 13,
	AT_EGID = 14,
	AT_PLATFORM = 15,
	AT_HWCAP = 16,
	AT_CLKTCK = 17,
	AT_SECURE = 23,
	AT_RANDOM = 25,
	AT_HWCAP2 = 26,
	AT_EXECFN = 31,
	AT_SYSINFO_EHDR = 33,
	AT_MINSIGSTKSZ = 51,
};
enum { HWCAP2_FSGSBASE = 2, CLOCK_TICKS = 100 };

/* Pairs for the auxiliary vector; returns the number of words. */
static unsigned make_auxv(const struct exec *x, uint64_t *v, vaddr_t random,
    vaddr_t platform, vaddr_t execfn)
{
	const struct cred *c = cred_current();
	const struct exec_file *m = &x->main;
	uint64_t phdr = m->image.phdr ? m->image.phdr + m->bias : 0;
	const uint64_t pairs[][2] = {
	    {AT_SYSINFO_EHDR, x->vdso},
	    {AT_HWCAP, cpuid(1, 0).d},
	    {AT_HWCAP2, cpu_features.fsgsbase ? HWCAP2_FSGSBASE : 0},
	    {AT_PAGESZ, PAGE_SIZE},
	    {AT_CLKTCK, CLOCK_TICKS},
	    {AT_PHDR, phdr},
	    {AT_PHENT, ELF_PHDR_SIZE},
	    {AT_PHNUM, m->header.phnum},
	    {AT_BASE, x->has_interp ? x->interp.bias : 0},
	    {AT_FLAGS, 0},
	    {AT_ENTRY, m->header.entry + m->bias},
	    {AT_UID, c->uid},
	    {AT_EUID, c->euid},
	    {AT_GID, c->gid},
	    {AT_EGID, c->egid},
	    {AT_SECURE, x->secure},
	    {AT_RANDOM, random},
	    {AT_EXECFN, execfn},
	    {AT_PLATFORM, platform},
	    {AT_MINSIGSTKSZ, signal_frame_min_stack()},
	    {AT_NULL, 0},
	};

	static_assert(
	    sizeof(pairs) / 8 <= sizeof(((struct aspace_marks *)0)->auxv) / 8,
	    "fits the marks");
	memcpy(v, pairs, sizeof(pairs));
	return sizeof(pairs) / sizeof(pairs[0][0]);
}

/* Copy n bytes to just below *at. */
static enum err push(vaddr_t *at, const void *s, size_t n)
{
	*at -= n;
	return copy_to_user((struct uptr){*at}, s, n);
}

/* Where the pieces of the string area ended up. */
struct placed {
	vaddr_t execfn, env, argv, prefix, platform, random;
};

/* From the top: end marker, file name, strings, platform, random bytes. */
static enum err write_strings(struct exec *x, vaddr_t *at, struct placed *p)
{
	struct exec_args *a = &x->args;
	size_t skip = a->drop_first && a->argc ? strlen(a->buf) + 1 : 0;
	uint8_t random[16];
	enum err e;

	*at -= 8; /* zero: fresh memory */
	e = push(at, x->path, strlen(x->path) + 1);
	p->execfn = *at;
	if (e == OK)
		e = push(at, a->buf + skip, a->used - skip);
	p->argv = *at;
	p->env = *at + (a->argv_bytes - skip);
	if (e == OK && a->prefix)
		e = push(
		    at, a->prefix + a->prefix_at, EXEC_PREFIX - a->prefix_at);
	p->prefix = *at;
	if (e == OK)
		e = push(at, "x86_64", 7);
	p->platform = *at;
	random_bytes(random, sizeof(random));
	if (e == OK)
		e = push(at, random, sizeof(random));
	p->random = *at;
	return e;
}

static void set_marks(struct exec *x, const struct placed *p, vaddr_t sp)
{
	struct aspace_marks *m = aspace_marks(x->aspace);

	m->stack_start = sp;
	m->arg_start = p->prefix;
	m->arg_end = p->env;
	m->env_start = p->env;
	m->env_end = p->execfn;
}

enum err exec_args_write(struct exec *x, vaddr_t *sp)
{
	struct exec_args *a = &x->args;
	uint32_t dropped = a->drop_first && a->argc ? 1 : 0;
	size_t skip = dropped ? strlen(a->buf) + 1 : 0;
	uint32_t argc = a->argc - dropped + a->prefix_count;
	struct aspace_marks *marks = aspace_marks(x->aspace);
	struct placed p = {0};
	struct words w = {.e = OK};
	vaddr_t at = x->stack_top;
	unsigned auxn;
	enum err e = write_strings(x, &at, &p);

	if (e != OK)
		return e;
	auxn = make_auxv(x, marks->auxv, p.random, p.platform, p.execfn);
	at -= 8ull * (1 + argc + 1 + a->envc + 1 + auxn);
	at &= ~15ull;
	w.at = at;
	word(&w, argc);
	if (a->prefix)
		words_strings(
		    &w, a->prefix + a->prefix_at, p.prefix, a->prefix_count);
	words_strings(&w, a->buf + skip, p.argv, a->argc - dropped);
	word(&w, 0);
	words_strings(&w, a->buf + a->argv_bytes, p.env, a->envc);
	word(&w, 0);
	for (unsigned i = 0; i < auxn; i++)
		word(&w, marks->auxv[i]);
	words_flush(&w);
	set_marks(x, &p, at);
	*sp = at;
	return w.e;
}
