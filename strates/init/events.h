/* strates/init/events.h -- the last records of all silos, for who asks. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/init_protocol.h"

/* Keep a record of the silo of that name; init's number is given here. */
void events_add(const char *name, const struct silo_event *record);
/* What init did about the last record of that silo. */
void events_action(uint32_t sid, enum init_action a, uint64_t delay_ns);
/* The events from a number on, at most n; how many.  *next: of the following. */
size_t events_get(
    uint64_t from, struct init_event *out, size_t n, uint64_t *next);
/*
 * Signal bit 0 of an event when there are some from that number on; takes the
 * descriptor.  Once; the longest-waiting are signalled when too many wait.
 */
void events_watch(int event, uint64_t from);
