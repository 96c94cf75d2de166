/* chevron/cmd/cmd.h -- the commands that Chevron brings along. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/shell.h"
#include "lib/out.h"

enum {
	CMD_SPECIAL = 1,   /* POSIX special: assignments before it stay */
	CMD_SHELL = 2,     /* changes the shell: needs its process */
	CMD_FORK = 4,      /* may run long: an own process when interactive, so
			    that Ctrl-C and Ctrl-Z reach it */
	CMD_KEEP_IO = 8,   /* redirections stay (exec) */
	CMD_DECLARES = 16, /* NAME=value arguments are not split */
};

struct command {
	const char *name;
	int (*run)(struct shell *sh, int argc, char **argv);
	const char *help;  /* one line */
	const char *usage; /* the arguments */
	unsigned flags;
};

/* Find a command; NULL: there is none of that name. */
const struct command *command_find(const char *name);
/* The table in order of names; its length in *n. */
const struct command *commands_all(size_t *n);

/* What commands print goes here; whoever runs one flushes it. */
extern struct out cmd_out;

/* "NAME: ..." on standard error; returns 1, the usual status. */
[[gnu::format(printf, 2, 3)]] int cmd_error(
    const char *name, const char *f, ...);
/* "NAME: ...: reason of errno"; returns 1. */
[[gnu::format(printf, 2, 3)]] int cmd_errno(
    const char *name, const char *f, ...);
/* Tell the usage of a command; returns 2. */
int cmd_usage(const char *name);

/*
 * Read single-letter options.  known lists them, ':' after one that takes a
 * value.  Returns the next letter, 0 at the end of the options, '?' after a
 * message.  Start with a zeroed struct; at is then the first operand.
 */
struct options {
	int at;
	int offset;
	const char *value;
};

int options_next(struct options *o, int argc, char **argv, const char *known);
