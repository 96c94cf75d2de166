/* kernel/object/silo_internal.h -- what the files about silos share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/process.h"
#include "kernel/object/signal.h"

struct uio;

enum { SILOS_MAX = 512 };
void silo_life_init(void); /* boot, once */

/* By index: silo.c. Read under RCU or with the silo in use, see silo_life.c. */
extern struct silo *silo_table[SILOS_MAX];

/* All use is zero; what lies in the CPUs' stocks was given back. silo.c */
bool silo_unused(struct silo *s);
bool silo_name_ok(const char name[SILO_NAME_MAX]);

/*
 * A silo by its configuration, which silo_config_check has passed, made by the
 * current process: a copy of its namespace, its root. Gives a reference.
 * E_EXIST: the SID is in use; E_AGAIN: too many silos; E_NOMEM.
 */
enum err silo_make(const struct silo_config *c, struct silo **out);

/* References; the last put lets silos go that nothing names. May sleep. */
struct silo *silo_get(struct silo *s);
void silo_put(struct silo *s);
/* By SID, with a reference, or NULL; *sid: the next above. May sleep. */
struct silo *silo_find(uint32_t sid);
struct silo *silo_next(uint32_t *sid);

/*
 * An operation of silo_control. E_INVAL: no such one; E_SRCH: nothing runs;
 * E_PERM: the boot silo.
 */
enum err silo_operate(struct silo *s, enum silo_op op);
void silo_fill_info(struct silo *s, struct silo_info *out);

/* E_INVAL: not a name. */
enum err silo_rename(struct silo *s, const char name[SILO_NAME_MAX]);
void silo_copy_name(struct silo *s, char out[SILO_NAME_MAX]);
/* Only bits in mode and flow stay; a critical silo may always send. */
void silo_narrow(struct silo *s, uint32_t mode, uint32_t flow);

/* Make a record. fill: kind, pid, reason; the rest is set here. Any lock. */
void silo_record(struct silo *s, struct silo_event fill);
/* The record with that number or the oldest after it; false: none yet. */
bool silo_event_get(struct silo *s, uint32_t *number, struct silo_event *out);

/* A process was numbered, was taken out of the tables. */
void silo_process_enter_locked(struct process *p) REQUIRES(&process_tree_lock);
void silo_process_leave_locked(struct process *p) REQUIRES(&process_tree_lock);

/* A descriptor's object for s; takes the reference. E_NOMEM. */
enum err silo_object_create(struct silo *s, struct object **out);
/* The silo behind an object, or NULL when it is of another kind. */
struct silo *silo_of_object(struct object *o);
