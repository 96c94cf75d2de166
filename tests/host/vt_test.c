/* tests/host/vt_test.c -- the screen terminal's grid, and the key map. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/arch/x86_64/vt.c kernel/arch/x86_64/vt_csi.c kernel/arch/x86_64/keymap.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/arch/x86_64/keymap.h"
#include "kernel/arch/x86_64/vt.h"

enum { ROWS = 4, COLUMNS = 10 };

static struct vt vt;
static struct vt_cell cells[ROWS * COLUMNS];

static void show(const char *s)
{
	vt_write(&vt, s, strlen(s));
}

static void start(const char *s)
{
	vt_init(&vt, ROWS, COLUMNS, cells);
	show(s);
}

static void row_is(unsigned row, const char *text)
{
	char line[COLUMNS + 1] = {0};
	size_t n = COLUMNS;

	for (unsigned i = 0; i < COLUMNS; i++)
		line[i] = (char)cells[row * COLUMNS + i].code;
	while (n && line[n - 1] == ' ')
		line[--n] = 0;
	assert_string_equal(line, text);
}

/* Lines, wrapping at the edge, scrolling at the bottom. */
static void vt_write__wraps_and_scrolls(void **state)
{
	(void)state;
	start("one\r\n0123456789ab\r\nx\r\ny");
	row_is(0, "0123456789");
	row_is(1, "ab");
	row_is(2, "x");
	row_is(3, "y");
	/* The last column is not left before the next character comes. */
	start("0123456789\r\nz");
	row_is(1, "z");
}

/* Cursor addressing, erasing, inserting, deleting. */
static void vt_write__edits(void **state)
{
	(void)state;
	start("abcdef\x1b[1;3HX\x1b[K\x1b[3;1Hlow\x1b[A\x1b[Dm");
	row_is(0, "abX");
	row_is(1, "  m");
	row_is(2, "low");
	start("abcdef\x1b[1;2H\x1b[2P\x1b[1@z");
	row_is(0, "azdef");
	start("1\r\n2\r\n3\r\n4\x1b[2;1H\x1b[L");
	row_is(1, "");
	row_is(2, "2");
	row_is(3, "3");
	start("1\r\n2\r\n3\x1b[2J");
	row_is(0, "");
	row_is(2, "");
}

/* Only the region scrolls. */
static void vt_write__keeps_to_the_scroll_region(void **state)
{
	(void)state;
	start("top\r\na\r\nb\r\nend\x1b[2;3r\x1b[3;1H\nc");
	row_is(0, "top");
	row_is(1, "b");
	row_is(2, "c");
	row_is(3, "end");
}

/* Colours of three kinds, bold as bright, and back. */
static void vt_write__knows_colours(void **state)
{
	(void)state;
	start(
	    "\x1b[31;44ma\x1b[1mb\x1b[0;7mc\x1b[0;38;5;200md\x1b[38;2;255;0;0me"
	    "\x1b[mf");
	assert_int_equal(cells[0].fg, 1);
	assert_int_equal(cells[0].bg, 4);
	assert_int_equal(cells[1].fg, 9);
	assert_int_equal(cells[2].fg, VT_BG);
	assert_int_equal(cells[2].bg, VT_FG);
	assert_int_equal(cells[3].fg, 200);
	assert_int_equal(cells[4].fg, 16 + 36 * 5);
	assert_int_equal(cells[5].fg, VT_FG);
}

/* UTF-8, and a mark for what is none. */
static void vt_write__decodes_utf8(void **state)
{
	(void)state;
	start("\xc3\xa4\xe2\x94\x80\xf0\x9f\x98\x80\xffz\xc3z");
	assert_int_equal(cells[0].code, 0xe4);
	assert_int_equal(cells[1].code, 0x2500);
	assert_int_equal(cells[2].code, 0xfffd);
	assert_int_equal(cells[3].code, 0xfffd);
	assert_int_equal(cells[4].code, 'z');
	assert_int_equal(cells[5].code, 0xfffd);
	assert_int_equal(cells[6].code, 'z');
}

/* Any bytes: no cell outside the grid is touched (ASan), the cursor stays. */
static void vt_write__survives_noise(void **state)
{
	struct vt_cell *own = malloc(sizeof(cells));
	unsigned r = 1;

	(void)state;
	vt_init(&vt, ROWS, COLUMNS, own);
	for (int i = 0; i < 400000; i++) {
		static const char likely[] =
		    "\x1b[0123;9ABCDHJKLMPSTXhlmr@\n\x1b";
		char c;

		r = r * 1103515245 + 12345;
		c = r >> 28 ? likely[(r >> 16) % (sizeof(likely) - 1)]
		            : (char)(r >> 16);
		vt_write(&vt, &c, 1);
		assert_true(vt.row < ROWS && vt.column <= COLUMNS);
		assert_true(vt.top < vt.bottom && vt.bottom < ROWS);
	}
	free(own);
}

static void keys_are(const char *codes, size_t n, const char *text)
{
	struct keymap k = {0};
	char out[64];
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += keymap_byte(&k, (uint8_t)codes[i], out + len);
	out[len] = 0;
	assert_string_equal(out, text);
}
#define KEYS(codes, text) keys_are(codes, sizeof(codes) - 1, text)

/* Letters, shift, control, caps, arrows, function keys, Pause. */
static void keymap_byte__gives_a_terminals_bytes(void **state)
{
	(void)state;
	KEYS("\x1e\x9e", "a");
	KEYS("\x2a\x1e\x9e\xaa\x1e", "Aa");
	KEYS("\x1d\x2e\xae\x9d\x2e", "\x03"
	                             "c");
	KEYS("\x3a\xba\x1e\x2a\x1e\x02", "Aa!");
	KEYS("\xe0\x48\xe0\xc8", "\x1b[A");
	KEYS("\x3b\x57", "\x1bOP\x1b[23~");
	KEYS("\xe1\x1d\x45\xe1\x9d\xc5\x1e", "a");
	KEYS("\x38\x1e\xb8\x1c\x0e", "\x1b"
	                             "a\r\x7f");
	KEYS("\xe0\x2a\xe0\x48", "\x1b[A");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(vt_write__wraps_and_scrolls),
	    cmocka_unit_test(vt_write__edits),
	    cmocka_unit_test(vt_write__keeps_to_the_scroll_region),
	    cmocka_unit_test(vt_write__knows_colours),
	    cmocka_unit_test(vt_write__decodes_utf8),
	    cmocka_unit_test(vt_write__survives_noise),
	    cmocka_unit_test(keymap_byte__gives_a_terminals_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
