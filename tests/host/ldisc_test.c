/* tests/host/ldisc_test.c -- the terminal line discipline. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/object/ldisc.c kernel/object/ldisc_out.c */
/* build: kernel/object/termios.c tests/host/shim.c */
#include <stdio.h>
#include <string.h>
#include "shim.h"
#include "kernel/object/ldisc.h"

static struct ldisc l;
static char echoed[65536];
static size_t echo_length;

static void put(struct ldisc *d, const uint8_t *s, size_t n)
{
	(void)d;
	assert_true(echo_length + n < sizeof(echoed));
	memcpy(echoed + echo_length, s, n);
	echo_length += n;
	echoed[echo_length] = '\0';
}

static int setup(void **state)
{
	(void)state;
	ldisc_init(&l, B38400, put);
	echo_length = 0;
	echoed[0] = '\0';
	return 0;
}

static void type(const char *s)
{
	ldisc_receive(&l, (const uint8_t *)s, strlen(s));
}

static void flags(uint32_t iflag, uint32_t oflag, uint32_t lflag)
{
	struct ktermios t = l.t;

	t.iflag = iflag;
	t.oflag = oflag;
	t.lflag = lflag;
	ldisc_set(&l, &t);
}

/* One read as the terminal makes it: pieces until the line's end. */
static const char *line(void)
{
	static char text[LDISC_BUF + 1];
	size_t n = 0, got;
	bool end = false;

	do {
		got = ldisc_read(&l, (uint8_t *)text + n, 7, &end);
		n += got;
	} while (got && !end);
	text[n] = '\0';
	return text;
}

#define READS(s)  assert_string_equal(line(), s)
#define ECHOED(s) assert_string_equal(echoed, s)

/* A line is readable when it is complete, and not before. */
static void ldisc_receive__gives_whole_lines(void **state)
{
	(void)state;
	type("hel");
	assert_false(ldisc_readable(&l, 1));
	type("lo\rnext");
	assert_true(ldisc_readable(&l, 1));
	assert_int_equal(ldisc_available(&l), 6);
	READS("hello\n");
	assert_false(ldisc_readable(&l, 1));
	ECHOED("hello\r\nnext");
}

/* Two lines that wait are two reads. */
static void ldisc_read__stops_at_each_line(void **state)
{
	(void)state;
	type("one\ntwo\n");
	READS("one\n");
	READS("two\n");
}

/* ^D ends a read without a byte of its own; on an empty line it reads 0. */
static void ldisc_receive__eof_ends_a_read(void **state)
{
	bool end;
	uint8_t b[4];

	(void)state;
	type("abc\004\004");
	assert_int_equal(ldisc_available(&l), 3);
	/* Exactly as many bytes as asked for: the mark goes with them. */
	assert_int_equal(ldisc_read(&l, b, 3, &end), 3);
	assert_true(ldisc_readable(&l, 1));
	assert_int_equal(ldisc_read(&l, b, 4, &end), 0);
	if (!end)
		assert_int_equal(ldisc_read(&l, b, 4, &end), 0);
	assert_true(end);
	assert_false(ldisc_readable(&l, 1));
}

/* Erasing takes bytes from the line and columns from the screen. */
static void ldisc_receive__erases(void **state)
{
	(void)state;
	type("ab\177c\n");
	READS("ac\n");
	ECHOED("ab\b \bc\r\n");
	/* Not beyond the line's start. */
	echo_length = 0;
	type("\177\177x\n");
	READS("x\n");
	ECHOED("x\r\n");
}

/* A control character stands for two columns, a tab for up to eight. */
static void ldisc_receive__erases_what_was_shown(void **state)
{
	(void)state;
	type("\001\177");
	ECHOED("^A\b \b\b \b");
	echo_length = 0;
	type("abc\t\177");
	ECHOED("abc\t\b\b\b\b\b");
	type("\n");
	READS("abc\n");
}

/* With IUTF8 all bytes of a character go at once, and one column. */
static void ldisc_receive__erases_utf8(void **state)
{
	(void)state;
	type("a\303\244\177b\n");
	READS("ab\n");
	ECHOED("a\303\244\b \bb\r\n");
}

static void ldisc_receive__erases_words_and_lines(void **state)
{
	(void)state;
	type("ls foo_1 bar, \027x\n");
	READS("ls foo_1 x\n");
	type("rubbish\025ok\n");
	READS("ok\n");
}

/* Without ECHOKE the kill character shows, and ECHOK ends the line. */
static void ldisc_receive__kills_without_echoke(void **state)
{
	(void)state;
	flags(ICRNL, OPOST | ONLCR, ICANON | ECHO | ECHOK | ECHOCTL);
	type("ab\025c\n");
	READS("c\n");
	ECHOED("ab^U\r\nc\r\n");
}

