/* kernel/core/string.h -- memory and string routines of the freestanding C. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);

/* Copy with truncation, always terminated; returns strlen(src). size > 0. */
size_t kstrlcpy(char *dst, const char *src, size_t size);

/* Parse an unsigned number ("0x.." or decimal); *end is where it stopped. */
uint64_t kstrtou64(const char *s, const char **end);
