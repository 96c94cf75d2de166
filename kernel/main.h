/* kernel/main.h -- where every way into the kernel meets. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* boot_info is filled and checked; serial and log work. On the boot stack. */
noreturn_fn void kernel_main(void);
