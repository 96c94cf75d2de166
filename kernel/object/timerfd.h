/* kernel/object/timerfd.h -- timers that are read and waited for. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/object.h"

enum timerfd_flags { TIMERFD_ABSOLUTE = 1, TIMERFD_CANCEL_ON_SET = 2 };

/* Nanoseconds; value 0: disarmed. */
struct timerfd_setting {
	nsec_t value, interval;
};

/*
 * Gives a reference. wall: times are of the wall clock, else monotonic. clock:
 * its number, to show. E_NOMEM.
 */
enum err timerfd_create(
    bool wall, int clock, uint32_t oflags, struct object **out);

/* Arm or disarm; *old: what was set before. E_INVAL: o is no timerfd. */
enum err timerfd_set(struct object *o, unsigned flags,
    const struct timerfd_setting *s, struct timerfd_setting *old);
/* The time left, and the interval. */
enum err timerfd_get(struct object *o, struct timerfd_setting *out);

/* The wall clock was set: absolute times on it come earlier or later. */
void timerfd_clock_was_set(void);
