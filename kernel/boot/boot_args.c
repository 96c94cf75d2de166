/* kernel/boot/boot_args.c -- the kernel's command line. See docs/BOOT.md. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/boot/boot_info.h"
#include "kernel/core/string.h"

enum { LOGLEVEL_DEFAULT = 6, SMP_LIMIT = 4096, WORD_MAX = 160 };

/* A whole decimal or 0x number, nothing behind it. */
static bool parse_number(const char *s, uint64_t limit, uint64_t *out)
{
	const char *end;

	if (*s < '0' || *s > '9')
		return false;
	*out = kstrtou64(s, &end);
	return *end == 0 && *out <= limit;
}

static const char *set_loglevel(struct boot_args *a, const char *v)
{
	uint64_t n;

	if (!parse_number(v, 7, &n))
		return "not a level from 0 to 7";
	a->loglevel = n;
	return NULL;
}

/* ttyS0, ttyS1 or tty0; Linux's baud rate after a comma is taken as it is. */
static const char *set_console(struct boot_args *a, const char *v)
{
	size_t n = strchr(v, ',') ? (size_t)(strchr(v, ',') - v) : strlen(v);
	bool serial = n == 5 && strncmp(v, "ttyS", 4) == 0 &&
	              (v[4] == '0' || v[4] == '1');
	bool screen = n == 4 && strncmp(v, "tty0", 4) == 0;

	if (!serial && !screen)
		return "not ttyS0, ttyS1 or tty0";
	if (a->console_count >= COUNT(a->console))
		return "more than two consoles";
	memcpy(a->console[a->console_count], v, n);
	a->console[a->console_count++][n] = 0;
	return NULL;
}

static const char *set_init(struct boot_args *a, const char *v)
{
	if (*v != '/')
		return "not an absolute path";
	if (kstrlcpy(a->init, v, sizeof(a->init)) >= sizeof(a->init))
		return "too long";
	return NULL;
}

static const char *set_smp(struct boot_args *a, const char *v)
{
	uint64_t n;

	if (!parse_number(v, SMP_LIMIT, &n))
		return "not a number of CPUs";
	a->smp_max = n;
	return NULL;
}

static const char *set_panic(struct boot_args *a, const char *v)
{
	uint64_t n;
	bool minus = *v == '-';

	if (!parse_number(v + minus, 86400, &n))
		return "not a number of seconds";
	a->panic_timeout = minus ? -(int)n : (int)n;
	return NULL;
}

static const char *set_pti(struct boot_args *a, const char *v)
{
	if (strcmp(v, "on") == 0 || strcmp(v, "1") == 0)
		a->pti = 1;
	else if (strcmp(v, "off") == 0 || strcmp(v, "0") == 0)
		a->pti = 0;
	else if (strcmp(v, "auto") == 0)
		a->pti = -1;
	else
		return "not on, off or auto";
	return NULL;
}

/* NULL when the word was understood. */
static const char *parse_word(struct boot_args *a, char *word)
{
	char *v = strchr(word, '=');

	if (strcmp(word, "nokaslr") == 0) {
		a->nokaslr = true;
		return NULL;
	}
	if (v == NULL)
		return "unknown";
	*v++ = 0;
	if (strcmp(word, "loglevel") == 0)
		return set_loglevel(a, v);
	if (strcmp(word, "console") == 0)
		return set_console(a, v);
	if (strcmp(word, "init") == 0)
		return set_init(a, v);
	if (strcmp(word, "smp") == 0)
		return set_smp(a, v);
	if (strcmp(word, "panic") == 0)
		return set_panic(a, v);
	if (strcmp(word, "pti") == 0)
		return set_pti(a, v);
	return "unknown";
}

void boot_args_parse(struct boot_args *args, const char *cmdline,
    void (*report)(const char *word, const char *why))
{
	char word[WORD_MAX];
	const char *p = cmdline, *why;

	memset(args, 0, sizeof(*args));
	args->loglevel = LOGLEVEL_DEFAULT;
	args->pti = -1;
	kstrlcpy(args->init, "/sbin/init", sizeof(args->init));
	for (;;) {
		size_t n = 0, kept;

		while (*p == ' ' || *p == '\t' || *p == '\n')
			p++;
		if (*p == 0)
			break;
		while (p[n] && p[n] != ' ' && p[n] != '\t' && p[n] != '\n')
			n++;
		kept = MIN(n, sizeof(word) - 1);
		memcpy(word, p, kept);
		word[kept] = 0;
		why = n > kept ? "too long" : parse_word(args, word);
		if (why != NULL) {
			/* parse_word cut it at '=': show all of it. */
			memcpy(word, p, kept);
			report(word, why);
		}
		p += n;
	}
	if (args->console_count == 0) {
		kstrlcpy(args->console[0], "ttyS0", sizeof(args->console[0]));
		kstrlcpy(args->console[1], "tty0", sizeof(args->console[1]));
		args->console_count = 2;
	}
}
