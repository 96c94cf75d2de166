/* chevron/edit.c -- the line editor: keys to changes of a line. */
/* SPDX-License-Identifier: MIT */
#include "chevron/edit.h"
#include "chevron/arena.h"
#include "lib/text.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * No input or output happens here: bytes come by edit_feed, what the screen
 * needs is drawn by edit_render (render.c).  The cursor always stands between
 * two whole characters.
 */

enum {
	KEY_ESCAPE = 27,
	KEY_DELETE = 127,
};

#define CTRL(c) ((c) & 31)

static size_t previous(const struct editor *e, size_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && ((unsigned char)e->text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static size_t following(const struct editor *e, size_t at)
{
	uint32_t cp;

	if (at < e->len)
		at += utf8_decode(e->text + at, e->len - at, &cp);
	return at;
}

static void redraw(struct editor *e)
{
	e->shown = SIZE_MAX;
}

void edit_forget_screen(struct editor *e)
{
	e->cursor_row = 0;
	e->fresh = true;
	redraw(e);
}

static void reserve(struct editor *e, size_t n)
{
	if (n <= e->cap)
		return;
	e->cap = n * 2 + 64;
	e->text = xrealloc(e->text, e->cap);
}

void edit_begin(struct editor *e, const char *prompt)
{
	e->prompt = prompt;
	e->len = e->cursor = 0;
	e->history_at = 0;
	e->searching = false;
	e->keys = (struct edit_keys){0};
	edit_forget_screen(e);
}

void edit_free(struct editor *e)
{
	free(e->text);
	free(e->draft);
	free(e->killed);
}

void edit_insert(struct editor *e, const char *s, size_t n)
{
	if (n > EDIT_LINE_MAX || e->len > EDIT_LINE_MAX - n)
		return;
	reserve(e, e->len + n);
	if (e->cursor != e->len)
		redraw(e);
	memmove(
	    e->text + e->cursor + n, e->text + e->cursor, e->len - e->cursor);
	memcpy(e->text + e->cursor, s, n);
	e->len += n;
	e->cursor += n;
}

static void cut(struct editor *e, size_t from, size_t to)
{
	memmove(e->text + from, e->text + to, e->len - to);
	e->len -= to - from;
	e->cursor = from;
	redraw(e);
}

static void kill_range(struct editor *e, size_t from, size_t to)
{
	if (from == to)
		return;
	free(e->killed);
	e->killed_len = to - from;
	e->killed = xmalloc(e->killed_len);
	memcpy(e->killed, e->text + from, e->killed_len);
	cut(e, from, to);
}

static void move_to(struct editor *e, size_t at)
{
	if (at != e->cursor)
		redraw(e);
	e->cursor = at;
}

static size_t word_left(const struct editor *e)
{
	size_t at = e->cursor;

	while (at > 0 && e->text[at - 1] == ' ')
		at--;
	while (at > 0 && e->text[at - 1] != ' ')
		at--;
	return at;
}

static size_t word_right(const struct editor *e)
{
	size_t at = e->cursor;

	while (at < e->len && e->text[at] == ' ')
		at++;
	while (at < e->len && e->text[at] != ' ')
		at++;
	return at;
}

static void replace(struct editor *e, const char *s, size_t n)
{
	reserve(e, n);
	if (n > 0)
		memcpy(e->text, s, n);
	e->len = e->cursor = n;
	redraw(e);
}

static enum edit_event show_history(struct editor *e, int at)
{
	const char *s = e->history ? history_get(e->history, at) : NULL;

	if (at < 0 || (at > 0 && s == NULL))
		return EDIT_BELL;
	if (e->history_at == 0) {
		free(e->draft);
		e->draft = xmalloc(e->len);
		e->draft_len = e->len;
		if (e->len > 0)
			memcpy(e->draft, e->text, e->len);
	}
	e->history_at = at;
	if (at == 0)
		replace(e, e->draft, e->draft_len);
	else
		replace(e, s, strlen(s));
	return EDIT_MORE;
}

/* The first entry from at on, going back in time, that holds the query. */
static void search_from(struct editor *e, int at)
{
	const char *s;

	e->search_failed = false;
	redraw(e);
	for (; (s = history_get(e->history, at)) != NULL; at++) {
		const char *hit = strstr(s, e->query);

		if (hit == NULL)
			continue;
		e->history_at = at;
		replace(e, s, strlen(s));
		e->cursor = (size_t)(hit - s);
		return;
	}
	e->search_failed = true;
}

static enum edit_event search_begin(struct editor *e)
{
	if (e->history == NULL)
		return EDIT_BELL;
	(void)show_history(e, 0); /* keeps the draft */
	e->searching = true;
	e->search_failed = false;
	e->query_len = 0;
	e->query[0] = '\0';
	redraw(e);
	return EDIT_MORE;
}

static void search_end(struct editor *e)
{
	e->searching = false;
	redraw(e);
}

static void search_shorten(struct editor *e)
{
	while (e->query_len > 0 &&
	       ((unsigned char)e->query[e->query_len - 1] & 0xc0) == 0x80)
		e->query_len--;
	if (e->query_len > 0)
		e->query_len--;
	e->query[e->query_len] = '\0';
	search_from(e, 1);
}

/* true: the key was the search's own. */
static bool search_key(
    struct editor *e, unsigned char key, enum edit_event *event)
{
	*event = EDIT_MORE;
	if (key == CTRL('R')) {
		search_from(e, e->history_at + 1);
	} else if (key == CTRL('H') || key == KEY_DELETE) {
		search_shorten(e);
	} else if (key == CTRL('G') || key == CTRL('C')) {
		search_end(e);
		replace(e, e->draft, e->draft_len);
		e->history_at = 0;
	} else if (key >= ' ') {
		if (e->query_len + 1 < sizeof(e->query)) {
			e->query[e->query_len++] = (char)key;
			e->query[e->query_len] = '\0';
		}
		search_from(e, e->history_at ? e->history_at : 1);
	} else {
		search_end(e);
		return false;
	}
	return true;
}

static enum edit_event delete_key(struct editor *e)
{
	if (e->cursor == e->len)
		return EDIT_BELL;
	cut(e, e->cursor, following(e, e->cursor));
	return EDIT_MORE;
}

/* long: flat switch */
static enum edit_event control_key(struct editor *e, unsigned char key)
{
	switch (key) {
	case '\r':
	case '\n':
		return EDIT_LINE;
	case '\t':
		return EDIT_COMPLETE;
	case CTRL('A'):
		move_to(e, 0);
		break;
	case CTRL('B'):
		move_to(e, previous(e, e->cursor));
		break;
	case CTRL('C'):
		return EDIT_INTERRUPT;
	case CTRL('D'):
		return e->len == 0 ? EDIT_END : delete_key(e);
	case CTRL('E'):
		move_to(e, e->len);
		break;
	case CTRL('F'):
		move_to(e, following(e, e->cursor));
		break;
	case CTRL('H'):
	case KEY_DELETE:
		if (e->cursor == 0)
			return EDIT_BELL;
		cut(e, previous(e, e->cursor), e->cursor);
		break;
	case CTRL('K'):
		kill_range(e, e->cursor, e->len);
		break;
	case CTRL('L'):
		return EDIT_CLEAR;
	case CTRL('N'):
		return show_history(e, e->history_at - 1);
	case CTRL('P'):
		return show_history(e, e->history_at + 1);
	case CTRL('R'):
		return search_begin(e);
	case CTRL('U'):
		kill_range(e, 0, e->cursor);
		break;
	case CTRL('W'):
		kill_range(e, word_left(e), e->cursor);
		break;
	case CTRL('Y'):
		if (e->killed_len > 0)
			edit_insert(e, e->killed, e->killed_len);
		break;
	case KEY_ESCAPE:
		e->keys.state = KEYS_ESCAPE;
		break;
	default:
		return EDIT_BELL;
	}
	return EDIT_MORE;
}

/* The last byte of ESC [ ... or ESC O. */
static enum edit_event sequence_key(struct editor *e, unsigned char key)
{
	bool word = e->keys.parameter > 1 && key != '~'; /* with Ctrl or Alt */

	switch (key) {
	case 'A':
		return show_history(e, e->history_at + 1);
	case 'B':
		return show_history(e, e->history_at - 1);
	case 'C':
		move_to(e, word ? word_right(e) : following(e, e->cursor));
		break;
	case 'D':
		move_to(e, word ? word_left(e) : previous(e, e->cursor));
		break;
	case 'H':
		move_to(e, 0);
		break;
	case 'F':
		move_to(e, e->len);
		break;
	case '~':
		if (e->keys.parameter == 1 || e->keys.parameter == 7)
			move_to(e, 0);
		else if (e->keys.parameter == 4 || e->keys.parameter == 8)
			move_to(e, e->len);
		else if (e->keys.parameter == 3)
			return delete_key(e);
		break;
	default:
		return EDIT_BELL;
	}
	return EDIT_MORE;
}

static enum edit_event escape_key(struct editor *e, unsigned char key)
{
	e->keys.state = KEYS_PLAIN;
	e->keys.parameter = 0;
	switch (key) {
	case '[':
		e->keys.state = KEYS_CSI;
		break;
	case 'O':
		e->keys.state = KEYS_SS3;
		break;
	case 'b':
		move_to(e, word_left(e));
		break;
	case 'f':
		move_to(e, word_right(e));
		break;
	case 'd':
		kill_range(e, e->cursor, word_right(e));
		break;
	case KEY_DELETE:
		kill_range(e, word_left(e), e->cursor);
		break;
	default:
		return EDIT_BELL;
	}
	return EDIT_MORE;
}

static enum edit_event csi_byte(struct editor *e, unsigned char byte)
{
	struct edit_keys *k = &e->keys;
	enum edit_event event;

	if (k->state == KEYS_CSI && byte >= '0' && byte <= '9') {
		k->parameter = (k->parameter * 10 + (byte - '0')) % 1000;
		return EDIT_MORE;
	}
	if (k->state == KEYS_CSI && byte == ';') {
		k->parameter = 0; /* of ESC [ 1 ; 5 C the 5 counts */
		return EDIT_MORE;
	}
	if (k->state == KEYS_CSI && byte >= ' ' && byte < '@')
		return EDIT_MORE;
	event = sequence_key(e, byte);
	k->state = KEYS_PLAIN;
	return event;
}

/* Bytes of one character are put in together, so that the cursor never
 * stands inside it.  Broken UTF-8 is dropped. */
static enum edit_event text_byte(struct editor *e, unsigned char byte)
{
	struct edit_keys *k = &e->keys;
	uint32_t cp;

	if ((byte & 0xc0) != 0x80) {
		k->have = 0;
		k->want = byte < 0x80   ? 1
		          : byte < 0xe0 ? 2
		          : byte < 0xf0 ? 3
		          : byte < 0xf8 ? 4
		                        : 0;
	} else if (k->have == 0) {
		return EDIT_BELL;
	}
	if (k->want == 0)
		return EDIT_BELL;
	k->bytes[k->have++] = (char)byte;
	if (k->have < k->want)
		return EDIT_MORE;
	k->have = 0;
	if (utf8_decode(k->bytes, (size_t)k->want, &cp) != (size_t)k->want)
		return EDIT_BELL;
	edit_insert(e, k->bytes, (size_t)k->want);
	return EDIT_MORE;
}

enum edit_event edit_feed(struct editor *e, unsigned char byte)
{
	enum edit_event event;

	if (e->keys.state == KEYS_ESCAPE)
		return escape_key(e, byte);
	if (e->keys.state != KEYS_PLAIN)
		return csi_byte(e, byte);
	if (e->searching && search_key(e, byte, &event))
		return event;
	if (byte >= ' ' && byte != KEY_DELETE)
		return text_byte(e, byte);
	return control_key(e, byte);
}
