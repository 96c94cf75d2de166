/* kernel/core/percpu.h -- per-CPU variables, reached through the GS base. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * A per-CPU variable lives in section .percpu: the linked copy is the template
 * (all zero or initialised), each CPU has its own copy, and GS base holds the
 * distance between the two, so that `x` compiles to `%gs:x(%rip)`.
 *
 *	PERCPU_DEFINE(int, depth);	in one .c
 *	PERCPU_DECLARE(int, depth);	in its header
 *	depth++;			this CPU's copy; one instruction, or
 *					preemption disabled by the caller
 *	percpu_of(depth, cpu)		pointer to another CPU's copy
 *	percpu_ptr(depth)		pointer to this CPU's copy
 */
#ifdef HOSTED
#define PERCPU
#define PERCPU_DEFINE(type, name) typeof(type) name
#define percpu_ptr(name)          (&(name))
#define percpu_of(name, cpu)      ((void)(cpu), &(name))
#else
#define PERCPU __seg_gs
#define PERCPU_DEFINE(type, name) \
	PERCPU typeof(type) name __attribute__((section(".percpu"), used))
/* Both give a void *: the template's address moved to the CPU's copy. */
#define percpu_ptr(name) ((void *)((uintptr_t)&(name) + percpu_offset))
#define percpu_of(name, cpu) \
	((void *)((uintptr_t)&(name) + percpu_offsets[cpu]))
#endif
#define PERCPU_DECLARE(type, name) extern PERCPU typeof(type) name

enum { CPUS_MAX = 64 };

#ifndef HOSTED
/* GS base of each CPU (copy address minus template address). */
extern uintptr_t percpu_offsets[CPUS_MAX];
PERCPU_DECLARE(uintptr_t, percpu_offset);
PERCPU_DECLARE(uint32_t, percpu_cpu);
#define cpu_id() ((unsigned)percpu_cpu)
#else
#define cpu_id() 0u
#endif

/* CPUs that were found / that run now; ids are 0..cpu_count-1, dense. */
extern unsigned cpu_count;
extern unsigned cpu_online_count;

/* A set of CPUs. */
struct cpu_set {
	_Atomic uint64_t bits[(CPUS_MAX + 63) / 64];
};
