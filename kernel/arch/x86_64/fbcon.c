/* kernel/arch/x86_64/fbcon.c -- text on the boot framebuffer. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/fbcon.h"
#include "kernel/arch/x86_64/vt.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/klog.h"
#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/vmalloc.h"

/*
 * The framebuffer is written only, never read: reading a card's memory is slow.
 * `shown` is what it holds, the terminal's grid what it should hold; after each
 * write the cells that differ are drawn. So scrolling moves the grid alone, and
 * many lines written at once are drawn once.
 */
enum { GLYPH_WIDTH = 8, GLYPH_HEIGHT = 16 };

/* Made by tools/mkfont.py. */
extern const uint32_t font_count;
extern const uint16_t font_codes[][2];
extern const uint8_t font_glyphs[][GLYPH_HEIGHT];

static struct lock fb_lock = LOCK_INIT(RANK_CONSOLE);
static struct vt screen GUARDED_BY(&fb_lock);
static struct vt_cell *shown GUARDED_BY(&fb_lock);
static unsigned shown_cursor GUARDED_BY(&fb_lock); /* cell index */
static volatile uint8_t *pixels;                   /* const; NULL: none */
static uint32_t palette[256];                      /* const */

/* NULL: the font has none. */
static const uint8_t *find_glyph(uint16_t code)
{
	uint32_t low = 0, high = font_count;

	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (font_codes[mid][0] <= code)
			low = mid;
		else
			high = mid;
	}
	return font_codes[low][0] == code ? font_glyphs[font_codes[low][1]]
	                                  : NULL;
}

static const uint8_t *glyph_of(uint16_t code)
{
	const uint8_t *g = find_glyph(code);

	if (g == NULL)
		g = find_glyph('?');
	return g ? g : font_glyphs[0];
}

static uint32_t component(unsigned v, unsigned shift, unsigned size)
{
	return (uint32_t)(size >= 8 ? v << (size - 8) : v >> (8 - size))
	       << shift;
}

static uint32_t pixel_of(unsigned r, unsigned g, unsigned b)
{
	const struct boot_framebuffer *fb = &boot_info.fb;

	return component(r, fb->red_shift, fb->red_size) |
	       component(g, fb->green_shift, fb->green_size) |
	       component(b, fb->blue_shift, fb->blue_size);
}

/* 16 named colours, a 6x6x6 cube, 24 greys. */
static void palette_init(void)
{
	static const uint8_t levels[6] = {0, 95, 135, 175, 215, 255};

	for (unsigned i = 0; i < 16; i++) {
		unsigned on = i & 8 ? 255 : 170, off = i & 8 ? 85 : 0;

		palette[i] = pixel_of(
		    i & 1 ? on : off, i & 2 ? on : off, i & 4 ? on : off);
	}
	for (unsigned i = 0; i < 216; i++)
		palette[16 + i] =
		    pixel_of(levels[i / 36], levels[i / 6 % 6], levels[i % 6]);
	for (unsigned i = 0; i < 24; i++)
		palette[232 + i] = pixel_of(8 + 10 * i, 8 + 10 * i, 8 + 10 * i);
}

static void put_pixel(volatile uint8_t *at, unsigned bytes, uint32_t v)
{
	if (bytes == 4) {
		*(volatile uint32_t *)at = v;
	} else if (bytes == 2) {
		*(volatile uint16_t *)at = (uint16_t)v;
	} else {
		at[0] = (uint8_t)v;
		at[1] = (uint8_t)(v >> 8);
		at[2] = (uint8_t)(v >> 16);
	}
}

