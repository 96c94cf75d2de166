/* kernel/arch/x86_64/vt.c -- a terminal's grid of cells: text and controls. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/vt_impl.h"
#include "kernel/core/string.h"

enum state { GROUND, ESCAPE, CSI, SKIP_ONE, STRING };
enum { TAB = 8, PARAM_LIMIT = 9999, REPLACEMENT = 0xfffd };

static struct vt_cell blank(const struct vt *v)
{
	return (struct vt_cell){.code = ' ', .fg = v->fg, .bg = v->bg};
}

void vt_clear(struct vt *v, unsigned from, unsigned to)
{
	if (from < to)
		vt_dirty(v, from / v->columns, (to - 1) / v->columns + 1);
	for (; from < to; from++)
		v->cells[from] = blank(v);
}

void vt_scroll(struct vt *v, unsigned top, unsigned bottom, int n)
{
	unsigned lines = bottom - top + 1;
	unsigned by = MIN((unsigned)(n < 0 ? -n : n), lines);
	struct vt_cell *first = v->cells + top * v->columns;
	size_t keep = (size_t)(lines - by) * v->columns;
	size_t gone = (size_t)by * v->columns;
	unsigned start = top * v->columns;

	vt_dirty(v, top, bottom + 1);
	if (n > 0) {
		memmove(first, first + gone, keep * sizeof(*first));
		vt_clear(v, start + keep, start + keep + gone);
	} else {
		memmove(first + gone, first, keep * sizeof(*first));
		vt_clear(v, start, start + gone);
	}
}

static void line_feed(struct vt *v)
{
	if (v->row == v->bottom)
		vt_scroll(v, v->top, v->bottom, 1);
	else if (v->row < v->rows - 1)
		v->row++;
}

static void reverse_feed(struct vt *v)
{
	if (v->row == v->top)
		vt_scroll(v, v->top, v->bottom, -1);
	else if (v->row > 0)
		v->row--;
}

static void put_code(struct vt *v, uint32_t code)
{
	struct vt_cell c = {.code = code > 0xffff ? REPLACEMENT : code};

	if (v->column >= v->columns) {
		v->column = 0;
		line_feed(v);
	}
	c.fg = v->inverse ? v->bg : v->fg;
	c.bg = v->inverse ? v->fg : v->bg;
	/* Bold is bright, as the PC's screens had it. */
	if (v->bold && !v->inverse && c.fg < 8)
		c.fg += 8;
	v->cells[v->row * v->columns + v->column] = c;
	vt_dirty(v, v->row, v->row + 1);
	v->column++;
	if (v->column >= v->columns && !v->wrap)
		v->column = v->columns - 1;
}

static void control(struct vt *v, char c)
{
	switch (c) {
	case '\r':
		v->column = 0;
		break;
	case '\n':
	case '\v':
	case '\f':
		line_feed(v);
		break;
	case '\b':
		if (v->column > 0)
			v->column--;
		break;
	case '\t':
		v->column = MIN(
		    ALIGN_DOWN(v->column, (unsigned)TAB) + TAB, v->columns - 1);
		break;
	case 0x1b:
		v->state = ESCAPE;
		break;
	case 0x18: /* CAN and SUB end a sequence */
	case 0x1a:
		v->state = GROUND;
		break;
	default:
		break;
	}
}

static void reset(struct vt *v)
{
	vt_init(v, v->rows, v->columns, v->cells);
}

static void escape(struct vt *v, char c)
{
	v->state = GROUND;
	switch (c) {
	case '[':
		v->state = CSI;
		v->param_count = 0;
		v->private_mark = false;
		memset(v->params, 0, sizeof(v->params));
		break;
	case ']':
	case 'P':
	case '_':
	case '^':
		v->state = STRING;
		break;
	case '(':
	case ')':
	case '*':
	case '+':
	case '#':
	case '%':
		v->state = SKIP_ONE;
		break;
	case '7':
		v->saved_row = v->row;
		v->saved_column = v->column;
		break;
	case '8':
		v->row = v->saved_row;
		v->column = v->saved_column;
		break;
	case 'D':
		line_feed(v);
		break;
	case 'E':
		v->column = 0;
		line_feed(v);
		break;
	case 'M':
		reverse_feed(v);
		break;
	case 'c':
		reset(v);
		break;
	default:
		break;
	}
}

static void csi_byte(struct vt *v, char c)
{
	unsigned *p = &v->params[MIN(v->param_count, VT_PARAMS - 1u)];

	if (c >= '0' && c <= '9') {
		*p = MIN(*p * 10 + (unsigned)(c - '0'), (unsigned)PARAM_LIMIT);
	} else if (c == ';' || c == ':') {
		if (v->param_count < VT_PARAMS - 1)
			v->param_count++;
	} else if (c >= '<' && c <= '?') {
		v->private_mark = true;
	} else if (c >= '@' && c <= '~') {
		v->state = GROUND;
		v->param_count++;
		vt_csi(v, c);
	}
}

/* One byte of text, perhaps part of a UTF-8 sequence. */
static void text_byte(struct vt *v, uint8_t c)
{
	if (v->utf8_left && (c & 0xc0) == 0x80) {
		v->utf8_code = v->utf8_code << 6 | (c & 0x3f);
		if (--v->utf8_left == 0)
			put_code(v, v->utf8_code);
		return;
	}
	if (v->utf8_left)
		put_code(v, REPLACEMENT);
	v->utf8_left = 0;
	if (c < 0x80) {
		put_code(v, c);
	} else if (c >= 0xc2 && c <= 0xdf) {
		v->utf8_left = 1;
		v->utf8_code = c & 0x1f;
	} else if (c >= 0xe0 && c <= 0xef) {
		v->utf8_left = 2;
		v->utf8_code = c & 0x0f;
	} else if (c >= 0xf0 && c <= 0xf4) {
		v->utf8_left = 3;
		v->utf8_code = c & 0x07;
	} else {
		put_code(v, REPLACEMENT);
	}
}

static void byte(struct vt *v, char c)
{
	if ((uint8_t)c < ' ' || c == 0x7f) {
		/* BEL ends an operating system command. */
		if (v->state == STRING && c == 7)
			v->state = GROUND;
		else
			control(v, c);
		return;
	}
	switch (v->state) {
	case GROUND:
		text_byte(v, (uint8_t)c);
		break;
	case ESCAPE:
		escape(v, c);
		break;
	case CSI:
		csi_byte(v, c);
		break;
	case SKIP_ONE:
		v->state = GROUND;
		break;
	default: /* a string: up to its end */
		break;
	}
}

void vt_write(struct vt *v, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		byte(v, s[i]);
}

void vt_init(
    struct vt *v, unsigned rows, unsigned columns, struct vt_cell *cells)
{
	memset(v, 0, sizeof(*v));
	v->rows = rows;
	v->columns = columns;
	v->cells = cells;
	v->bottom = rows - 1;
	v->fg = VT_FG;
	v->bg = VT_BG;
	v->wrap = true;
	v->cursor_visible = true;
	vt_clear(v, 0, rows * columns);
}
