/* kernel/core/ubsan.h -- the undefined-behaviour sanitizer's runtime. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * Reports since boot. Each site is reported once, as one line of the log at
 * LOG_ERR; the system goes on. Present in the ubsan build only.
 */
extern _Atomic uint32_t ubsan_reports;
