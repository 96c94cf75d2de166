/* chevron/cmd/cmd.c -- what all commands share: messages and options. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/cmd.h"
#include "lib/fmt.h"
#include <errno.h>
#include <stdarg.h>
#include <string.h>

struct out cmd_out = {.fd = 1};

int cmd_error(const char *name, const char *f, ...)
{
	char text[700];
	va_list ap;

	va_start(ap, f);
	fmt_v(text, sizeof(text), f, ap);
	va_end(ap);
	out_flush(&cmd_out);
	fd_fmt(2, "%s: %s\n", name, text);
	return 1;
}

int cmd_errno(const char *name, const char *f, ...)
{
	char text[700];
	int e = errno;
	va_list ap;

	va_start(ap, f);
	fmt_v(text, sizeof(text), f, ap);
	va_end(ap);
	out_flush(&cmd_out);
	fd_fmt(2, "%s: %s: %s\n", name, text, strerror(e));
	return 1;
}

int cmd_usage(const char *name)
{
	const struct command *c = command_find(name);

	out_flush(&cmd_out);
	fd_fmt(2, "usage: %s %s\n", name, c ? c->usage : "");
	return STATUS_USAGE;
}

int options_next(struct options *o, int argc, char **argv, const char *known)
{
	const char *arg, *k;
	char letter;

	if (o->at == 0)
		o->at = 1;
	if (o->offset == 0) {
		if (o->at >= argc || argv[o->at][0] != '-' ||
		    argv[o->at][1] == '\0')
			return 0;
		if (strcmp(argv[o->at], "--") == 0) {
			o->at++;
			return 0;
		}
		o->offset = 1;
	}
	arg = argv[o->at];
	letter = arg[o->offset++];
	k = letter == ':' ? NULL : strchr(known, letter);
	if (k == NULL) {
		cmd_error(argv[0], "unknown option -%c", letter);
		cmd_usage(argv[0]);
		return '?';
	}
	if (k[1] == ':') {
		o->value = arg + o->offset;
		o->offset = 0;
		o->at++;
		if (*o->value == '\0') {
			if (o->at >= argc) {
				cmd_error(argv[0], "-%c needs a value", letter);
				return '?';
			}
			o->value = argv[o->at++];
		}
		return letter;
	}
	if (arg[o->offset] == '\0') {
		o->offset = 0;
		o->at++;
	}
	return letter;
}
