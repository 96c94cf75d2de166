/* tests/limine/screen.c -- a linear framebuffer from QEMU's standard VGA. */
/* SPDX-License-Identifier: MIT */
#include "loader.h"

enum { INDEX = 0x1ce, DATA = 0x1cf, CONFIG = 0xcf8, VALUE = 0xcfc };
enum { ID, XRES, YRES, BPP, ENABLE };
enum { WIDTH = 1024, HEIGHT = 768, ON_LINEAR = 0x41, DISPLAY_CLASS = 0x0300 };

static void set(uint16_t index, uint16_t value)
{
	out16(INDEX, index);
	out16(DATA, value);
}

static uint32_t config(unsigned device, unsigned offset)
{
	out32(CONFIG, 1U << 31 | device << 11 | offset);
	return in32(VALUE);
}

void screen_init(struct screen *s)
{
	*s = (struct screen){0};
	out16(INDEX, ID);
	if ((in16(DATA) & 0xfff0) != 0xb0c0)
		return;
	for (unsigned d = 0; d < 32; d++)
		if (config(d, 0) != 0xffffffff &&
		    config(d, 8) >> 16 == DISPLAY_CLASS)
			s->base = config(d, 0x10) & 0xfffffff0;
	if (!s->base)
		return;
	set(ENABLE, 0);
	set(XRES, WIDTH);
	set(YRES, HEIGHT);
	set(BPP, 32);
	set(ENABLE, ON_LINEAR);
	s->width = WIDTH;
	s->height = HEIGHT;
	s->bpp = 32;
	s->pitch = WIDTH * 4;
}
