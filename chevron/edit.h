/* chevron/edit.h -- the line editor, a machine fed with bytes. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/history.h"
#include "lib/out.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EDIT_LINE_MAX = 64 << 10 };

enum edit_event {
	EDIT_MORE,      /* feed on */
	EDIT_LINE,      /* Enter: text and len are the line */
	EDIT_END,       /* Ctrl-D on an empty line */
	EDIT_INTERRUPT, /* Ctrl-C */
	EDIT_COMPLETE,  /* Tab: the driver completes at cursor */
	EDIT_CLEAR,     /* Ctrl-L: the driver clears the screen */
	EDIT_BELL,      /* nothing to do for that key */
};

/* Keys that come as more than one byte are collected here. */
struct edit_keys {
	enum { KEYS_PLAIN, KEYS_ESCAPE, KEYS_CSI, KEYS_SS3 } state;
	unsigned parameter;
	char bytes[4]; /* of one UTF-8 character */
	int have, want;
};

struct editor {
	const char *prompt; /* ASCII; borrowed */
	char *text;         /* not ended by NUL */
	size_t len, cap, cursor;
	int columns;
	bool dumb; /* the terminal knows no escape sequences */
	struct edit_keys keys;
	struct history *history; /* borrowed, may be NULL */
	int history_at;          /* 0: the new line, 1: the newest entry */
	char *draft;             /* the new line while older ones are shown */
	size_t draft_len;
	char *killed; /* by Ctrl-K, -U, -W; Ctrl-Y puts it back */
	size_t killed_len;
	bool searching, search_failed;
	char query[64];
	size_t query_len;
	bool fresh;     /* nothing of this line is on the screen yet */
	int cursor_row; /* on the screen, below the prompt's first row */
	size_t shown;   /* bytes of text that are on the screen's end, so that
			   typing at the end only adds; SIZE_MAX: redraw */
};

/* Start a line; what an earlier line left is reused. */
void edit_begin(struct editor *e, const char *prompt);
/* Take one byte from the keyboard. */
enum edit_event edit_feed(struct editor *e, unsigned char byte);
/* Put text in at the cursor. */
void edit_insert(struct editor *e, const char *s, size_t n);
/* Bring the screen up to date. */
void edit_render(struct editor *e, struct out *o);
/* The screen below is gone (clear, resize, other output): draw all next. */
void edit_forget_screen(struct editor *e);
/* Show the cursor behind the line's end and go to a new row. */
void edit_leave(struct editor *e, struct out *o);
void edit_free(struct editor *e);
