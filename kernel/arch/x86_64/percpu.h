/* kernel/arch/x86_64/percpu.h -- setting up the per-CPU areas. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/percpu.h"

/*
 * Boot CPU: leave the template for a copy of its own. Until then GS base is 0
 * and the template itself serves, so this comes right after bootmem_init().
 */
void percpu_init_boot(void);

/* Areas for CPUs 1..count-1, of the untouched template; sets cpu_count. */
void percpu_init_others(unsigned count);

/* On a CPU that starts: load its GS base. */
void percpu_load(unsigned cpu);
