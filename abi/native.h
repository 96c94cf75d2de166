/* abi/native.h -- numbers of the native system calls as constants. */
/* SPDX-License-Identifier: MIT */
#pragma once

enum native_call {
#define NATIVE(nr, name)      NR_##name = (nr),
#define NATIVE_REGS(nr, name) NR_##name = (nr),
#define NATIVE_FAST(nr, name) NR_##name = (nr),
#include "abi/native_calls.h"
#undef NATIVE
#undef NATIVE_REGS
#undef NATIVE_FAST
};

enum {
	NATIVE_FIRST = 1000,
	NATIVE_MAX = 128, /* numbers set aside */
};
