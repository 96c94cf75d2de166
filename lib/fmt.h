/* lib/fmt.h -- small formatted text without stdio. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdarg.h>
#include <stddef.h>

/*
 * Write f with its arguments to buf, always ended by NUL when cap > 0.
 * Known: %s %c %d %i %u %x %o %% with - 0 width * .precision (strings) and
 * l, ll, z.  Returns the length written, without the NUL; text that does not
 * fit is cut.
 */
size_t fmt_v(char *buf, size_t cap, const char *f, va_list ap);

/* fmt_v with its arguments in the call. */
[[gnu::format(printf, 3, 4)]] size_t fmt_buf(
    char *buf, size_t cap, const char *f, ...);
