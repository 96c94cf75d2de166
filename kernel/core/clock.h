/* kernel/core/clock.h -- time: monotonic and wall clocks from the TSC. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * ns = ((tsc - base) * mult) >> shift. One record, written only at boot and
 * when the wall clock is set, read under a sequence count; the vDSO data page
 * carries a copy for user space.
 */

/* Monotonic time since boot. Any context. */
nsec_t clock_now(void);

/* Wall time: nanoseconds since 1970-01-01 UTC. Any context. */
nsec_t clock_wall(void);

/* Set the wall clock (settimeofday). */
void clock_wall_set(nsec_t ns);

/* Ticks of the TSC per second, as calibrated; ticks -> ns and back. */
extern uint64_t clock_tsc_hz;
nsec_t clock_tsc_to_ns(uint64_t ticks);
uint64_t clock_ns_to_tsc(nsec_t ns);

/* The TSC's value at an absolute monotonic time: for deadline timers. */
uint64_t clock_tsc_at(nsec_t deadline);

/* A better measured rate; time goes on from where it is. */
void clock_set_rate(uint64_t tsc_hz);

/* Called once by the boot CPU with the calibrated rate and the RTC's time. */
void clock_init(uint64_t tsc_hz, nsec_t wall_at_boot);

/* Physical page that the vDSO maps read-only (struct vdso_data). */
paddr_t clock_vdso_page(void);
