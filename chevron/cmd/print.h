/* chevron/cmd/print.h -- echo, printf and test. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_echo(struct shell *sh, int argc, char **argv);
int cmd_printf(struct shell *sh, int argc, char **argv);
int cmd_test(struct shell *sh, int argc, char **argv);
