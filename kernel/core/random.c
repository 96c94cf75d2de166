/* kernel/core/random.c -- the kernel's random generator. */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/random.h"
#include "kernel/core/chacha.h"
#include "kernel/core/klog.h"
#include "kernel/core/lock.h"
#include "kernel/core/string.h"
#include "kernel/arch/x86_64/cpu.h"

/*
 * ChaCha20 (RFC 8439) with fast key erasure: each block's first half replaces
 * the key before its second half is handed out, so that a later look at the
 * state says nothing of earlier output. Inputs are hashed in by encrypting
 * under the state: key ^= input, then a block, half of which is the new key.
 *
 * One global state seeds one generator per CPU (no shared line in use); a CPU
 * reseeds when the global generation moves on.
 */
struct generator {
	uint32_t key[8];
	uint64_t counter;
	uint64_t generation;
};

static struct lock random_lock = LOCK_INIT(RANK_RANDOM);
static struct generator pool GUARDED_BY(&random_lock);
static _Atomic uint64_t pool_generation = 1;
static _Atomic bool seeded;
PERCPU_DEFINE(struct generator, cpu_generator);

enum { HALF = 32, HW_TRIES = 10 };

static void next_block(struct generator *g, uint8_t out[HALF])
{
	uint32_t block[16];

	chacha20_block(g->key, g->counter++, 0, block);
	memcpy(g->key, block, sizeof(g->key));
	memcpy(out, block + 8, HALF);
	memset(block, 0, sizeof(block));
}

static void stir(struct generator *g, const uint8_t *in, size_t n)
{
	uint8_t spill[HALF];

	while (n > 0) {
		uint8_t chunk[HALF] = {0};
		size_t take = MIN(n, sizeof(chunk));

		memcpy(chunk, in, take);
		for (size_t i = 0; i < 8; i++) {
			uint32_t w;

			memcpy(&w, chunk + 4 * i, sizeof(w));
			g->key[i] ^= w;
		}
		next_block(g, spill);
		in += take;
		n -= take;
	}
	memset(spill, 0, sizeof(spill));
}

void random_mix(const void *buf, size_t n)
{
	irqflags_t f = lock_take_irq(&random_lock);

	stir(&pool, buf, n);
	pool.counter += rdtsc();
	atomic_fetch_add(&pool_generation, 1);
	lock_drop_irq(&random_lock, f);
}

static bool hw_word(uint64_t *out)
{
	bool ok = false;

	for (int i = 0; i < HW_TRIES && !ok; i++) {
		if (cpu_features.rdseed)
			__asm__ volatile("rdseed %0; setc %1"
			    : "=r"(*out), "=qm"(ok)
			    :
			    : "cc");
		else
			__asm__ volatile("rdrand %0; setc %1"
			    : "=r"(*out), "=qm"(ok)
			    :
			    : "cc");
	}
	return ok;
}

void random_init(const void *seed, size_t n)
{
	uint64_t words[4], good = 0, tsc = rdtsc();

	if (cpu_features.rdseed || cpu_features.rdrand) {
		for (size_t i = 0; i < COUNT(words); i++)
			good += hw_word(&words[i]);
		random_mix(words, sizeof(words));
	}
	if (n > 0)
		random_mix(seed, n);
	random_mix(&tsc, sizeof(tsc));
	seeded = good == COUNT(words) || n >= HALF;
	if (!seeded)
		klog(LOG_WARN, "random",
		    "weak entropy: no RDRAND, no loader seed, timing only");
}

bool random_is_seeded(void)
{
	return atomic_load(&seeded);
}

static void reseed(struct generator *g, uint64_t generation)
{
	uint8_t fresh[HALF];

	lock_take(&random_lock);
	next_block(&pool, fresh);
	lock_drop(&random_lock);
	stir(g, fresh, sizeof(fresh));
	g->counter ^= rdtsc();
	g->generation = generation;
	memset(fresh, 0, sizeof(fresh));
}

void random_bytes(void *buf, size_t n)
{
	uint8_t *at = buf;

	while (n > 0) {
		uint8_t half[HALF];
		size_t take = MIN(n, sizeof(half));
		/* Interrupts off: handlers draw numbers too. One block long. */
		irqflags_t f = irq_save();
		struct generator *g = percpu_ptr(cpu_generator);
		uint64_t now = atomic_load(&pool_generation);

		if (unlikely(g->generation != now))
			reseed(g, now);
		next_block(g, half);
		irq_restore(f);
		memcpy(at, half, take);
		memset(half, 0, sizeof(half));
		at += take;
		n -= take;
	}
}

uint64_t random_u64(void)
{
	uint64_t v;

	random_bytes(&v, sizeof(v));
	return v;
}
