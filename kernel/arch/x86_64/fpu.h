/* kernel/arch/x86_64/fpu.h -- the vector state of user threads. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct thread;

/* The kernel uses no vector registers; state is switched eagerly. */
void fpu_init_cpu(void);

/* Size of an XSAVE area (FXSAVE: 512), 64-byte aligned. */
size_t fpu_area_size(void);

/* Fill an area with the initial state. */
void fpu_area_init(void *area);

/* Save the live registers to / load them from the area. */
void fpu_save(void *area);
void fpu_load(const void *area);

/*
 * Check an area that came from user memory (sigreturn, ptrace): header, MXCSR
 * and reserved bits, so that fpu_load cannot fault. E_INVAL.
 */
enum err fpu_area_check(void *area);
