/* kernel/object/ldisc.c -- the terminal line discipline (N_TTY): input. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/ldisc.h"
#include "kernel/core/string.h"

/*
 * Invariants: tail <= edit <= head <= tail + LDISC_BUF, as numbers that never
 * wrap back; in a canonical line only [edit, head) can be erased; `ends` has
 * no bit outside [tail, head).
 *
 * The behaviour is POSIX's where it says anything, and Linux's elsewhere (the
 * order of the tests, what ^R and ^V print, how a full buffer rings).
 */
enum { BELL = 7, SPECIAL_NONE = 0 /* _POSIX_VDISABLE */ };

static uint8_t *slot(struct ldisc *l, uint32_t i)
{
	return &l->buf[i % LDISC_BUF];
}

static bool is_end(const struct ldisc *l, uint32_t i)
{
	i %= LDISC_BUF;
	return l->ends[i / 64] >> (i % 64) & 1;
}

static void set_end(struct ldisc *l, uint32_t i, bool on)
{
	uint64_t bit = 1ull << (i % 64);
	uint64_t *w = &l->ends[i % LDISC_BUF / 64];

	*w = on ? *w | bit : *w & ~bit;
}

static bool is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

static bool is_utf8_tail(const struct ldisc *l, uint8_t c)
{
	return (l->t.iflag & IUTF8) && (c & 0xc0) == 0x80;
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

/* c is the special character `which`, and that is not disabled. */
static bool is_special(const struct ldisc *l, uint8_t c, enum termios_cc which)
{
	return c == l->t.cc[which] && c != SPECIAL_NONE;
}

/* Echo. */

static void echo_flush(struct ldisc *l)
{
	if (l->echo_len)
		l->put(l, l->echo, l->echo_len);
	l->echo_len = 0;
}

/* One byte, through output processing. */
static void echo_byte(struct ldisc *l, uint8_t c)
{
	size_t made;

	if (LDISC_ECHO - l->echo_len < LDISC_EXPAND)
		echo_flush(l);
	ldisc_output(
	    l, &c, 1, l->echo + l->echo_len, LDISC_ECHO - l->echo_len, &made);
	l->echo_len += (unsigned)made;
}

/* A typed character, control ones as ^X. */
static void echo_char(struct ldisc *l, uint8_t c)
{
	if ((l->t.lflag & ECHOCTL) && is_control(c) && c != '\t') {
		echo_byte(l, '^');
		echo_byte(l, c ^ 0100);
	} else {
		echo_byte(l, c);
	}
}

static void echo_if(struct ldisc *l, uint8_t c)
{
	if (!(l->t.lflag & ECHO))
		return;
	if (l->edit == l->head)
		l->edit_column = l->column;
	if (c == '\n')
		echo_byte(l, c);
	else
		echo_char(l, c);
}

/* The column after c was echoed at `column`. */
static uint32_t column_after(const struct ldisc *l, uint32_t column, uint8_t c)
{
	if (c == '\t')
		return column + 8 - column % 8;
	if (is_control(c))
		return column + (l->t.lflag & ECHOCTL ? 2 : 0);
	return column + !is_utf8_tail(l, c);
}

/* Where the cursor stands when the edited line is shown up to `upto`. */
static uint32_t column_of(struct ldisc *l, uint32_t upto)
{
	uint32_t column = l->edit_column;

	for (uint32_t i = l->edit; i != upto; i++)
		column = column_after(l, column, *slot(l, i));
	return column;
}

/* Make the screen forget what stands between two columns. */
static void erase_columns(struct ldisc *l, uint32_t n, bool tab)
{
	while (n--) {
		echo_byte(l, '\b');
		if (!tab) {
			echo_byte(l, ' ');
			echo_byte(l, '\b');
		}
	}
}

/* Editing. */

/* Take the last character, with all its bytes, off the edited line. */
static void erase_one(struct ldisc *l, bool show)
{
	uint32_t old = show ? column_of(l, l->head) : 0;
	uint8_t c;

	do {
		c = *slot(l, --l->head);
	} while (is_utf8_tail(l, c) && l->head != l->edit);
	if (show)
		erase_columns(l, old - column_of(l, l->head), c == '\t');
}

static void erase_word(struct ldisc *l, bool show)
{
	bool seen = false;

	while (l->head != l->edit) {
		bool word = is_word(*slot(l, l->head - 1));

		if (seen && !word)
			break;
		seen = seen || word;
		erase_one(l, show);
	}
}

static void kill_line(struct ldisc *l, uint8_t c)
{
	uint32_t flags = l->t.lflag;

	if ((flags & ECHO) && (flags & ECHOKE) && (flags & ECHOE)) {
		while (l->head != l->edit)
			erase_one(l, true);
		return;
	}
	l->head = l->edit;
	if (!(flags & ECHO))
		return;
	echo_char(l, c);
	if (flags & ECHOK)
		echo_byte(l, '\n');
}

static void erase(struct ldisc *l, uint8_t c, bool word)
{
	bool echo = l->t.lflag & ECHO, show = echo && (l->t.lflag & ECHOE);

	if (l->head == l->edit)
		return;
	if (word)
		erase_word(l, show);
	else
		erase_one(l, show);
	if (echo && !show)
		echo_char(l, c);
}

static void reprint(struct ldisc *l, uint8_t c)
{
	echo_char(l, c);
	echo_byte(l, '\n');
	l->edit_column = l->column;
	for (uint32_t i = l->edit; i != l->head; i++)
		echo_char(l, *slot(l, i));
}

/*
 * Is there room for one more byte, or two where one is doubled? The last one
 * is kept for a line's end.
 */
static bool has_room(struct ldisc *l, bool ends_line)
{
	uint32_t fill = l->head - l->tail;

	if (ends_line)
		return fill < LDISC_BUF;
	return fill < LDISC_BUF - 1 &&
	       (!(l->t.lflag & ICANON) || l->head - l->edit < LDISC_LINE_MAX);
}

static bool check_room(struct ldisc *l, bool ends_line)
{
	if (has_room(l, ends_line))
		return true;
	l->overruns++;
	if (l->t.iflag & IMAXBEL)
		echo_byte(l, BELL);
	return false;
}

static void store(struct ldisc *l, uint8_t c)
{
	set_end(l, l->head, false);
	*slot(l, l->head++) = c;
}

static void store_data(struct ldisc *l, uint8_t c)
{
	if (!check_room(l, false))
		return;
	echo_if(l, c);
	/* Marked input says "this 0377 is data" by doubling it. */
	if (c == 0377 && (l->t.iflag & (PARMRK | ISTRIP)) == PARMRK)
		store(l, c);
	store(l, c);
}

/* c ends the line: it becomes readable. */
static void store_end(struct ldisc *l, uint8_t c)
{
	set_end(l, l->head, true);
	*slot(l, l->head++) = c;
	l->edit = l->head;
}

/* Input, in the order in which Linux tests. */

static void raise_signal(struct ldisc *l, unsigned signo, uint8_t c, bool echo)
{
	l->signals |= 1u << signo;
	if (!(l->t.lflag & NOFLSH)) {
		ldisc_flush_input(l);
		l->echo_len = 0;
		l->flush_output = true;
	}
	if (l->t.iflag & IXON)
		l->stopped = false;
	if (echo && (l->t.lflag & ECHO)) {
		echo_char(l, c);
		/* What comes next starts at a known place. */
		l->edit_column = l->column;
	}
}

static bool take_signal(struct ldisc *l, uint8_t c)
{
	if (is_special(l, c, VINTR))
		raise_signal(l, LDISC_INT, c, true);
	else if (is_special(l, c, VQUIT))
		raise_signal(l, LDISC_QUIT, c, true);
	else if (is_special(l, c, VSUSP))
		raise_signal(l, LDISC_TSTP, c, true);
	else
		return false;
	return true;
}

static bool take_flow(struct ldisc *l, uint8_t c)
{
	if (is_special(l, c, VSTART))
		l->stopped = false;
	else if (is_special(l, c, VSTOP))
		l->stopped = true;
	else
		return false;
	return true;
}

/* Editing characters of a canonical line. */
static bool take_edit(struct ldisc *l, uint8_t c)
{
	bool extended = l->t.lflag & IEXTEN;

	if (is_special(l, c, VERASE)) {
		erase(l, c, false);
	} else if (is_special(l, c, VKILL)) {
		kill_line(l, c);
	} else if (extended && is_special(l, c, VWERASE)) {
		erase(l, c, true);
	} else if (extended && is_special(l, c, VLNEXT)) {
		l->literal = true;
		if ((l->t.lflag & ECHO) && (l->t.lflag & ECHOCTL)) {
			echo_byte(l, '^');
			echo_byte(l, '\b');
		}
	} else if (extended && is_special(l, c, VREPRINT) &&
	           (l->t.lflag & ECHO)) {
		reprint(l, c);
	} else {
		return false;
	}
	return true;
}

/* Characters that end a canonical line. */
static bool take_end(struct ldisc *l, uint8_t c)
{
	bool eol = is_special(l, c, VEOL) ||
	           ((l->t.lflag & IEXTEN) && is_special(l, c, VEOL2));

	if (c == '\n') {
		if (!check_room(l, true))
			return true;
		if (l->t.lflag & (ECHO | ECHONL))
			echo_byte(l, '\n');
		store_end(l, c);
	} else if (is_special(l, c, VEOF)) {
		if (check_room(l, true))
			store_end(l, 0);
	} else if (eol) {
		if (!check_room(l, true))
			return true;
		echo_if(l, c);
		store_end(l, c);
	} else {
		return false;
	}
	return true;
}

static void receive_one(struct ldisc *l, uint8_t c)
{
	uint32_t iflag = l->t.iflag, lflag = l->t.lflag;

	if (iflag & ISTRIP)
		c &= 0x7f;
	if ((iflag & IUCLC) && (lflag & IEXTEN) && c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (l->literal) {
		l->literal = false;
		store_data(l, c);
		return;
	}
	if ((iflag & IXON) && take_flow(l, c))
		return;
	if ((lflag & ISIG) && take_signal(l, c))
		return;
	if (l->stopped && (iflag & IXON) && (iflag & IXANY))
		l->stopped = false;
	if (c == '\r') {
		if (iflag & IGNCR)
			return;
		if (iflag & ICRNL)
			c = '\n';
	} else if (c == '\n' && (iflag & INLCR)) {
		c = '\r';
	}
	if ((lflag & ICANON) && (take_edit(l, c) || take_end(l, c)))
		return;
	store_data(l, c);
}

/* Nothing in the settings can change or notice a byte. */
static bool is_plain(const struct ldisc *l)
{
	return !(l->t.lflag & (ICANON | ISIG | ECHO)) &&
	       !(l->t.iflag &
	           (ISTRIP | IUCLC | IXON | IGNCR | ICRNL | INLCR | PARMRK)) &&
	       !l->literal;
}

static void receive_plain(struct ldisc *l, const uint8_t *s, size_t n)
{
	size_t room = LDISC_BUF - (l->head - l->tail);
	size_t take = MIN(n, room);

	l->overruns += n - take;
	for (size_t i = 0; i < take; i++)
		store(l, s[i]);
}

void ldisc_receive(struct ldisc *l, const uint8_t *s, size_t n)
{
	if (is_plain(l)) {
		receive_plain(l, s, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		receive_one(l, s[i]);
	echo_flush(l);
}

void ldisc_break(struct ldisc *l)
{
	if (l->t.iflag & IGNBRK)
		return;
	if (l->t.iflag & BRKINT) {
		raise_signal(l, LDISC_INT, 0, false);
	} else {
		if ((l->t.iflag & PARMRK) && check_room(l, false)) {
			store(l, 0377);
			store(l, 0);
		}
		if (check_room(l, false))
			store(l, 0);
	}
	echo_flush(l);
}

void ldisc_flush_input(struct ldisc *l)
{
	l->tail = l->edit = l->head = 0;
	memset(l->ends, 0, sizeof(l->ends));
	l->literal = false;
}

void ldisc_set(struct ldisc *l, const struct ktermios *t)
{
	bool canonical = t->lflag & ICANON;
	bool was = l->t.lflag & ICANON;

	l->t = *t;
	if (canonical && !was && l->head != l->tail) {
		/* What was typed ahead becomes one line without an end. */
		set_end(l, l->head - 1, true);
		l->edit = l->head;
	}
	if (!canonical)
		l->literal = false;
	if (!(t->iflag & IXON))
		l->stopped = false;
}

void ldisc_init(struct ldisc *l, uint32_t baud_bits,
    void (*put)(struct ldisc *l, const uint8_t *s, size_t n))
{
	memset(l, 0, sizeof(*l));
	termios_default(&l->t, baud_bits);
	l->put = put;
}

/* Reading. */

bool ldisc_readable(const struct ldisc *l, unsigned min)
{
	if (l->t.lflag & ICANON)
		return l->edit != l->tail;
	return l->head - l->tail >= MAX(min, 1u);
}

size_t ldisc_available(const struct ldisc *l)
{
	size_t n = 0;

	if (!(l->t.lflag & ICANON))
		return l->head - l->tail;
	for (uint32_t i = l->tail; i != l->edit; i++)
		n += !(is_end(l, i) && l->buf[i % LDISC_BUF] == 0);
	return n;
}

static size_t read_raw(struct ldisc *l, uint8_t *out, size_t n)
{
	size_t take = MIN(n, (size_t)(l->head - l->tail));
	size_t first = MIN(take, (size_t)LDISC_BUF - l->tail % LDISC_BUF);

	memcpy(out, slot(l, l->tail), first);
	memcpy(out + first, l->buf, take - first);
	l->tail += (uint32_t)take;
	if ((int32_t)(l->edit - l->tail) < 0)
		l->edit = l->tail;
	return take;
}

size_t ldisc_read(struct ldisc *l, uint8_t *out, size_t n, bool *end)
{
	size_t done = 0;

	*end = false;
	if (!(l->t.lflag & ICANON))
		return read_raw(l, out, n);
	while (l->tail != l->edit && !*end) {
		bool last = is_end(l, l->tail);
		uint8_t c = *slot(l, l->tail);

		if (last && c == 0) {
			/* Eaten even if `out` is full: not a read of its own */
			l->tail++;
			*end = true;
			break;
		}
		if (done == n)
			break;
		out[done++] = c;
		l->tail++;
		*end = last;
	}
	return done;
}
