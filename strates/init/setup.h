/* strates/init/setup.h -- what is made before the first session. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdint.h>

/* Mount what is missing, open the console on 0, 1 and 2, set the host name.
 * Each failure is one line on the console; nothing stops. */
void setup_system(void);
/* "init: text" on the console. */
void console_line(const char *text);
/* "init: what: reason of errno" on the console. */
void console_errno(const char *what);
/* Milliseconds of the monotonic clock. */
long clock_ms(void);
/* The same in nanoseconds. */
uint64_t clock_ns(void);
