/* abi/base.h -- the C we write: what gcc 12, gcc 14 and clang 19 agree on. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#if __STDC_VERSION__ < 202311L && !defined(static_assert)
#define static_assert _Static_assert
#endif
#define noreturn_fn       __attribute__((noreturn))
#define packed_struct     __attribute__((packed))
#define aligned_to(n)     __attribute__((aligned(n)))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define COUNT(a)          (sizeof(a) / sizeof((a)[0]))
