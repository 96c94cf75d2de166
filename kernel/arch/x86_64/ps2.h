/* kernel/arch/x86_64/ps2.h -- the PS/2 keyboard, until a driver silo has it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * Find the keyboard controller and start it; key presses come to input() as
 * what a terminal would send (interrupts off). False: there is none.
 */
bool ps2_init(void (*input)(const char *s, size_t n));
