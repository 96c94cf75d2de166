/* kernel/object/pid.c -- numbers of threads, processes, groups, sessions. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/process_internal.h"
#include "kernel/object/restrict.h"
#include "kernel/core/panic.h"
#include "kernel/mm/slab.h"

/*
 * A table of chunks of entries. A chunk exists while one of its numbers is in
 * use; look-ups go through it under RCU, so its memory is freed a grace period
 * after the last name went. Numbers are given out in a circle, so the next one
 * is nearly always free at once and a dead number is not reused for long.
 */
enum {
	CHUNK_SHIFT = 6,
	CHUNK_SIZE = 1 << CHUNK_SHIFT,
	CHUNK_COUNT = PID_LIMIT >> CHUNK_SHIFT,
	PID_WRAP = 300, /* low numbers stay with what boot started */
};

struct pid_chunk {
	struct pid_entry entries[CHUNK_SIZE];
	uint32_t used; /* (t) numbers in use */
	struct rcu_head rcu;
};

uint32_t pid_max = 32768;

static struct pid_chunk *chunks[CHUNK_COUNT]; /* (t) (r) */
static struct slab_cache *chunk_cache;
static uint32_t last_pid; /* (t) */

static bool entry_free(const struct pid_entry *e)
{
	return !e->thread && !e->process && !e->pgrp && !e->session;
}

static struct pid_chunk *chunk_make_locked(uint32_t index)
{
	struct pid_chunk *c = chunks[index];

	if (likely(c))
		return c;
	c = slab_alloc_atomic(chunk_cache);
	if (!c)
		return NULL;
	for (unsigned i = 0; i < CHUNK_SIZE; i++)
		c->entries[i] = (struct pid_entry){0};
	c->used = 0;
	rcu_store(chunks[index], c);
	return c;
}

static void chunk_free(struct rcu_head *h)
{
	slab_free(chunk_cache, container_of(h, struct pid_chunk, rcu));
}

/* Numbers come from another chunk than `index` now; drop it when empty. */
static void chunk_leave_locked(uint32_t index, uint32_t now)
{
	struct pid_chunk *c = chunks[index];

	if (!c || c->used > 0 || index == now >> CHUNK_SHIFT)
		return;
	rcu_store(chunks[index], NULL);
	rcu_call(&c->rcu, chunk_free);
}

enum err pid_alloc_locked(uint32_t *out, struct pid_entry **entry)
{
	uint32_t pid = last_pid;

	for (uint32_t tries = 0; tries < pid_max; tries++) {
		struct pid_chunk *c;
		struct pid_entry *e;

		pid = pid + 1 < pid_max ? pid + 1 : PID_WRAP;
		c = chunk_make_locked(pid >> CHUNK_SHIFT);
		if (!c)
			return E_NOMEM;
		e = &c->entries[pid & (CHUNK_SIZE - 1)];
		if (!entry_free(e))
			continue;
		c->used++;
		if (pid >> CHUNK_SHIFT != last_pid >> CHUNK_SHIFT)
			chunk_leave_locked(last_pid >> CHUNK_SHIFT, pid);
		last_pid = pid;
		*out = pid;
		*entry = e;
		return OK;
	}
	return E_AGAIN;
}

struct pid_entry *pid_entry(uint32_t pid)
{
	struct pid_chunk *c;

	if (pid >= PID_LIMIT)
		return NULL;
	c = rcu_load(chunks[pid >> CHUNK_SHIFT]);
	return c ? &c->entries[pid & (CHUNK_SIZE - 1)] : NULL;
}

void pid_release_locked(uint32_t pid)
{
	uint32_t index = pid >> CHUNK_SHIFT;
	struct pid_chunk *c = chunks[index];

	if (!entry_free(&c->entries[pid & (CHUNK_SIZE - 1)]))
		return;
	KASSERT_SLOW(c->used > 0);
	/* The chunk that numbers come from now stays: it is needed next. */
	c->used--;
	chunk_leave_locked(index, last_pid);
}

struct thread *thread_peek(uint32_t tid)
{
	struct pid_entry *e = pid_entry(tid);

	return e ? rcu_load(e->thread) : NULL;
}

struct thread *thread_find(uint32_t tid)
{
	struct pid_entry *e;
	struct thread *t = NULL;

	rcu_read_enter();
	e = pid_entry(tid);
	if (e)
		t = rcu_load(e->thread);
	/* A thread in the table holds its own reference until RCU lets go. */
	if (t && !(t->process && process_visible(t->process)))
		t = NULL;
	if (t && !process_ref_unless_zero(&t->refs))
		t = NULL;
	rcu_read_exit();
	return t;
}

static struct process *find(uint32_t pid, bool any)
{
	struct pid_entry *e;
	struct process *p = NULL;

	rcu_read_enter();
	e = pid_entry(pid);
	if (e)
		p = rcu_load(e->process);
	if (p && !any && !process_visible(p))
		p = NULL;
	if (p && !process_ref_unless_zero(&p->refs))
		p = NULL;
	rcu_read_exit();
	return p;
}

struct process *process_find(uint32_t pid)
{
	return find(pid, false);
}

static struct process *next(uint32_t *pid, bool any)
{
	uint32_t n = *pid ? *pid : 1;

	while (n < PID_LIMIT) {
		struct process *p;

		if (!rcu_load(chunks[n >> CHUNK_SHIFT])) {
			n = ALIGN_DOWN(n, (uint32_t)CHUNK_SIZE) + CHUNK_SIZE;
			continue;
		}
		p = find(n, any);
		if (p) {
			*pid = n;
			return p;
		}
		n++;
	}
	return NULL;
}

struct process *process_next(uint32_t *pid)
{
	return next(pid, false);
}

struct process *process_next_any(uint32_t *pid)
{
	return next(pid, true);
}

uint32_t pid_last(void)
{
	return __atomic_load_n(&last_pid, __ATOMIC_RELAXED);
}

void pid_init(void)
{
	chunk_cache = slab_create(
	    "pid_chunk", sizeof(struct pid_chunk), _Alignof(struct pid_chunk));
}
