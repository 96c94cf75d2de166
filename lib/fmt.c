/* lib/fmt.c -- small formatted text without stdio. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1 /* strchrnul */
#include "lib/fmt.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * musl's printf brings floating point and locking along, ten times the size
 * of init.  This one holds no state and calls nothing, so that it may be used
 * in a vfork child and in a signal handler too.
 */

struct sink {
	char *buf;
	size_t cap; /* room for text, the NUL not counted */
	size_t len;
};

struct spec {
	bool left, zero;
	int width, precision; /* precision -1: none given */
	int longs;            /* 0 int, 1 long or size_t, 2 long long */
};

static void sink_put(struct sink *s, const char *text, size_t n)
{
	if (n > s->cap - s->len)
		n = s->cap - s->len;
	memcpy(s->buf + s->len, text, n);
	s->len += n;
}

static void sink_fill(struct sink *s, char c, int n)
{
	while (n-- > 0 && s->len < s->cap)
		s->buf[s->len++] = c;
}

static void put_padded(
    struct sink *s, const struct spec *sp, const char *text, size_t n)
{
	int pad =
	    sp->width > 0 && (size_t)sp->width > n ? sp->width - (int)n : 0;

	if (!sp->left)
		sink_fill(s, ' ', pad);
	sink_put(s, text, n);
	if (sp->left)
		sink_fill(s, ' ', pad);
}

static void put_number(
    struct sink *s, struct spec *sp, uint64_t v, int base, bool negative)
{
	char digits[72];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[v % (unsigned)base];
		v /= (unsigned)base;
	} while (v != 0);
	if (sp->zero && !sp->left) {
		int want = sp->width - (negative ? 1 : 0);

		while ((int)(sizeof(digits) - at) < want && at > 1)
			digits[--at] = '0';
	}
	if (negative)
		digits[--at] = '-';
	put_padded(s, sp, digits + at, sizeof(digits) - at);
}

static const char *read_spec(const char *f, struct spec *sp, va_list *ap)
{
	*sp = (struct spec){.precision = -1};
	for (; *f == '-' || *f == '0'; f++) {
		sp->left |= *f == '-';
		sp->zero |= *f == '0';
	}
	if (*f == '*') {
		sp->width = va_arg(*ap, int);
		f++;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		sp->width = (sp->width * 10 + (*f - '0')) % 4096;
	if (*f == '.') {
		sp->precision = 0;
		if (*++f == '*') {
			sp->precision = va_arg(*ap, int);
			f++;
		}
		for (; *f >= '0' && *f <= '9'; f++)
			sp->precision =
			    (sp->precision * 10 + (*f - '0')) % 65536;
	}
	for (; *f == 'l' || *f == 'z'; f++)
		sp->longs++;
	return f;
}

static void put_integer(
    struct sink *s, struct spec *sp, char conversion, va_list *ap)
{
	int base = conversion == 'x' ? 16 : conversion == 'o' ? 8 : 10;

	if (conversion == 'd' || conversion == 'i') {
		int64_t v = sp->longs ? va_arg(*ap, long) : va_arg(*ap, int);

		put_number(
		    s, sp, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, base, v < 0);
		return;
	}
	put_number(s, sp,
	    sp->longs ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned),
	    base, false);
}

static void put_string(struct sink *s, const struct spec *sp, const char *t)
{
	if (t == NULL)
		t = "(null)";
	put_padded(s, sp, t,
	    sp->precision >= 0 ? strnlen(t, (size_t)sp->precision) : strlen(t));
}

static void put_one(struct sink *s, struct spec *sp, char c, va_list *ap)
{
	char byte;

	switch (c) {
	case 's':
		put_string(s, sp, va_arg(*ap, const char *));
		break;
	case 'c':
		byte = (char)va_arg(*ap, int);
		put_padded(s, sp, &byte, 1);
		break;
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'o':
		put_integer(s, sp, c, ap);
		break;
	default:
		sink_put(s, &c, 1);
	}
}

size_t fmt_v(char *buf, size_t cap, const char *f, va_list ap)
{
	struct sink s = {buf, cap > 0 ? cap - 1 : 0, 0};
	struct spec sp;
	va_list args;

	va_copy(args, ap);
	while (*f != '\0') {
		const char *stop = strchrnul(f, '%');

		sink_put(&s, f, (size_t)(stop - f));
		if (*stop == '\0')
			break;
		f = read_spec(stop + 1, &sp, &args);
		if (*f == '\0')
			break;
		put_one(&s, &sp, *f++, &args);
	}
	va_end(args);
	if (cap > 0)
		buf[s.len] = '\0';
	return s.len;
}

size_t fmt_buf(char *buf, size_t cap, const char *f, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, f);
	n = fmt_v(buf, cap, f, ap);
	va_end(ap);
	return n;
}
