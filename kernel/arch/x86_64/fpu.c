/* kernel/arch/x86_64/fpu.c -- the vector state of user threads. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/core/string.h"

/* The legacy region of 512 bytes, then the XSAVE header of 64. */
enum {
	LEGACY_SIZE = 512,
	OFFSET_CONTROL = 0,
	OFFSET_MXCSR = 24,
	OFFSET_MXCSR_MASK = 28,
	OFFSET_HEADER = 512,
	CONTROL_INIT = 0x37f,
	MXCSR_INIT = 0x1f80,
	MXCSR_MASK_DEFAULT = 0xffbf,
};

struct xsave_header {
	uint64_t present, compact, reserved[6];
};

static uint32_t mxcsr_mask = MXCSR_MASK_DEFAULT; /* const after boot */

void fpu_init_cpu(void)
{
	uint8_t area[LEGACY_SIZE] aligned_to(16);
	uint32_t mask, mxcsr = MXCSR_INIT;

	memset(area, 0, sizeof(area));
	__asm__ volatile("fninit; fxsave64 %0" : "=m"(area));
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	memcpy(&mask, area + OFFSET_MXCSR_MASK, sizeof(mask));
	if (mask != 0)
		mxcsr_mask = mask;
}

size_t fpu_area_size(void)
{
	return ALIGN_UP((size_t)cpu_features.xsave_size, (size_t)64);
}

void fpu_area_init(void *area)
{
	uint16_t control = CONTROL_INIT;
	uint32_t mxcsr = MXCSR_INIT;

	memset(area, 0, fpu_area_size());
	memcpy((char *)area + OFFSET_CONTROL, &control, sizeof(control));
	memcpy((char *)area + OFFSET_MXCSR, &mxcsr, sizeof(mxcsr));
}

void fpu_save(void *area)
{
	if (cpu_features.xsaveopt)
		__asm__ volatile("xsaveopt64 (%0)"
		    :
		    : "r"(area), "a"(-1), "d"(-1)
		    : "memory");
	else if (cpu_features.xsave)
		__asm__ volatile("xsave64 (%0)"
		    :
		    : "r"(area), "a"(-1), "d"(-1)
		    : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

void fpu_load(const void *area)
{
	if (cpu_features.xsave)
		__asm__ volatile("xrstor64 (%0)"
		    :
		    : "r"(area), "a"(-1), "d"(-1)
		    : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

enum err fpu_area_check(void *area)
{
	struct xsave_header h;
	uint32_t mxcsr;

	memcpy(&mxcsr, (char *)area + OFFSET_MXCSR, sizeof(mxcsr));
	if (mxcsr & ~mxcsr_mask)
		return E_INVAL;
	if (!cpu_features.xsave)
		return OK;
	memcpy(&h, (char *)area + OFFSET_HEADER, sizeof(h));
	if (h.present & ~cpu_features.xcr0 || h.compact != 0)
		return E_INVAL;
	for (unsigned i = 0; i < COUNT(h.reserved); i++)
		if (h.reserved[i] != 0)
			return E_INVAL;
	return OK;
}
