/* kernel/object/silo.h -- silos: who is charged, and what they may ever do. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/lock.h"
#include "kernel/core/list.h"

struct namespace;

enum silo_family {
	FAMILY_SYS,
	FAMILY_DRV,
	FAMILY_FS,
	FAMILY_NET,
	FAMILY_WASM,
	FAMILY_USR,
	FAMILY_DSP,
	FAMILY_JS,
};

enum silo_resource {
	SILO_MEMORY,      /* frames: user pages, page tables, kernel objects */
	SILO_PROCESSES,   /* processes */
	SILO_THREADS,     /* threads */
	SILO_DESCRIPTORS, /* descriptors in all tables */
	SILO_RESOURCES,
};

/*
 * Isolation boundary: identity, ceiling, quotas, namespace. Charging adds to a
 * counter of the CPU first (in batches), so that CPUs share no line; `used`
 * may therefore lag by SILO_BATCH per CPU, and a charge near the limit drains
 * the batches before it fails.
 */
struct silo {
	uint32_t sid;     /* const */
	uint16_t index;   /* const: place in the silo table, page->silo */
	uint16_t mode;    /* CHR octal; only shrinks */
	uint32_t label;   /* const: tier 2, family 4, compartment 26 bits */
	uint32_t flow;    /* families it may send to; only shrinks */
	bool abi_linux;   /* const */
	char name[32];    /* const */
	struct lock lock; /* RANK_SILO */
	_Atomic int64_t used[SILO_RESOURCES];
	_Atomic int64_t limit[SILO_RESOURCES]; /* INT64_MAX: none */
	_Atomic uint64_t peak_memory;
	struct namespace *namespace; /* inherited by its first process */
	_Atomic uint32_t refs;
};

extern struct silo silo_boot; /* SID 1: until the manifest makes others */

/*
 * Credit that this CPU took from a silo ahead of use, one word per resource:
 * the silo's index in the low 16 bits, units above. Only ever changed by one
 * compare-and-swap, so that any CPU and any context may take it back.
 */
PERCPU_DECLARE(_Atomic uint64_t[SILO_RESOURCES], silo_stock);
enum { SILO_STOCK_SHIFT = 16, SILO_BATCH = 64 };

enum err silo_charge_slow(struct silo *s, enum silo_resource r, int64_t n);
/* The part of silo_uncharge that passes a batch on. */
void silo_uncharge_slow(uint16_t index, enum silo_resource r, int64_t n);

/*
 * Charge n units; E_NOMEM (memory), E_AGAIN (processes, threads), E_MFILE.
 * silo NULL: the kernel itself, never fails. Any context.
 */
static inline enum err silo_charge(
    struct silo *s, enum silo_resource r, int64_t n)
{
	_Atomic uint64_t *stock = percpu_ptr(silo_stock[r]);
	uint64_t v = atomic_load_explicit(stock, memory_order_relaxed);

	if (!s)
		return OK;
	/* Relaxed: a number, which orders no other memory. */
	if (likely((uint16_t)v == s->index && (int64_t)(v >> 16) >= n &&
	           atomic_compare_exchange_strong_explicit(stock, &v,
	               v - ((uint64_t)n << SILO_STOCK_SHIFT),
	               memory_order_relaxed, memory_order_relaxed)))
		return OK;
	return silo_charge_slow(s, r, n);
}

/* The same as silo_uncharge for the silo whose index a frame carries. */
static inline void silo_uncharge_index(
    uint16_t index, enum silo_resource r, int64_t n)
{
	_Atomic uint64_t *stock = percpu_ptr(silo_stock[r]);
	uint64_t v = atomic_load_explicit(stock, memory_order_relaxed);

	if (!index)
		return;
	if (likely((uint16_t)v == index &&
	           (int64_t)(v >> 16) + n <= 2 * SILO_BATCH &&
	           atomic_compare_exchange_strong_explicit(stock, &v,
	               v + ((uint64_t)n << SILO_STOCK_SHIFT),
	               memory_order_relaxed, memory_order_relaxed)))
		return;
	silo_uncharge_slow(index, r, n);
}

static inline void silo_uncharge(
    struct silo *s, enum silo_resource r, int64_t n)
{
	silo_uncharge_index(s ? s->index : 0, r, n);
}

/* NULL for 0 (the kernel) and for an index nobody has. */
struct silo *silo_by_index(uint16_t index);

/* Set a limit (INT64_MAX: none); use above it stays, but does not grow. */
void silo_set_limit(struct silo *s, enum silo_resource r, int64_t limit);

/* Exact use, batches included. */
int64_t silo_used(struct silo *s, enum silo_resource r);

struct silo *silo_current(void); /* of the current thread; boot silo if none */

/* After page_init: the boot silo's limits come from the size of memory. */
void silo_init(void);
