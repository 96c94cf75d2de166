/* kernel/object/silo.c -- the silo table and charging. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/silo_internal.h"
#include "kernel/core/panic.h"
#include "kernel/mm/page.h"
#include "kernel/object/process.h"

/*
 * `used` counts what was charged plus what lies in the CPUs' stocks. So a
 * charge that finds credit in its CPU's stock touches no shared line.
 *
 * Invariants: (1) used never exceeds limit, except when the limit was lowered;
 * (2) used minus the silo's credit in all stocks is the exact use; (3) a
 * charge fails only after every stock was emptied and the exact use plus n is
 * above the limit.
 */
PERCPU_DEFINE(_Atomic uint64_t[SILO_RESOURCES], silo_stock);

struct silo silo_boot = {
    .sid = SID_BOOT,
    .index = 1,
    .mode = MODE_ALL,
    .label = LABEL(TIER_CRITICAL, FAMILY_SYS, 0),
    .flow = FLOW_ALL,
    .flags = SILO_LINUX,
    .abi_linux = true,
    .state = SILO_RUNNING,
    .cpu_weight = 100,
    .name = "boot",
    .lock = LOCK_INIT(RANK_SILO),
    .limit = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX},
    .refs = 1,
    .processes = LIST_INIT(silo_boot.processes),
    .wait = WAIT_QUEUE_INIT(silo_boot.wait),
};

/* Index 0 is the kernel, which is never charged. */
struct silo *silo_table[SILOS_MAX];

/* Units that are taken ahead; small for what is counted in tens. */
static const int64_t batch_of[SILO_RESOURCES] = {
    [SILO_MEMORY] = SILO_BATCH,
    [SILO_PROCESSES] = 4,
    [SILO_THREADS] = 8,
    [SILO_DESCRIPTORS] = SILO_BATCH,
    [SILO_OBJECTS] = SILO_BATCH,
};

struct silo *silo_by_index(uint16_t index)
{
	if (likely(index == 1))
		return &silo_boot;
	return index < SILOS_MAX ? rcu_load(silo_table[index]) : NULL;
}

static uint64_t stock_pack(uint16_t index, int64_t n)
{
	return (uint64_t)n << SILO_STOCK_SHIFT | index;
}

/* Give the credit in a stock's old value back to its silo. */
static void stock_return(uint64_t v, enum silo_resource r)
{
	/* Without credit the word may name a silo that has gone. */
	struct silo *s =
	    v >> SILO_STOCK_SHIFT ? silo_by_index((uint16_t)v) : NULL;

	if (s)
		atomic_fetch_sub(&s->used[r], (int64_t)(v >> 16));
}

static bool used_add(struct silo *s, enum silo_resource r, int64_t n)
{
	int64_t limit = atomic_load(&s->limit[r]);
	int64_t used = atomic_load(&s->used[r]);
	uint64_t peak;

	do {
		if (n > limit - used)
			return false;
	} while (!atomic_compare_exchange_weak(&s->used[r], &used, used + n));
	if (r != SILO_MEMORY)
		return true;
	peak = atomic_load(&s->peak_memory);
	while (peak < (uint64_t)(used + n))
		if (atomic_compare_exchange_weak(
		        &s->peak_memory, &peak, (uint64_t)(used + n)))
			break;
	return true;
}

static void stocks_drain(enum silo_resource r)
{
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		_Atomic uint64_t *stock = percpu_of(silo_stock[r], cpu);

		stock_return(atomic_exchange(stock, 0), r);
	}
}

enum err silo_charge_slow(struct silo *s, enum silo_resource r, int64_t n)
{
	static const enum err full[SILO_RESOURCES] = {
	    [SILO_MEMORY] = E_NOMEM,
	    [SILO_PROCESSES] = E_AGAIN,
	    [SILO_THREADS] = E_AGAIN,
	    [SILO_DESCRIPTORS] = E_MFILE,
	    [SILO_OBJECTS] = E_NOMEM,
	};
	_Atomic uint64_t *stock = percpu_ptr(silo_stock[r]);

	KASSERT(n >= 0 && s->index);
	if (used_add(s, r, n + batch_of[r])) {
		uint64_t v = stock_pack(s->index, batch_of[r]);

		stock_return(atomic_exchange(stock, v), r);
		return OK;
	}
	if (used_add(s, r, n))
		return OK;
	stocks_drain(r);
	return used_add(s, r, n) ? OK : full[r];
}

void silo_uncharge_slow(uint16_t index, enum silo_resource r, int64_t n)
{
	struct silo *s = silo_by_index(index);
	_Atomic uint64_t *stock = percpu_ptr(silo_stock[r]);
	uint64_t v = atomic_load(stock);
	int64_t kept = batch_of[r];
	int64_t have = (int64_t)(v >> 16);

	KASSERT(n >= 0 && s);
	/*
	 * A full stock of the same silo goes down to one batch; one of another
	 * silo stays, because its own charges come back to it.
	 */
	if ((uint16_t)v == index && have > kept &&
	    atomic_compare_exchange_strong(stock, &v, stock_pack(index, kept)))
		n += have - kept;
	n = atomic_fetch_sub(&s->used[r], n) - n;
	KASSERT(n >= 0);
}

void silo_set_limit(struct silo *s, enum silo_resource r, int64_t limit)
{
	KASSERT(limit >= 0);
	atomic_store(&s->limit[r], limit);
	/* Credit that was taken under the old limit must not be spent. */
	stocks_drain(r);
}

int64_t silo_used(struct silo *s, enum silo_resource r)
{
	int64_t used = atomic_load(&s->used[r]);

	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		_Atomic uint64_t *stock = percpu_of(silo_stock[r], cpu);
		uint64_t v = atomic_load(stock);

		if ((uint16_t)v == s->index)
			used -= (int64_t)(v >> 16);
	}
	return used;
}

bool silo_unused(struct silo *s)
{
	for (unsigned r = 0; r < SILO_RESOURCES; r++) {
		stocks_drain((enum silo_resource)r);
		if (atomic_load(&s->used[r]) != 0)
			return false;
	}
	return true;
}

void silo_pin(struct silo *s)
{
	/* There is no limit on objects: it cannot fail. */
	(void)silo_charge(s, SILO_OBJECTS, 1);
}

void silo_unpin(struct silo *s)
{
	silo_uncharge(s, SILO_OBJECTS, 1);
}

struct silo *silo_current(void)
{
	struct thread *t = thread_current();

	return t && t->process ? t->process->silo : &silo_boot;
}

/*
 * Memory itself has no quota in the boot silo: the out-of-memory killer picks
 * the largest. The other limits keep what each unit costs in kernel memory (a
 * thread: stack, FPU state, records) to a fraction of what there is.
 */
void silo_init(void)
{
	int64_t frames = (int64_t)page_managed_count();

	silo_table[1] = &silo_boot;
	silo_boot.limit[SILO_PROCESSES] = MAX(64, MIN(4096, frames / 32));
	silo_boot.limit[SILO_THREADS] = MAX(128, MIN(8192, frames / 16));
	silo_boot.limit[SILO_DESCRIPTORS] = MAX(4096, MIN(1 << 20, frames * 4));
}
