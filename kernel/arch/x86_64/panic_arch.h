/* kernel/arch/x86_64/panic_arch.h -- what a panic needs of the machine. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct regs;

/* Registers, control registers and code bytes, line by line. */
void arch_print_regs(const struct regs *r, void (*out)(const char *line));

/* Stop all other CPUs by NMI and wait a little for them; no lock. */
void arch_stop_others(void);

/* This CPU does nothing any more. */
noreturn_fn void arch_halt(void);

/* Reset the machine after some seconds, by the time stamp counter. */
noreturn_fn void arch_panic_restart(int seconds);

/* NMI during a panic: this CPU was told to stop. */
noreturn_fn void panic_stopped(const struct regs *r);
