/* kernel/object/termios.c -- terminal settings: defaults and line speeds. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/termios.h"
#include "kernel/core/string.h"

/* Indexed by CBAUD without the BOTHER bit. */
static const uint32_t slow_speeds[16] = {0, 50, 75, 110, 134, 150, 200, 300,
    600, 1200, 1800, 2400, 4800, 9600, 19200, 38400};
static const uint32_t fast_speeds[16] = {0, 57600, 115200, 230400, 460800,
    500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000,
    3000000, 3500000, 4000000};

uint32_t termios_speed(const struct ktermios *t)
{
	uint32_t code = t->cflag & CBAUD;

	if (code == BOTHER)
		return t->ospeed;
	return code & BOTHER ? fast_speeds[code & 017] : slow_speeds[code];
}

void termios_default(struct ktermios *t, uint32_t baud_bits)
{
	static const uint8_t chars[TERMIOS_CHARS] = {
	    [VINTR] = 'C' & 037,
	    [VQUIT] = '\\' & 037,
	    [VERASE] = 0177,
	    [VKILL] = 'U' & 037,
	    [VEOF] = 'D' & 037,
	    [VMIN] = 1,
	    [VSTART] = 'Q' & 037,
	    [VSTOP] = 'S' & 037,
	    [VSUSP] = 'Z' & 037,
	    [VREPRINT] = 'R' & 037,
	    [VDISCARD] = 'O' & 037,
	    [VWERASE] = 'W' & 037,
	    [VLNEXT] = 'V' & 037,
	};

	memset(t, 0, sizeof(*t));
	t->iflag = ICRNL | IXON | IUTF8 | IMAXBEL;
	t->oflag = OPOST | ONLCR;
	t->cflag = baud_bits | CS8 | CREAD | HUPCL | CLOCAL;
	t->lflag =
	    ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	memcpy(t->cc, chars, sizeof(chars));
	t->ispeed = t->ospeed = termios_speed(t);
}
