/* kernel/main.c -- the boot order, on one page. */
/* SPDX-License-Identifier: MIT */
#include "kernel/main.h"
#include "kernel/arch/x86_64/serial.h"
#include "kernel/boot/early.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"

noreturn_fn void kernel_main(void)
{
	klog(LOG_NOTICE, "boot", "Strat9 Bedrock " STRAT9_VERSION " by %s",
	    boot_info.loader);
	for (;;)
		__asm__ volatile("hlt");
}
