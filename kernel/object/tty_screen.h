/* kernel/object/tty_screen.h -- tty0: the machine's own screen and keyboard. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct tty;

/*
 * There is a screen of that many characters: tty0 comes to be. write shows all
 * of its text at once, from any context. Before tty_devices_init.
 */
void tty_screen_register(
    void (*write)(const char *s, size_t n), unsigned rows, unsigned columns);

/* Keys were typed: their characters or escape sequences. Any context. */
void tty_screen_input(const char *s, size_t n);

/* tty0, or NULL. */
struct tty *tty_screen(void);
