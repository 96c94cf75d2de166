/* kernel/core/random.h -- the kernel's generator (ChaCha20). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* Seed from RDSEED/RDRAND, the loader's seed and timing; see random.c. */
void random_init(const void *seed, size_t n);

/* Fill buf. Any context. Forward secure: the key is replaced after each use. */
void random_bytes(void *buf, size_t n);
uint64_t random_u64(void);

/* Stir in unpredictable data (interrupt times, user writes). Any context. */
void random_mix(const void *buf, size_t n);

/* False while all we have is timing ("weak entropy"). */
bool random_is_seeded(void);
