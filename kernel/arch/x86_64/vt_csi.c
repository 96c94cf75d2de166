/* kernel/arch/x86_64/vt_csi.c -- a terminal's grid of cells: ESC [ sequences. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/vt_impl.h"
#include "kernel/core/string.h"

/* Parameter i; 0 and absent mean the default. */
static unsigned param(const struct vt *v, unsigned i, unsigned def)
{
	return i < v->param_count && v->params[i] ? v->params[i] : def;
}

static void move_to(struct vt *v, int row, int column)
{
	v->row = (unsigned)MAX(0, MIN(row, (int)v->rows - 1));
	v->column = (unsigned)MAX(0, MIN(column, (int)v->columns - 1));
}

/* Cursor up and down stop at the scroll region's ends when inside. */
static void move_rows(struct vt *v, int by)
{
	int first = v->row >= v->top ? (int)v->top : 0;
	int last = v->row <= v->bottom ? (int)v->bottom : (int)v->rows - 1;
	int to = MAX(first, MIN((int)v->row + by, last));

	move_to(v, to, (int)v->column);
}

static void erase_screen(struct vt *v, unsigned how)
{
	unsigned at = v->row * v->columns + MIN(v->column, v->columns - 1);
	unsigned all = v->rows * v->columns;

	if (how == 0)
		vt_clear(v, at, all);
	else if (how == 1)
		vt_clear(v, 0, at + 1);
	else
		vt_clear(v, 0, all);
}

static void erase_line(struct vt *v, unsigned how)
{
	unsigned start = v->row * v->columns;
	unsigned at = start + MIN(v->column, v->columns - 1);

	if (how == 0)
		vt_clear(v, at, start + v->columns);
	else if (how == 1)
		vt_clear(v, start, at + 1);
	else
		vt_clear(v, start, start + v->columns);
}

/* Characters to the right of the cursor move by n: right when positive. */
static void shift_line(struct vt *v, int n)
{
	unsigned column = MIN(v->column, v->columns - 1);
	unsigned room = v->columns - column;
	unsigned by = MIN((unsigned)(n < 0 ? -n : n), room);
	unsigned at = v->row * v->columns + column;
	struct vt_cell *c = v->cells + at;

	vt_dirty(v, v->row, v->row + 1);
	if (n > 0) {
		memmove(c + by, c, (room - by) * sizeof(*c));
		vt_clear(v, at, at + by);
	} else {
		memmove(c, c + by, (room - by) * sizeof(*c));
		vt_clear(v, at + room - by, at + room);
	}
}

static void shift_rows(struct vt *v, int n)
{
	if (v->row >= v->top && v->row <= v->bottom)
		vt_scroll(v, v->row, v->bottom, n);
}

/* 24-bit colour to the nearest of the palette's 6x6x6 cube. */
static uint8_t cube(unsigned r, unsigned g, unsigned b)
{
	r = MIN(r, 255u) * 6 / 256;
	g = MIN(g, 255u) * 6 / 256;
	b = MIN(b, 255u) * 6 / 256;
	return 16 + 36 * r + 6 * g + b;
}

/* 38 and 48: ;5;n or ;2;r;g;b. Returns how many parameters it took more. */
static unsigned extended(const struct vt *v, unsigned i, uint8_t *colour)
{
	unsigned kind = i + 1 < v->param_count ? v->params[i + 1] : 0;

	if (kind == 5 && i + 2 < v->param_count) {
		*colour = MIN(v->params[i + 2], 255u);
		return 2;
	}
	if (kind == 2 && i + 4 < v->param_count) {
		*colour =
		    cube(v->params[i + 2], v->params[i + 3], v->params[i + 4]);
		return 4;
	}
	return v->param_count;
}

