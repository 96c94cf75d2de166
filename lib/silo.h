/* lib/silo.h -- silos and self-restriction: the native calls as functions. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/silo.h"

/*
 * All return 0 or more, or -1 with errno, as their calls do: see abi/silo.h and
 * docs/SILOS.md.
 */
int silo_create(const struct silo_config *c);           /* a descriptor */
int silo_start(int silo, const struct silo_spawn *how); /* a pid */
/*
 * Start path with argv and the caller's environment, with descriptors 0, 1 and
 * 2 and no other.
 */
int silo_run(int silo, const char *path, char *const argv[]);
int silo_control(int silo, enum silo_op op);
int silo_rename(int silo, const char *name);
int silo_info(int silo, struct silo_info *out); /* -1: one's own */
int silo_list(uint32_t after, uint32_t *sids, uint32_t n);
int silo_open(uint32_t sid, uint32_t rights);
int silo_narrow(int silo, uint32_t mode, uint32_t flow);
int silo_quota(int silo, enum silo_quota quota, uint64_t value);

/* Keep only these rights of fd. */
int cap_limit(int fd, uint32_t rights);
/* Keep only these bits of the mode (enum silo_mode). */
int pledge(uint32_t mode);
/* Only unveiled paths exist from now on; 0 and 0 lock the view. */
int unveil(const char *path, uint32_t rights);
/* No names from now on, only descriptors. */
int sandbox_enter(void);
