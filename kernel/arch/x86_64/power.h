/* kernel/arch/x86_64/power.h -- off, and again. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* Boot, after acpi_init: map the registers that are in memory. */
void power_init(void);

/*
 * Switch the machine off (ACPI S5 or its reduced-hardware form); when that is
 * not offered, say so and halt. Any context.
 */
noreturn_fn void power_off(void);

/*
 * Restart the machine: ACPI reset register, chipset, keyboard controller, a
 * triple fault, in this order. Any context, also in a panic.
 */
noreturn_fn void power_reboot(void);
