/* lib/init_client.h -- asking init over its control port. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/init_protocol.h"

/*
 * All return 0 or more, or a negative error (enum err): E_BADF when this
 * program was given no control port, E_ACCES when its policy does not allow
 * it, E_SRCH when there is no such silo.  target: a name or a SID.
 */

/* Keep the port from programs that this one starts; call it early. */
void init_hold(void);

/* The silo with the lowest SID above one; E_SRCH: there is none. */
int init_list(uint32_t above, struct init_silo *out);
int init_info(const char *target, struct init_silo *out);
/* How many; at most n are written. */
int init_strates(const char *target, struct init_strate *out, size_t n);
/* Its part of the manifest as text; the length. */
int init_config(const char *target, char *buf, size_t size);
/*
 * Events from number *from on, at most n; how many.  *from is then that of the
 * next.  event: a descriptor of an event whose bit 0 tells of newer ones, or -1.
 */
int init_events(uint64_t *from, struct init_event *out, size_t n, int event);
/* INIT_START to INIT_RESUME. */
int init_control(enum init_verb verb, const char *target);
int init_rename(const char *target, const char *name);
/* Add the silos of a manifest, or replace those of the same SIDs.  why: an explanation, or the empty string. */
int init_spawn(const char *text, bool replace, char *why, size_t size);
/* A SID for one that is to be spawned. */
int init_number(uint32_t *sid);
/* A silo for one program: its descriptor; its SID. */
int init_run(const char *name, uint32_t *sid);
/* By a manifest's text, or the empty string for the system's file.  counts:
 * silos added, removed, changed. */
int init_reload(const char *text, uint64_t counts[3], char *why, size_t size);
