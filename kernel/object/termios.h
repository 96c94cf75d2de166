/* kernel/object/termios.h -- terminal settings, as Linux's on x86. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

enum { TERMIOS_CHARS = 19 };

/* struct termios2 of Linux; struct termios is this without the speeds. */
struct ktermios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line;
	uint8_t cc[TERMIOS_CHARS];
	uint32_t ispeed, ospeed;
};
static_assert(sizeof(struct ktermios) == 44, "the user's termios2");
enum { TERMIOS_SIZE = 36 };

/* TCGETA's. */
struct ktermio {
	uint16_t iflag, oflag, cflag, lflag;
	uint8_t line;
	uint8_t cc[8];
};

struct winsize {
	uint16_t rows, columns, xpixel, ypixel;
};

enum termios_cc {
	VINTR,
	VQUIT,
	VERASE,
	VKILL,
	VEOF,
	VTIME,
	VMIN,
	VSWTC,
	VSTART,
	VSTOP,
	VSUSP,
	VEOL,
	VREPRINT,
	VDISCARD,
	VWERASE,
	VLNEXT,
	VEOL2,
};

enum termios_iflag {
	IGNBRK = 0001,
	BRKINT = 0002,
	IGNPAR = 0004,
	PARMRK = 0010,
	INPCK = 0020,
	ISTRIP = 0040,
	INLCR = 0100,
	IGNCR = 0200,
	ICRNL = 0400,
	IUCLC = 01000,
	IXON = 02000,
	IXANY = 04000,
	IXOFF = 010000,
	IMAXBEL = 020000,
	IUTF8 = 040000,
};

enum termios_oflag {
	OPOST = 0001,
	OLCUC = 0002,
	ONLCR = 0004,
	OCRNL = 0010,
	ONOCR = 0020,
	ONLRET = 0040,
	TABDLY = 014000,
	XTABS = 014000,
};

enum termios_cflag {
	CBAUD = 010017,
	CSIZE = 0060,
	CS8 = 0060,
	CSTOPB = 0100,
	CREAD = 0200,
	PARENB = 0400,
	PARODD = 01000,
	HUPCL = 02000,
	CLOCAL = 04000,
	BOTHER = 010000,
	B38400 = 0000017,
	B115200 = 010002,
};

enum termios_lflag {
	ISIG = 0001,
	ICANON = 0002,
	XCASE = 0004,
	ECHO = 0010,
	ECHOE = 0020,
	ECHOK = 0040,
	ECHONL = 0100,
	NOFLSH = 0200,
	TOSTOP = 0400,
	ECHOCTL = 01000,
	ECHOPRT = 02000,
	ECHOKE = 04000,
	IEXTEN = 0100000,
};

/* What a terminal starts with: cooked, echo, 38400 or 115200, 8n1. */
void termios_default(struct ktermios *t, uint32_t baud_bits);

/* Bits per second of t's output; 0: hang up. */
uint32_t termios_speed(const struct ktermios *t);
