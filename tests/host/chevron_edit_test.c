/* tests/host/chevron_edit_test.c -- Chevron's line editor, fed with bytes. */
/* SPDX-License-Identifier: MIT */
/* build: chevron/edit.c chevron/render.c chevron/history.c chevron/arena.c lib/out.c lib/fmt.c lib/text.c lib/file.c */
#include "chevron/edit.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define TEST(name) static void name([[maybe_unused]] void **state)

static struct editor editor;
static struct history history;
static struct out out = {.fd = -1};

static int begin(void **state)
{
	(void)state;
	editor = (struct editor){.columns = 80, .history = &history};
	history_add(&history, "first command");
	history_add(&history, "second line");
	edit_begin(&editor, ">>> ");
	out.len = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	edit_free(&editor);
	history_free(&history);
	return 0;
}

static enum edit_event feed(const char *keys)
{
	enum edit_event e = EDIT_MORE;

	for (; *keys; keys++)
		e = edit_feed(&editor, (unsigned char)*keys);
	return e;
}

static void expect_line(const char *text, size_t cursor)
{
	assert_int_equal(editor.len, strlen(text));
	assert_memory_equal(editor.text, text, editor.len);
	assert_int_equal(editor.cursor, cursor);
}

/* Characters go in at the cursor, wherever the arrows put it. */
TEST(edit__inserts_at_the_cursor)
{
	feed("abc\033[D\033[DX");
	expect_line("aXbc", 2);
	feed("\033[HS\033[FE\001s\005e");
	expect_line("sSaXbcEe", 8);
}

/* The control keys cut what they name, and Ctrl-Y gives it back. */
TEST(edit__kills_and_yanks)
{
	feed("one two three\027");
	expect_line("one two ", 8);
	feed("\031");
	expect_line("one two three", 13);
	feed("\001\006\006\006\013");
	expect_line("one", 3);
	feed("\025");
	expect_line("", 0);
}

/* A character of several bytes is one for the cursor and the delete keys. */
TEST(edit__treats_utf8_as_characters)
{
	feed("a\xc3\xa9\xe2\x82\xac\033[D\033[D");
	expect_line("a\xc3\xa9\xe2\x82\xac", 1);
	feed("\033[3~");
	expect_line("a\xe2\x82\xac", 1);
	feed("\005\177");
	expect_line("a", 1);
}

/* Broken UTF-8 never gets into the line. */
TEST(edit__drops_broken_utf8)
{
	feed("\xff\xc3"
	     "a\x80\xed\xa0\x80");
	expect_line("a", 1);
}

/* Up and Down walk the history; the new line waits at its end. */
TEST(edit__walks_the_history)
{
	feed("draft\033[A");
	expect_line("second line", 11);
	feed("\033[A");
	expect_line("first command", 13);
	assert_int_equal(feed("\033[A"), EDIT_BELL);
	feed("\033[B\033[B");
	expect_line("draft", 5);
	assert_int_equal(feed("\033[B"), EDIT_BELL);
}

/* Ctrl-R finds older lines; Ctrl-G puts the new line back. */
TEST(edit__searches_the_history)
{
	feed("x\022comm");
	expect_line("first command", 6);
	feed("\007");
	expect_line("x", 1);
	feed("\022line");
	assert_int_equal(feed("\r"), EDIT_LINE);
	assert_memory_equal(editor.text, "second line", 11);
}

/* Ctrl-D ends only an empty line; elsewhere it deletes. */
TEST(edit__ends_only_an_empty_line)
{
	assert_int_equal(feed("\004"), EDIT_END);
	feed("ab\001");
	assert_int_equal(feed("\004"), EDIT_MORE);
	expect_line("b", 0);
	assert_int_equal(feed("\003"), EDIT_INTERRUPT);
	assert_int_equal(feed("\t"), EDIT_COMPLETE);
}

/* A line has a limit; what is more is not taken. */
TEST(edit__bounds_the_line)
{
	for (int i = 0; i < EDIT_LINE_MAX + 100; i++)
		edit_feed(&editor, 'a');
	assert_int_equal(editor.len, EDIT_LINE_MAX);
}

/* Typing at the end prints one character, not the line. */
TEST(render__adds_what_is_typed_at_the_end)
{
	edit_render(&editor, &out);
	out.len = 0;
	feed("a");
	edit_render(&editor, &out);
	assert_int_equal(out.len, 1);
	assert_int_equal(out.buf[0], 'a');
}

/* A line longer than a row takes more rows, and a redraw starts at the
 * prompt's. */
TEST(render__wraps_long_lines)
{
	editor.columns = 10;
	feed("123456789");
	edit_render(&editor, &out);
	assert_int_equal(editor.cursor_row, 1);
	out.len = 0;
	feed("\033[D");
	edit_render(&editor, &out);
	assert_memory_equal(out.buf, "\033[1A\r\033[J", 8);
}

/* A terminal without escape sequences never gets one. */
TEST(render__keeps_dumb_terminals_free_of_escapes)
{
	editor.dumb = true;
	editor.columns = 20;
	feed("a long line that does not fit\001\033[C");
	edit_render(&editor, &out);
	assert_null(memchr(out.buf, 27, out.len));
}

#define RUN(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUN(edit__inserts_at_the_cursor),
	    RUN(edit__kills_and_yanks),
	    RUN(edit__treats_utf8_as_characters),
	    RUN(edit__drops_broken_utf8),
	    RUN(edit__walks_the_history),
	    RUN(edit__searches_the_history),
	    RUN(edit__ends_only_an_empty_line),
	    RUN(edit__bounds_the_line),
	    RUN(render__adds_what_is_typed_at_the_end),
	    RUN(render__wraps_long_lines),
	    RUN(render__keeps_dumb_terminals_free_of_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
