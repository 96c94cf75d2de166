/* kernel/arch/x86_64/keymap.c -- from scan codes to a terminal's bytes. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/keymap.h"
#include "kernel/core/string.h"

enum {
	RELEASE = 0x80,
	CODE_CONTROL = 0x1d,
	CODE_SHIFT_LEFT = 0x2a,
	CODE_SHIFT_RIGHT = 0x36,
	CODE_ALT = 0x38,
	CODE_CAPS = 0x3a,
	PAUSE_REST = 2,
};

/* Indexed by scan code; 0: no character. */
static const char plain[0x3a] =
    "\0\x1b"
    "1234567890-=\x7f\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[0x3a] =
    "\0\x1b"
    "!@#$%^&*()_+\x7f\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

struct key_text {
	uint8_t code;
	char text[6];
};

/* After 0xe0. */
static const struct key_text extended[] = {
    {0x1c, "\r"},
    {0x35, "/"},
    {0x47, "\x1b[H"},
    {0x48, "\x1b[A"},
    {0x49, "\x1b[5~"},
    {0x4b, "\x1b[D"},
    {0x4d, "\x1b[C"},
    {0x4f, "\x1b[F"},
    {0x50, "\x1b[B"},
    {0x51, "\x1b[6~"},
    {0x52, "\x1b[2~"},
    {0x53, "\x1b[3~"},
};

/* Function keys, and the number block without its lock. */
static const struct key_text special[] = {
    {0x3b, "\x1bOP"},
    {0x3c, "\x1bOQ"},
    {0x3d, "\x1bOR"},
    {0x3e, "\x1bOS"},
    {0x3f, "\x1b[15~"},
    {0x40, "\x1b[17~"},
    {0x41, "\x1b[18~"},
    {0x42, "\x1b[19~"},
    {0x43, "\x1b[20~"},
    {0x44, "\x1b[21~"},
    {0x57, "\x1b[23~"},
    {0x58, "\x1b[24~"},
    {0x47, "\x1b[H"},
    {0x48, "\x1b[A"},
    {0x49, "\x1b[5~"},
    {0x4a, "-"},
    {0x4b, "\x1b[D"},
    {0x4d, "\x1b[C"},
    {0x4e, "+"},
    {0x4f, "\x1b[F"},
    {0x50, "\x1b[B"},
    {0x51, "\x1b[6~"},
    {0x52, "\x1b[2~"},
    {0x53, "\x1b[3~"},
};

static size_t look_up(
    const struct key_text *t, size_t n, uint8_t code, char *out)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].code == code) {
			size_t len = strnlen(t[i].text, sizeof(t[i].text));

			memcpy(out, t[i].text, len);
			return len;
		}
	return 0;
}

/* True when code was a modifier. */
static bool modifier(struct keymap *k, uint8_t code, bool down)
{
	switch (code) {
	case CODE_CONTROL:
		k->control = down;
		return true;
	case CODE_ALT:
		k->alt = down;
		return true;
	case CODE_SHIFT_LEFT:
	case CODE_SHIFT_RIGHT:
		/* 0xe0 before these is made up by the keyboard itself. */
		if (k->prefix == 0)
			k->shift = down;
		return true;
	case CODE_CAPS:
		if (down)
			k->caps = !k->caps;
		return true;
	default:
		return false;
	}
}

static char control_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 1;
	if (c >= '@' && c <= '_')
		return c - '@';
	if (c == ' ' || c == '2')
		return 0;
	return c == '/' ? 0x1f : c;
}

static size_t character(const struct keymap *k, uint8_t code, char *out)
{
	char c = plain[code];
	bool letter = c >= 'a' && c <= 'z';
	size_t n = 0;

	if (c == 0)
		return 0;
	if (k->shift != (letter && k->caps))
		c = shifted[code];
	if (k->control)
		c = control_of(letter ? plain[code] : c);
	if (k->alt)
		out[n++] = 0x1b;
	out[n++] = c;
	return n;
}

size_t keymap_byte(struct keymap *k, uint8_t code, char *out)
{
	bool down = !(code & RELEASE);
	uint8_t key = code & ~RELEASE;
	size_t n;

	if (k->skip) {
		k->skip--;
		return 0;
	}
	if (code == 0xe0) {
		k->prefix = code;
		return 0;
	}
	if (code == 0xe1) {
		k->skip = PAUSE_REST;
		return 0;
	}
	if (modifier(k, key, down) || !down) {
		k->prefix = 0;
		return 0;
	}
	if (k->prefix)
		n = look_up(extended, COUNT(extended), key, out);
	else if (key < sizeof(plain))
		n = character(k, key, out);
	else
		n = look_up(special, COUNT(special), key, out);
	k->prefix = 0;
	return n;
}
