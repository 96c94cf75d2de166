/* chevron/render.c -- the line editor's picture on the terminal. */
/* SPDX-License-Identifier: MIT */
#include "chevron/edit.h"
#include "lib/fmt.h"
#include "lib/text.h"
#include <string.h>

/*
 * The prompt and the line wrap over as many rows as they need.  A full redraw
 * goes up to the prompt's row, clears everything below and draws anew; the
 * common case, typing at the end, only prints what is new.  A terminal
 * without escape sequences gets one row with a window on the line.
 */

struct place {
	int row, column;
};

/* The columns of one character as it is shown: ^X for control characters. */
static size_t shown_width(const char *s, size_t n, int *width)
{
	uint32_t cp;
	size_t len = utf8_decode(s, n, &cp);

	*width = cp < ' ' || cp == 127 ? 2 : utf8_width(cp);
	return len;
}

static void put_character(struct out *o, const char *s, size_t len)
{
	unsigned char c = (unsigned char)*s;

	if (len == 1 && (c < ' ' || c == 127)) {
		out_char(o, '^');
		out_char(o, (char)(c ^ 64));
	} else if (len == 1 && c >= 128) {
		out_char(o, '?');
	} else {
		out_mem(o, s, len);
	}
}

static void advance(struct place *at, int width, int columns)
{
	if (at->column + width > columns) {
		at->row++;
		at->column = 0;
	}
	at->column += width;
}

static void measure(
    const struct editor *e, const char *s, size_t n, struct place *at)
{
	int width;

	for (size_t i = 0; i < n;) {
		i += shown_width(s + i, n - i, &width);
		advance(at, width, e->columns);
	}
}

static void put_text(struct out *o, const char *s, size_t n)
{
	int width;

	for (size_t i = 0; i < n;) {
		size_t len = shown_width(s + i, n - i, &width);

		put_character(o, s + i, len);
		i += len;
	}
}

static size_t make_prompt(const struct editor *e, char *buf, size_t cap)
{
	if (!e->searching)
		return fmt_buf(buf, cap, "%s", e->prompt);
	return fmt_buf(buf, cap, "(%ssearch: %s) ",
	    e->search_failed ? "failed " : "", e->query);
}

static void go(struct out *o, int n, char direction)
{
	if (n > 0)
		out_fmt(o, "\033[%d%c", n, direction);
}

/* A cursor right behind the last column stands on the next row. */
static void settle(struct place *at, int columns)
{
	if (at->column >= columns) {
		at->row++;
		at->column = 0;
	}
}

static void render_rows(struct editor *e, struct out *o)
{
	char prompt[128];
	size_t n = make_prompt(e, prompt, sizeof(prompt));
	struct place end = {0}, cursor;

	if (!e->fresh) {
		go(o, e->cursor_row, 'A');
		out_str(o, "\r\033[J");
	}
	put_text(o, prompt, n);
	put_text(o, e->text, e->len);
	measure(e, prompt, n, &end);
	cursor = end;
	measure(e, e->text, e->cursor, &cursor);
	measure(e, e->text, e->len, &end);
	if (end.column >= e->columns) {
		out_str(o, "\r\n"); /* terminals wrap only at the next one */
		settle(&end, e->columns);
	}
	settle(&cursor, e->columns);
	go(o, end.row - cursor.row, 'A');
	if (cursor.row != end.row || cursor.column != end.column) {
		out_char(o, '\r');
		go(o, cursor.column, 'C');
	}
	e->cursor_row = cursor.row;
}

/* One row: a window that ends at the cursor at the latest. */
static void render_dumb(struct editor *e, struct out *o)
{
	char prompt[128];
	size_t n = make_prompt(e, prompt, sizeof(prompt)), from = 0, to;
	struct place at = {0}, origin;
	int width, room = e->columns - 1;

	measure(e, prompt, n, &at);
	origin = at;
	for (size_t i = 0; i < e->cursor;) { /* the window's start */
		i += shown_width(e->text + i, e->len - i, &width);
		at.column += width;
		while (at.column > room && from < i) {
			from +=
			    shown_width(e->text + from, e->len - from, &width);
			at.column -= width;
		}
	}
	out_char(o, '\r');
	put_text(o, prompt, n);
	put_text(o, e->text + from, e->cursor - from);
	width = 0;
	for (to = e->cursor; to < e->len && at.column + width <= room;) {
		at.column += width;
		if (at.column >= room)
			break;
		to += shown_width(e->text + to, e->len - to, &width);
	}
	put_text(o, e->text + e->cursor, to - e->cursor);
	at = origin;
	measure(e, e->text + from, to - from, &at);
	out_fill(o, ' ', room - at.column); /* covers what stood there */
	out_char(o, '\r');
	put_text(o, prompt, n);
	put_text(o, e->text + from, e->cursor - from);
}

/* Typing at the end within the row: only what is new is printed. */
static bool render_added(struct editor *e, struct out *o)
{
	struct place at = {0};
	int row;

	if (e->shown == SIZE_MAX || e->shown > e->len || e->cursor != e->len ||
	    e->searching)
		return false;
	measure(e, e->prompt, strlen(e->prompt), &at);
	measure(e, e->text, e->shown, &at);
	row = at.row;
	measure(e, e->text + e->shown, e->len - e->shown, &at);
	if (at.row != row || at.column >= e->columns - 1)
		return false;
	put_text(o, e->text + e->shown, e->len - e->shown);
	return true;
}

void edit_render(struct editor *e, struct out *o)
{
	if (e->columns < 8)
		e->columns = 8; /* room for the prompt and some text */
	if (e->shown == e->len && e->cursor == e->len)
		return;
	if (!render_added(e, o)) {
		if (e->dumb)
			render_dumb(e, o);
		else
			render_rows(e, o);
	}
	e->fresh = false;
	e->shown = e->cursor == e->len ? e->len : SIZE_MAX;
}

void edit_leave(struct editor *e, struct out *o)
{
	e->searching = false;
	if (e->cursor != e->len) {
		e->cursor = e->len;
		e->shown = SIZE_MAX;
	}
	edit_render(e, o);
	out_str(o, "\r\n");
	e->cursor_row = 0;
}
