/* kernel/core/string.c -- memory and string routines of the freestanding C. */
/* SPDX-License-Identifier: MIT */
#include "kernel/core/string.h"
#include "kernel/mm/kasan.h"

/*
 * Copies use general registers only. Short ones are overlapping plain moves
 * (both ends at once, so that no length needs a loop), long ones `rep movsq`
 * and an overlapping last word: no assumption that byte strings are fast.
 * MAY_ALIAS words are loads and stores of any alignment.
 */
typedef uint64_t word64 __attribute__((may_alias, aligned(1)));
typedef uint32_t word32 __attribute__((may_alias, aligned(1)));
typedef uint16_t word16 __attribute__((may_alias, aligned(1)));

#define NO_IDIOM __attribute__((optimize("no-tree-loop-distribute-patterns")))
#ifdef __clang__
#undef NO_IDIOM
#define NO_IDIOM __attribute__((no_builtin))
#endif

/* At most 16 bytes: all loads before the first store, so overlap is fine. */
static inline void move_short(char *d, const char *s, size_t n)
{
	if (n >= 8) {
		uint64_t a = *(const word64 *)s;
		uint64_t b = *(const word64 *)(s + n - 8);

		*(word64 *)d = a;
		*(word64 *)(d + n - 8) = b;
	} else if (n >= 4) {
		uint32_t a = *(const word32 *)s;
		uint32_t b = *(const word32 *)(s + n - 4);

		*(word32 *)d = a;
		*(word32 *)(d + n - 4) = b;
	} else if (n >= 2) {
		uint16_t a = *(const word16 *)s;
		uint16_t b = *(const word16 *)(s + n - 2);

		*(word16 *)d = a;
		*(word16 *)(d + n - 2) = b;
	} else if (n) {
		*d = *s;
	}
}

/* 17 to 32 bytes, as move_short. */
static inline void move_medium(char *d, const char *s, size_t n)
{
	uint64_t a = *(const word64 *)s, b = *(const word64 *)(s + 8);
	uint64_t c = *(const word64 *)(s + n - 16);
	uint64_t e = *(const word64 *)(s + n - 8);

	*(word64 *)d = a;
	*(word64 *)(d + 8) = b;
	*(word64 *)(d + n - 16) = c;
	*(word64 *)(d + n - 8) = e;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	const char *s = src;
	char *d = dst;
	uint64_t last;
	size_t words;

	kasan_check(src, n, false);
	kasan_check(dst, n, true);
	if (n <= 16) {
		move_short(d, s, n);
		return dst;
	}
	if (n <= 32) {
		move_medium(d, s, n);
		return dst;
	}
	last = *(const word64 *)(s + n - 8);
	words = (n - 1) / 8;
	__asm__ volatile("rep movsq"
	    : "+D"(d), "+S"(s), "+c"(words)
	    :
	    : "memory");
	*(word64 *)((char *)dst + n - 8) = last;
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	const char *s = src;
	char *d = dst;
	uint64_t first;
	size_t words;

	kasan_check(src, n, false);
	kasan_check(dst, n, true);
	if (n <= 16) {
		move_short(d, s, n);
		return dst;
	}
	/* Forward is right unless dst lies inside the source. */
	if ((uintptr_t)d - (uintptr_t)s >= n)
		return memcpy(dst, src, n);
	first = *(const word64 *)s;
	words = (n - 1) / 8;
	d += n - 8;
	s += n - 8;
	__asm__ volatile("std\n\trep movsq\n\tcld"
	    : "+D"(d), "+S"(s), "+c"(words)
	    :
	    : "memory", "cc");
	*(word64 *)dst = first;
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	uint64_t v = (uint8_t)c * 0x0101010101010101ull;
	char *d = dst;
	size_t words = n / 8;

	kasan_check(dst, n, true);
	if (n >= 8) {
		*(word64 *)(d + n - 8) = v;
		if (n <= 16) {
			*(word64 *)d = v;
			return dst;
		}
		__asm__ volatile("rep stosq"
		    : "+D"(d), "+c"(words)
		    : "a"(v)
		    : "memory");
	} else if (n >= 4) {
		*(word32 *)d = (uint32_t)v;
		*(word32 *)(d + n - 4) = (uint32_t)v;
	} else if (n >= 2) {
		*(word16 *)d = (uint16_t)v;
		*(word16 *)(d + n - 2) = (uint16_t)v;
	} else if (n) {
		*d = (char)c;
	}
	return dst;
}

NO_IDIOM int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;

	while (n >= 8 && *(const word64 *)p == *(const word64 *)q) {
		p += 8;
		q += 8;
		n -= 8;
	}
	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

NO_IDIOM void *memchr(const void *s, int c, size_t n)
{
	for (const uint8_t *p = s; n; n--, p++)
		if (*p == (uint8_t)c)
			return (void *)p;
	return NULL;
}

NO_IDIOM size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return p - s;
}

NO_IDIOM size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || *a == 0)
			return (uint8_t)*a - (uint8_t)*b;
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (*s == 0)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (*s == 0)
			return (char *)last;
	}
}

char *strstr(const char *haystack, const char *needle)
{
	size_t n = strlen(needle);

	for (;; haystack++) {
		if (strncmp(haystack, needle, n) == 0)
			return (char *)haystack;
		if (*haystack == 0)
			return NULL;
	}
}

size_t kstrlcpy(char *dst, const char *src, size_t size)
{
	size_t n = strlen(src);
	size_t kept = MIN(n, size - 1);

	memcpy(dst, src, kept);
	dst[kept] = 0;
	return n;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

uint64_t kstrtou64(const char *s, const char **end)
{
	int base = 10;
	uint64_t v = 0;

	if (s[0] == '0' && (s[1] | 0x20) == 'x' && digit_value(s[2]) < 16) {
		base = 16;
		s += 2;
	}
	for (; digit_value(*s) < base; s++) {
		/* Saturate: a number too large stays too large. */
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit_value(*s), &v))
			v = UINT64_MAX;
	}
	*end = s;
	return v;
}
