/* kernel/arch/x86_64/smp.h -- starting the other CPUs. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/percpu.h"

/*
 * How many CPUs to run: what the platform has, at most `smp=` and CPUS_MAX.
 * Allocates their areas and interrupt stacks (boot CPU, once).
 */
void smp_prepare(void);

/*
 * Start the prepared CPUs, all at once, and wait until they are online or a
 * bounded time has passed. The boot CPU has everything that smp_ap_main uses.
 */
void smp_start(void);
