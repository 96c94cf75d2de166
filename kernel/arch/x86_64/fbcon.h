/* kernel/arch/x86_64/fbcon.h -- text on the boot framebuffer. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * Boot, after vmalloc_init: set the screen up when the loader gave one and a
 * font was built in, show the log so far and become a log console. False (with
 * a message when a screen stays dark) otherwise.
 */
bool fbcon_init(void);

/* Terminal output. Any context but NMI; slow, so not under a spinlock. */
void fbcon_write(const char *s, size_t n);

/* Size in characters; constant, 0 without a screen. */
unsigned fbcon_rows(void);
unsigned fbcon_columns(void);
