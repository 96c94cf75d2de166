/* chevron/pattern.c -- matching text with * ? and [ ]. */
/* SPDX-License-Identifier: MIT */
#include "chevron/pattern.h"
#include "lib/text.h"
#include <ctype.h>
#include <string.h>

bool pattern_is_magic(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == PATTERN_ESCAPE)
			i++;
		else if (p[i] == '*' || p[i] == '?' || p[i] == '[')
			return true;
	}
	return false;
}

size_t pattern_unescape(char *s, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == PATTERN_ESCAPE && i + 1 < n)
			i++;
		s[to++] = s[i];
	}
	return to;
}

static bool in_class(const char *name, size_t n, uint32_t cp)
{
	static const struct {
		const char *name;
		int (*test)(int);
	} classes[] = {{"alpha", isalpha}, {"digit", isdigit},
	    {"alnum", isalnum}, {"upper", isupper}, {"lower", islower},
	    {"space", isspace}, {"blank", isblank}, {"punct", ispunct},
	    {"print", isprint}, {"graph", isgraph}, {"cntrl", iscntrl},
	    {"xdigit", isxdigit}};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strlen(classes[i].name) == n &&
		    memcmp(classes[i].name, name, n) == 0)
			return cp < 128 && classes[i].test((int)cp);
	return false;
}

/* One member of a set, escapes undone; returns the bytes it took. */
static size_t set_char(const char *p, size_t n, uint32_t *cp)
{
	size_t skip = p[0] == PATTERN_ESCAPE && n > 1 ? 1 : 0;

	return skip + utf8_decode(p + skip, n - skip, cp);
}

/* "[:name:]" at p; its length, or 0. */
static size_t class_length(const char *p, size_t n)
{
	if (n < 4 || p[0] != '[' || p[1] != ':')
		return 0;
	for (size_t i = 2; i + 1 < n; i++) {
		if (p[i] == ':' && p[i + 1] == ']')
			return i + 2;
		if (!islower((unsigned char)p[i]))
			return 0;
	}
	return 0;
}

/* Match cp with the set behind "["; its length with "]" goes to *took, 0 when
 * it has no end and so is no set. */
static bool set_match(const char *p, size_t n, uint32_t cp, size_t *took)
{
	bool invert = n > 0 && (p[0] == '!' || p[0] == '^'), hit = false;
	size_t i = invert ? 1 : 0, first = i, len;
	uint32_t low, high;

	*took = 0;
	while (i < n && (p[i] != ']' || i == first)) {
		len = class_length(p + i, n - i);
		if (len > 0) {
			hit |= in_class(p + i + 2, len - 4, cp);
			i += len;
			continue;
		}
		i += set_char(p + i, n - i, &low);
		high = low;
		if (i + 1 < n && p[i] == '-' && p[i + 1] != ']') {
			i++;
			i += set_char(p + i, n - i, &high);
		}
		hit |= cp >= low && cp <= high;
	}
	if (i >= n)
		return false;
	*took = i + 1;
	return hit != invert;
}

/* Match one pattern element that is no star against one character.  On a hit
 * both lengths are set. */
static bool one_match(const char *p, size_t pn, const char *s, size_t n,
    size_t *p_took, size_t *s_took)
{
	uint32_t cp;
	size_t set;
	bool hit;

	*p_took = *s_took = 1;
	if (*p == '?') {
		*s_took = utf8_decode(s, n, &cp);
		return true;
	}
	if (*p == '[') {
		size_t len = utf8_decode(s, n, &cp);

		hit = set_match(p + 1, pn - 1, cp, &set);
		if (set > 0) {
			*p_took = set + 1;
			*s_took = len;
			return hit;
		}
	}
	if (*p == PATTERN_ESCAPE && pn > 1) {
		*p_took = 2;
		p++;
	}
	return *p == *s;
}

bool pattern_match(const char *p, size_t pn, const char *s, size_t n)
{
	size_t pi = 0, si = 0, star = pn, star_s = 0, p_took, s_took;

	/* Only the last star is ever tried again: earlier ones cannot help. */
	while (si < n) {
		if (pi < pn && p[pi] == '*') {
			star = pi++;
			star_s = si;
		} else if (pi < pn && one_match(p + pi, pn - pi, s + si, n - si,
		                          &p_took, &s_took)) {
			pi += p_took;
			si += s_took;
		} else if (star < pn) {
			pi = star + 1;
			si = ++star_s;
		} else {
			return false;
		}
	}
	while (pi < pn && p[pi] == '*')
		pi++;
	return pi == pn;
}