/* ^R shows the line again; ^V takes the next one as it is. */
static void ldisc_receive__reprints_and_quotes(void **state)
{
	(void)state;
	type("ab\022");
	ECHOED("ab^R\r\nab");
	echo_length = 0;
	type("\026\003\n");
	ECHOED("^\b^C\r\n");
	READS("ab\003\n");
	assert_int_equal(l.signals, 0);
}

/* Signal characters raise, throw input away and are shown. */
static void ldisc_receive__raises_signals(void **state)
{
	(void)state;
	type("abc\003");
	assert_int_equal(l.signals, 1u << LDISC_INT);
	assert_true(l.flush_output);
	ECHOED("^C");
	l.signals = 0;
	type("\034\032x\n");
	assert_int_equal(l.signals, 1u << LDISC_QUIT | 1u << LDISC_TSTP);
	READS("x\n");
}

static void ldisc_receive__noflsh_keeps_input(void **state)
{
	(void)state;
	flags(ICRNL, OPOST, ICANON | ISIG | NOFLSH);
	type("abc\003d\n");
	assert_int_equal(l.signals, 1u << LDISC_INT);
	assert_false(l.flush_output);
	READS("abcd\n");
}

/* A special character set to 0 is none. */
static void ldisc_receive__disabled_characters_are_data(void **state)
{
	struct ktermios t;
	static const uint8_t zero[] = {'a', 0, '\n'};
	uint8_t b[8];
	bool end;

	(void)state;
	t = l.t;
	t.cc[VINTR] = 0;
	t.lflag &= ~(uint32_t)ECHO;
	ldisc_set(&l, &t);
	ldisc_receive(&l, zero, 3);
	assert_int_equal(l.signals, 0);
	assert_int_equal(ldisc_read(&l, b, 8, &end), 3);
	assert_memory_equal(b, zero, 3);
}

static void ldisc_receive__stops_and_starts_output(void **state)
{
	(void)state;
	type("\023");
	assert_true(l.stopped);
	type("\021");
	assert_false(l.stopped);
	flags(IXON | IXANY, 0, ICANON);
	type("\023");
	type("x");
	assert_false(l.stopped);
	flags(0, 0, ICANON);
	type("\023\n");
	assert_false(l.stopped);
	READS("x\023\n");
}

static void ldisc_receive__maps_input(void **state)
{
	(void)state;
	flags(INLCR, 0, 0);
	type("a\n");
	READS("a\r");
	flags(IGNCR, 0, 0);
	type("a\rb");
	READS("ab");
	flags(ISTRIP, 0, 0);
	type("\341");
	READS("a");
	flags(0, 0, 0);
	type("\r\n\003\023");
	READS("\r\n\003\023");
}

static void ldisc_receive__ends_lines_at_eol(void **state)
{
	struct ktermios t = l.t;

	(void)state;
	t.cc[VEOL] = ';';
	t.cc[VEOL2] = '|';
	ldisc_set(&l, &t);
	type("a;b|c\n");
	READS("a;");
	READS("b|");
	READS("c\n");
}

static void ldisc_receive__echonl_shows_only_newlines(void **state)
{
	(void)state;
	flags(ICRNL, OPOST | ONLCR, ICANON | ECHONL);
	type("secret\n");
	ECHOED("\r\n");
	READS("secret\n");
}

/* A line grows to a limit; then the bell rings, and its end still comes in. */
static void ldisc_receive__rings_when_full(void **state)
{
	static char text[LDISC_LINE_MAX + 1];

	(void)state;
	memset(text, 'x', LDISC_LINE_MAX);
	type(text);
	assert_int_equal(l.overruns, 0);
	echo_length = 0;
	type("y");
	assert_int_equal(l.overruns, 1);
	ECHOED("\a");
	type("\n");
	assert_int_equal(strlen(line()), LDISC_LINE_MAX + 1);
}

/* Raw: nothing is lost while there is room, and what is lost is counted. */
static void ldisc_receive__counts_what_it_drops(void **state)
{
	static uint8_t in[LDISC_BUF + 100], out[LDISC_BUF + 100];
	bool end;

	(void)state;
	flags(0, 0, 0);
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	ldisc_receive(&l, in, 1000);
	assert_int_equal(ldisc_read(&l, out, 1000, &end), 1000);
	ldisc_receive(&l, in, sizeof(in));
	assert_int_equal(l.overruns, 100);
	assert_int_equal(ldisc_read(&l, out, sizeof(out), &end), LDISC_BUF);
	assert_memory_equal(in, out, LDISC_BUF);
}

/* VMIN decides when a raw read finds something. */
static void ldisc_readable__waits_for_min(void **state)
{
	(void)state;
	flags(0, 0, 0);
	type("ab");
	assert_true(ldisc_readable(&l, 0));
	assert_true(ldisc_readable(&l, 2));
	assert_false(ldisc_readable(&l, 3));
}

