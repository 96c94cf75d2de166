/* kernel/arch/x86_64/tsc.h -- how fast time stamps and timers count. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * Boot CPU, after acpi_init and lapic_init, before lapic_init_cpu: measure the
 * TSC and the APIC timer, read the RTC, start the clock. Takes about 1/4 ms.
 */
void time_init(void);

/* Measure again over a second, in the background, if it was a measurement. */
void time_refine_start(void);

/*
 * Called by CPUs at the same time while they start: each sees that its TSC is
 * not behind what another has just read; one that is behind is set forward.
 */
void tsc_check_skew(unsigned cpu);
void tsc_report_skew(void);

/* rtc.c: seconds since 1970 from the CMOS clock, 0 when it makes no sense. */
uint64_t rtc_read(void);

/* refclock.c: a clock of known rate to measure against. */
struct refclock {
	const char *name;
	uint64_t hz;
	uint64_t mask; /* counts up and wraps here */
	uint64_t (*read)(void);
};
/* HPET, ACPI timer or PIT, the best that is there; NULL: none. */
const struct refclock *refclock_init(void);