static void draw_cell(unsigned index, struct vt_cell c, bool cursor)
    REQUIRES(&fb_lock)
{
	const struct boot_framebuffer *fb = &boot_info.fb;
	const uint8_t *rows = glyph_of(c.code);
	unsigned bytes = (fb->bpp + 7) / 8;
	uint32_t fg = palette[cursor ? c.bg : c.fg];
	uint32_t bg = palette[cursor ? c.fg : c.bg];
	volatile uint8_t *line =
	    pixels +
	    (uint64_t)(index / screen.columns) * GLYPH_HEIGHT * fb->pitch +
	    (uint64_t)(index % screen.columns) * GLYPH_WIDTH * bytes;

	for (unsigned y = 0; y < GLYPH_HEIGHT; y++, line += fb->pitch)
		for (unsigned x = 0; x < GLYPH_WIDTH; x++)
			put_pixel(line + x * bytes, bytes,
			    rows[y] & 0x80 >> x ? fg : bg);
}

static unsigned cursor_index(void) REQUIRES(&fb_lock)
{
	if (!screen.cursor_visible)
		return UINT32_MAX;
	return screen.row * screen.columns +
	       MIN(screen.column, screen.columns - 1);
}

static void draw_at(unsigned i, bool cursor) REQUIRES(&fb_lock)
{
	draw_cell(i, screen.cells[i], cursor);
	shown[i] = screen.cells[i];
}

/* Draw what differs, and the cursor where it is now. */
static void refresh(void) REQUIRES(&fb_lock)
{
	unsigned i = screen.dirty_from * screen.columns;
	unsigned end = screen.dirty_to * screen.columns;
	unsigned cursor = cursor_index();

	for (; i < end; i++)
		if (memcmp(&screen.cells[i], &shown[i], sizeof(*shown)) != 0)
			draw_at(i, false);
	screen.dirty_from = screen.rows;
	screen.dirty_to = 0;
	if (shown_cursor != UINT32_MAX)
		draw_at(shown_cursor, false);
	if (cursor != UINT32_MAX)
		draw_at(cursor, true);
	shown_cursor = cursor;
}

void fbcon_write(const char *s, size_t n)
{
	irqflags_t f = lock_take_irq(&fb_lock);

	vt_write(&screen, s, n);
	refresh();
	lock_drop_irq(&fb_lock, f);
}

/* The size is constant once the screen is there. */
NO_LOCK_CHECK unsigned fbcon_rows(void)
{
	return screen.rows;
}

NO_LOCK_CHECK unsigned fbcon_columns(void)
{
	return screen.columns;
}

static void log_lines(const char *s, size_t n) REQUIRES(&fb_lock)
{
	while (n) {
		const char *lf = memchr(s, '\n', n);
		size_t part = lf ? (size_t)(lf - s) : n;

		vt_write(&screen, s, part);
		if (lf) {
			vt_write(&screen, "\r\n", 2);
			part++;
		}
		s += part;
		n -= part;
	}
}

/* Log text. In a panic, or from an NMI, past a lock that is held for good. */
NO_LOCK_CHECK static void console_out(
    struct console *c, const char *s, size_t n)
{
	irqflags_t f = irq_save();
	bool locked = lock_try(&fb_lock);

	(void)c;
	if (locked || atomic_load(&panic_active)) {
		log_lines(s, n);
		refresh();
	}
	if (locked)
		lock_drop(&fb_lock);
	irq_restore(f);
}

static struct console fb_console = {.name = "tty0", .write = console_out};

/* The boot CPU is alone, and no interrupt comes yet. */
NO_LOCK_CHECK bool fbcon_init(void)
{
	const struct boot_framebuffer *fb = &boot_info.fb;
	unsigned rows = fb->height / GLYPH_HEIGHT;
	unsigned columns = fb->width / GLYPH_WIDTH;
	struct vt_cell *cells;

	if (fb->base == 0)
		return false;
	if (font_count == 0) {
		klog(LOG_WARN, "fbcon", "no font was built in: no screen text");
		return false;
	}
	cells = vzalloc(2 * sizeof(*cells) * rows * columns);
	pixels = ioremap(fb->base, (size_t)fb->pitch * fb->height, true);
	if (cells == NULL || pixels == NULL) {
		klog(LOG_WARN, "fbcon", "no memory: no screen text");
		return false;
	}
	palette_init();
	shown = cells + rows * columns; /* zero: nothing is shown yet */
	vt_init(&screen, rows, columns, cells);
	console_register(&fb_console);
	return true;
}
