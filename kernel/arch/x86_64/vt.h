/* kernel/arch/x86_64/vt.h -- a terminal's grid of cells, as a VT100 keeps it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* Colours are indices into the usual palette of 256. */
struct vt_cell {
	uint16_t code; /* Unicode, basic plane */
	uint8_t fg, bg;
};

enum { VT_PARAMS = 16, VT_FG = 7, VT_BG = 0 };

/*
 * A screen of text and the state of its parser. Understood: UTF-8, the C0
 * controls, cursor movement, erasing, inserting and deleting, scroll regions,
 * colours (16, 256, 24 bit), save and restore, cursor on and off. Pure: also
 * built on the host.
 */
struct vt {
	unsigned rows, columns; /* const */
	struct vt_cell *cells;  /* rows * columns */
	unsigned row, column;   /* cursor; column may be == columns: wrap due */
	unsigned top, bottom;   /* scroll region, both inside */
	unsigned saved_row, saved_column;
	unsigned dirty_from,
	    dirty_to; /* rows changed: [from, to); reader resets */
	bool cursor_visible;
	bool wrap;
	/* Attributes of what comes next. */
	uint8_t fg, bg;
	bool bold, inverse;
	/* Parser. */
	uint8_t state, utf8_left;
	bool private_mark;
	uint32_t utf8_code;
	unsigned params[VT_PARAMS];
	unsigned param_count;
};

/* cells: rows * columns of them, kept by the caller. */
void vt_init(
    struct vt *v, unsigned rows, unsigned columns, struct vt_cell *cells);
void vt_write(struct vt *v, const char *s, size_t n);
