/* lib/text.c -- numbers, sizes and characters in text. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1 /* strchrnul */
#include "lib/text.h"
#include "lib/fmt.h"
#include <signal.h>
#include <string.h>
#include <strings.h>

bool text_to_i64(const char *s, int64_t *out)
{
	bool negative = *s == '-';
	uint64_t v = 0;

	if (*s == '-' || *s == '+')
		s++;
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || v > INT64_MAX / 10)
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
		if (v > (uint64_t)INT64_MAX + negative)
			return false;
	}
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

uint64_t text_lead_u64(const char *s, const char **end)
{
	uint64_t v = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	if (end != NULL)
		*end = s;
	return v;
}

static uint64_t unit_ns(char c)
{
	switch (c) {
	case '\0':
	case 's':
		return 1000000000;
	case 'm':
		return 60000000000;
	case 'h':
		return 3600000000000;
	case 'd':
		return 86400000000000;
	default:
		return 0;
	}
}

bool text_to_ns(const char *s, uint64_t *ns)
{
	const char *at;
	uint64_t whole = text_lead_u64(s, &at), part = 0, scale = 1, unit;
	bool digits = at != s;

	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9'; at++) {
			digits = true;
			if (scale < 1000000000) {
				part = part * 10 + (uint64_t)(*at - '0');
				scale *= 10;
			}
		}
	}
	unit = unit_ns(*at);
	if (!digits || unit == 0 || (*at != '\0' && at[1] != '\0'))
		return false;
	if (at - s > 18 || whole > UINT64_MAX / 2 / unit)
		whole = UINT64_MAX / 2 / unit; /* centuries: long enough */
	*ns = whole * unit + part * (unit / scale);
	return true;
}

void text_size(char buf[16], uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	unsigned unit = 0;
	uint64_t tenths;

	if (bytes < 1024) {
		fmt_buf(buf, 16, "%luB", (unsigned long)bytes);
		return;
	}
	for (; bytes >= 1024 * 1024; unit++)
		bytes /= 1024;
	tenths = bytes * 10 / 1024;
	unit++;
	if (tenths < 100)
		fmt_buf(buf, 16, "%lu.%lu%c", (unsigned long)tenths / 10,
		    (unsigned long)tenths % 10, units[unit]);
	else
		fmt_buf(
		    buf, 16, "%lu%c", (unsigned long)tenths / 10, units[unit]);
}

bool text_key_u64(const char *text, const char *name, uint64_t *out)
{
	size_t n = strlen(name);

	while (*text != '\0') {
		const char *line = text + strspn(text, " \t");

		if (strncmp(line, name, n) == 0 &&
		    strchr(": \t", line[n]) != NULL && line[n] != '\0') {
			line += n + strspn(line + n, ": \t");
			*out = text_lead_u64(line, NULL);
			return true;
		}
		text = strchrnul(text, '\n');
		if (*text == '\n')
			text++;
	}
	return false;
}

int text_fields(char *line, char **f, int n)
{
	int count = 0;

	for (;;) {
		line += strspn(line, " \t\n");
		if (*line == '\0' || count == n)
			return count;
		f[count++] = line;
		line += strcspn(line, " \t\n");
		if (*line != '\0')
			*line++ = '\0';
	}
}

size_t utf8_decode(const char *s, size_t n, uint32_t *cp)
{
	const unsigned char *b = (const unsigned char *)s;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = b[0] < 0x80             ? 1
	             : (b[0] & 0xe0) == 0xc0 ? 2
	             : (b[0] & 0xf0) == 0xe0 ? 3
	             : (b[0] & 0xf8) == 0xf0 ? 4
	                                     : 0;
	uint32_t v = len > 1 ? b[0] & (0xffu >> (len + 1)) : b[0];

	*cp = 0xfffd;
	if (len == 0 || len > n)
		return 1;
	for (size_t i = 1; i < len; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 1;
		v = v << 6 | (b[i] & 0x3f);
	}
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 1;
	*cp = v;
	return len;
}

struct range {
	uint32_t first, last;
};

static bool in_ranges(const struct range *r, size_t n, uint32_t cp)
{
	for (size_t i = 0; i < n; i++)
		if (cp >= r[i].first && cp <= r[i].last)
			return true;
	return false;
}

int utf8_width(uint32_t cp)
{
	static const struct range none[] = {{0x300, 0x36f}, {0x483, 0x489},
	    {0x591, 0x5bd}, {0x610, 0x61a}, {0x64b, 0x65f}, {0x200b, 0x200f},
	    {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
	    {0xe0100, 0xe01ef}};
	static const struct range wide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e},
	    {0x3041, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
	    {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
	    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
	    {0x20000, 0x3fffd}};

	if (cp < 0x300)
		return 1;
	if (in_ranges(none, sizeof(none) / sizeof(none[0]), cp))
		return 0;
	return in_ranges(wide, sizeof(wide) / sizeof(wide[0]), cp) ? 2 : 1;
}

static const char *const signal_names[] = {[SIGHUP] = "HUP",
    [SIGINT] = "INT",
    [SIGQUIT] = "QUIT",
    [SIGILL] = "ILL",
    [SIGTRAP] = "TRAP",
    [SIGABRT] = "ABRT",
    [SIGBUS] = "BUS",
    [SIGFPE] = "FPE",
    [SIGKILL] = "KILL",
    [SIGUSR1] = "USR1",
    [SIGSEGV] = "SEGV",
    [SIGUSR2] = "USR2",
    [SIGPIPE] = "PIPE",
    [SIGALRM] = "ALRM",
    [SIGTERM] = "TERM",
    [SIGSTKFLT] = "STKFLT",
    [SIGCHLD] = "CHLD",
    [SIGCONT] = "CONT",
    [SIGSTOP] = "STOP",
    [SIGTSTP] = "TSTP",
    [SIGTTIN] = "TTIN",
    [SIGTTOU] = "TTOU",
    [SIGURG] = "URG",
    [SIGXCPU] = "XCPU",
    [SIGXFSZ] = "XFSZ",
    [SIGVTALRM] = "VTALRM",
    [SIGPROF] = "PROF",
    [SIGWINCH] = "WINCH",
    [SIGIO] = "IO",
    [SIGPWR] = "PWR",
    [SIGSYS] = "SYS"};

enum { SIGNAL_NAMES = sizeof(signal_names) / sizeof(signal_names[0]) };

const char *signal_name(int n)
{
	return n > 0 && n < SIGNAL_NAMES ? signal_names[n] : NULL;
}

int signal_number(const char *s)
{
	int64_t v;

	if (text_to_i64(s, &v))
		return v >= 0 && v <= 64 ? (int)v : -1;
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (int i = 1; i < SIGNAL_NAMES; i++)
		if (signal_names[i] && strcasecmp(s, signal_names[i]) == 0)
			return i;
	return -1;
}
