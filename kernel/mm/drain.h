/* kernel/mm/drain.h -- emptying the caches that each CPU has for itself. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * Wait until all that was freed before is really free: deferred frees have
 * run, and no CPU keeps frames, objects, stacks or tables for itself. Sleeps;
 * does nothing in the threads that the wait is for. A fatal signal ends it.
 */
void drain_all(void);

/* Boot: start the thread that visits the CPUs. */
void drain_start(void);
