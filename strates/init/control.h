/* strates/init/control.h -- the port over which init is managed. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdint.h>

/* Make the port and start the thread that answers.  A failure is one line on
 * the console: then nothing can be asked of init. */
void control_setup(void);
/* A capability to call it, with that policy (enum init_may); -1 with errno. */
int control_mint(uint32_t may);
/* Readable when the thread changed something that the main loop must see;
 * -1: there is no port. */
int control_changed(void);
/* The main loop has seen it. */
void control_seen(void);
