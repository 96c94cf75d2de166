/* kernel/object/silo.h -- silos: who is charged, and what they may ever do. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/silo.h"
#include "kernel/core/lock.h"
#include "kernel/core/list.h"
#include "kernel/core/rcu.h"
#include "kernel/core/wait.h"

struct namespace;
struct fs_context;

enum silo_resource {
	SILO_MEMORY,      /* frames: user pages, page tables, kernel objects */
	SILO_PROCESSES,   /* processes */
	SILO_THREADS,     /* threads */
	SILO_DESCRIPTORS, /* descriptors in all tables */
	SILO_OBJECTS,     /* kernel objects that point to the silo; no limit */
	SILO_RESOURCES,
};
static_assert((int)SILO_DESCRIPTORS == QUOTA_DESCRIPTORS, "the same order");

/*
 * Isolation boundary: identity, ceiling, quotas, namespace. Charging adds to a
 * counter of the CPU first (in batches), so that CPUs share no line; `used`
 * may therefore lag by SILO_BATCH per CPU, and a charge near the limit drains
 * the batches before it fails.
 *
 * The struct, and with it SID and index, lives while `refs` (descriptors of
 * the silo, look-ups) or any use is above zero: whatever points to a silo
 * charges it for something, for SILO_OBJECTS if for nothing else. So no grant
 * node, frame or socket can come to name another silo than it was made for.
 *
 * (t): process_tree_lock. The fields that silo_flow_check reads come first.
 */
struct silo {
	uint32_t sid;          /* const; with the label behind it one stamp */
	uint32_t label;        /* const: abi/silo.h */
	_Atomic uint32_t flow; /* families it may send to; only shrinks */
	uint16_t index;        /* const: place in the silo table, page->silo */
	bool abi_linux;        /* const */
	uint8_t peer_count;    /* const */
	_Atomic uint32_t mode; /* CHR octal; only shrinks */
	uint32_t flags;        /* const: enum silo_flags */
	uint32_t creator;      /* const: SID */
	uint32_t peers[SILO_PEERS_MAX]; /* const: compartments */
	uint32_t cpu_weight, cpu_cap;   /* const; for the scheduler */
	_Atomic uint32_t refs;

	_Atomic int64_t used[SILO_RESOURCES];
	_Atomic int64_t limit[SILO_RESOURCES]; /* INT64_MAX: none */
	_Atomic uint64_t peak_memory;
	struct namespace *namespace; /* inherited by its first process */
	struct fs_context *fs;       /* const: root that its programs get */

	struct list processes;  /* (t) process->silo_link */
	uint32_t process_count; /* (t) */
	uint32_t state;         /* (t) enum silo_state */
	uint32_t starts;        /* (t) */
	_Atomic uint32_t refused;
	_Atomic uint64_t cpu_ns; /* of processes that are gone */

	struct lock lock; /* RANK_SILO; interrupts off: name and records */
	char name[SILO_NAME_MAX];
	uint32_t event_count;      /* records made so far */
	struct silo_event *events; /* const: SILO_EVENTS_MAX; boot: NULL */
	struct wait_queue wait;    /* for records */
	struct rcu_head rcu;
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

/*
 * s is pointed to: it stays until silo_unpin. NULL is fine. Any context; costs
 * as little as a charge.
 */
void silo_pin(struct silo *s);
void silo_unpin(struct silo *s);

/* Flow that the fields in line do not decide: two silos of the user tier. */
enum err silo_flow_check_users(const struct silo *from, const struct silo *to);

/*
 * May `from` send to `to`: a call, a descriptor, a connection? E_ACCES. A
 * critical silo's mask has every bit for good, so that it needs no case of its
 * own. Bit 31 of a label is set in the user tier only: the sign of both labels
 * together says that two user silos meet, who need the same compartment, or a
 * peer's, and each other's family in both masks.
 */
static inline enum err silo_flow_check(
    const struct silo *from, const struct silo *to)
{
	uint32_t flow = atomic_load_explicit(&from->flow, memory_order_relaxed);

	if (from == to)
		return OK;
	if (unlikely(!(flow >> LABEL_FAMILY(to->label) & 1)))
		return E_ACCES;
	if (likely((int32_t)(from->label & to->label) >= 0))
		return OK;
	return silo_flow_check_users(from, to);
}

/*
 * The tier of a SID, and the rules for making a silo (SECURITY: invariants 1,
 * 2 and 4): c, by a process of `creator` that has this mode. E_INVAL: not a
 * configuration; E_PERM: more than the creator may give, or anybody have.
 */
enum silo_tier silo_tier_of(uint32_t sid);
enum err silo_config_check(const struct silo *creator, uint32_t creator_mode,
    const struct silo_config *c);
/* The limit that a quota of c means. */
int64_t silo_config_limit(
    const struct silo *creator, const struct silo_config *c, unsigned quota);

struct silo *silo_current(void); /* of the current thread; boot silo if none */

/* After page_init: the boot silo's limits come from the size of memory. */
void silo_init(void);
