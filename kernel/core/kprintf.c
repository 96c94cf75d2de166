/* kernel/core/kprintf.c -- formatted text without a C library. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/core/klog.h"
#include "kernel/core/string.h"

/* buf/size as snprintf's; at counts what would have been written. */
struct out {
	char *buf;
	size_t size;
	size_t at;
};

/* One conversion's flags and fields. */
struct spec {
	bool left, zero, alt, plus, space;
	int width;
	int precision;   /* -1: none */
	unsigned length; /* bytes of the integer: 1, 2, 4, 8 */
};

static void put(struct out *o, char c)
{
	if (o->at + 1 < o->size)
		o->buf[o->at] = c;
	o->at++;
}

static void pad(struct out *o, char c, int n)
{
	for (; n > 0; n--)
		put(o, c);
}

static void put_text(
    struct out *o, const struct spec *sp, const char *s, size_t n)
{
	int fill = sp->width > (int)n ? sp->width - (int)n : 0;

	if (!sp->left)
		pad(o, ' ', fill);
	for (size_t i = 0; i < n; i++)
		put(o, s[i]);
	if (sp->left)
		pad(o, ' ', fill);
}

/* prefix: a sign or 0x, at most two characters, before zero padding. */
static void put_number(struct out *o, const struct spec *sp, uint64_t v,
    unsigned base, const char *prefix)
{
	const char *digits =
	    base > 16 ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned radix = base > 16 ? 16 : base;
	char text[24];
	int n = 0, zeros, fill, plen = (int)strlen(prefix);

	do {
		text[n++] = digits[v % radix];
		v /= radix;
	} while (v);
	if (sp->precision == 0 && n == 1 && text[0] == '0')
		n = 0;
	zeros = sp->precision > n ? sp->precision - n : 0;
	fill = sp->width - n - zeros - plen;
	if (sp->zero && !sp->left && sp->precision < 0 && fill > 0) {
		zeros += fill;
		fill = 0;
	}
	if (!sp->left)
		pad(o, ' ', fill);
	while (*prefix)
		put(o, *prefix++);
	pad(o, '0', zeros);
	while (n)
		put(o, text[--n]);
	if (sp->left)
		pad(o, ' ', fill);
}

static int parse_int(const char **f)
{
	int n = 0;

	for (; **f >= '0' && **f <= '9'; (*f)++)
		if (n < 10000)
			n = n * 10 + (**f - '0');
	return n;
}

static void parse_flags(struct spec *sp, const char **f)
{
	for (;; (*f)++) {
		if (**f == '-')
			sp->left = true;
		else if (**f == '0')
			sp->zero = true;
		else if (**f == '#')
			sp->alt = true;
		else if (**f == '+')
			sp->plus = true;
		else if (**f == ' ')
			sp->space = true;
		else
			return;
	}
}

static void parse_length(struct spec *sp, const char **f)
{
	sp->length = 4;
	for (;; (*f)++) {
		if (**f == 'l' || **f == 'z' || **f == 'j' || **f == 't')
			sp->length = 8;
		else if (**f == 'h')
			sp->length = sp->length == 2 ? 1 : 2;
		else
			return;
	}
}

static uint64_t truncate_to(uint64_t v, unsigned length)
{
	return length == 8 ? v : v & ((1ull << length * 8) - 1);
}

static void put_signed(struct out *o, const struct spec *sp, uint64_t v)
{
	int64_t x = sp->length == 8   ? (int64_t)v
	            : sp->length == 4 ? (int32_t)v
	            : sp->length == 2 ? (int16_t)v
	                              : (int8_t)v;

	if (x < 0)
		put_number(o, sp, -(uint64_t)x, 10, "-");
	else
		put_number(o, sp, x, 10, sp->plus ? "+" : sp->space ? " " : "");
}

static void put_string(struct out *o, const struct spec *sp, const char *s)
{
	if (s == NULL)
		s = "(null)";
	put_text(o, sp, s,
	    sp->precision < 0 ? strlen(s) : strnlen(s, sp->precision));
}

/* Integers; false when c is no integer conversion. */
static bool put_integer(struct out *o, struct spec *sp, char c, uint64_t v)
{
	switch (c) {
	case 'd':
	case 'i':
		put_signed(o, sp, v);
		return true;
	case 'u':
		put_number(o, sp, truncate_to(v, sp->length), 10, "");
		return true;
	case 'o':
		put_number(o, sp, truncate_to(v, sp->length), 8, "");
		return true;
	case 'x':
		v = truncate_to(v, sp->length);
		put_number(o, sp, v, 16, sp->alt && v ? "0x" : "");
		return true;
	case 'X':
		v = truncate_to(v, sp->length);
		put_number(o, sp, v, 17, sp->alt && v ? "0X" : "");
		return true;
	case 'p':
		put_number(o, sp, v, 16, "0x");
		return true;
	default:
		return false;
	}
}

static const char *convert(struct out *o, const char *f, va_list *ap)
{
	struct spec sp = {.precision = -1};
	char c;

	parse_flags(&sp, &f);
	if (*f == '*') {
		sp.width = va_arg(*ap, int);
		f++;
		if (sp.width < 0) {
			sp.left = true;
			sp.width = -sp.width;
		}
	} else {
		sp.width = parse_int(&f);
	}
	if (*f == '.') {
		f++;
		if (*f == '*') {
			sp.precision = va_arg(*ap, int);
			f++;
		} else {
			sp.precision = parse_int(&f);
		}
	}
	parse_length(&sp, &f);
	if ((c = *f) == 0)
		return f;
	if (c == 's') {
		put_string(o, &sp, va_arg(*ap, const char *));
	} else if (c == 'c') {
		char ch = (char)va_arg(*ap, int);

		put_text(o, &sp, &ch, 1);
	} else if (c == '%') {
		put(o, '%');
	} else if (strchr("diuoxXp", c)) {
		/* A variadic int takes eight bytes; its top half is noise. */
		uint64_t v = c == 'p' || sp.length == 8 ? va_arg(*ap, uint64_t)
		                                        : va_arg(*ap, unsigned);

		(void)put_integer(o, &sp, c, v); /* c was just checked */
	} else {
		put(o, '%');
		put(o, c);
	}
	return f + 1;
}

int kvsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = {buf, size, 0};
	va_list copy;

	va_copy(copy, ap);
	while (*fmt) {
		if (*fmt == '%')
			fmt = convert(&o, fmt + 1, &copy);
		else
			put(&o, *fmt++);
	}
	va_end(copy);
	if (size)
		buf[MIN(o.at, size - 1)] = 0;
	return (int)o.at;
}

int ksnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = kvsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
