/* kernel/object/ldisc.h -- the terminal line discipline (N_TTY), pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/termios.h"

/*
 * Turns what comes in into lines, signals and echo, and what goes out into
 * what the device wants. No locks, no memory, no time: the terminal holds its
 * lock round every call. Also built and tested on the host.
 */
enum {
	LDISC_BUF = 16384,     /* input kept; a power of two */
	LDISC_LINE_MAX = 4095, /* of a line being edited */
	LDISC_ECHO = 256,      /* echo is handed on in pieces of this */
	LDISC_EXPAND = 8,      /* one output byte becomes at most this many */
};

/* Bits of ldisc->signals are 1 << these, which are Linux's numbers. */
enum ldisc_signal { LDISC_INT = 2, LDISC_QUIT = 3, LDISC_TSTP = 20 };

struct ldisc {
	struct ktermios t;

	/*
	 * [tail, edit) are complete lines, [edit, head) is the line being
	 * edited; without ICANON both count as one. A set bit in `ends` marks
	 * the last byte of a line; if that byte is 0, it is an end of file.
	 */
	uint32_t head, edit, tail;
	uint8_t buf[LDISC_BUF];
	uint64_t ends[LDISC_BUF / 64];

	uint32_t column;      /* of the cursor, as far as we know */
	uint32_t edit_column; /* where the line being edited began */
	bool literal;         /* VLNEXT came: the next one is data */
	bool stopped;         /* output is stopped: XOFF or TCOOFF */

	/* For the caller to look at and clear after ldisc_receive. */
	uint32_t signals;  /* 1 << ldisc_signal */
	bool flush_output; /* a signal throws away waiting output */
	uint64_t overruns; /* bytes lost; count only */

	/* Gets echo; called within ldisc_receive and ldisc_set only. */
	void (*put)(struct ldisc *l, const uint8_t *s, size_t n);
	unsigned echo_len;
	uint8_t echo[LDISC_ECHO];
};

/* Empty, default settings at that speed; echo goes to put. */
void ldisc_init(struct ldisc *l, uint32_t baud_bits,
    void (*put)(struct ldisc *l, const uint8_t *s, size_t n));

/* n bytes came from the line. */
void ldisc_receive(struct ldisc *l, const uint8_t *s, size_t n);

/* A break condition came. */
void ldisc_break(struct ldisc *l);

/* New settings; keeps what was typed ahead readable in the new mode. */
void ldisc_set(struct ldisc *l, const struct ktermios *t);

/* Throw away all input. */
void ldisc_flush_input(struct ldisc *l);

/* Would a read find something (a line, an end of file, `min` bytes raw)? */
bool ldisc_readable(const struct ldisc *l, unsigned min);

/* FIONREAD: bytes that can be read now. */
size_t ldisc_available(const struct ldisc *l);

/*
 * Take up to n bytes. *end: with ICANON, the line (or the end of file, then
 * perhaps with 0 bytes) is over: the read returns. May be called again for the
 * rest.
 */
size_t ldisc_read(struct ldisc *l, uint8_t *out, size_t n, bool *end);

/*
 * Process output: from s into out, which has room for `room` bytes. Returns
 * bytes taken from s; *made were put into out.
 */
size_t ldisc_output(struct ldisc *l, const uint8_t *s, size_t n, uint8_t *out,
    size_t room, size_t *made);
