/* kernel/core/backtrace.h -- who called whom, with names. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct regs;

/*
 * Name of the function that holds a kernel text address, and the distance from
 * its start; NULL when it is no such address. No lock, no allocation.
 */
const char *symbol_name(vaddr_t at, uint64_t *offset);

/*
 * Write "  name+0x12" lines for a stack through out(): by frame pointers where
 * the build keeps them, else every return address found on the stack (marked
 * "?": it may be left over). regs NULL: from the caller. Touches only memory
 * that is mapped.
 */
void backtrace(const struct regs *regs, void (*out)(const char *line));
