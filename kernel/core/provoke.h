/* kernel/core/provoke.h -- faults of the kernel itself, on request. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* In checking builds only: /sys/kernel/debug/provoke. */
#if defined(CONFIG_DEBUG) || defined(CONFIG_UBSAN) || defined(CONFIG_KASAN)
#define CONFIG_PROVOKE 1
#endif

/*
 * Do what `word` says, which ends in a panic report where the protection that
 * it tries works: panic, assert, null, divide, opcode, stack, text (write to
 * code), rodata, execute (run data), smep and smap (need a page that the
 * caller has mapped; see provoke.c), free (use after free), overflow (past an
 * object's end), double (double fault), undefined (signed overflow: a report,
 * no panic). False for an unknown word, or when nothing went wrong.
 */
bool provoke(const char *word);
