/* kernel/object/tty_serial.h -- terminals on the serial ports. */
/* SPDX-License-Identifier: MIT */
#pragma once

struct tty;

/* Boot: one terminal per serial port that the machine has. */
void tty_serial_init(void);

/* ttySn, or NULL. */
struct tty *tty_serial(unsigned n);
