/* kernel/object/rlimits.h -- resource limits and the real-time alarm. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/process.h"

#define RLIM_INFINITY UINT64_MAX

/* The limits that the first process starts with. */
void rlimits_init(uint64_t max_threads);
void rlimits_first(struct rlimit limits[RL_COUNT]);

/* Set a limit of p and tell who keeps a copy. E_INVAL, E_PERM. */
enum err rlimit_set(struct process *p, unsigned id, const struct rlimit *n);
/* After exec or fork into a new address space. */
void rlimits_apply(struct process *p);

/* RLIMIT_NPROC: may the current user have one process more? E_AGAIN. */
enum err rlimit_check_processes(void);

/* ITIMER_REAL: its timer's function, set and get (ns; 0: off). */
void alarm_expired(struct timer *t);
void alarm_set(struct process *p, nsec_t in, nsec_t interval);
void alarm_get(struct process *p, nsec_t *left, nsec_t *interval);
