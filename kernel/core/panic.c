/* kernel/core/panic.c -- the end: assertions and the panic report. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include "kernel/core/panic.h"
#include "kernel/core/klog.h"

_Atomic bool panic_active;

noreturn_fn void panic(const char *fmt, ...)
{
	char text[200];
	va_list ap;
	int n;

	panic_active = true;
	console_write("PANIC: ", 7);
	va_start(ap, fmt);
	n = kvsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	console_write(text, MIN((size_t)n, sizeof(text) - 1));
	console_write("\n", 1);
	for (;;)
		__asm__ volatile("cli; hlt");
}
