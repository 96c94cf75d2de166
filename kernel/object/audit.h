/* kernel/object/audit.h -- a bounded record of decisions about security. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/audit.h"
#include "kernel/core/types.h"

struct silo;
struct poll_table;

/*
 * Note that the current process's silo did, or was refused, an action upon
 * `target` (NULL: nobody). result: OK or why it was refused. Any context but a
 * hard interrupt, with no lock of RANK_WAITQ or above held; never sleeps, never
 * fails: for want of room the silo with the most records loses its oldest.
 */
void audit(enum audit_action action, const struct silo *target, enum err result,
    uint64_t detail);

/* The same of an actor that is not the current process. */
void audit_of(const struct silo *actor, uint32_t pid, enum audit_action action,
    const struct silo *target, enum err result, uint64_t detail);

/* silo_flow_check, a refusal noted. */
enum err audit_flow(const struct silo *from, const struct silo *to);

/* Take the oldest record; false: there is none. */
bool audit_take(struct audit_record *out);

/* Is there any? Registers with pt unless NULL. */
bool audit_poll(struct poll_table *pt);

/* Sleep until there is one. E_INTR. */
enum err audit_wait(void);

/* Records kept, and dropped since boot. */
void audit_stats(uint32_t *kept, uint64_t *dropped);

/* Before any silo but the first. */
void audit_init(void);
