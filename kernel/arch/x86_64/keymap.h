/* kernel/arch/x86_64/keymap.h -- from scan codes to a terminal's bytes. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

enum { KEY_TEXT_MAX = 8 };

struct keymap {
	bool shift, control, alt, caps;
	uint8_t prefix; /* 0xe0, 0xe1: part of a longer code; else 0 */
	uint8_t skip;   /* bytes left of Pause's code */
};

/*
 * One byte of scan code set 1, US layout. Writes up to KEY_TEXT_MAX bytes and
 * gives their number, 0 for releases and modifiers. Pure.
 */
size_t keymap_byte(struct keymap *k, uint8_t code, char *out);
