/* kernel/core/klog.h -- the kernel's log: a ring, levels per subsystem. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"
#include <stdarg.h>

enum klog_level {
	LOG_EMERG,
	LOG_ALERT,
	LOG_CRIT,
	LOG_ERR,
	LOG_WARN,
	LOG_NOTICE,
	LOG_INFO,
	LOG_DEBUG,
};

/*
 * Log one event, one line, without a newline: "verb object key=value".
 * Any context, including interrupts and spinlocks held; never on the IPC,
 * fault or switch path. Text at or below `loglevel=` also goes to the consoles.
 */
void klog(enum klog_level level, const char *subsys, const char *fmt, ...)
    printf_like(3, 4);

/* snprintf family: %d %i %u %x %X %o %c %s %p %% with l, ll, z, width, 0, -, .N */
int kvsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int ksnprintf(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);

/* Where log text and panics go; registered consoles must be lock-safe. */
struct console {
	const char *name;
	void (*write)(struct console *c, const char *s, size_t n);
	struct console *next;
};

/* Add a console; it is first shown what was printed so far. */
void console_register(struct console *c);

/* Write to every registered console, past the log (panic, early boot). */
void console_write(const char *s, size_t n);

/* The threshold; set by loglevel= and /proc/sys/kernel/printk. */
extern unsigned klog_console_level;

/*
 * Read record number *seq or the oldest later one as "<prio>,<seq>,<usec>,-;text\n"
 * into buf; *seq becomes the next number. Returns the length, 0 when there is
 * none. Used by /dev/kmsg and syslog(2).
 */
size_t klog_read(uint64_t *seq, char *buf, size_t size);

/* The number that the next record will get. */
uint64_t klog_next_seq(void);
