/* chevron/cmd/ps.h -- processes, listed and watched. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_ps(struct shell *sh, int argc, char **argv);
int cmd_top(struct shell *sh, int argc, char **argv);
