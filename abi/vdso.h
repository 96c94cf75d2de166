/* abi/vdso.h -- the page of time that user code reads without a call. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/base.h"

/*
 * Lies one page before the vDSO's image, read only. Written by the kernel
 * alone: seq is odd while it writes, and a reader that saw it odd or changed
 * reads again.
 *
 *	monotonic ns = mono_base_ns + ((tsc - tsc_base) * mult >> shift)
 *	wall ns      = monotonic ns + wall_offset_ns
 *
 * with a product of 128 bits. mult 0: the TSC cannot be used, make the call.
 */
struct vdso_data {
	_Atomic uint32_t seq;
	uint32_t shift; /* 0..63 */
	uint64_t tsc_base;
	uint64_t mult;
	uint64_t mono_base_ns;
	uint64_t wall_offset_ns;
};
static_assert(sizeof(struct vdso_data) == 40, "ABI");
