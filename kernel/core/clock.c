/* kernel/core/clock.c -- time: monotonic and wall clocks from the TSC. */
/* SPDX-License-Identifier: MIT */
#include "kernel/core/clock.h"

uint64_t clock_tsc_hz;

nsec_t clock_now(void)
{
	return 0;
}
