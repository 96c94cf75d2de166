/* chevron/cmd/print.c -- echo and printf. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/print.h"
#include "chevron/cmd/cmd.h"
#include "lib/fmt.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One escape behind a backslash at *s, which is moved on.  -1: \c, stop. */
static int escape(const char **s, bool leading_zero)
{
	static const char from[] = "abfnrtv\\e", to[] = "\a\b\f\n\r\t\v\\\033";
	const char *hit = **s ? strchr(from, **s) : NULL;
	int v = 0, digits = 3;

	if (hit != NULL) {
		++*s;
		return (unsigned char)to[hit - from];
	}
	if (**s == 'c')
		return -1;
	if (**s >= '0' && **s <= '7') {
		if (leading_zero && **s == '0')
			++*s;
		for (; digits > 0 && **s >= '0' && **s <= '7'; digits--)
			v = v * 8 + *(*s)++ - '0';
		return v & 255;
	}
	return '\\';
}

/* Print with escapes done; false after \c. */
static bool put_escaped(const char *s)
{
	while (*s) {
		int c = (unsigned char)*s++;

		if (c == '\\' && *s) {
			c = escape(&s, true);
			if (c < 0)
				return false;
		}
		out_char(&cmd_out, (char)c);
	}
	return true;
}

int cmd_echo(struct shell *sh, int argc, char **argv)
{
	bool newline = true, escapes = false;
	int at = 1;

	(void)sh;
	for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
		if (argv[at][1 + strspn(argv[at] + 1, "neE")] != '\0')
			break;
		newline &= strchr(argv[at], 'n') == NULL;
		if (strchr(argv[at], 'e'))
			escapes = true;
	}
	for (int i = at; i < argc; i++) {
		if (i > at)
			out_char(&cmd_out, ' ');
		if (!escapes)
			out_str(&cmd_out, argv[i]);
		else if (!put_escaped(argv[i]))
			return 0;
	}
	if (newline)
		out_char(&cmd_out, '\n');
	return 0;
}

/* printf's state while its arguments are used up. */
struct printing {
	char **arg; /* the next one; ends with NULL */
	int status;
	bool stop;
};

static const char *next_text(struct printing *p)
{
	return *p->arg ? *p->arg++ : "";
}

static long next_number(struct printing *p)
{
	const char *s = next_text(p);
	char *end;
	long v;

	if (*s == '\'' || *s == '"')
		return (unsigned char)s[1];
	errno = 0;
	v = strtol(s, &end, 0);
	if (errno == ERANGE && v > 0)
		v = (long)strtoul(s, &end, 0);
	if (*end != '\0')
		p->status = cmd_error("printf", "%s: not a number", s);
	return v;
}

struct conversion {
	bool left, zero, plus, space, alternate;
	int width, precision; /* precision -1: none */
};

static int read_count(struct printing *p, const char **f)
{
	int v = 0;

	if (**f == '*') {
		++*f;
		return (int)next_number(p) % 65536;
	}
	for (; **f >= '0' && **f <= '9'; ++*f)
		v = (v * 10 + **f - '0') % 65536;
	return v;
}

static void read_conversion(
    struct printing *p, const char **f, struct conversion *c)
{
	*c = (struct conversion){.precision = -1};
	for (; **f && strchr("-0+ #", **f); ++*f) {
		c->left |= **f == '-';
		c->zero |= **f == '0';
		c->plus |= **f == '+';
		c->space |= **f == ' ';
		c->alternate |= **f == '#';
	}
	c->width = read_count(p, f);
	if (c->width < 0) {
		c->left = true;
		c->width = -c->width;
	}
	if (**f == '.') {
		++*f;
		c->precision = read_count(p, f);
	}
}

static void put_field(const struct conversion *c, const char *s, size_t n)
{
	int pad = c->width > (int)n ? c->width - (int)n : 0;

	if (!c->left)
		out_fill(&cmd_out, ' ', pad);
	out_mem(&cmd_out, s, n);
	if (c->left)
		out_fill(&cmd_out, ' ', pad);
}

static void put_integer(struct conversion *c, char kind, long v)
{
	char digits[32], prefix[4] = "", *d = digits;
	bool minus = (kind == 'd' || kind == 'i') && v < 0;
	unsigned long u = minus ? 0 - (unsigned long)v : (unsigned long)v;
	int n, zeros, pad;

	n = (int)fmt_buf(digits, sizeof(digits),
	    kind == 'o'                  ? "%lo"
	    : kind == 'x' || kind == 'X' ? "%lx"
	                                 : "%lu",
	    u);
	for (int i = 0; kind == 'X' && i < n; i++)
		if (digits[i] >= 'a')
			digits[i] = (char)(digits[i] - 32);
	if (minus || ((c->plus || c->space) && (kind == 'd' || kind == 'i')))
		prefix[0] = minus ? '-' : c->plus ? '+' : ' ';
	else if (c->alternate && u != 0 && (kind == 'x' || kind == 'X'))
		fmt_buf(prefix, sizeof(prefix), "0%c", kind);
	else if (c->alternate && kind == 'o')
		prefix[0] = '0';
	zeros = c->precision > n ? c->precision - n : 0;
	pad = c->width - n - zeros - (int)strlen(prefix);
	if (c->zero && !c->left && c->precision < 0 && pad > 0) {
		zeros = pad;
		pad = 0;
	}
	if (!c->left)
		out_fill(&cmd_out, ' ', pad);
	out_str(&cmd_out, prefix);
	out_fill(&cmd_out, '0', zeros);
	out_mem(&cmd_out, d, (size_t)n);
	if (c->left)
		out_fill(&cmd_out, ' ', pad);
}

static void put_conversion(struct printing *p, const char **f)
{
	struct conversion c;
	const char *s;
	char kind;

	read_conversion(p, f, &c);
	while (**f == 'l' || **f == 'h')
		++*f;
	kind = **f;
	if (kind != '\0')
		++*f;
	switch (kind) {
	case '%':
		out_char(&cmd_out, '%');
		break;
	case 's':
		s = next_text(p);
		put_field(&c, s,
		    c.precision >= 0 ? strnlen(s, (size_t)c.precision)
		                     : strlen(s));
		break;
	case 'c':
		s = next_text(p);
		put_field(&c, s, *s ? 1 : 0);
		break;
	case 'b':
		p->stop = !put_escaped(next_text(p));
		break;
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_integer(&c, kind, next_number(p));
		break;
	default:
		p->status = cmd_error(
		    "printf", "%%%c: no such conversion", kind ? kind : ' ');
		p->stop = true;
	}
}

static void put_format(struct printing *p, const char *f)
{
	while (*f && !p->stop) {
		int c = (unsigned char)*f++;

		if (c == '%') {
			put_conversion(p, &f);
			continue;
		}
		if (c == '\\' && *f) {
			c = escape(&f, false);
			if (c < 0) {
				p->stop = true;
				return;
			}
		}
		out_char(&cmd_out, (char)c);
	}
}

int cmd_printf(struct shell *sh, int argc, char **argv)
{
	struct printing p = {.arg = argv + 2};
	char **before;

	(void)sh;
	if (argc > 1 && strcmp(argv[1], "--") == 0) {
		argv++;
		argc--;
		p.arg++;
	}
	if (argc < 2)
		return cmd_usage("printf");
	do {
		before = p.arg;
		put_format(&p, argv[1]);
	} while (*p.arg && p.arg != before && !p.stop);
	return p.status;
}
