/* kernel/vfs/cpio.c -- reading cpio archives (newc), hostile ones too. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/cpio.h"
#include "kernel/vfs/walk_text.h"

/*
 * An entry: 6 bytes of magic, 13 numbers of 8 hexadecimal digits, the name
 * with its terminator, the data; name and data end at multiples of 4, counted
 * from the start of the archive.
 */
enum { HEADER = 110, NUMBER = 8, NAME_MAX_BYTES = 4096 };

enum field {
	FIELD_INO,
	FIELD_MODE,
	FIELD_UID,
	FIELD_GID,
	FIELD_NLINK,
	FIELD_MTIME,
	FIELD_FILESIZE,
	FIELD_DEVMAJOR,
	FIELD_DEVMINOR,
	FIELD_RDEVMAJOR,
	FIELD_RDEVMINOR,
	FIELD_NAMESIZE,
};

/* High bit of each byte of w that is n or more; bytes below 128. */
static inline uint64_t bytes_from(uint64_t w, uint64_t n)
{
	return w + WORD_ONES * (128 - n);
}

/* All eight digits at once: this runs for every number of the boot archive. */
bool cpio_hex(const uint8_t *s, uint32_t *out)
{
	uint64_t w = word_load((const char *)s), lower = w | WORD_ONES * 0x20;
	uint64_t digit = bytes_from(w, '0') & ~bytes_from(w, '9' + 1);
	uint64_t letter = bytes_from(lower, 'a') & ~bytes_from(lower, 'f' + 1);

	if ((w & WORD_HIGHS) || ((digit | letter) & WORD_HIGHS) != WORD_HIGHS)
		return false;
	w = (w & WORD_ONES * 15) + (w >> 6 & WORD_ONES) * 9;
	w = (w << 4 | w >> 8) & 0x00ff00ff00ff00ffull;
	w = (w << 8 | w >> 16) & 0x0000ffff0000ffffull;
	*out = (uint32_t)(w << 16 | w >> 32);
	return true;
}

static inline bool number(const uint8_t *header, enum field f, uint32_t *out)
{
	return cpio_hex(header + 6 + NUMBER * f, out);
}

static bool magic_ok(const uint8_t *p)
{
	return memcmp(p, "07070", 5) == 0 && (p[5] == '1' || p[5] == '2');
}

/* Step over the zeroes between or behind archives. */
static bool skip_zeroes(struct cpio *c)
{
	while (c->at + 4 <= c->size && c->base[c->at] == 0)
		c->at += 4;
	return c->at + HEADER <= c->size;
}

/* True when a component of the name is "..". */
static bool climbs(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i + 2 <= n; i++)
		if (s[i] == '.' && s[i + 1] == '.' &&
		    (i == 0 || s[i - 1] == '/') &&
		    (i + 2 == n || s[i + 2] == '/'))
			return true;
	return false;
}

/* Cut "./", slashes at both ends. False: not a name for us. */
static bool clean_name(struct cpio_entry *e)
{
	const char *s = e->name;
	size_t n = e->name_len;

	while (n && (s[0] == '/' || (s[0] == '.' && (n == 1 || s[1] == '/')))) {
		s++;
		n--;
	}
	while (n && s[n - 1] == '/')
		n--;
	e->name = s;
	e->name_len = n;
	return !memchr(s, '\0', n) && !(memchr(s, '.', n) && climbs(s, n));
}

/* Parse the entry at c->at and move behind it. */
static enum err parse(struct cpio *c, struct cpio_entry *e)
{
	const uint8_t *h = c->base + c->at;
	uint32_t name_size, size;
	size_t left, data;

	if (!magic_ok(h) || !number(h, FIELD_INO, &e->ino) ||
	    !number(h, FIELD_MODE, &e->mode) ||
	    !number(h, FIELD_NLINK, &e->nlink) ||
	    !number(h, FIELD_FILESIZE, &size) ||
	    !number(h, FIELD_NAMESIZE, &name_size))
		return E_ILSEQ;
	left = c->size - c->at - HEADER;
	if (name_size == 0 || name_size > NAME_MAX_BYTES || name_size > left ||
	    h[HEADER + name_size - 1] != '\0')
		return E_ILSEQ;
	data = ALIGN_UP(c->at + HEADER + name_size, (size_t)4);
	if (data > c->size || size > c->size - data)
		return E_ILSEQ;
	e->header = h;
	e->name = (const char *)h + HEADER;
	e->name_len = name_size - 1;
	e->data = c->base + data;
	e->size = size;
	c->at = MIN(ALIGN_UP(data + size, (size_t)4), c->size);
	return OK;
}

enum err cpio_next(struct cpio *c, struct cpio_entry *out)
{
	static const char trailer[] = "TRAILER!!!";
	enum err e;

	for (;;) {
		if (c->at > c->size || !skip_zeroes(c))
			return E_NODATA;
		e = parse(c, out);
		if (e != OK)
			return e;
		if (out->name_len == sizeof(trailer) - 1 &&
		    memcmp(out->name, trailer, sizeof(trailer) - 1) == 0)
			continue;
		if (clean_name(out))
			return OK;
	}
}

enum err cpio_attributes(const uint8_t *header, struct cpio_attr *out)
{
	if (!number(header, FIELD_UID, &out->uid) ||
	    !number(header, FIELD_GID, &out->gid) ||
	    !number(header, FIELD_MTIME, &out->mtime) ||
	    !number(header, FIELD_DEVMAJOR, &out->dev_major) ||
	    !number(header, FIELD_DEVMINOR, &out->dev_minor) ||
	    !number(header, FIELD_RDEVMAJOR, &out->rdev_major) ||
	    !number(header, FIELD_RDEVMINOR, &out->rdev_minor))
		return E_ILSEQ;
	return OK;
}