static void attributes(struct vt *v)
{
	for (unsigned i = 0; i < v->param_count; i++) {
		unsigned p = v->params[i];

		if (p == 0) {
			v->fg = VT_FG;
			v->bg = VT_BG;
			v->bold = v->inverse = false;
		} else if (p == 1) {
			v->bold = true;
		} else if (p == 22) {
			v->bold = false;
		} else if (p == 7 || p == 27) {
			v->inverse = p == 7;
		} else if (p >= 30 && p <= 37) {
			v->fg = p - 30;
		} else if (p == 38) {
			i += extended(v, i, &v->fg);
		} else if (p == 39) {
			v->fg = VT_FG;
		} else if (p >= 40 && p <= 47) {
			v->bg = p - 40;
		} else if (p == 48) {
			i += extended(v, i, &v->bg);
		} else if (p == 49) {
			v->bg = VT_BG;
		} else if (p >= 90 && p <= 97) {
			v->fg = p - 90 + 8;
		} else if (p >= 100 && p <= 107) {
			v->bg = p - 100 + 8;
		}
	}
}

static void scroll_region(struct vt *v)
{
	unsigned top = param(v, 0, 1), bottom = param(v, 1, v->rows);

	if (top >= bottom || bottom > v->rows)
		return;
	v->top = top - 1;
	v->bottom = bottom - 1;
	move_to(v, 0, 0);
}

static void private_mode(struct vt *v, bool on)
{
	for (unsigned i = 0; i < v->param_count; i++) {
		if (v->params[i] == 25)
			v->cursor_visible = on;
		else if (v->params[i] == 7)
			v->wrap = on;
	}
}

/* Moves of the cursor; false when final is none. */
static bool csi_move(struct vt *v, char final, int n)
{
	int row = (int)v->row, column = (int)v->column;

	switch (final) {
	case 'A':
		move_rows(v, -n);
		return true;
	case 'B':
	case 'e':
		move_rows(v, n);
		return true;
	case 'C':
	case 'a':
		move_to(v, row, column + n);
		return true;
	case 'D':
		move_to(v, row, column - n);
		return true;
	case 'E':
		move_to(v, row + n, 0);
		return true;
	case 'F':
		move_to(v, row - n, 0);
		return true;
	case 'G':
	case '`':
		move_to(v, row, n - 1);
		return true;
	case 'd':
		move_to(v, n - 1, column);
		return true;
	case 'H':
	case 'f':
		move_to(v, n - 1, (int)param(v, 1, 1) - 1);
		return true;
	default:
		return false;
	}
}

/* Changes of text; false when final is none. */
static bool csi_edit(struct vt *v, char final, int n)
{
	unsigned at = v->row * v->columns + MIN(v->column, v->columns - 1);

	switch (final) {
	case 'J':
		erase_screen(v, v->params[0]);
		return true;
	case 'K':
		erase_line(v, v->params[0]);
		return true;
	case 'L':
		shift_rows(v, -n);
		return true;
	case 'M':
		shift_rows(v, n);
		return true;
	case '@':
		shift_line(v, n);
		return true;
	case 'P':
		shift_line(v, -n);
		return true;
	case 'X':
		vt_clear(
		    v, at, MIN(at + (unsigned)n, (v->row + 1) * v->columns));
		return true;
	case 'S':
		vt_scroll(v, v->top, v->bottom, n);
		return true;
	case 'T':
		vt_scroll(v, v->top, v->bottom, -n);
		return true;
	default:
		return false;
	}
}

void vt_csi(struct vt *v, char final)
{
	int n = (int)param(v, 0, 1);

	if (v->private_mark) {
		if (final == 'h' || final == 'l')
			private_mode(v, final == 'h');
		return;
	}
	if (csi_move(v, final, n) || csi_edit(v, final, n))
		return;
	if (final == 'm')
		attributes(v);
	else if (final == 'r')
		scroll_region(v);
	else if (final == 's') {
		v->saved_row = v->row;
		v->saved_column = v->column;
	} else if (final == 'u') {
		move_to(v, (int)v->saved_row, (int)v->saved_column);
	}
}