/* What was typed ahead can be read after a change of mode. */
static void ldisc_set__keeps_what_was_typed(void **state)
{
	(void)state;
	flags(0, 0, ICANON);
	type("part");
	assert_false(ldisc_readable(&l, 1));
	flags(0, 0, 0);
	assert_true(ldisc_readable(&l, 1));
	flags(0, 0, ICANON);
	assert_true(ldisc_readable(&l, 1));
	READS("part");
	type("more\n");
	READS("more\n");
}

static void ldisc_break__does_what_the_flags_say(void **state)
{
	uint8_t b[4];
	bool end;

	(void)state;
	flags(IGNBRK, 0, ISIG);
	ldisc_break(&l);
	assert_int_equal(l.signals, 0);
	flags(BRKINT, 0, ISIG);
	ldisc_break(&l);
	assert_int_equal(l.signals, 1u << LDISC_INT);
	flags(PARMRK, 0, 0);
	ldisc_break(&l);
	assert_int_equal(ldisc_read(&l, b, 4, &end), 3);
	assert_memory_equal(b, "\377\0\0", 3);
}

static void out_is(const char *s, const char *want)
{
	uint8_t out[256];
	size_t made;

	assert_int_equal(ldisc_output(&l, (const uint8_t *)s, strlen(s), out,
	                     sizeof(out), &made),
	    strlen(s));
	out[made] = '\0';
	assert_string_equal((char *)out, want);
}

static void ldisc_output__processes(void **state)
{
	(void)state;
	out_is("a\nb\r\n", "a\r\nb\r\r\n");
	flags(0, OPOST | XTABS, 0);
	l.column = 0;
	out_is("ab\tc", "ab      c");
	flags(0, OPOST | OCRNL, 0);
	out_is("a\rb", "a\nb");
	flags(0, OPOST | ONOCR, 0);
	l.column = 0;
	out_is("\ra\r", "a\r");
	flags(0, OPOST | OLCUC, 0);
	out_is("aZ", "AZ");
	flags(0, 0, 0);
	out_is("a\n\t", "a\n\t");
}

/* It takes no more than what fits, and goes on where it was. */
static void ldisc_output__respects_room(void **state)
{
	uint8_t in[64], out[32];
	size_t used = 0, made, total = 0;

	(void)state;
	memset(in, '\n', sizeof(in));
	while (used < sizeof(in)) {
		size_t n = ldisc_output(
		    &l, in + used, sizeof(in) - used, out, sizeof(out), &made);

		assert_true(n > 0 && made <= sizeof(out));
		used += n;
		total += made;
	}
	assert_int_equal(total, 2 * sizeof(in));
}

/* Any bytes with any settings: no fault, and reads end. */
static void ldisc__survives_noise(void **state)
{
	uint8_t in[200], out[300];
	bool end;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		unsigned n = 1 + shim_random(sizeof(in));

		for (unsigned j = 0; j < n; j++)
			in[j] = (uint8_t)(shim_random(3) ? shim_random(33)
			                                 : shim_random(256));
		if (shim_random(20) == 0) {
			flags(shim_random(1 << 15), shim_random(1 << 14),
			    shim_random(1 << 16));
			l.t.cc[shim_random(TERMIOS_CHARS)] =
			    (uint8_t)shim_random(33);
		}
		ldisc_receive(&l, in, n);
		if (shim_random(50) == 0)
			ldisc_break(&l);
		assert_true(l.head - l.tail <= LDISC_BUF);
		assert_true(l.edit - l.tail <= l.head - l.tail);
		if (shim_random(3))
			ldisc_read(&l, out, shim_random(sizeof(out)), &end);
		assert_true(ldisc_available(&l) <= LDISC_BUF);
		echo_length = 0;
	}
}

#define T(name) cmocka_unit_test_setup(name, setup)
int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(ldisc_receive__gives_whole_lines),
	    T(ldisc_read__stops_at_each_line),
	    T(ldisc_receive__eof_ends_a_read),
	    T(ldisc_receive__erases),
	    T(ldisc_receive__erases_what_was_shown),
	    T(ldisc_receive__erases_utf8),
	    T(ldisc_receive__erases_words_and_lines),
	    T(ldisc_receive__kills_without_echoke),
	    T(ldisc_receive__reprints_and_quotes),
	    T(ldisc_receive__raises_signals),
	    T(ldisc_receive__noflsh_keeps_input),
	    T(ldisc_receive__disabled_characters_are_data),
	    T(ldisc_receive__stops_and_starts_output),
	    T(ldisc_receive__maps_input),
	    T(ldisc_receive__ends_lines_at_eol),
	    T(ldisc_receive__echonl_shows_only_newlines),
	    T(ldisc_receive__rings_when_full),
	    T(ldisc_receive__counts_what_it_drops),
	    T(ldisc_readable__waits_for_min),
	    T(ldisc_set__keeps_what_was_typed),
	    T(ldisc_break__does_what_the_flags_say),
	    T(ldisc_output__processes),
	    T(ldisc_output__respects_room),
	    T(ldisc__survives_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
