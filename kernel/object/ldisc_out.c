/* kernel/object/ldisc_out.c -- line discipline: output processing. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/ldisc.h"
#include "kernel/core/string.h"

static bool is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

static bool is_utf8_tail(const struct ldisc *l, uint8_t c)
{
	return (l->t.iflag & IUTF8) && (c & 0xc0) == 0x80;
}

static size_t put_tab(struct ldisc *l, uint8_t *out)
{
	unsigned spaces = 8 - l->column % 8;

	l->column += spaces;
	if ((l->t.oflag & TABDLY) != XTABS) {
		out[0] = '\t';
		return 1;
	}
	memset(out, ' ', spaces);
	return spaces;
}

static size_t put_return(struct ldisc *l, uint8_t *out)
{
	if ((l->t.oflag & ONOCR) && l->column == 0)
		return 0;
	if (!(l->t.oflag & OCRNL)) {
		l->column = 0;
		out[0] = '\r';
		return 1;
	}
	if (l->t.oflag & ONLRET)
		l->column = 0;
	out[0] = '\n';
	return 1;
}

static size_t put_newline(struct ldisc *l, uint8_t *out)
{
	if (l->t.oflag & (ONLRET | ONLCR))
		l->column = 0;
	if (l->t.oflag & ONLCR) {
		out[0] = '\r';
		out[1] = '\n';
		return 2;
	}
	out[0] = '\n';
	return 1;
}

/* One byte with OPOST, up to LDISC_EXPAND bytes in out. */
static size_t put_processed(struct ldisc *l, uint8_t c, uint8_t *out)
{
	switch (c) {
	case '\n':
		return put_newline(l, out);
	case '\r':
		return put_return(l, out);
	case '\t':
		return put_tab(l, out);
	case '\b':
		if (l->column)
			l->column--;
		break;
	default:
		if (is_control(c))
			break;
		if ((l->t.oflag & OLCUC) && c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		if (!is_utf8_tail(l, c))
			l->column++;
		break;
	}
	out[0] = c;
	return 1;
}

size_t ldisc_output(struct ldisc *l, const uint8_t *s, size_t n, uint8_t *out,
    size_t room, size_t *made)
{
	size_t used = 0, len = 0;

	if (!(l->t.oflag & OPOST)) {
		n = MIN(n, room);
		memcpy(out, s, n);
		*made = n;
		return n;
	}
	while (used < n && room - len >= LDISC_EXPAND)
		len += put_processed(l, s[used++], out + len);
	*made = len;
	return used;
}
