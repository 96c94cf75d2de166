/* kernel/core/panic.h -- the end: assertions and the panic report. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct regs;

/*
 * Stop every CPU, print the report (message, registers, symbolised backtrace,
 * running process and silo, last log lines) on serial and screen, then reboot
 * or halt as `panic=` says. Never returns; usable in any context.
 */
noreturn_fn void panic(const char *fmt, ...) printf_like(1, 2);

/* The same with the registers of a trap; regs may be NULL. */
noreturn_fn void panic_regs(const struct regs *regs, const char *fmt, ...)
    printf_like(2, 3);

/* True from the first panic on: everybody else keeps quiet. */
extern _Atomic bool panic_active;

/* An invariant, checked in every build; the text is the expression. */
#define KASSERT(c) \
	(likely(c) ? (void)0 : panic("%s:%d: %s", __FILE__, __LINE__, #c))

#ifdef CONFIG_DEBUG
#define KASSERT_SLOW(c) KASSERT(c)
#else
#define KASSERT_SLOW(c) ((void)sizeof(c))
#endif
